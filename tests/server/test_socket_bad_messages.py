"""What a client may send or do wrong: it is told precisely, and nobody else notices."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
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
    stored_texts,
)
from speech import two_cities

AUDIO = speech()
HALF = len(AUDIO) // 2 + 1
LARGEST = 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with network_server(tmp_path_factory.mktemp("data"), max_frame_bytes=LARGEST) as server:
        yield server


async def go_on(http: httpx.AsyncClient, created: Message, audio: bytes = AUDIO[HALF:]) -> Peer:
    """Connect again, send the rest of `AUDIO`, stop: the session must be complete. Gives that connection."""
    async with connected(created["url"]) as peer:
        await peer.send(*pieces(audio), STOP)
        await peer.rest()
    assert peer.closed == (1000, "the session has ended")
    assert await recorded(http, created["id"]) == AUDIO
    session = await stored(http, created["id"])
    assert session["status"] == "done"
    return peer


def audio_chunk(chunk: Any) -> str:
    return json.dumps({"type": "audio_chunk", "data": {"chunk": chunk}})


NO_MESSAGES = {
    "text": ("stop", "not JSON: expected"),
    "cut short": (STOP[:-1], "not JSON: EOF"),
    "nothing": ("", "not JSON: EOF"),
    "nested without end": ("[" * 100_000, "not JSON: recursion limit"),
    "a list": ("[]", "not a JSON object"),
    "null": ("null", "not a JSON object"),
    "without a type": ('{"data": {}}', 'the message has no "type"'),
    "of an unknown type": (
        '{"type": "start"}',
        '"type" must be "audio_chunk" or "stop_recording", not "start"',
    ),
    "of a type that is a list": ('{"type": []}', '"type" must be "audio_chunk" or "stop_recording"'),
    "without data": ('{"type": "audio_chunk"}', "audio_chunk.data is required"),
    "with data that is null": ('{"type": "audio_chunk", "data": null}', "audio_chunk.data must be an object"),
    "without a chunk": ('{"type": "audio_chunk", "data": {}}', "audio_chunk.data.chunk is required"),
    "with a chunk that is a number": (audio_chunk(5), "audio_chunk.data.chunk must be a string of base64"),
    "with a chunk that is no base64": (audio_chunk("a*b="), "audio_chunk.data.chunk must be base64: "),
    "with base64 that is cut": (audio_chunk("YWI"), "must be base64: Incorrect padding"),
    "with long base64 that is cut": (audio_chunk("YWJj" * 30_000 + "Y"), "must be base64: "),
}


@pytest.mark.parametrize(("text", "complaint"), NO_MESSAGES.values(), ids=NO_MESSAGES)
def test_a_text_that_is_no_message_is_named_and_the_session_can_be_taken_up_again(
    server: Server, text: str, complaint: str
) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send(*pieces(AUDIO[:HALF]), text)
            messages = await peer.rest()
        [refused] = [ack for ack in of_type(messages, "audio_chunk") if not ack["acknowledged"]]
        assert complaint in refused["error"]["message"]
        assert refused["data"] is None
        assert peer.closed == (4400, refused["error"]["message"])
        await go_on(http, created)
        assert await stored_texts(http, created["id"]) == server.texts

    server.run_beside_another_session(body)


def test_a_frame_that_is_too_large_is_refused_with_the_limit_and_costs_nothing_else(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send(*pieces(AUDIO[:HALF]))
            await peer.acknowledged(HALF)
            await peer.send(bytes(LARGEST + 1))
            await peer.rest()
        code, reason = peer.closed
        assert code == 1009
        assert f"exceeds limit of {LARGEST} bytes" in str(reason)
        await go_on(http, created)

    server.run_beside_another_session(body)


def test_a_session_survives_that_the_web_server_has_closed_the_socket_by_itself(tmp_path: Path) -> None:
    async def body(server: harness.Server) -> None:
        created = await create(server.http, **EVERYTHING)
        closed = False

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_if_open(event: AsgiMessage) -> None:
                if closed:
                    # What uvicorn does after it has refused a frame, until the transport is gone.
                    raise RuntimeError(f"Unexpected ASGI message {event['type']!r}")
                await send(event)

            await server.app(scope, receive, send_if_open)

        closing = dataclasses.replace(server, app=app)  # type: ignore[arg-type]
        async with harness.connected(closing, created["url"]) as socket:
            await socket.send_audio(AUDIO[:HALF])
            await socket.receive_until(type="audio_chunk")
            session = server.services.live(created["id"])
            closed = True
            await socket.send_audio(AUDIO[HALF : HALF + 3333])
            await socket.leave(1009)
        async with harness.connected(server, f"{created['url']}&resume_from={HALF}") as socket:
            assert server.services.live(created["id"]) is session
            await socket.send_audio(AUDIO[HALF:])
            await socket.send_text(STOP)
            result = await socket.receive_until(type="post_final_transcript")
        assert len(result["data"]["transcription"]["utterances"]) == 2
        assert await recorded(server.http, created["id"]) == AUDIO

    harness.serving(tmp_path, body)


def test_a_text_that_is_not_utf_8_closes_its_connection_and_leaves_no_traceback(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send(*pieces(AUDIO[:HALF]))
            await peer.acknowledged(HALF)
            await peer.send_as_text(b'{"type": "\xff"}')
            await peer.rest()
        assert peer.closed == (1007, "a text is not UTF-8")
        await go_on(http, created)

    server.run_beside_another_session(body)


def test_the_largest_frame_is_taken(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        audio = (AUDIO * 5)[:LARGEST]
        async with connected(created["url"]) as peer:
            await peer.send(audio, STOP)
            await peer.rest()
        assert peer.closed[0] == 1000
        assert await recorded(http, created["id"]) == audio

    server.run_beside_another_session(body)


@pytest.mark.parametrize(
    ("frame", "kind", "complaint"),
    [
        (AUDIO, "audio_chunk", "the recording has been stopped: no more audio is accepted"),
        (audio_chunk("YWJj"), "audio_chunk", "the recording has been stopped: no more audio is accepted"),
        (STOP, "stop_recording", "the recording has been stopped already"),
    ],
    ids=["audio", "audio as base64", "a stop"],
)
def test_what_comes_after_a_stop_is_refused_and_the_session_ends_as_if_it_had_not_come(
    server: Server, frame: bytes | str, kind: str, complaint: str
) -> None:
    # Long enough that much is left to recognise when the frame comes.
    audio = two_cities().pcm()

    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send(*pieces(audio, 64_001), STOP, frame)
            messages = await peer.rest()
        [refused] = [message for message in messages if message.get("acknowledged") is False]
        assert refused["type"] == kind
        assert refused["error"]["message"] == complaint
        assert peer.closed == (1000, "the session has ended")
        session = await stored(http, created["id"])
        assert session["status"] == "done"
        utterances = [final["utterance"] for final in finals(messages)]
        assert len(utterances) > 5
        assert session["result"]["transcription"]["utterances"] == utterances
        assert await recorded(http, created["id"]) == audio

    server.run_beside_another_session(body)


def test_a_session_without_audio_ends_in_order_and_empty(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send(STOP)
            messages = await peer.rest()
        kinds = ["stop_recording", "end_recording", "post_transcript", "post_final_transcript", "end_session"]
        assert [message["type"] for message in messages] == kinds
        assert messages[0]["data"] == {"recording_duration": 0.0, "recording_left_to_process": 0.0}
        assert messages[2]["data"]["full_transcript"] == ""
        assert peer.closed == (1000, "the session has ended")
        session = await stored(http, created["id"])
        assert session["status"] == "done"
        assert session["file"] is None
        assert session["result"]["transcription"]["utterances"] == []
        assert (await http.get(f"/v2/live/{created['id']}/file")).status_code == 404

    server.run_beside_another_session(body)


@pytest.mark.parametrize("seen", [0, 3333 * 5, HALF], ids=["none", "some", "all"])
def test_a_client_that_vanishes_and_comes_back_goes_on_after_the_last_acknowledgement_it_saw(
    server: Server, seen: int
) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send(*pieces(AUDIO[:HALF]))
            if seen:
                await peer.acknowledged(seen)
            await peer.vanish()
        again = await go_on(http, created, AUDIO[seen:])
        messages = [json.loads(text) for text in peer.heard + again.heard]
        ids = [final["id"] for final in finals(messages)]
        assert len(ids) == len(set(ids))
        assert await stored_texts(http, created["id"]) == server.texts

    server.run_beside_another_session(body)


@pytest.mark.parametrize("query", ["", "?token=", "?token=wrong", "?token=a&token=b", "?resume_from=0"])
def test_a_token_that_opens_nothing_is_refused_with_what_to_do(server: Server, query: str) -> None:
    async def body(_: httpx.AsyncClient) -> None:
        async with connected(f"{server.url.replace('http', 'ws')}/v2/live{query}") as peer:
            await peer.rest()
        code, reason = peer.closed
        assert code == 4401
        assert reason == "the token is wrong, or its session is over: create a session with POST /v2/live"
        assert peer.heard == []

    server.run_beside_another_session(body)


def test_who_reads_the_last_messages_only_when_the_session_has_ended_gets_none_of_them_twice(
    server: Server,
) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send(*pieces(AUDIO))
            await peer.acknowledged(len(AUDIO))
            with peer.reading_nothing():
                await peer.send(STOP)
                while (await stored(http, created["id"]))["status"] != "done":
                    pass
                # By then the server has closed.
                assert await recorded(http, created["id"]) == AUDIO
            assert (await peer.rest())[-1]["type"] == "end_session"
        async with connected(created["url"]) as again:
            assert await again.rest() == []

    server.run_beside_another_session(body)


def test_the_token_of_a_session_that_has_ended_brings_its_close_code_and_nothing_twice(
    server: Server,
) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        await go_on(http, created, AUDIO)
        before = await stored(http, created["id"])
        async with connected(created["url"]) as peer:
            await peer.rest()
        assert peer.heard == []
        assert peer.closed == (1000, "the session has ended")
        assert await stored(http, created["id"]) == before

    server.run_beside_another_session(body)


def test_a_client_that_comes_back_after_the_end_and_a_restart_is_told_that_its_session_is_over(
    tmp_path: Path,
) -> None:
    kept: dict[str, Any] = {}

    async def end_a_session(server: harness.Server) -> None:
        kept.update(await create(server.http))
        await harness.record(server, kept["url"], AUDIO)

    async def come_back(server: harness.Server) -> None:
        async with harness.connected(server, kept["url"]) as socket:
            heard = [await socket.receive()]
            while "closed" not in heard[-1]:
                heard.append(await socket.receive())
        assert heard[-1] == {"closed": 1000}
        assert heard[-2]["type"] == "post_final_transcript"

    harness.serving(tmp_path, end_a_session)
    harness.serving(tmp_path, come_back)


def test_of_two_connections_with_one_token_the_newer_goes_on_and_the_older_is_told(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as older:
            await older.send(*pieces(AUDIO[:HALF]))
            await older.acknowledged(HALF)
            await go_on(http, created)
            await older.rest()
        assert older.closed == (4409, "replaced by a newer connection")
        assert await stored_texts(http, created["id"]) == server.texts

    server.run_beside_another_session(body)
