"""Clients that do a server harm: they are stopped with a code that says why, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server.harness import create
from server.peers import (
    EVERYTHING,
    STOP,
    Peer,
    Server,
    connected,
    network_server,
    of_type,
    pieces,
    recorded,
    speech,
    stored_texts,
)

AUDIO = speech()
LARGEST = 4 * 1024 * 1024
MOST = 20
GIVEN_UP = 'connections_ended_total{reason="code 1013"}'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = {"max_frame_bytes": LARGEST, "max_connections": MOST, "client_timeout": 0.5}
    with network_server(tmp_path_factory.mktemp("data"), **limits) as server:
        yield server


async def figure(http: httpx.AsyncClient, name: str) -> float:
    """A figure of `/metrics`."""
    figures = (await http.get("/metrics")).text
    found = re.search(rf"^vivavoce_{re.escape(name)} (\S+)$", figures, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def connection(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = urlsplit(url)
    return await asyncio.open_connection(address.hostname, address.port)


def test_a_client_that_never_reads_is_told_so_and_can_go_on(server: Server) -> None:
    frames = list(pieces(AUDIO[:3600], 2))

    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        address = urlsplit(created["url"])
        made = socket.create_connection((address.hostname, address.port))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        given_up = await figure(http, GIVEN_UP)
        # It keeps a message or two in memory, and leaves the others where they are.
        async with connect(created["url"], sock=made, compression=None, max_queue=1) as silent:
            for frame in frames:
                await silent.send(frame)
            while await figure(http, GIVEN_UP) == given_up:
                pass
            acks = of_type(await Peer(silent).rest(), "audio_chunk")
        assert silent.close_code == 1013
        assert "took too little" in str(silent.close_reason)
        seen = acks[-1]["data"]["byte_range"][1]
        assert seen < 3600
        async with connected(f"{created['url']}&resume_from={seen}") as peer:
            await peer.send(AUDIO[seen:], STOP)
            await peer.rest()
        assert peer.closed == (1000, "the session has ended")
        assert await recorded(http, created["id"]) == AUDIO
        assert await stored_texts(http, created["id"]) == server.texts

    server.run_beside_another_session(body)


def test_frames_of_a_byte_are_all_taken_and_hold_up_nobody(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send(*pieces(AUDIO[:1500], 1))
            chunk = json.dumps({"type": "audio_chunk", "data": {"chunk": "AA=="}})
            await peer.send(*(chunk for _ in range(500)), STOP)
            messages = await peer.rest()
        acks = [ack["data"]["byte_range"] for ack in of_type(messages, "audio_chunk")]
        assert acks == [[start, start + 1] for start in range(2000)]
        assert peer.closed == (1000, "the session has ended")
        assert await recorded(http, created["id"]) == AUDIO[:1500] + bytes(500)

    server.run_beside_another_session(body)


@pytest.mark.parametrize("parts", [1, 8], ids=["one frame", "fragments"])
def test_who_sends_too_much_at_once_sees_the_code_even_while_still_sending(
    server: Server, parts: int
) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            with suppress(ConnectionClosed):
                await peer.send_parts(*[bytes(4 * LARGEST // parts)] * parts)
            await peer.rest()
        code, reason = peer.closed
        assert code == 1009
        assert f"exceeds limit of {LARGEST} bytes" in str(reason)

    server.run_beside_another_session(body)


def test_a_message_in_many_fragments_is_one_message(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send_parts(*pieces(AUDIO[:500], 1), b"", AUDIO[500:])
            await peer.send(STOP)
            messages = await peer.rest()
        [ack] = of_type(messages, "audio_chunk")
        assert ack["data"]["byte_range"] == [0, len(AUDIO)]
        assert await stored_texts(http, created["id"]) == server.texts

    server.run_beside_another_session(body)


def test_large_frames_of_many_at_once_all_come_in(server: Server) -> None:
    async def one(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send(bytes(LARGEST), bytes(LARGEST))
            await peer.acknowledged(2 * LARGEST)

    async def body(http: httpx.AsyncClient) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(6):
                group.create_task(one(http))
        assert await figure(http, "large_frames_receiving") == 0

    server.run_beside_another_session(body)


def test_json_that_is_nested_without_end_is_refused_by_name(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http, **EVERYTHING)
        async with connected(created["url"]) as peer:
            await peer.send('{"data":' * (LARGEST // 8))
            await peer.rest()
        assert peer.closed[0] == 4400
        nested = '{"custom_metadata":' + '{"a":' * 100_000
        answer = await http.post("/v2/live", content=nested, headers={"content-type": "application/json"})
        assert answer.status_code == 400
        assert "must be valid JSON: recursion limit" in answer.text

    server.run_beside_another_session(body)


def test_connections_that_say_nothing_make_room_for_those_that_do(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        silent = [await connection(server.url) for _ in range(5 * MOST)]
        # There is room for a session, from its creation to its end, whoever else is there.
        async with httpx.AsyncClient(base_url=server.url) as other:
            created = await create(other, **EVERYTHING)
        async with connected(created["url"]) as peer:
            silent += [await connection(server.url) for _ in range(5 * MOST)]
            await peer.send(*pieces(AUDIO), STOP)
            await peer.rest()
        assert peer.closed == (1000, "the session has ended")
        async with httpx.AsyncClient(base_url=server.url) as other:
            assert await figure(other, "connections") <= MOST
            assert await figure(other, 'connections_ended_total{reason="displaced"}') >= 5 * MOST
        for _, writer in silent:
            writer.close()

    server.run_beside_another_session(body)


def test_who_comes_when_all_are_busy_is_told_to_come_later(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        urls = [(await create(http))["url"] for _ in range(MOST + 1)]
        async with AsyncExitStack() as busy:
            for url in urls[:-1]:
                peer = await busy.enter_async_context(connected(url))
                await peer.send(b"\0\0")
                await peer.acknowledged(2)
            with pytest.raises(InvalidStatus, match="503"):
                await busy.enter_async_context(connected(urls[-1]))
            assert (await http.get("/livez")).status_code == 503
        assert (await http.get("/livez")).status_code == 200

    server.run(body)


def test_a_request_that_does_not_come_whole_is_answered_and_ended(server: Server) -> None:
    async def answer(started: str) -> str:
        reader, writer = await connection(server.url)
        writer.write(started.replace("\n", "\r\n").encode())
        try:
            return (await reader.read()).decode()
        finally:
            writer.close()

    async def body(http: httpx.AsyncClient) -> None:
        head, rest = await asyncio.gather(
            answer("POST /v2/live HTTP/1.1\nHost: 127.0.0.1\n"),
            answer("POST /v2/live HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 10\n\n{"),
        )
        assert head.startswith("HTTP/1.1 408 ")
        assert rest.startswith("HTTP/1.1 408 ")
        assert "the body did not come within 0.5 s" in rest

    server.run_beside_another_session(body)


def test_a_client_that_leaves_within_its_request_is_no_error_of_the_server(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        name = 'http_requests_total{method="POST",route="/v2/live",status="400"}'
        before = await figure(http, name)
        _, writer = await connection(server.url)
        writer.write(b"POST /v2/live HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n{")
        await writer.drain()
        writer.close()
        while await figure(http, name) == before:
            pass

    server.run(body)


def test_a_handshake_with_too_long_a_header_is_answered(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        with pytest.raises(InvalidStatus, match="431"):
            await connect((await create(http))["url"], additional_headers={"x-long": "x" * 10_000})

    server.run(body)


def test_compression_is_not_agreed_to(server: Server) -> None:
    async def body(http: httpx.AsyncClient) -> None:
        created = await create(http)
        async with connect(created["url"]) as socket_:  # it offers to compress
            assert socket_.response
            assert "Sec-WebSocket-Extensions" not in socket_.response.headers

    server.run(body)
