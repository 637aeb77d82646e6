"""A live session over its socket, from the first byte to the close, and what is stored of it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message as AsgiMessage
from starlette.types import Receive, Scope, Send

from server import harness
from server.harness import create
from server.peers import (
    EVERYTHING,
    STOP,
    Message,
    Peer,
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

AUDIO = speech()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with network_server(tmp_path_factory.mktemp("data"), idle_timeout=600) as server:
        yield server


async def whole_session(http: httpx.AsyncClient, **body: Any) -> tuple[Peer, list[Message], Message]:
    """All of `AUDIO` in odd frames, then a stop: the peer, what it heard, the stored session."""
    created = await create(http, **EVERYTHING | body)
    async with connected(created["url"]) as peer:
        await peer.send(*pieces(AUDIO), STOP)
        messages = await peer.rest()
    return peer, messages, await stored(http, created["id"])


def test_acknowledgements_cover_every_byte_in_order(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        _, messages, _ = await whole_session(http)
        acks = of_type(messages, "audio_chunk")
        assert all(ack["acknowledged"] and ack["error"] is None for ack in acks)
        spans = [ack["data"]["byte_range"] for ack in acks]
        assert spans == [
            [start, start + len(piece)]
            for start, piece in zip(range(0, len(AUDIO), 3333), pieces(AUDIO), strict=True)
        ]
        times = [ack["data"]["time_range"] for ack in acks]
        assert times[0][0] == 0.0
        assert times[-1][1] == pytest.approx(len(AUDIO) / 32_000, abs=0.001)
        assert all(end == start for (_, end), (start, _) in pairwise(times))

    server.run(body)


def test_no_acknowledgement_is_sent_before_the_log_has_the_bytes(tmp_path: Path) -> None:
    acknowledged: list[int] = []

    async def body(server: harness.Server) -> None:
        created = await create(server.http)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            async def watched_send(event: AsgiMessage) -> None:
                message = json.loads(event.get("text", "{}"))
                if message.get("type") == "audio_chunk":
                    end = message["data"]["byte_range"][1]
                    assert server.services.storage.audio.size(created["id"]) == end
                    acknowledged.append(end)
                await send(event)

            await server.app(scope, receive, watched_send)

        watched = dataclasses.replace(server, app=app)  # type: ignore[arg-type]
        async with harness.connected(watched, created["url"]) as socket:
            for size in (1, 3333, 600_000):
                await socket.send_audio(bytes(size))
                await socket.receive_until(type="audio_chunk", acknowledged=True)

    harness.serving(tmp_path, body)
    assert acknowledged == [1, 3334, 603_334]


def test_words_come_while_they_are_spoken_and_never_after_their_final(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send(AUDIO[:64_001])
            partial = (await peer.until(type="transcript"))["data"]
            assert not partial["is_final"]
            assert partial["utterance"]["words"]
            await peer.send(AUDIO[64_001:], STOP)
            await peer.rest()
        transcripts = [json.loads(text) for text in peer.heard if '"transcript"' in text]
        data = [message["data"] for message in of_type(transcripts, "transcript")]
        last = {one["id"]: one["is_final"] for one in data}
        assert last == {"00_00000000": True, "00_00000001": True}
        assert [one["id"] for one in data if one["is_final"]] == list(last)
        assert partial["id"] == "00_00000000"

    server.run(body)


def test_a_stop_is_followed_by_what_is_left_in_order_and_a_regular_close(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        peer, messages, _ = await whole_session(http)
        kinds = [message["type"] for message in messages]
        landmarks = ["start_recording", "stop_recording", "end_recording"]
        landmarks += ["post_transcript", "post_final_transcript", "end_session"]
        assert [kind for kind in kinds if kind in landmarks] == landmarks
        assert kinds[-4:] == landmarks[-4:]
        assert kinds.count("speech_start") == kinds.count("speech_end") == len(finals(messages)) == 2
        [stop] = of_type(messages, "stop_recording")
        assert stop["acknowledged"]
        assert stop["data"]["recording_duration"] == round(len(AUDIO) / 32_000, 3)
        assert peer.closed == (1000, "the session has ended")

    server.run(body)


def test_the_stored_result_is_what_was_sent(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        peer, messages, session = await whole_session(http, custom_metadata={"call": 7})
        assert session["status"] == "done"
        assert session["error_code"] is None
        assert session["post_session_metadata"] == {}
        assert session["custom_metadata"] == {"call": 7}
        assert session["result"].pop("messages") == peer.heard
        [whole] = of_type(messages, "post_final_transcript")
        assert session["result"] == whole["data"]
        [transcription] = of_type(messages, "post_transcript")
        assert session["result"]["transcription"] == transcription["data"]
        utterances = [final["utterance"] for final in finals(messages)]
        assert session["result"]["transcription"]["utterances"] == utterances
        assert await recorded(http, session["id"]) == AUDIO

    server.run(body)


def test_what_is_final_can_be_read_while_the_session_runs(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, endpointing=0.3)
        assert (await stored(http, created["id"]))["status"] == "queued"
        async with connected(created["url"]) as peer:
            await peer.send(*pieces(AUDIO))
            final = await peer.until(type="transcript")
            session = await stored(http, created["id"])
            assert session["status"] == "processing"
            assert session["completed_at"] is None
            shown = session["result"]["transcription"]["utterances"]
            assert shown[0] == final["data"]["utterance"]
            await peer.send(STOP)
            await peer.rest()
        assert (await stored(http, created["id"]))["status"] == "done"

    server.run(body)


def test_an_empty_frame_is_no_audio_and_is_not_answered(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send(b"", AUDIO[:3200], b"", '{"type": "audio_chunk", "data": {"chunk": ""}}', STOP)
            messages = await peer.rest()
        spans = [ack["data"]["byte_range"] for ack in of_type(messages, "audio_chunk")]
        assert spans == [[0, 3200]]

    server.run(body)


def test_a_client_that_closes_without_a_stop_wants_no_more_and_keeps_what_was_final(tmp_path: Path) -> None:
    async def body(server: harness.Server) -> None:
        created = await create(server.http, endpointing=0.3)
        async with harness.connected(server, created["url"]) as socket:
            await socket.send_audio(AUDIO)
            final = await socket.receive_until(type="transcript")
        session = await stored(server.http, created["id"])
        assert session["status"] == "done"
        assert session["result"]["transcription"]["utterances"][0] == final["data"]["utterance"]
        assert await recorded(server.http, session["id"]) == AUDIO

    harness.serving(tmp_path, body)


@pytest.mark.parametrize("before", [0, 3200], ids=["from the start", "later on"])
def test_audio_and_an_orderly_close_in_one_piece_are_both_heeded(server: Server, before: int) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            if before:
                await peer.send(AUDIO[:before])
                await peer.acknowledged(before)
            await peer.leave_with(*pieces(AUDIO[before : 6 * before + 16_000], 1600))
        while (await stored(http, created["id"]))["status"] not in ("done", "error"):
            pass
        assert (await stored(http, created["id"]))["status"] == "done"
        assert await recorded(http, created["id"]) == AUDIO[: 6 * before + 16_000]

    server.run(body)
