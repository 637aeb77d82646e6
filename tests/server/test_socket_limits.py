"""What ends a session that nobody stops, and what frees its place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from server import harness
from server.harness import create
from server.peers import (
    EVERYTHING,
    STOP,
    Message,
    Server,
    connected,
    finals,
    network_server,
    of_type,
    pieces,
    recorded,
    speech,
    stored,
)
from vivavoce import AsyncClient, SessionClosed

AUDIO = speech()
LONGEST = 8.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = {"idle_timeout": 1.0, "max_session_duration": LONGEST}
    with network_server(tmp_path_factory.mktemp("data"), **limits) as server:
        yield server


def check_it_ended_as_if_stopped(messages: list[Message], session: Message) -> None:
    kinds = [message["type"] for message in messages]
    assert kinds[-4:] == ["end_recording", "post_transcript", "post_final_transcript", "end_session"]
    assert "stop_recording" not in kinds
    assert session["status"] == "done"
    assert session["completed_at"] is not None
    utterances = [final["utterance"] for final in finals(messages)]
    assert len(utterances) >= 2
    assert session["result"]["transcription"]["utterances"] == utterances
    assert session["result"]["messages"][-1].endswith('"type":"end_session"}')


def test_a_client_that_falls_silent_ends_its_session_as_if_it_had_stopped(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send(*pieces(AUDIO))
            messages = await peer.rest()
        assert peer.closed == (4408, "no frame for 1 s")
        check_it_ended_as_if_stopped(messages, await stored(http, created["id"]))
        assert await recorded(http, created["id"]) == AUDIO

    server.run(body)


def test_a_connection_that_never_says_anything_is_ended_too(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http)
        async with connected(created["url"]) as peer:
            await peer.rest()
        assert peer.closed == (4408, "no frame for 1 s")
        assert (await stored(http, created["id"]))["status"] == "done"

    server.run(body)


def test_our_client_tells_its_user_that_the_session_was_idle(server: Server) -> None:
    async def body(_: httpx.AsyncClient) -> None:
        async with AsyncClient(base_url=server.url) as client:
            session = await client.live().start_session()
            await session.send_audio(AUDIO)
            with pytest.raises(SessionClosed, match="no frame for 1 s") as closed:
                async for _ in session:
                    pass
            assert closed.value.code == 4408

    server.run(body)


def test_the_longest_session_ends_as_if_it_had_been_stopped(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        audio = AUDIO + AUDIO
        async with connected(created["url"]) as peer:
            await peer.send(*pieces(audio))
            messages = await peer.rest()
        assert peer.closed == (4429, "a session lasts 8 s at most")
        session = await stored(http, created["id"])
        check_it_ended_as_if_stopped(messages, session)
        acks = of_type(messages, "audio_chunk")
        accepted = [ack["data"]["byte_range"][1] for ack in acks if ack["acknowledged"]][-1]
        assert 0 <= accepted - LONGEST * 32_000 < 3333
        assert await recorded(http, created["id"]) == audio[: accepted - accepted % 2]
        assert session["result"]["metadata"]["audio_duration"] == round(accepted / 32_000, 3)
        complaints = {ack["error"]["message"] for ack in acks if not ack["acknowledged"]}
        assert complaints <= {"the recording has been stopped: no more audio is accepted"}

    server.run(body)


def test_a_client_that_vanishes_for_good_ends_its_session_by_its_silence(tmp_path: Path) -> None:
    async def body(server: harness.Server) -> None:
        created = await create(server.http, **EVERYTHING)
        async with harness.connected(server, created["url"]) as socket:
            await socket.send_audio(AUDIO)
            await socket.receive_until(type="audio_chunk")
            await socket.leave(1006)
        [session] = [task for task in asyncio.all_tasks() if task.get_name() == f"session {created['id']}"]
        await session
        ended = await stored(server.http, created["id"])
        assert ended["status"] == "done"
        assert len(ended["result"]["transcription"]["utterances"]) == 2
        assert await recorded(server.http, created["id"]) == AUDIO

    harness.serving(tmp_path, body, idle_timeout=0.5)


def test_an_abandoned_session_frees_its_place_and_can_be_taken_up_again(tmp_path: Path) -> None:
    async def body(server: harness.Server) -> None:
        _, http = await server.key("free")
        created = await create(http, **EVERYTHING)
        async with harness.connected(server, created["url"]) as socket:
            await socket.send_audio(AUDIO[:100_001])
            await socket.receive_until(type="audio_chunk")
            assert (await http.post("/v2/live")).status_code == 429
            await socket.leave(1006)
        assert (await stored(http, created["id"]))["status"] == "processing"
        other = await create(http)
        async with harness.connected(server, created["url"]) as socket:
            await socket.send_audio(AUDIO[100_001:])
            await socket.send_text(STOP)
            await socket.receive_until(type="end_session")
            assert await socket.receive() == {"closed": 1000}
        assert await recorded(http, created["id"]) == AUDIO
        await harness.record(server, other["url"], AUDIO)

    harness.serving(tmp_path, body, abandon_after=1e-6)


def test_a_client_that_is_away_for_a_moment_keeps_its_place(tmp_path: Path) -> None:
    async def body(server: harness.Server) -> None:
        _, http = await server.key("free")
        created = await create(http)
        async with harness.connected(server, created["url"]) as socket:
            await socket.send_audio(AUDIO)
            await socket.receive_until(type="audio_chunk")
            await socket.leave(1006)
        refused = await http.post("/v2/live")
        assert refused.status_code == 429
        assert "the free plan allows 1 session at once" in refused.json()["message"]
        async with harness.connected(server, created["url"]) as socket:
            await socket.send_text(STOP)
            await socket.rest()
        assert (await http.post("/v2/live")).status_code == 201

    harness.serving(tmp_path, body)
