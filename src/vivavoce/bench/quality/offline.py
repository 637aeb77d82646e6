"""The same weights without a stream: faster-whisper hears each recording as a whole, with a beam of 5."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from vivavoce.bench.kept import Kept, digest
from vivavoce.bench.material import Samples
from vivavoce.bench.quality.items import Item
from vivavoce.recognizers.weights import sha256_of

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

_BEAM = 5
_COMPUTE_TYPE = "float32"


class Offline:
    """What was heard is kept, by the audio, the weights and the version; the model is loaded when needed.

    `done` is called after each recording.
    """

    def __init__(self, weights: Path, kept: Kept, done: Callable[[], None]) -> None:
        self._weights = weights
        self._version = digest(
            sha256_of(weights / "model.bin"), f"{version('faster-whisper')} {_BEAM} {_COMPUTE_TYPE}"
        )
        self._kept = kept
        self._done = done
        self._model: WhisperModel | None = None

    def hear(self, item: Item) -> str:
        """The text of a recording, channel after channel; a language is detected where none is known."""
        text = " ".join(self._channel(samples, item.languages) for samples in item.samples)
        self._done()
        return text

    def _channel(self, samples: Samples, languages: tuple[str, ...]) -> str:
        name = digest(self._version, "+".join(languages), samples.tobytes())
        if (kept := self._kept.read(name)) is not None:
            return str(kept)
        segments, _ = self._loaded().transcribe(
            samples,
            language=languages[0] if len(languages) == 1 else None,
            multilingual=len(languages) > 1,
            beam_size=_BEAM,
        )
        text = " ".join(segment.text.strip() for segment in segments)
        self._kept.write(name, text)
        return text

    def _loaded(self) -> WhisperModel:
        if self._model is None:
            from faster_whisper import WhisperModel

            self._model = WhisperModel(str(self._weights), device="cpu", compute_type=_COMPUTE_TYPE)
        return self._model
