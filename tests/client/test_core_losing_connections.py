"""Whatever happens to the connection, the server's log is what was written: every byte once, in order."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from client import wire
from vivavoce.client.core import LiveCore

BUFFER = 64


class ServerLog:
    """The server's side: its audio log, and where the open connection is in it."""

    def __init__(self) -> None:
        self.log = bytearray()
        self.position = 0
        self.stopped = False

    def connect(self, url: str) -> None:
        query = parse_qs(urlsplit(url).query)
        assert query["token"] == ["secret"]
        self.position = int(query.get("resume_from", ["0"])[0])
        assert self.position <= len(self.log), "the client skips audio that never arrived"

    def receive(self, frame: bytes | str) -> str:
        if isinstance(frame, str):
            self.stopped = True
            return wire.stop_ack()
        known = self.log[self.position : self.position + len(frame)]
        assert frame.startswith(bytes(known)), "audio was sent again in another place"
        fresh = frame[len(known) :]
        assert not (fresh and self.stopped), "new audio after stop"
        self.log += fresh
        start, self.position = self.position, self.position + len(frame)
        return wire.ack(start, self.position)


class Sessions(RuleBasedStateMachine):
    """Frames wait in `going`, answers in `coming`: a lost connection loses both, at any point."""

    @initialize()
    def start(self) -> None:
        self.core = LiveCore(buffer_bytes=BUFFER, max_attempts=10_000)
        self.core.start(wire.CREATED)
        self.server = ServerLog()
        self.written = b""
        self.going: list[bytes | str] = []
        self.coming: list[str] = []
        self.open = False
        self.stopped = False

    @precondition(lambda self: not self.stopped)
    @rule(data=st.binary(max_size=BUFFER + 10))
    def write(self, data: bytes) -> None:
        self.written += data[: self.core.write(data)]

    @precondition(lambda self: not self.stopped)
    @rule()
    def stop(self) -> None:
        self.core.stop()
        self.stopped = True

    @precondition(lambda self: not self.open)
    @rule(fails=st.booleans())
    def connect(self, fails: bool) -> None:
        url, _ = self.core.connect()
        if fails:
            self.core.closed(1006, "refused")
            return
        self.server.connect(url)
        self.core.opened()
        self.open = True

    @rule()
    def send(self) -> None:
        frame = self.core.next_frame()
        if frame is not None:
            self.going.append(frame)

    @rule()
    def arrive(self) -> None:
        if self.going:
            self.coming.append(self.server.receive(self.going.pop(0)))

    @rule()
    def answer(self) -> None:
        if self.coming:
            self.core.receive(self.coming.pop(0))

    @precondition(lambda self: self.open)
    @rule(code=st.sampled_from([1002, 1006, 1011, 1012]))
    def drop(self, code: int) -> None:
        self.open = False
        self.going.clear()
        self.coming.clear()
        assert self.core.closed(code, "") == []

    @invariant()
    def the_log_is_what_was_written(self) -> None:
        assert self.written.startswith(bytes(self.server.log))

    @invariant()
    def the_buffer_is_bounded(self) -> None:
        assert 0 <= self.core.room <= BUFFER

    def teardown(self) -> None:
        if not hasattr(self, "core"):
            return
        if not self.open:
            self.connect(fails=False)
        if not self.stopped:
            self.stop()
        while (frame := self.core.next_frame()) is not None:
            self.going.append(frame)
        while self.going:
            self.arrive()
        while self.coming:
            self.answer()
        assert bytes(self.server.log) == self.written
        assert self.server.stopped
        assert self.core.room == BUFFER


TestSessions = Sessions.TestCase
TestSessions.settings = settings(max_examples=100, stateful_step_count=60, deadline=None)
