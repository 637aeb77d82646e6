"""A live session as its client knows it: audio acknowledged, words sent, an orderly end.

A pure machine: it knows no socket, file, clock or model. What happens is told to it by a method call with the
time (`now`, Unix seconds); what is to be done comes back as effects, to be carried out in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from vivavoce.audio.formats import AudioFormat
from vivavoce.errors import InvalidAudio
from vivavoce.live.add_ons import AddOnDone, AllDone
from vivavoce.live.delivery import Delivery
from vivavoce.live.effects import (
    Append,
    Begin,
    Close,
    Conclude,
    Effect,
    Finish,
    Flush,
    Note,
    Post,
    PostProcess,
    Send,
)
from vivavoce.live.intake import Intake
from vivavoce.live.limits import Limits
from vivavoce.live.message import Message, posts
from vivavoce.live.outgoing import Outgoing
from vivavoce.live.phase import Phase
from vivavoce.live.record import Record, Recorder, Said, Told
from vivavoce.live.resume import ReadLog
from vivavoce.protocol import close_codes
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import SessionResult
from vivavoce.protocol.stream import Diagnosis, Failed, Final, Flushed, Partial, SpeechEnd, SpeechStart

LAST_FLUSH = 1  # the marker of the `Flush` that follows the stop


class LiveSession:
    """One session, over all of its connections.

    `read_log` reads the session's audio log. After a restart, `received` is how much that log holds already,
    what was `told` may have been received, `results` of add-ons are stored, and if it was `stopped` it is
    flushed again. `webhooks`: whether it has any.
    """

    def __init__(
        self,
        session_id: str,
        request: LiveRequest,
        *,
        now: float,
        read_log: ReadLog,
        limits: Limits | None = None,
        received: int = 0,
        told: Sequence[Told] = (),
        results: Iterable[AddOnResult] = (),
        webhooks: bool = False,
        stopped: bool = False,
    ) -> None:
        self._limits = limits or Limits()
        self._intake = Intake(AudioFormat.of(request), read_log, received)
        self.out = Outgoing(session_id, request, webhooks=webhooks)
        self.phase = Phase.STOPPING if stopped else Phase.RECORDING
        self.connection: int | None = None
        self._connections = 0
        self._delivery = Delivery(ending=stopped)
        for each in told:
            # Its audio had been acknowledged when it was heard.
            spoken = received if each.until is None else min(self._intake.offset(each.until), received)
            self._delivery.maybe_sent(each.text, earliest=spoken, latest=received)
        self._told = {each.type for each in told if each.until is None}
        self._recorder = Recorder(self.out, results)
        self._started_at = self._last_frame = now
        self._left_at: float | None = now
        self._close_code, self._close_reason = close_codes.DONE, "the session has ended"
        self._last_posts: list[Post] = []

    @property
    def received(self) -> int:
        """Bytes in the log."""
        return self._intake.received

    @property
    def header_bytes(self) -> int:
        """Bytes of a WAV header at the start of the log."""
        return self._intake.header_bytes

    @property
    def audio_duration(self) -> float:
        """Seconds of audio in the log."""
        return self._intake.duration

    @property
    def appending(self) -> bool:
        """Whether an `Append` has not been answered yet."""
        return self._intake.appending

    @property
    def deadline(self) -> float | None:
        """When to call `tick`, if nothing happens before."""
        return self._last_frame + self._limits.idle if self.phase is Phase.RECORDING else None

    @property
    def ended(self) -> bool:
        return self.phase is Phase.ENDED

    @property
    def waiting(self) -> tuple[int, int]:
        """Messages that no connection has taken yet, and their characters."""
        return self._delivery.waiting

    @property
    def next_connection(self) -> int:
        """The number that `connect` will give."""
        return self._connections + 1

    def transcription_time(self, now: float) -> float:
        """Seconds since the first audio came."""
        return now - self._started_at

    def abandoned(self, now: float) -> bool:
        """Whether nobody has been connected for so long that the session no longer counts against limits."""
        return self._left_at is not None and now - self._left_at >= self._limits.absence

    def restore(self, said: Final | AddOnDone, now: float) -> None:
        """After a restart: it is stored, but was not sent. It waits for the next connection."""
        assert self.connection is None, "nobody can be connected yet"
        self.heard(said, now)

    def begin(self, now: float) -> list[Effect]:
        """There is audio. After a restart: it is in the log, but the session is not stored as begun."""
        self._started_at = now
        return [Begin(), *self._tell(self.out.start_recording(now), durable=True)]

    # Connections

    def connect(self, now: float, resume_from: int | None = None) -> list[Effect]:
        """A client has connected. `resume_from`: the offset of the first byte it will send, if it says so."""
        effects = self._hang_up(now, close_codes.REPLACED, "replaced by a newer connection")
        self._connections += 1
        self.connection = self._connections
        self._left_at = None
        self._last_frame = now
        self._delivery.connected()
        self._intake.connected()
        if resume_from is not None:
            if resume_from > self.received:
                reason = f"resume_from is {resume_from}, but only {self.received} bytes have been received"
                return [*effects, *self._hang_up(now, close_codes.BAD_MESSAGE, reason)]
            effects += self._go_on_from(resume_from, told=True)
        elif self.phase is not Phase.RECORDING:
            effects += self._deliver_unseen()
        if self.ended:
            # A failure is announced once: a client that comes back for more is told that there is none.
            code = close_codes.EXPIRED if self._close_code == close_codes.FAILURE else self._close_code
            effects += self._hang_up(now, code, self._close_reason)
        return effects

    def disconnected(self, connection: int, code: int, now: float) -> list[Effect]:
        """`connection` is closed. A client that closes orderly without a stop wants no more of it."""
        if connection != self.connection:
            return []
        self.connection = None
        self._left_at = now
        if code not in (1000, 1001) or self.phase is not Phase.RECORDING:
            return []
        effects = self._finish(now, "done")
        self._delivery.drop()
        return effects

    def confirmed(self, number: int) -> None:
        """The client has received the durable message of this number, and all that were sent before it."""
        self._delivery.confirmed(number)

    def undelivered(self, message: str) -> None:
        """A durable message could not be sent: it waits for the next connection."""
        self._delivery.undelivered(message)

    # What the client sends

    def flows(self, size: int) -> bool:
        """Whether a frame of so many bytes only goes on with the audio: to be logged and acknowledged."""
        return (
            self.phase is Phase.RECORDING
            and size > 0
            and self._intake.flows
            and self._intake.seconds(self.received + size) < self._limits.duration
        )

    def receive_audio(self, data: bytes, now: float) -> list[Effect]:
        """A frame of raw audio. An empty one only keeps the session alive."""
        self._last_frame = now
        if not data:
            return []
        effects = [] if self._intake.placed else self._go_on_from(self._intake.place_of(data))
        known, fresh = self._intake.split(data)
        if not fresh:
            return [*effects, *self._ack(*known, now)]
        if self.phase is not Phase.RECORDING:
            return [*effects, *self._nack(now, "the recording has been stopped: no more audio is accepted")]
        try:
            self._intake.append(known[0], fresh)
        except InvalidAudio as error:
            return [*effects, *self._refuse(now, str(error))]
        return [*effects, Append(fresh)]

    def appended(self, now: float) -> list[Effect]:
        """The bytes of the last `Append` are in the log."""
        first = not self.received
        start, end = self._intake.appended()
        effects = self.begin(now) if first else []
        effects += self._ack(start, end, now)
        if self.audio_duration >= self._limits.duration:
            self._close_code = close_codes.LIMIT
            self._close_reason = f"a session lasts {self._limits.duration:g} s at most"
            effects += self.stop(now)
        return effects

    def append_failed(self, reason: str, now: float) -> list[Effect]:
        """The bytes of the last `Append` are not in the log.

        They are not acknowledged, so the client keeps them; the connection ends with a code after which
        clients come back and send them again.
        """
        self._intake.append_failed()
        return [*self._nack(now, reason), *self._hang_up(now, close_codes.TRY_AGAIN, reason)]

    def receive_stop(self, now: float, left_to_process: float) -> list[Effect]:
        """The client asks to stop. `left_to_process`: seconds of audio that are not final yet."""
        self._last_frame = now
        if self.phase is not Phase.RECORDING:
            return self._tell(self.out.stop_refused(now, "the recording has been stopped already"))
        effects = [] if self._intake.placed else self._go_on_from(self.received)
        ack = self.out.stop_accepted(now, self.audio_duration, left_to_process)
        stopping = self.stop(now)
        if self.ended:
            return [*effects, *stopping]
        # Acknowledged is what is stored.
        return [*effects, *stopping, *self._tell(ack, durable=True)]

    def receive_invalid(self, reason: str, now: float) -> list[Effect]:
        """The client sent what is no message. The connection ends; the session can be taken up again."""
        self._last_frame = now
        return [*self._nack(now, reason), *self._hang_up(now, close_codes.BAD_MESSAGE, reason)]

    # What recognition says

    def record_of(self, said: Said, now: float) -> Record | None:
        """What is stored before `heard` is told the same, which only sends it."""
        end = self.audio_duration if self.phase is Phase.STOPPING else None
        return self._recorder.record_of(said, end, now)

    def heard(self, said: Said, now: float) -> list[Effect]:
        """Recognition or an add-on has something to say; what `record_of` gives is stored before."""
        if self.ended:
            return []
        match said:
            case SpeechStart() | SpeechEnd():
                return self._tell(self.out.speech(said, now))
            case Partial(utterance):
                return self._tell(self.out.transcript(utterance, now, final=False))
            case Final(utterance):
                # One without words is not stored, so its posts are not either.
                tell = self._send if utterance.words else self._tell
                return tell(self.out.transcript(utterance, now, final=True), durable=True)
            case AddOnDone(result, message):
                return self._send(message, durable=True) if result.utterance_id else self._send_last(message)
            case AllDone():
                return [Conclude()] if self.phase is Phase.POST_PROCESSING else []
            case Flushed():
                return self._flushed(now)
            case Diagnosis():
                return [Note({"warnings": [{"code": said.code, "message": said.message}]})]
            case Failed():
                self._close_code = close_codes.FAILURE
                self._close_reason = "recognition failed; what was final is kept"
                return [Note({"error": said.message}), *self._finish(now, "error", 500)]
            case _:  # how far recognition is concerns its shell
                return []

    def concluded(self, result: SessionResult, now: float) -> list[Effect]:
        """The result is there: send it, then end."""
        if self.phase is not Phase.POST_PROCESSING:
            return []
        message = self.out.post_final_transcript(result, now)
        self._last_posts += posts(message)
        return [*self._send_last(message), *self._finish(now, "done")]

    def last_posts(self, now: float) -> list[Post]:
        """What is posted as the session ends, and stored with its end."""
        return [*self._last_posts, *posts(self.out.end_session(now))]

    def tick(self, now: float) -> list[Effect]:
        """Time has passed. A session whose client has fallen silent ends as if it had been stopped."""
        if self.deadline is None or now < self.deadline:
            return []
        self._close_code, self._close_reason = close_codes.IDLE, f"no frame for {self._limits.idle:g} s"
        return self.stop(now)

    # Steps

    def _go_on_from(self, offset: int, *, told: bool = False) -> list[Effect]:
        """The client goes on from `offset`: it has seen the acknowledgement of that, and no later one."""
        self._intake.go_on_from(offset)
        self._delivery.resume(offset, told=told)
        return self._deliver_waiting()

    def _hang_up(self, now: float, code: int, reason: str) -> list[Effect]:
        """Close the connection; what still comes on it is passed over."""
        if self.connection is None:
            return []
        closing, self.connection, self._left_at = Close(self.connection, code, reason), None, now
        return [closing]

    def _ack(self, start: int, end: int, now: float) -> list[Effect]:
        times = self._intake.seconds(start), self._intake.seconds(end)
        message = self.out.ack((start, end), times, now)
        if message is not None and message.audience.socket:
            self._intake.acknowledged(end)
            self._delivery.acknowledged(end)
        return self._tell(message)

    def _nack(self, now: float, reason: str) -> list[Effect]:
        return self._tell(self.out.nack(reason, now))

    def _refuse(self, now: float, reason: str) -> list[Effect]:
        """The audio is not what was declared. Nothing more of it would be of use."""
        self._close_code, self._close_reason = close_codes.BAD_MESSAGE, reason
        return [*self._nack(now, reason), Note({"error": reason}), *self._finish(now, "error", 400)]

    def stop(self, now: float) -> list[Effect]:
        """The recording is over: recognition finishes what it has."""
        effects = self._deliver_unseen() if self.resuming else []
        try:
            self._intake.end()
        except InvalidAudio as error:
            return [*effects, *self._refuse(now, str(error))]
        self.phase = Phase.STOPPING
        self._delivery.ending = True
        return [*effects, Flush(LAST_FLUSH)]

    def _flushed(self, now: float) -> list[Effect]:
        if self.phase is not Phase.STOPPING:
            return []
        self.phase = Phase.POST_PROCESSING
        return [*self._send_last(self.out.end_recording(now, self.audio_duration)), PostProcess()]

    def _finish(
        self, now: float, status: Literal["done", "error"], error_code: int | None = None
    ) -> list[Effect]:
        effects = self._deliver_unseen() if self.resuming else []
        self.phase = Phase.ENDED
        ended = self._send(self.out.end_session(now), durable=True)
        effects.append(Finish(status, error_code, self.transcription_time(now), self.last_posts(now)))
        return [*effects, *ended, *self._hang_up(now, self._close_code, self._close_reason)]

    def _send_last(self, message: Message | None) -> list[Effect]:
        """Send what belongs to the session's end, unless it was sent before a restart."""
        if message is not None and message.type in self._told:
            return []
        return self._send(message, durable=True)

    def _tell(self, message: Message | None, *, durable: bool = False) -> list[Effect]:
        sends = self._send(message, durable=durable)
        # Posts go first: a shell may wait while it sends, and be killed.
        return [*posts(message), *sends] if message is not None and message.audience.posted else sends

    def _send(self, message: Message | None, *, durable: bool = False) -> list[Effect]:
        if message is None or not message.audience.socket:
            return []
        if self.connection is None or (durable and self.resuming):
            if durable:
                self._delivery.hold(message.text)
            return []
        sent = self._delivery.send(message.text) if durable else None
        return [sent.on(self.connection) if sent else Send(self.connection, message.text, durable)]

    @property
    def resuming(self) -> bool:
        # What the client has missed must go before what is new, and its next frame will show what that is.
        return not self._intake.placed and self.phase is Phase.RECORDING

    def _deliver_waiting(self) -> list[Effect]:
        to = self.connection
        return [] if to is None else [sent.on(to) for sent in self._delivery.release()]

    def _deliver_unseen(self) -> list[Effect]:
        self._delivery.resume_unseen()
        return self._deliver_waiting()
