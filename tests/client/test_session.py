"""The synchronous session, against a scripted peer over a real socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from client import wire
from client.peer import Call, Peer, peer
from vivavoce import Client, Session, SessionClosed
from vivavoce.client.core import LiveCore
from vivavoce.client.events import AnyMessage, Connected, Connecting, Ended, Ending
from vivavoce.client.mailbox import BOUND
from vivavoce.protocol.messages import TranscriptMessage

AUDIO = bytes(range(256)) * 40


def start(ours: Peer, **options: Any) -> Session:
    return Client(transport=ours.transport).live().start_session(**options)


def words(message: AnyMessage) -> str:
    return message.data.utterance.text if isinstance(message, TranscriptMessage) else message.type


def test_iteration_gives_every_message_in_order_and_ends_with_the_session() -> None:
    said = [wire.transcript(str(n), f"00_{n}") for n in range(20)]
    with peer(lambda call: call.finish(*said)) as ours, start(ours) as session:
        session.send_audio(AUDIO)
        session.stop_recording()
        assert [words(message) for message in session] == [*map(str, range(20)), "end_session"]
    assert ours.log == AUDIO


def test_acknowledgments_are_switched_on_for_the_server_and_kept_from_a_user_who_did_not_ask() -> None:
    with (
        peer(Call.finish) as ours,
        start(ours, messages_config={"receive_partial_transcripts": True}) as session,
    ):
        session.stop_recording()
        assert [words(message) for message in session] == ["end_session"]
    assert ours.asked["messages_config"] == {
        "receive_partial_transcripts": True,
        "receive_acknowledgments": True,
    }


def test_a_user_who_asks_for_acknowledgments_gets_them() -> None:
    with (
        peer(Call.finish) as ours,
        start(ours, messages_config={"receive_acknowledgments": True}) as session,
    ):
        session.send_audio(b"audio")
        session.stop_recording()
        assert [words(message) for message in session] == ["audio_chunk", "stop_recording", "end_session"]


def test_handlers_hear_every_event_even_those_before_they_were_registered() -> None:
    heard: list[tuple[str, Any]] = []
    with peer(lambda call: call.finish(wire.transcript("hello"))) as ours, start(ours) as session:
        session.wait_until_ready()
        for name in ("started", "connecting", "connected", "ending", "ended"):
            session.on(name, lambda payload, name=name: heard.append((name, payload)))

        @session.on("message")
        def hear(message: AnyMessage) -> None:
            heard.append(("message", words(message)))

        session.stop_recording()
        session.join()
    created = wire.CREATED.model_copy(update={"url": ours.url})
    assert heard == [
        ("started", created),
        ("connecting", Connecting(1)),
        ("connected", Connected(1)),
        ("ending", Ending(1000)),
        ("message", "hello"),
        ("message", "end_session"),
        ("ended", Ended(1000)),
    ]


def test_once_hears_once_and_off_no_more() -> None:
    once: list[str] = []
    always: list[str] = []

    def hear(message: AnyMessage) -> None:
        always.append(words(message))
        session.off("message", hear)

    said = [wire.transcript("one", "00_1"), wire.transcript("two", "00_2")]
    with peer(lambda call: call.finish(*said)) as ours, start(ours) as session:
        session.on("message", hear)
        session.once("message")(lambda message: once.append(words(message)))
    assert (once, always) == (["one"], ["one"])


def test_a_lost_connection_costs_no_audio_and_doubles_no_final() -> None:
    def hear_half_and_drop(call: Call) -> None:
        acks = call.audio()
        call.say(next(acks), wire.transcript("one", "00_1"))
        while len(call.peer.log) < len(AUDIO):
            next(acks)
        call.drop()

    def go_on(call: Call) -> None:
        call.say(wire.transcript("one", "00_1"))
        call.finish(wire.transcript("two", "00_2"))

    with peer(hear_half_and_drop, go_on) as ours, start(ours) as session:
        for begin in range(0, len(AUDIO), 100):
            session.send_audio(AUDIO[begin : begin + 100])
        session.stop_recording()
        assert [words(message) for message in session] == ["one", "two", "end_session"]
    assert ours.log == AUDIO
    assert ours.paths[0].endswith("?token=secret")
    assert "&resume_from=" in ours.paths[1]


def test_what_comes_with_the_end_is_asked_for_again_if_the_network_fails_with_it() -> None:
    last = wire.transcript("last"), wire.end_session()

    def end(call: Call) -> None:
        call.acknowledge_until_stop()
        call.end_and_drop(*last)

    with peer(end, lambda call: call.say(*last)) as ours, start(ours) as session:
        session.stop_recording()
        assert [words(message) for message in session] == ["last", "end_session"]


def test_a_server_that_restarts_is_found_again() -> None:
    with peer(lambda call: call.close(1012, "restarting"), Call.finish) as ours, start(ours) as session:
        session.send_audio(AUDIO)
        session.stop_recording()
        assert [words(message) for message in session] == ["end_session"]
    assert ours.log == AUDIO


def test_a_session_that_the_server_ends_tells_the_iterating_user_why() -> None:
    with peer(lambda call: call.close(4408, "idle")) as ours:
        session = start(ours)
        with pytest.raises(SessionClosed, match="4408: idle"):
            next(session)
        with pytest.raises(SessionClosed, match="4408: idle"):
            session.send_audio(b"late")
        assert session.join()


@contextmanager
def refusing(status: int, text: str) -> Iterator[str]:
    """The URL of a server that refuses every connection."""
    from websockets.sync.server import serve

    with serve(
        lambda _: None,
        "127.0.0.1",
        0,
        process_request=lambda connection, _: connection.respond(status, text),
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield "ws://{}:{}/".format(*server.socket.getsockname())
        server.shutdown()
        thread.join()


def test_a_refused_connection_ends_the_session_with_its_status() -> None:
    with refusing(401, "no") as url:
        session = Session(wire.CREATED.model_copy(update={"url": url}), LiveCore())
        with pytest.raises(
            SessionClosed, match="4401: the server refused the connection with HTTP status 401"
        ):
            next(session)
        session.join()


def test_a_server_that_asks_to_come_later_is_tried_again() -> None:
    with refusing(429, "later") as url:
        session = Session(wire.CREATED.model_copy(update={"url": url}), LiveCore(max_attempts=2))
        with pytest.raises(SessionClosed, match=r"1006: no connection to the server: .* HTTP 429"):
            next(session)
        session.join()


def test_a_server_that_is_gone_ends_the_session_after_the_last_attempt() -> None:
    with peer() as ours:
        url = ours.url
    session = Session(wire.CREATED.model_copy(update={"url": url}), LiveCore(max_attempts=2))
    with pytest.raises(SessionClosed, match="1006: no connection to the server"):
        next(session)
    assert session.join()


def test_the_buffer_bounds_what_is_on_its_way_and_send_audio_waits_for_room() -> None:
    def acknowledge_late(call: Call) -> None:
        acknowledged = 0
        for ack in call.audio():
            assert len(call.peer.log) - acknowledged <= 1000
            acknowledged = len(call.peer.log)
            call.say(ack)

    with peer(acknowledge_late) as ours, start(ours, buffer_bytes=1000) as session:
        session.send_audio(AUDIO)
    assert ours.log == AUDIO


def test_messages_beyond_the_bound_wait_in_the_network_and_none_is_lost() -> None:
    count = BOUND + 500
    said = [wire.transcript(str(n), f"00_{n}") for n in range(count)]
    with peer(lambda call: call.finish(*said)) as ours, start(ours) as session:
        session.stop_recording()
        session.wait_until_ready()
        assert [words(message) for message in session][:-1] == [*map(str, range(count))]


def test_a_thread_that_would_wait_for_itself_to_read_is_told_so() -> None:
    def talk_and_never_acknowledge(call: Call) -> None:
        call.say(*(wire.transcript(str(n), f"00_{n}") for n in range(BOUND)))
        assert call.close_code() == 1000

    with peer(talk_and_never_acknowledge) as ours:
        session = start(ours, buffer_bytes=10)
        with pytest.raises(RuntimeError, match="iterate over the session in another thread"):
            session.send_audio(bytes(11))
        with pytest.raises(RuntimeError, match="iterate over the session in another thread"):
            session.join()
        session.end_session()
        assert session.join()


def test_what_a_handler_raises_is_an_error_event_and_the_session_goes_on() -> None:
    errors: list[Exception] = []
    heard: list[str] = []
    said = [wire.transcript("one", "00_1"), wire.transcript("two", "00_2")]
    with peer(lambda call: call.finish(*said)) as ours, start(ours) as session:
        session.on("error", errors.append)

        @session.on("message")
        def fail(message: AnyMessage) -> None:
            heard.append(words(message))
            raise KeyError(words(message))

    assert heard == ["one", "two", "end_session"]
    assert list(map(repr, errors)) == ["KeyError('one')", "KeyError('two')", "KeyError('end_session')"]


def test_a_handler_that_would_wait_for_itself_is_told_so() -> None:
    errors: list[Exception] = []
    with peer(Call.finish) as ours, start(ours) as session:
        session.on("error", errors.append)
        session.on("connected", lambda _: session.join())
    assert "a handler cannot wait" in str(errors[0])


def test_a_handler_may_send_audio() -> None:
    with peer(Call.finish) as ours, start(ours) as session:

        @session.on("connected")
        def send(_: Connected) -> None:
            session.send_audio(AUDIO)
            session.stop_recording()

        session.join()
    assert ours.log == AUDIO


def test_end_session_closes_at_once_and_iteration_ends_quietly() -> None:
    codes: list[int | None] = []
    with peer(lambda call: codes.append(call.close_code())) as ours:
        session = start(ours)
        session.wait_until_ready()
        session.end_session()
        assert list(session) == []
        assert session.join()
        assert session.status == "ended"
    assert codes == [1000]


def test_a_block_that_raises_ends_the_session() -> None:
    codes: list[int | None] = []
    with peer(lambda call: codes.append(call.close_code())) as ours:
        session = start(ours)
        session.wait_until_ready()
        with pytest.raises(KeyError), session:
            raise KeyError
        assert session.status == "ended"
    assert codes == [1000]


def test_a_block_whose_session_ends_irregularly_raises_though_it_only_sent() -> None:
    def take_all_and_fail(call: Call) -> None:
        call.acknowledge_until_stop()
        call.close(4408, "idle")

    with peer(take_all_and_fail) as ours:
        session = start(ours)
        with pytest.raises(SessionClosed, match="4408: idle"), session:
            session.send_audio(AUDIO)


def test_closing_the_client_ends_its_sessions_and_leaves_no_thread() -> None:
    with peer(lambda call: None if call.close_code() == 1000 else call.drop()) as ours:
        with Client(transport=ours.transport) as client:
            session = client.live().start_session()
            session.wait_until_ready()
        assert session.status == "ended"
        assert [thread.name for thread in threading.enumerate() if thread.name.startswith("vivavoce")] == []


def test_samples_of_any_width_can_be_sent_as_a_buffer() -> None:
    from array import array

    samples = array("h", [1, 2, 3])
    with peer(Call.finish) as ours, start(ours) as session:
        session.send_audio(memoryview(samples))
    assert ours.log == samples.tobytes()


def test_a_session_created_elsewhere_can_be_connected_to() -> None:
    with (
        peer(Call.finish) as ours,
        Client(transport=ours.transport) as client,
        client.live().connect_session("its-id", ours.url) as session,
    ):
        session.send_audio(AUDIO)
    assert session.id == "its-id"
    assert ours.requests == []
    assert ours.log == AUDIO
