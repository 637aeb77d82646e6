"""The way of a session's audio from its log to recognition."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from vivavoce.audio.formats import AudioFormat
from vivavoce.engine.engine import Deliver, Engine, EngineStream
from vivavoce.engine.stream import StreamSettings
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.stream import Audio, Final, Flush
from vivavoce.recognizers.base import Recognizer
from vivavoce.server.redacting import Redacted
from vivavoce.storage.audio_log import AudioLog

_SLICE = 32 * 1024
# What recognition may hold beyond the longest utterance: so many seconds at most, and so many bytes. The
# rest waits in the log.
_AHEAD_SECONDS = 15.0
_AHEAD_BYTES = 4 * 1024 * 1024


class Feed:
    """Gives recognition what is in `log`, never too far ahead. `longest`: of an utterance, in seconds."""

    def __init__(self, log: AudioLog, format: AudioFormat, stream: EngineStream, longest: float) -> None:
        self._log = log
        self._format = format
        self._stream = stream
        self._ahead = longest + min(_AHEAD_SECONDS, format.seconds(_AHEAD_BYTES))
        self._fed = 0
        self._marker: int | None = None
        self._closed = False
        self.settled = 0.0
        """Seconds of the session that recognition has dealt with; see `progress`."""
        stream.came(format.seconds(log.size))

    def appended(self, data: bytes) -> None:
        """The last bytes of the log are `data`. Raises `StorageError`."""
        self._stream.came(self._format.seconds(self._log.size))
        if self._fed + len(data) == self._log.size and len(data) <= _SLICE and self._hungry:
            self._give(data)
        else:
            self.pump()

    def flush(self, marker: int) -> None:
        """After all that is in the log comes a `Flush`. Raises `StorageError`."""
        self._marker = marker
        self.pump()

    def progress(self, settled: float) -> None:
        """Recognition has dealt with all audio before `settled`. Raises `StorageError`."""
        self.settled = settled
        self.pump()

    def pump(self) -> None:
        """Feed what may be fed. Raises `StorageError`."""
        while self._hungry and self._fed < self._log.size:
            self._give(self._log.read(self._fed, self._fed + _SLICE))
        if self._marker is not None and self._fed == self._log.size and not self._closed:
            self._stream.feed(Flush(self._marker))
            self._marker = None

    def close(self) -> None:
        """Recognition is wanted no more; nothing is fed from now on."""
        self._closed = True
        self._stream.close()

    @property
    def _hungry(self) -> bool:
        return not self._closed and self._format.seconds(self._fed) - self.settled < self._ahead

    def _give(self, data: bytes) -> None:
        self._stream.feed(Audio(self._fed, data))
        self._fed += len(data)


def open_feed(
    request: LiveRequest,
    log: AudioLog,
    engine: Engine,
    recognizer: Recognizer,
    finals: Sequence[Final],
    deliver: Deliver,
    created_at: datetime,
) -> Feed:
    """The feed of a session to a new stream of the engine's; `finals` are not recognised again."""
    if isinstance(recognizer, Redacted):
        deliver = recognizer.delivering(deliver, finals)
    longest = request.maximum_duration_without_endpointing
    settings = StreamSettings(
        format=AudioFormat.of(request),
        endpointing=request.endpointing,
        maximum_duration=longest,
        speech_threshold=request.pre_processing.speech_threshold,
        languages=tuple(request.language_config.languages),
        code_switching=request.language_config.code_switching,
        partials=request.partials_wanted,
        known={final.utterance.id: final for final in finals},
        context=recognizer.capabilities.context,
        age=max(0.0, (datetime.now(UTC) - created_at).total_seconds()),
    )
    stream = engine.open(settings, recognizer, deliver)
    return Feed(log, settings.format, stream, longest)
