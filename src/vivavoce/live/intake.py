"""The audio of a session as it comes in: where each frame belongs, what of it is new, how much there is."""

from __future__ import annotations

from vivavoce.audio.formats import AudioFormat
from vivavoce.live.resume import AckHistory, ReadLog, find_place, read_head

Span = tuple[int, int]
"""Bytes [start, end) of the session's audio log."""


class Intake:
    """What the audio log has, and where the client is that sends it.

    `read_log` reads the log, which after a restart has `received` bytes already.
    """

    def __init__(self, format: AudioFormat, read_log: ReadLog, received: int) -> None:
        self._format = format
        self._read_log = read_log
        self.received = received
        """Bytes in the log."""
        self._head = read_head(format, received, read_log)
        # Where the next frame's first byte belongs: before `received` while a client repeats audio; None
        # while a client that came back has not shown yet where it goes on.
        self._cursor: int | None = 0 if not received else None
        self._acks = AckHistory()
        self._acks.sent(received)
        self._restarted = received > 0
        self._appending: tuple[int, bytes] | None = None

    @property
    def header_bytes(self) -> int:
        """Bytes of a WAV header at the start of the log."""
        return self._head.header_bytes

    @property
    def duration(self) -> float:
        """Seconds of audio in the log."""
        return self.seconds(self.received)

    @property
    def placed(self) -> bool:
        """Whether it is known where the client's next frame belongs."""
        return self._cursor is not None

    @property
    def appending(self) -> bool:
        """Whether bytes are on their way to the log."""
        return self._appending is not None

    def seconds(self, offset: int) -> float:
        """Seconds of audio before an offset in the log, whose header is none."""
        return self._format.seconds(max(0, offset - self.header_bytes))

    def offset(self, seconds: float) -> int:
        """The offset in the log at which so many seconds of audio have gone by."""
        return self.header_bytes + int(seconds * self._format.bytes_per_second)

    @property
    def flows(self) -> bool:
        """Whether the next frame goes on where the last one ended, and is audio whatever is in it."""
        return 0 < self.received == self._cursor and self._head.decided

    # Where the client is

    def connected(self) -> None:
        """Another connection: it will show where it goes on."""
        self._cursor = None if self.received else 0

    def place_of(self, frame: bytes) -> int:
        """Where a client that came back goes on with `frame`; this looks through much of the log."""
        return find_place(frame, self._acks, self.received, self._read_log, restarted=self._restarted)

    def go_on_from(self, offset: int) -> None:
        """The client has seen the acknowledgement of `offset`, and no later one."""
        self._cursor = offset
        self._restarted = False
        self._acks.seen(offset)

    def acknowledged(self, end: int) -> None:
        """The acknowledgement of all audio before `end` is on its way."""
        self._acks.sent(end)

    # What it sends

    def split(self, frame: bytes) -> tuple[Span, bytes]:
        """What of `frame` the log has already, and the rest, which is new."""
        assert self._cursor is not None, "the place of the frame is not known"
        start = self._cursor
        self._cursor = min(start + len(frame), self.received)
        return (start, self._cursor), frame[self._cursor - start :]

    def append(self, start: int, fresh: bytes) -> None:
        """`fresh`, of a frame that belongs at `start`, goes to the log's end: `appended` or `append_failed`.

        Raises `InvalidAudio` if it shows that the stream is not what was declared.
        """
        self._head.feed(fresh)
        self._appending = start, fresh

    def appended(self) -> Span:
        """The bytes are in the log, and so the whole frame, which is given."""
        assert self._appending is not None, "no append was asked for"
        start, fresh = self._appending
        self.received += len(fresh)
        self._cursor, self._appending = self.received, None
        return start, self.received

    def append_failed(self) -> None:
        """The bytes are not in the log, and as if they had never come."""
        self._appending = None
        self._head = read_head(self._format, self.received, self._read_log)

    def end(self) -> None:
        """No more audio comes. Raises `InvalidAudio` if what came is none."""
        self._head.flush()
