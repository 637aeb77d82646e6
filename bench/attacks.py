"""Clients that do a server harm, each in a way of its own; `pressure.py` runs them beside one that behaves.

    .venv/bin/python bench/attacks.py NAME URL SECONDS

Prints as JSON what the attacker saw, by how often: close codes, statuses, connections that were cut.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

from attacker import LARGEST, SEEN, Attacker, flood, masked, post, pour, session, together
from gateway import FRAME_BYTES, track


async def never_reads(url: str) -> None:
    """Sends fast and takes no answer; after 25 s it looks whether it was told anything."""

    async def one(piece: bytes) -> None:
        attacker = await session(url, receive_buffer=4096)
        attacker.reader._limit = 1
        pouring = asyncio.create_task(pour(attacker, piece))
        await asyncio.sleep(25)
        SEEN[await attacker.closed()] += 1
        pouring.cancel()

    audio = masked(2, bytes(3200)) * 10
    pings = masked(9, bytes(125)) * 100
    await together(one(piece) for piece in (audio, pings) * 4)


async def eight_more(url: str) -> None:
    """No attack: eight sessions in real time, to compare with those that rush."""

    async def one(number: int) -> None:
        attacker = await session(url)
        closing = asyncio.create_task(attacker.closed())
        audio, began = track(number, 60), time.monotonic()
        for start in range(0, len(audio), FRAME_BYTES):
            await attacker.send(masked(2, audio[start : start + FRAME_BYTES]))
            await asyncio.sleep(began + (start + FRAME_BYTES) / 32_000 - time.monotonic())
        SEEN[await closing] += 1

    await together(one(number) for number in range(8))


async def hundredfold(url: str) -> None:
    """Eight sessions, each a minute of speech in little more than half a second."""

    async def one(number: int) -> None:
        attacker = await session(url)
        audio = track(number, 60)
        closing = asyncio.create_task(attacker.closed())
        for start in range(0, len(audio), 10 * FRAME_BYTES):
            await attacker.send(masked(2, audio[start : start + 10 * FRAME_BYTES]))
            await asyncio.sleep(0.01)
        await attacker.send(masked(1, b'{"type":"stop_recording"}'))
        SEEN[await closing] += 1

    await together(one(number) for number in range(8))


async def hundredfold_silence(url: str) -> None:
    """Eight sessions of silence as fast as it goes: only voice activity has work."""
    await flood(url, 8, masked(2, bytes(10 * FRAME_BYTES)))


async def byte_frames(url: str) -> None:
    """A frame for every byte, as fast as it goes."""
    await flood(url, 8, masked(2, b"\0") * 1000)


async def byte_messages(url: str) -> None:
    """A JSON message for every byte."""
    await flood(url, 8, masked(1, b'{"type":"audio_chunk","data":{"chunk":"AA=="}}') * 100)


async def silent_connections(url: str) -> None:
    """Three thousand connections that never say anything."""

    async def one() -> None:
        attacker = Attacker(url)
        try:
            await attacker.open()
            SEEN["cut" if not await attacker.reader.read(1) else "answered"] += 1
        except OSError:
            SEEN["reset"] += 1

    await together(one() for _ in range(3000))


async def slow_requests(url: str) -> None:
    """Fifteen hundred requests, half of them of WebSockets, that come a byte a second."""

    async def one(head: bytes) -> None:
        attacker = Attacker(url)
        try:
            await attacker.open()
            answer = asyncio.create_task(attacker.answer())
            for byte in head * 100:
                if answer.done():
                    break
                await attacker.send(bytes([byte]))
                await asyncio.sleep(1)
            SEEN[await answer] += 1
        except OSError:
            SEEN["reset"] += 1

    heads = (
        b"GET /v2/live HTTP/1.1\r\nHost: x\r\nX-Filler: ",
        b"GET /v2/live?token=x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX: ",
    )
    await together(one(heads[number % 2]) for number in range(1500))


async def idle_sockets(url: str) -> None:
    """Fifty sessions that are connected and never send."""

    async def one() -> None:
        SEEN[await (await session(url)).closed()] += 1

    await together(one() for _ in range(50))


async def wrong_tokens(url: str) -> None:
    """Sockets with tokens that nobody has, 64 at a time, as fast as they are refused."""

    async def one() -> None:
        while True:
            attacker = Attacker(url.replace("http", "ws", 1) + "/v2/live?token=" + os.urandom(16).hex())
            try:
                await attacker.open()
                await attacker.upgrade()
                SEEN[await attacker.closed()] += 1
            except (OSError, asyncio.IncompleteReadError):
                SEEN["cut"] += 1
            attacker.leave()

    await together(one() for _ in range(64))


async def large_frames(url: str) -> None:
    """Eight sessions, in each frames of 32 MiB one after the other."""
    await flood(url, 8, masked(2, bytes(LARGEST)))


async def large_messages(url: str) -> None:
    """Eight sessions that send 24 MB as base64 in one message, again and again."""
    text = b'{"type":"audio_chunk","data":{"chunk":"' + b"AAAA" * (LARGEST // 4 - 20) + b'"}}'
    await flood(url, 8, masked(1, text))


async def fragments(url: str) -> None:
    """Eight sessions, in each a frame that comes in fragments of a byte, or of none, without end."""

    async def one(piece: bytes) -> None:
        await flood(url, 4, masked(0, piece, fin=False) * 1000, first=masked(2, b"\0", fin=False))

    await together((one(b"\0"), one(b"")))


async def slow_large_frames(url: str) -> None:
    """Two sessions that begin a large frame and go on a byte a second; a third sends a whole one."""

    async def one() -> None:
        attacker = await session(url)
        closing = asyncio.create_task(attacker.closed())
        whole = masked(2, bytes(LARGEST))
        await attacker.send(whole[: 2 * 1024 * 1024])
        for _ in range(100):
            if closing.done():
                break
            await asyncio.sleep(1)
            await attacker.send(b"\0")
        SEEN[await closing] += 1

    async def other() -> None:
        attacker = await session(url)
        await asyncio.sleep(2)
        await attacker.send(masked(2, bytes(LARGEST)) + masked(1, b'{"type":"stop_recording"}'))
        SEEN["the other: " + await attacker.closed()] += 1

    await together([other(), *(one() for _ in range(2))])


async def too_large(url: str) -> None:
    """A byte more than the limit, in one frame and in two, as often as it goes."""

    async def one(frame: bytes) -> None:
        while True:
            attacker = await session(url)
            closing = asyncio.create_task(attacker.closed())
            await pour(attacker, frame, most=1)
            SEEN[await closing] += 1
            attacker.leave()

    whole = masked(2, bytes(LARGEST + 1))
    parts = masked(2, bytes(LARGEST), fin=False) + masked(0, b"\0")
    await together((one(whole), one(parts)))


async def nested(url: str) -> None:
    """JSON nested without end, over sockets and in bodies."""
    address = urlsplit(url)

    async def socket_() -> None:
        while True:
            attacker = await session(url)
            await attacker.send(masked(1, b'{"data":' * 1_000_000))
            SEEN[await attacker.closed()] += 1
            attacker.leave()

    async def body() -> None:
        nested = b'{"custom_metadata":' + b'{"a":' * 150_000
        while True:
            attacker = Attacker(url)
            await attacker.open()
            head = (
                f"POST /v2/live HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {len(nested)}\r\n\r\n"
            )
            await attacker.send(head.encode() + nested)
            SEEN[await attacker.answer()] += 1
            attacker.leave()

    await together((socket_(), socket_(), body(), body()))


async def pings(url: str) -> None:
    """Eight sockets that send pings without end."""
    await flood(url, 8, masked(9, b"") * 1000)


async def compressed(url: str) -> None:
    """Asks for compression, then sends what looks compressed."""
    while True:
        created = await asyncio.to_thread(post, url)
        attacker = Attacker(created["url"])
        await attacker.open()
        head = await attacker.upgrade("Sec-WebSocket-Extensions: permessage-deflate\r\n")
        SEEN["agreed to compress" if "permessage-deflate" in head else "not agreed to compress"] += 1
        await attacker.send(masked(2, bytes(1000), rsv1=True))
        SEEN[await attacker.closed()] += 1
        attacker.leave()
        await asyncio.sleep(0.1)


async def odd_requests(url: str) -> None:
    """Bodies without end, large headers, thousands of parameters."""
    host = urlsplit(url).netloc

    async def one(name: str, head: str, more: bytes, pause: float) -> None:
        while True:
            attacker = Attacker(url)
            await attacker.open()
            answer = asyncio.create_task(attacker.answer())
            try:
                await attacker.send(head.encode())
                while more and not answer.done():
                    await attacker.send(more)
                    await asyncio.sleep(pause)
            except OSError:
                pass
            SEEN[f"{name}: {await answer}"] += 1
            attacker.leave()
            await asyncio.sleep(0.05)

    chunked = f"POST /v2/live HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"
    unread = f"GET /livez HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"
    headers = f"GET /livez HTTP/1.1\r\nHost: {host}\r\n"
    query = "&".join(f"custom_metadata[a{number}]=" for number in range(700))
    many = f"GET /v2/live?{query} HTTP/1.1\r\nHost: {host}\r\n\r\n"
    longest = f"GET /v2/live?{'a&' * 100_000} HTTP/1.1\r\nHost: {host}\r\n\r\n"
    cases = [
        ("endless body", chunked, b"10000\r\n" + bytes(65_536) + b"\r\n", 0.0),
        ("slow body", chunked, b"1\r\n \r\n", 1.0),
        ("body that nobody wants", unread, b"10000\r\n" + bytes(65_536) + b"\r\n", 0.0),
        ("endless headers", headers, b"X-Filler: " + b"x" * 4000 + b"\r\n", 0.0),
        ("many parameters", many, b"", 0.0),
        ("long query", longest, b"", 0.0),
    ]
    await together(one(*case) for case in cases for _ in range(4))


async def slow_downloads(url: str) -> None:
    """A long recording and a long result, asked for by three hundred who then read nothing."""
    created = await asyncio.to_thread(post, url)
    recording = Attacker(created["url"])
    await recording.open()
    await recording.upgrade()
    closing = asyncio.create_task(recording.closed())
    spoken = track(0, 120)
    for start in range(0, len(spoken), 10 * FRAME_BYTES):
        await recording.send(masked(2, spoken[start : start + 10 * FRAME_BYTES]))
    for _ in range(2):
        await recording.send(masked(2, bytes(LARGEST)))
    await asyncio.sleep(2)

    async def one(path: str) -> None:
        attacker = Attacker(url)
        try:
            await attacker.open(receive_buffer=4096)
            attacker.reader._limit = 1
            await attacker.send(f"GET {path} HTTP/1.1\r\nHost: {attacker.address.netloc}\r\n\r\n".encode())
            await asyncio.sleep(60)
        except OSError:
            SEEN["reset"] += 1

    path = f"/v2/live/{created['id']}"
    await together(one(f"{path}/file" if number % 2 else path) for number in range(300))
    closing.cancel()


ATTACKS: dict[str, tuple[Callable[[str], Coroutine[Any, Any, None]], float]] = {
    attack.__name__: (attack, seconds)
    for attack, seconds in (
        (never_reads, 32),
        (eight_more, 18),
        (hundredfold, 18),
        (hundredfold_silence, 18),
        (byte_frames, 18),
        (byte_messages, 18),
        (silent_connections, 28),
        (slow_requests, 30),
        (idle_sockets, 34),
        (wrong_tokens, 18),
        (large_frames, 18),
        (large_messages, 18),
        (fragments, 18),
        (slow_large_frames, 34),
        (too_large, 18),
        (nested, 18),
        (pings, 18),
        (compressed, 18),
        (odd_requests, 28),
        (slow_downloads, 28),
    )
}


async def attack(name: str, url: str, seconds: float) -> None:
    attacking: Callable[[str], Awaitable[None]] = ATTACKS[name][0]
    try:
        async with asyncio.timeout(seconds):
            await attacking(url)
    except TimeoutError:
        return


if __name__ == "__main__":
    asyncio.run(attack(sys.argv[1], sys.argv[2], float(sys.argv[3])))
    print(json.dumps(SEEN), flush=True)
    # The rest of what it was about to send is of no interest.
    os._exit(0)
