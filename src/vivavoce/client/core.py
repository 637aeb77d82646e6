"""One live session, sans I/O: no socket, no clock, no thread. A face carries its bytes and its events.

A face loops: wait `delay`, take the URL of `connect`, say `opened`, send what `next_frame` gives and pass
on what comes with `receive`, say `closed`; until `status` is "ended". Methods answer with the events
to tell the user, in order.
"""

from __future__ import annotations

from collections.abc import Hashable

from vivavoce.client.events import AnyMessage, Connected, Connecting, Ended, Ending, Event, Status
from vivavoce.errors import SessionClosed, VivavoceError
from vivavoce.protocol.close_codes import DONE, FAILURE
from vivavoce.protocol.messages import (
    AudioChunkAckMessage,
    EndSessionMessage,
    InvalidMessage,
    StartSessionMessage,
    StopRecordingAckMessage,
    TranscriptMessage,
    key_of,
    parse_message,
)
from vivavoce.protocol.responses import SessionCreated

BUFFER_BYTES = 32 * 1024 * 1024
"""Default bound on unacknowledged audio, in bytes: 17 minutes of 16 kHz 16 bit mono."""

FRAME_BYTES = 512 * 1024
"""The largest audio frame sent; hosted servers of this protocol refuse frames over 1 MiB."""

MAX_ATTEMPTS = 20
"""Connection attempts without an answer before giving up: about a minute with `LiveCore.delay`."""

STOP_RECORDING = '{"type":"stop_recording"}'


def may_reconnect(code: int) -> bool:
    """Whether a close code leaves the session alive: not 1000 and 1001 (asked for) nor 44xx (refused)."""
    return 1002 <= code < 4400 or 4500 <= code <= 9999


