"""A live session, its client, the network and recognition, in any interleaving.

The network may lose at any time what is on its way, and each side learns of it in its own time.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from functools import cache
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from live.clients import AcknowledgementClient, Client, Frame, OurClient
from live.shell import NOISE, Shell, final, partial, speech_end, speech_start, with_messages
from vivavoce.live.effects import Effect, Finish, Send
from vivavoce.live.limits import Limits
from vivavoce.live.phase import Phase
from vivavoce.protocol.stream import Diagnosis, Failed, Flushed

# Often odd, so that frames split samples; and in sevens, as the client's slices are, so that never a single
# byte is sent again: of that one cannot tell whether it is new.
LENGTHS = st.integers(2, 300).map(lambda sevens: 7 * sevens)
LIMITS = Limits(idle=60, duration=0.6)
LATE = bytes(reversed(NOISE))[:100]
BODY = with_messages() | {"realtime_processing": {"sentiment_analysis": True}}
END = ["end_recording", "post_transcript", "post_final_transcript", "end_session"]


@cache
def durable(text: str) -> str | None:
    """The name of a message that must reach the client; None for others."""
    message = json.loads(text)
    match message["type"]:
        case "transcript":
            return message["data"]["id"] if message["data"]["is_final"] else None
        case "stop_recording":
            return "stop accepted" if message["acknowledged"] else None
        case "audio_chunk" | "speech_start" | "speech_end":
            return None
        case kind:
            return str(kind)


@cache
def is_ack(text: str) -> bool:
    message = json.loads(text)
    return message["type"] == "audio_chunk" and bool(message["acknowledged"])


class CheckedShell(Shell):
    """Checks each effect when it is carried out."""

    def __init__(self, comes_twice: bool) -> None:
        super().__init__(BODY, limits=LIMITS)
        self.comes_twice = comes_twice
        """Whether the client may get again what it is known to have received."""
        self.created: list[str] = []  # what must reach the client, in the order in which it was first sent
        self.next_ack: dict[int, int] = {}
        self.final_ids: set[str] = set()
        self.answered = 0
        """The number of the last ping whose answer has come."""

    def do(self, effect: Effect) -> None:
        match effect:
            case Send(number, text, lasting):
                message = json.loads(text)
                assert number not in self.closed
                assert lasting == (durable(text) is not None)
                if lasting:
                    before = max((n for (_, sent), n in self.numbers.items() if sent == text), default=0)
                    assert before == 0 or before > self.answered or self.comes_twice
                if lasting and text not in self.created:
                    self.created.append(text)
                if is_ack(text):
                    self._check_ack(number, *message["data"]["byte_range"])
                if message["type"] == "transcript":
                    self._check_transcript(message["data"])
            case Finish():
                assert self.live.phase is Phase.ENDED
                assert len(self.finishes()) == 1
        super().do(effect)

    def _check_ack(self, number: int, start: int, end: int) -> None:
        assert start == self.next_ack[number], "the acknowledgement is not contiguous"
        assert end <= len(self.log), "the acknowledgement is of audio that is not in the log"
        self.next_ack[number] = end

    def _check_transcript(self, data: dict) -> None:
        if not data["is_final"]:
            assert data["id"] not in self.final_ids, "a partial came after its final"
            return
        self.final_ids.add(data["id"])
        kept = {final.utterance.id for final in self.kept}
        assert data["id"] in kept or not data["utterance"]["words"], "the final was not kept first"


class SessionMachine(RuleBasedStateMachine):
    """By connection, what is on its way up is in `uplinks`, down to the client in the shell's `wires`."""

    make_client: ClassVar[type[Client]]

    def __init__(self) -> None:
        super().__init__()
        self.client = self.make_client()
        self.shell = CheckedShell(isinstance(self.client, OurClient))
        self.here: int | None = None
        """The connection as the client sees it."""
        self.uplinks: dict[int, deque[Frame | int]] = {}
        """Numbers are answers to pings."""
        self.wires_read: defaultdict[int, int] = defaultdict(int)
        self.written = b""
        self.stopped = False
        self.left = False
        self.expected: list[str] = []
        self.open_utterances: deque[int] = deque()
        self.utterances = 0
        self.flushed = False

    @property
    def phase(self) -> Phase:
        return self.shell.live.phase

    # The client

    @precondition(lambda self: not self.client.over)
    @rule(
        lengths=st.lists(LENGTHS, max_size=3),
        to_server=st.integers(0, 5),
        to_client=st.integers(0, 8),
        disk_is_full=st.sampled_from([False] * 9 + [True]),
        breaks=st.sampled_from([False, False, True]),
    )
    def client_talks(
        self, lengths: list[int], to_server: int, to_client: int, disk_is_full: bool, breaks: bool
    ) -> None:
        """It writes; of what is on its way then, so many frames and messages arrive; it may be cut off."""
        if self.here is None:
            self._client_connects()
        for length in lengths:
            self._client_writes(length)
        self.shell.disk_is_full = disk_is_full
        for _ in range(min(to_server, len(self.uplinks[self.here]))):
            self._server_reads_one(self.here)
        self.shell.disk_is_full = False
        for _ in range(to_client):
            if self.here is None or not self._client_reads_one():
                break
        if breaks and self.here is not None:
            self._client_loses_the_connection()

    @precondition(lambda self: self.here is not None and not self.stopped)
    @rule(decided=st.sampled_from([False, False, True]))
    def client_may_stop(self, decided: bool) -> None:
        if decided:
            self._client_stops()

    def _client_loses_the_connection(self) -> None:
        self.here = None
        self.client.closed(1006)

    def _client_connects(self) -> None:
        offset = self.client.connect()
        self.here = self.shell.connect(offset)
        self.shell.next_ack[self.here] = self.client.acknowledged
        self.uplinks[self.here] = deque()
        self._client_sends()

    def _client_writes(self, length: int) -> None:
        if not self.stopped:
            audio = NOISE[len(self.written) : len(self.written) + length]
            self.written += audio
            self.client.write(audio)
            self._client_sends()

    def _client_stops(self) -> None:
        self.stopped = True
        self.client.stop()
        self._client_sends()

    def _client_sends(self) -> None:
        if self.here is not None:
            self.uplinks[self.here].extend(self.client.outbox)
            self.client.outbox.clear()

    def _client_reads_one(self) -> bool:
        """Whether there was something to read, be it that the connection is closed."""
        assert self.here is not None
        wire, at = self.shell.wires[self.here], self.wires_read[self.here]
        if at < len(wire):
            self.wires_read[self.here] += 1
            if number := self.shell.numbers.get((self.here, wire[at])):
                self.uplinks[self.here].append(number)
            self.client.receive(wire[at])
            self._client_sends()
            return True
        close = self.shell.closed.get(self.here)
        if close and self.here not in self.shell.broken:
            self.here = None
            self.client.closed(close.code)
            return True
        return False

    # The network and the server

    @precondition(lambda self: self.shell.live.connection is not None)
    @rule(late=st.integers(0, 3), what=st.sampled_from(["cannot send", "notices", "reads"]))
    def server_meets_a_broken_connection(self, late: int, what: str) -> None:
        """It reads what had arrived late; then its sends fail, or it notices that the client has gone."""
        number = self.shell.live.connection
        for _ in range(min(late, len(self.uplinks[number]))):
            self._server_reads_one(number)
        if what == "cannot send":
            self.shell.broken.add(number)
        elif what == "notices" and number != self.here:
            self.uplinks[number].clear()
            self.shell.lose(number)

    @rule(seconds=st.sampled_from([0.1, 19]))
    def time_passes(self, seconds: float) -> None:
        self.shell.wait(seconds)

    @precondition(lambda self: self.phase is Phase.STOPPING and self.shell.live.connection is not None)
    @rule(stop=st.booleans())
    def something_comes_after_the_stop(self, stop: bool) -> None:
        number = self.shell.live.connection
        if not self.uplinks[number]:
            self.uplinks[number].append('{"type":"stop_recording"}' if stop else LATE)
            self._server_reads_one(number)

    def _server_reads_one(self, number: int) -> None:
        frame = self.uplinks[number].popleft()
        if isinstance(frame, int):
            self.shell.answered = max(self.shell.answered, frame)
            self.shell.live.confirmed(frame)
            return
        if number != self.shell.live.connection:
            return
        if isinstance(frame, str):
            if self.phase is Phase.RECORDING:
                self.expected.append("stop accepted")
            self.shell.stop(number)
            return
        first = not self.shell.log
        if first and not self.shell.disk_is_full and self.phase is Phase.RECORDING:
            self.expected.append("start_recording")
        self.shell.audio(frame, number)

    # Recognition

    @precondition(lambda self: self.shell.log)
    @rule(begins=st.booleans(), heard=st.lists(st.sampled_from(["partial", "final", "nothing"]), max_size=3))
    def speech_is_heard(self, begins: bool, heard: list[str]) -> None:
        if begins and not self.flushed and len(self.open_utterances) < 3:
            self.shell.hear(speech_start(self.utterances))
            self.open_utterances.append(self.utterances)
            self.utterances += 1
        for what in heard:
            if self.open_utterances and what == "partial":
                self.shell.hear(partial(self.open_utterances[-1], f" hel{len(self.shell.trace)}"))
            elif self.open_utterances:
                self._a_final_is_heard(" hello" if what == "final" else "")

    def _a_final_is_heard(self, text: str) -> None:
        number = self.open_utterances.popleft()
        if self.phase is not Phase.ENDED:
            self.expected += [f"00_{number:08}", *(["sentiment_analysis"] if text else [])]
        self.shell.hear(speech_end(number), final(number, text))

    @precondition(lambda self: self.shell.flushes() and not self.open_utterances and not self.flushed)
    @rule()
    def everything_is_heard(self) -> None:
        self.flushed = True
        if self.phase is Phase.STOPPING:
            self.expected += END
        self.shell.hear(Flushed(self.shell.flushes()[-1]))

    @rule(chance=st.integers(0, 29))
    def something_rare_happens(self, chance: int) -> None:
        if chance == 0:
            self.shell.hear(Diagnosis("format_mismatch", "this looks like A-law"))
        elif chance == 1:
            self.shell.wait(61)
        elif chance == 2 and self.here is not None and self.here == self.shell.live.connection:
            self._client_leaves_for_good(self.here)
        elif chance == 3:
            if self.phase is not Phase.ENDED:
                self.expected.append("end_session")
            self.shell.hear(Failed("the model broke"))

    def _client_leaves_for_good(self, number: int) -> None:
        self.left = True
        self.here = None
        self.client.closed(1000)
        self.shell.lose(number, 1000)

    # Promises

    @invariant()
    def the_log_is_what_the_client_sent(self) -> None:
        assert self.shell.log == self.written[: len(self.shell.log)]
        assert self.shell.live.received == len(self.shell.log)

    @invariant()
    def nothing_acknowledged_is_missing(self) -> None:
        assert self.client.acknowledged <= len(self.shell.log)

    @invariant()
    def messages_are_sent_in_the_order_in_which_they_came(self) -> None:
        names = [durable(text) for text in self.shell.created]
        assert names == self.expected[: len(names)]

    @invariant()
    def the_client_gets_them_in_order(self) -> None:
        got = [text for text in self.client.read if durable(text)]
        assert list(dict.fromkeys(got)) == self.shell.created[: len(dict.fromkeys(got))]
        if isinstance(self.client, OurClient):
            assert len(set(self.client.told)) == len(self.client.told)

    @invariant()
    def there_is_one_end(self) -> None:
        assert len(self.shell.finishes()) == (self.phase is Phase.ENDED)
        assert [durable(text) for text in self.shell.created].count("end_session") <= 1

    # In the end everything has arrived

    def teardown(self) -> None:
        if self.left:
            self._check_the_end()
            return
        self._bring_everything_home()
        if self.phase is Phase.RECORDING and not self.stopped:
            # Only what it sends next shows where a client that came back goes on.
            self._client_writes(14)
            self._bring_everything_home()
        if self.phase is Phase.RECORDING:
            assert self.shell.log == self.written
            if not self.stopped:
                self._check_nothing_is_missing()
            self._stop()
        while self.open_utterances:
            self._a_final_is_heard(" hello")
        if self.shell.flushes() and not self.flushed:
            self.everything_is_heard()
        self._bring_everything_home()
        assert self.phase is Phase.ENDED
        assert [durable(text) for text in self.shell.created] == self.expected
        assert self.shell.settled
        self._check_nothing_is_missing()
        self._check_the_end()

    def _stop(self) -> None:
        if not self.stopped:
            self._client_stops()
        self._bring_everything_home()
        if self.phase is Phase.RECORDING:
            # A stop that was lost with its connection: clients that do not repeat it fall silent.
            self.shell.wait(61)

    def _bring_everything_home(self) -> None:
        """A network that works, until nothing is on its way any more."""
        while not self.client.over:
            if self.here is None:
                self._client_connects()
            elif self.uplinks[self.here]:
                self._server_reads_one(self.here)
            elif self._client_reads_one():
                continue
            elif self.here in self.shell.broken:
                self._client_loses_the_connection()
            else:
                return

    def _check_nothing_is_missing(self) -> None:
        assert not [text for text in self.shell.created if text not in self.client.read]

    def _check_the_end(self) -> None:
        if self.phase is not Phase.ENDED:
            return
        [finish] = self.shell.finishes()
        _, _, after = "\n".join(self.shell.story()).partition(f"finish as {finish.status}")
        assert not any(late in after for late in ("append", "keep", "flush", "note"))


@pytest.mark.parametrize("client", [AcknowledgementClient, OurClient])
def test_nothing_is_lost_nothing_is_doubled_and_there_is_one_end(client: type[Client]) -> None:
    machine = type(f"{client.__name__}Machine", (SessionMachine,), {"make_client": client})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=100, stateful_step_count=50, deadline=None)
    )
