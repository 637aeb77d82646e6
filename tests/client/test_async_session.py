"""The asynchronous session, against a scripted peer over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from client import wire
from client.peer import Call, Peer, peer
from vivavoce import AsyncClient, AsyncSession, SessionClosed
from vivavoce.client.core import LiveCore
from vivavoce.client.events import AnyMessage, Connected, Connecting, Ended, Ending
from vivavoce.client.mailbox import BOUND
from vivavoce.protocol.messages import TranscriptMessage

AUDIO = bytes(range(256)) * 40


@asynccontextmanager
async def started(ours: Peer, **options: Any) -> AsyncIterator[AsyncSession]:
    async with (
        AsyncClient(transport=ours.transport) as client,
        client.live().start_session(**options) as session,
    ):
        yield session


def words(message: AnyMessage) -> str:
    return message.data.utterance.text if isinstance(message, TranscriptMessage) else message.type


async def heard_of(session: AsyncSession) -> list[str]:
    return [words(message) async for message in session]


def test_iteration_gives_every_message_in_order_and_ends_with_the_session() -> None:
    said = [wire.transcript(str(n), f"00_{n}") for n in range(20)]

    async def main(ours: Peer) -> list[str]:
        async with started(ours) as session:
            await session.send_audio(AUDIO)
            await session.stop_recording()
            return await heard_of(session)

    with peer(lambda call: call.finish(*said)) as ours:
        assert asyncio.run(main(ours)) == [*map(str, range(20)), "end_session"]
    assert ours.log == AUDIO


def test_one_task_may_send_while_another_iterates() -> None:
    def answer_each_chunk(call: Call) -> None:
        for number, ack in enumerate(call.audio()):
            call.say(ack, wire.transcript(str(number), f"00_{number}"))
        call.say(wire.end_session())

    async def main(ours: Peer) -> list[str]:
        async with started(ours, buffer_bytes=100) as session, asyncio.TaskGroup() as group:
            hearing = group.create_task(heard_of(session))
            for begin in range(0, len(AUDIO), 100):
                await session.send_audio(AUDIO[begin : begin + 100])
            await session.stop_recording()
        return hearing.result()

    with peer(answer_each_chunk) as ours:
        *finals, last = asyncio.run(main(ours))
    assert finals == [str(number) for number in range(len(finals))]
    assert last == "end_session"
    assert ours.log == AUDIO


def test_handlers_plain_or_coroutines_hear_every_event() -> None:
    heard: list[tuple[str, Any]] = []

    async def main(ours: Peer) -> None:
        async with started(ours) as session:
            await session.wait_until_ready()
            for name in ("started", "connecting", "connected", "ending", "ended"):
                session.on(name, lambda payload, name=name: heard.append((name, payload)))

            @session.on("message")
            async def hear(message: AnyMessage) -> None:
                heard.append(("message", words(message)))

    with peer(lambda call: call.finish(wire.transcript("hello"))) as ours:
        asyncio.run(main(ours))
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

    async def main(ours: Peer) -> list[str]:
        async with started(ours) as session:
            for begin in range(0, len(AUDIO), 100):
                await session.send_audio(AUDIO[begin : begin + 100])
            await session.stop_recording()
            return await heard_of(session)

    with peer(hear_half_and_drop, go_on) as ours:
        assert asyncio.run(main(ours)) == ["one", "two", "end_session"]
    assert ours.log == AUDIO
    assert "&resume_from=" in ours.paths[1]


def test_a_session_that_the_server_ends_tells_the_user_why() -> None:
    async def main(ours: Peer) -> None:
        async with AsyncClient(transport=ours.transport) as client:
            session = await client.live().start_session()
            with pytest.raises(SessionClosed, match="4408: idle"):
                await anext(session)
            with pytest.raises(SessionClosed, match="4408: idle"):
                await session.send_audio(b"late")
            await session.join()

    with peer(lambda call: call.close(4408, "idle")) as ours:
        asyncio.run(main(ours))


def test_a_server_that_is_gone_ends_the_session_after_the_last_attempt() -> None:
    with peer() as ours:
        created = wire.CREATED.model_copy(update={"url": ours.url})

    async def main() -> None:
        session = AsyncSession(created, LiveCore(max_attempts=2))
        with pytest.raises(SessionClosed, match="1006: no connection to the server"):
            await anext(session)
        await session.join()

    asyncio.run(main())


def test_the_buffer_bounds_what_is_on_its_way_and_send_audio_waits_for_room() -> None:
    def acknowledge_late(call: Call) -> None:
        acknowledged = 0
        for ack in call.audio():
            assert len(call.peer.log) - acknowledged <= 1000
            acknowledged = len(call.peer.log)
            call.say(ack)

    async def main(ours: Peer) -> None:
        async with started(ours, buffer_bytes=1000) as session:
            await session.send_audio(AUDIO)

    with peer(acknowledge_late) as ours:
        asyncio.run(main(ours))
    assert ours.log == AUDIO


def test_messages_beyond_the_bound_wait_in_the_network_and_none_is_lost() -> None:
    count = BOUND + 500
    said = [wire.transcript(str(n), f"00_{n}") for n in range(count)]

    async def main(ours: Peer) -> list[str]:
        async with started(ours) as session:
            await session.stop_recording()
            await session.wait_until_ready()
            return await heard_of(session)

    with peer(lambda call: call.finish(*said)) as ours:
        assert asyncio.run(main(ours))[:-1] == [*map(str, range(count))]


def test_a_task_that_would_wait_for_itself_to_read_is_told_so() -> None:
    def talk_and_never_acknowledge(call: Call) -> None:
        call.say(*(wire.transcript(str(n), f"00_{n}") for n in range(BOUND)))
        assert call.close_code() == 1000

    async def main(ours: Peer) -> None:
        async with AsyncClient(transport=ours.transport) as client:
            session = await client.live().start_session(buffer_bytes=10)
            with pytest.raises(RuntimeError, match="another thread or task"):
                await session.send_audio(bytes(11))
            with pytest.raises(RuntimeError, match="another thread or task"):
                await session.join()
            await session.end_session()
            await session.join()

    with peer(talk_and_never_acknowledge) as ours:
        asyncio.run(main(ours))


def test_what_a_handler_raises_is_an_error_event_and_the_session_goes_on() -> None:
    errors: list[Exception] = []

    async def main(ours: Peer) -> None:
        async with started(ours) as session:
            session.on("error", errors.append)

            @session.on("message")
            async def fail(message: AnyMessage) -> None:
                raise KeyError(words(message))

            @session.on("connected")
            async def wait_for_myself(_: Connected) -> None:
                await session.join()

    with peer(lambda call: call.finish(wire.transcript("one"))) as ours:
        asyncio.run(main(ours))
    assert "a handler cannot wait" in str(errors[0])
    assert list(map(repr, errors[1:])) == ["KeyError('one')", "KeyError('end_session')"]


def test_end_session_closes_at_once_and_iteration_ends_quietly() -> None:
    codes: list[int | None] = []

    async def main(ours: Peer) -> None:
        async with AsyncClient(transport=ours.transport) as client:
            session = await client.live().start_session()
            await session.wait_until_ready()
            await session.end_session()
            assert await heard_of(session) == []
            await session.join()
            assert session.status == "ended"

    with peer(lambda call: codes.append(call.close_code())) as ours:
        asyncio.run(main(ours))
    assert codes == [1000]


def test_a_block_that_raises_ends_the_session() -> None:
    codes: list[int | None] = []

    async def main(ours: Peer) -> None:
        async with started(ours) as session:
            await session.wait_until_ready()
            raise KeyError

    with peer(lambda call: codes.append(call.close_code())) as ours, pytest.raises(KeyError):
        asyncio.run(main(ours))
    assert codes == [1000]


def test_a_block_whose_session_ends_irregularly_raises_though_it_only_sent() -> None:
    def take_all_and_fail(call: Call) -> None:
        call.acknowledge_until_stop()
        call.close(4408, "idle")

    async def main(ours: Peer) -> None:
        async with started(ours) as session:
            await session.send_audio(AUDIO)

    with peer(take_all_and_fail) as ours, pytest.raises(SessionClosed, match="4408: idle"):
        asyncio.run(main(ours))


def test_closing_the_client_ends_its_sessions_and_leaves_no_task() -> None:
    codes: list[int | None] = []

    async def main(ours: Peer) -> int:
        async with AsyncClient(transport=ours.transport) as client:
            session = await client.live().start_session()
            await session.wait_until_ready()
        assert session.status == "ended"
        return len(asyncio.all_tasks())

    with peer(lambda call: codes.append(call.close_code())) as ours:
        assert asyncio.run(main(ours)) == 1
    assert codes == [1000]