class LiveCore:
    """The state of a session and its unacknowledged audio, which it never loses nor sends in a wrong place.

    Audio is kept until the server acknowledges it; after a lost connection everything from the last
    acknowledgment on is sent again, and the URL's `resume_from` says which byte of the session that is.

    `acknowledgments`: pass the server's acknowledgments on as messages. `lifecycle`: give the message
    `start_session`, which servers send to callbacks only. `buffer_bytes`: how much unacknowledged audio
    is kept; beyond it `write` takes less than it is given.
    """

    def __init__(
        self,
        *,
        acknowledgments: bool = False,
        lifecycle: bool = False,
        buffer_bytes: int = BUFFER_BYTES,
        max_attempts: int = MAX_ATTEMPTS,
    ) -> None:
        if buffer_bytes < 1:
            raise ValueError(f"buffer_bytes must be at least 1, not {buffer_bytes}")
        self.status: Status = "starting"
        self.outcome: Ended | None = None
        self._acknowledgments = acknowledgments
        self._lifecycle = lifecycle
        self._buffer_bytes = buffer_bytes
        self._max_attempts = max_attempts
        self._url = ""
        self._attempt = 0
        self._open = False
        self._was_open = False
        self._audio = bytearray()
        self._acknowledged = 0  # bytes of the session before the first of _audio
        self._sent = 0  # bytes of the session up to which this connection has sent
        self._keep_alive = False
        self._stopping = False
        self._stop_sent = False
        self._finished = False
        self._lost = (0, "")  # code and reason of the connection before
        self._refused: VivavoceError | None = None
        self._seen: set[Hashable] = set()

    def start(self, created: SessionCreated) -> list[Event]:
        """The server has made the session."""
        self._expect("starting")
        self.status = "started"
        self._url = created.url
        events = [Event("started", created)]
        if self._lifecycle:
            message = StartSessionMessage(session_id=created.id, created_at=created.created_at)
            events.append(Event("message", message))
        return events

    @property
    def ended(self) -> bool:
        return self.status == "ended"

    def check_regular_end(self) -> None:
        """Raise `SessionClosed` if the session has ended otherwise than with 1000."""
        if self.outcome and self.outcome.code != DONE:
            raise SessionClosed(self.outcome.code, self.outcome.reason)

    # Audio

    @property
    def room(self) -> int:
        """Bytes that `write` would take now."""
        return self._buffer_bytes - len(self._audio)

    def check_writable(self) -> None:
        """Raise `SessionClosed` if no more audio is taken."""
        if self.outcome:
            raise SessionClosed(self.outcome.code, self.outcome.reason)
        if self._stopping:
            raise SessionClosed(DONE, "the recording was stopped; start another session to send more audio")

    def write(self, data: bytes | memoryview) -> int:
        """Take as much audio as there is room for; returns the number of bytes taken.

        No bytes at all: an empty frame is sent, which keeps a silent session from being idle.
        Raises SessionClosed after `stop` and after the end.
        """
        self.check_writable()
        taken = min(len(data), self.room)
        self._audio += data[:taken]
        self._keep_alive |= not data
        return taken

    def stop(self) -> list[Event]:
        """No audio follows; the server finishes what it has. A second call does nothing."""
        if self.status in ("ending", "ended"):
            return []
        self._stopping = True
        self.status = "ending"
        return [Event("ending", Ending(DONE))]

    def end(self, code: int = DONE, reason: str = "") -> list[Event]:
        """The session is over, now; what was not sent is dropped. A second call does nothing."""
        if self.ended:
            return []
        events = self._tell_refusal()
        if self.status != "ending":
            events.append(Event("ending", Ending(code, reason)))
        self.status = "ended"
        self.outcome = Ended(code, reason)
        self._open = False
        self._audio.clear()
        return [*events, Event("ended", self.outcome)]

    # The connection

    def delay(self, jitter: float) -> float:
        """Seconds to wait before the next `connect`: none at first, then doubling from 0.25 up to 5.

        `jitter`, 0 to 1, takes off up to half, so that many clients do not come back at one moment.
        """
        if self._attempt == 0:
            return 0.0
        return min(0.25 * 2.0 ** (self._attempt - 1), 5.0) * (1 - jitter / 2)

    def connect(self) -> tuple[str, list[Event]]:
        """Begin an attempt: the URL to open, and the events."""
        self._expect("started", "connecting", "ending")
        if self.status != "ending":
            self.status = "connecting"
        self._attempt += 1
        self._sent = self._acknowledged
        self._stop_sent = False
        return self._resuming_url(), [Event("connecting", Connecting(self._attempt, *self._lost))]

    def opened(self) -> list[Event]:
        """The connection of the last `connect` is open."""
        self._expect("connecting", "ending")
        if self.status != "ending":
            self.status = "connected"
        self._open = self._was_open = True
        return [Event("connected", Connected(self._attempt))]

    def next_frame(self) -> bytes | str | None:
        """What to send now on the open connection: audio (bytes), JSON (str) or nothing (None)."""
        if not self._open:
            return None
        start = self._sent - self._acknowledged
        if start < len(self._audio):
            frame = bytes(self._audio[start : start + FRAME_BYTES])
            self._sent += len(frame)
            return frame
        if self._keep_alive:
            self._keep_alive = False
            return b""
        if self._stopping and not self._stop_sent:
            self._stop_sent = True
            return STOP_RECORDING
        return None

    def receive(self, text: str | bytes) -> list[Event]:
        """A frame came from the server; after the end it no longer matters."""
        if self.ended:
            return []
        try:
            message = parse_message(text)
        except InvalidMessage as error:
            return [Event("error", error)]
        if isinstance(message, EndSessionMessage):
            self._finished = True
        told = [Event("message", message)]
        if isinstance(message, AudioChunkAckMessage):
            before = self._acknowledged
            refusal = self._settle(message)
            self._gets_on(self._acknowledged > before)
            return [*(told if self._acknowledgments else []), *refusal]
        if isinstance(message, StopRecordingAckMessage):
            self._gets_on(message.acknowledged)
            return told if self._acknowledgments else []
        repeated = self._is_repeated(message, text)
        self._gets_on(not repeated)
        return [] if repeated else told

    def closed(self, code: int, reason: str) -> list[Event]:
        """The connection is gone, or could not be made; the session goes on unless `status` is "ended"."""
        self._open = False
        self._lost = code, reason
        if self._finished:
            # Only a connection that was lost after the end leaves open how that was.
            return self.end(code, reason) if code == FAILURE or not may_reconnect(code) else self.end()
        if may_reconnect(code):
            # What was refused is kept, and is sent again.
            self._refused = None
        if may_reconnect(code) and self._attempt < self._max_attempts:
            if self.status == "connected":
                self.status = "connecting"
            return []
        return self.end(code, reason)

    # Internals

    def _expect(self, *allowed: Status) -> None:
        if self.status not in allowed:
            raise RuntimeError(
                f"the session is {self.status}; this is for one that is {' or '.join(allowed)}"
            )

    def _gets_on(self, new: bool) -> None:
        # Who comes back only to be refused, or told what it knows, has not got on.
        if new:
            self._attempt = 0

    def _resuming_url(self) -> str:
        if not self._was_open:
            return self._url
        return f"{self._url}{'&' if '?' in self._url else '?'}resume_from={self._acknowledged}"

    def _settle(self, ack: AudioChunkAckMessage) -> list[Event]:
        refusal = self._tell_refusal()
        if not ack.acknowledged or not ack.data:
            reason = ack.error.message if ack.error else "no reason was given"
            self._refused = VivavoceError(f"the server refused audio: {reason}")
            return refusal
        # Never beyond what this connection sent: its bytes must follow each other from `resume_from` on.
        end = min(ack.data.byte_range[1], self._sent)
        if end > self._acknowledged:
            del self._audio[: end - self._acknowledged]
            self._acknowledged = end
        return refusal

    def _tell_refusal(self) -> list[Event]:
        """Audio was refused for good: the connection went on, or ended with a code that says so."""
        refused, self._refused = self._refused, None
        return [Event("error", refused)] if refused else []

    def _is_repeated(self, message: AnyMessage, text: str | bytes) -> bool:
        """Whether this was told before: a server that resumes says again what it cannot know arrived."""
        identity = _identity(message, text)
        if identity is None:
            return False
        if identity in self._seen:
            return True
        self._seen.add(identity)
        return False


def _identity(message: AnyMessage, text: str | bytes) -> Hashable:
    """What a message is the only one of, however often it is said; None for partials."""
    if key := key_of(message):
        return key
    return None if isinstance(message, TranscriptMessage) else hash(text)
