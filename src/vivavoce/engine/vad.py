"""Speech probabilities of 32 ms windows, by Silero VAD v6 on ONNX Runtime.

The model file comes with the package `faster-whisper`. It takes a run of windows of one stream at once; the
result does not depend on how the stream is cut into runs (its recurrent state is carried along).
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from vivavoce.errors import ModelError
from vivavoce.recognizers.onnx_runtime import open_network
from vivavoce.speech.endpointing import WINDOW

_CONTEXT = 64
_STATE = (1, 1, 128)
_REINSTALL = "reinstall with pip install --force-reinstall faster-whisper"


def silero_path() -> Path:
    """Where the model file is. Raises ModelError if the package that carries it is not installed."""
    spec = find_spec("faster_whisper")
    for location in spec.submodule_search_locations or () if spec else ():
        path = Path(location) / "assets" / "silero_vad_v6.onnx"
        if path.is_file():
            return path
    raise ModelError(f"silero_vad_v6.onnx is missing: {_REINSTALL}")


class SileroVad:
    """The model, shared by all streams; it keeps no state of its own."""

    def __init__(self, path: Path) -> None:
        """Raises `ModelError` for a file that is damaged."""
        try:
            self._session = open_network(path)
        except RuntimeError as error:
            raise ModelError(f"{path} is damaged ({error}): {_REINSTALL}") from error

    def stream(self) -> VadStream:
        return VadStream(self._session)


class VadStream:
    """The recurrent state of one channel."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._hidden: NDArray[np.float32] = np.zeros(_STATE, np.float32)
        self._cell: NDArray[np.float32] = np.zeros(_STATE, np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)

    def probabilities(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Speech probability, 0 to 1, shape (n,), of consecutive 16 kHz windows, shape (n, 512)."""
        # Each window is judged together with the last 64 samples of the one before it.
        framed = np.empty((len(windows), _CONTEXT + WINDOW), np.float32)
        framed[0, :_CONTEXT] = self._context
        framed[1:, :_CONTEXT] = windows[:-1, -_CONTEXT:]
        framed[:, _CONTEXT:] = windows
        self._context = windows[-1, -_CONTEXT:].copy()
        inputs = {"input": framed, "h": self._hidden, "c": self._cell}
        probabilities, self._hidden, self._cell = map(np.asarray, self._session.run(None, inputs))
        return probabilities.reshape(-1)
