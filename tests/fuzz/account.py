"""What a client knows of its session's recording, and whether the server's messages agree with that."""

from __future__ import annotations

import json
from collections import Counter, deque
from itertools import product
from typing import Any

from fuzz.shapes import Shapes
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.head import StreamHead
from vivavoce.errors import InvalidAudio
from vivavoce.protocol.messages import UnknownMessage, parse_message

STOPPED = "the recording has been stopped: no more audio is accepted"
STOPPED_ALREADY = "the recording has been stopped already"


class Account:
    """Of one session. `known` was acknowledged; `owed` was or is to be sent, and was not acknowledged."""

    def __init__(self, session_id: str, format: AudioFormat, limit: float, shapes: Shapes) -> None:
        self._id = session_id
        self._shapes = shapes
        self._format = format
        self._limit = limit
        self.known = bytearray()
        self.owed = bytearray()
        self.stops = 0
        """Stops that were sent."""
        self.complaint: str | None = None
        """Why the server hangs up, in its words."""
        self.heard: Counter[str] = Counter()
        self.current: Visit | None = None

    def head(self, *, ended: bool, arrived: bool = True) -> tuple[int, str | None]:
        """Bytes of a header at the start of all that was sent, and why the server would refuse it.

        `ended`: the client has said that nothing more comes. `arrived`: with what was not acknowledged.
        """
        head = StreamHead(self._format)
        try:
            head.feed(bytes((self.known + self.owed if arrived else self.known)[: 1 << 17]))
            if ended:
                head.flush()
        except InvalidAudio as refusal:
            return 0, str(refusal)
        return head.header_bytes, None

    def check_recording(self, audio: bytes) -> None:
        """It has what was acknowledged, and of what was sent beyond that a part at most."""
        # Nobody can say what came first of a stop and a close, and whether more had come by then.
        cases = product((True, False), repeat=2)
        headers = {self.head(ended=ended, arrived=arrived)[0] for ended, arrived in cases}
        sent = bytes(self.known + self.owed)
        frame = self._format.frame_bytes
        whole = max(0, len(self.known) - max(headers)) // frame * frame
        assert len(audio) % frame == 0
        assert len(audio) >= whole, f"{whole - len(audio)} bytes were acknowledged and are not recorded"
        assert any(audio == sent[header : header + len(audio)] for header in headers), (
            "it is not what was sent"
        )

    @property
    def full(self) -> bool:
        """Whether the session has reached the longest duration."""
        return self._format.seconds(len(self.known) - self.head(ended=False)[0]) >= self._limit

    def visit(self, *, told: int | None) -> Visit:
        """A new connection: as every client does, this one counts no acknowledgement of an earlier one."""
        self.current = Visit(self, told)
        return self.current

    def check_message(self, text: str) -> dict[str, Any]:
        """It loads with the official SDK's types and with ours."""
        message: dict[str, Any] = json.loads(text)
        ours = parse_message(text)
        assert not isinstance(ours, UnknownMessage), text
        self._shapes.check(message)
        assert message["session_id"] == self._id
        self.heard[message["type"]] += 1
        return message

    def may_be_stopped(self) -> bool:
        return self.stops > 0 or self.full

    def appended(self, fresh: bytes) -> None:
        assert self.owed.startswith(fresh), "what was acknowledged is not what was sent"
        del self.owed[: len(fresh)]
        self.known += fresh


class Visit:
    """One connection: each frame of audio on it has one answer, and answers keep the frames' order."""

    def __init__(self, account: Account, told: int | None) -> None:
        self._account = account
        self._told = told
        self._next: int | None = None
        self.pending: deque[bytes] = deque()

    def sent(self, audio: bytes) -> None:
        if audio:
            self.pending.append(audio)

    def hear(self, text: str) -> None:
        message = self._account.check_message(text)
        match message["type"], message.get("acknowledged"):
            case "audio_chunk", True:
                self._acknowledged(*message["data"]["byte_range"])
            case "audio_chunk", False:
                self._refused(message["error"]["message"])
            case "stop_recording", True:
                assert self._account.stops
            case "stop_recording", False:
                assert self._account.may_be_stopped()
                assert message["error"]["message"] == STOPPED_ALREADY

    def _acknowledged(self, start: int, end: int) -> None:
        account, audio = self._account, self.pending.popleft()
        known = len(account.known)
        assert end - start == len(audio), "the acknowledgement is not of this frame"
        assert self._next in (None, start), "the acknowledgement is not contiguous"
        first, self._next = self._next is None, end
        if account.current is not self:
            return
        if first:
            self._check_first(start, audio)
        account.appended(audio[max(0, known - start) :])

    def _check_first(self, start: int, audio: bytes) -> None:
        account, known = self._account, len(self._account.known)
        if self._told is not None:
            assert start == self._told
            return
        assert start <= known + len(account.owed), (start, known, len(account.owed), len(audio))
        if start > known:
            # Of one byte over and over nobody can say whether it is new: it is recorded again.
            twice = bytes(account.owed[: start - known])
            assert constant(twice), "audio is recorded twice"
            account.known += twice
        repeated = bytes(account.known[start : start + len(audio)])
        assert audio.startswith(repeated), "audio was taken for something else"

    def _refused(self, reason: str) -> None:
        if reason == STOPPED:
            assert self._account.may_be_stopped()
            self.pending.popleft()
        else:
            self._account.complaint = reason


def constant(audio: bytes) -> bool:
    return not audio or audio.count(audio[0]) == len(audio)
