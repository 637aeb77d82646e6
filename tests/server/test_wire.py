"""Frames over a real socket: those that are taken at once and those that wait keep their order."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.server import ServerState
from websockets.asyncio.client import connect as connect_async
from websockets.sync.client import ClientConnection, connect

from scripted_server import scripted_server
from vivavoce.server.door import Door
from vivavoce.server.pace import BYTES_A_FRAME, FRAMES_AT_ONCE
from vivavoce.server.wire import EXTENSION, Wire

BODY = {"sample_rate": 48_000, "language_config": {"languages": ["en"]}}


def _send_text(socket: ClientConnection, audio: bytes) -> None:
    chunk = base64.b64encode(audio).decode()
    socket.send(json.dumps({"type": "audio_chunk", "data": {"chunk": chunk}}))


def _send_fragments(socket: ClientConnection, audio: bytes) -> None:
    middle = len(audio) // 2
    socket.send([audio[:middle], audio[middle:]])


SENDERS = [ClientConnection.send, ClientConnection.send, _send_text, _send_fragments]
# Some of them are parsed, or written, in a thread.
SIZES = [2, 1_920, 9_600, 100_000, 300_000]


@pytest.mark.parametrize("seed", range(3))
def test_frames_of_all_kinds_and_sizes_keep_their_order(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    samples = np.random.default_rng(seed).integers(-300, 300, 3_000_000).astype("<i2")
    left, audio = samples.tobytes(), b""
    with scripted_server(tmp_path) as url:
        created = httpx.post(f"{url}/v2/live", json=BODY).raise_for_status().json()
        with connect(created["url"]) as socket:
            for _ in range(60):
                size = chance.choice(SIZES)
                piece, left = left[:size], left[size:]
                chance.choice(SENDERS)(socket, piece)
                audio += piece
            socket.send('{"type": "stop_recording"}')
            messages = [json.loads(message) for message in socket]
        recording = httpx.get(f"{url}/v2/live/{created['id']}/file").raise_for_status().content
    ranges = [m["data"]["byte_range"] for m in messages if m["type"] == "audio_chunk"]
    assert [start for start, _ in ranges] == [0, *(end for _, end in ranges[:-1])]
    assert ranges[-1][1] == len(audio)
    assert recording[-len(audio) :] == audio


def test_a_frame_that_none_is_before_is_taken_at_once() -> None:
    seen: list[tuple[str, bytes | str]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        wire: Wire = scope["extensions"][EXTENSION]

        def take(data: bytes) -> bool:
            if data == b"refused":
                return False
            seen.append(("at once", data))
            wire.write("taken")
            return True

        await receive()
        await send({"type": "websocket.accept"})
        wire.take_at_once = take
        wire.attend()
        while (message := await receive())["type"] == "websocket.receive":
            seen.append(("queue", message.get("bytes") or message["text"]))
            await send({"type": "websocket.send", "text": "received"})

    async def run() -> None:
        config = Config(app, lifespan="off")
        loop = asyncio.get_running_loop()
        serving = await loop.create_server(
            lambda: Wire(config, ServerState(), {}, door=Door(1, 20)), "127.0.0.1", 0
        )
        async with serving:
            port = serving.sockets[0].getsockname()[1]
            async with connect_async(f"ws://127.0.0.1:{port}") as client:
                for message in (b"one", "text", b"two", [b"a ", b"fragment"], b"refused", b"three"):
                    await client.send(message)
                    await client.recv()

    asyncio.run(run())
    assert seen == [
        ("at once", b"one"),
        ("queue", "text"),
        ("at once", b"two"),
        ("queue", b"a fragment"),
        ("queue", b"refused"),
        ("at once", b"three"),
    ]


class Hasty:
    """A loop on whose clock a little more time passes whenever it is looked at, as it may."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._passed = 0.0

    def time(self) -> float:
        self._passed += 0.0003
        return self._loop.time() + self._passed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


def test_a_client_that_sends_too_fast_is_read_on_whenever_time_passes() -> None:
    taken: list[bytes] = []
    frames = [bytes([number % 256]) * BYTES_A_FRAME for number in range(FRAMES_AT_ONCE + 200)]

    async def run() -> None:
        everything = asyncio.Event()

        def take(data: bytes) -> bool:
            taken.append(data)
            if len(taken) == len(frames):
                everything.set()
            return True

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            wire: Wire = scope["extensions"][EXTENSION]
            await receive()
            await send({"type": "websocket.accept"})
            wire.take_at_once = take
            wire.attend()
            while (message := await receive())["type"] == "websocket.receive":
                take(message["bytes"])

        config = Config(app, lifespan="off", ws_ping_interval=None)
        loop = asyncio.get_running_loop()
        serving = await loop.create_server(
            lambda: Wire(config, ServerState(), {}, Hasty(loop), door=Door(1, 3600)), "127.0.0.1", 0
        )
        async with serving:
            url = f"ws://127.0.0.1:{serving.sockets[0].getsockname()[1]}"
            async with connect_async(url, compression=None, ping_interval=None) as client:
                for frame in frames:
                    await client.send(frame)
                async with asyncio.timeout(10):
                    await everything.wait()

    asyncio.run(run())
    assert taken == frames


def test_who_waits_for_a_client_that_takes_nothing_is_woken_when_the_server_goes_down() -> None:
    async def run() -> None:
        waits, woken = asyncio.Event(), asyncio.Event()
        wires: list[Wire] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            wire: Wire = scope["extensions"][EXTENSION]
            wires.append(wire)
            await receive()
            await send({"type": "websocket.accept"})
            for _ in range(20):
                wire.write("x" * 500_000)
            waits.set()
            with pytest.raises(ClientDisconnected):
                await send({"type": "websocket.send", "text": "one more"})
            woken.set()

        config = Config(app, lifespan="off")
        serving = await asyncio.get_running_loop().create_server(
            lambda: Wire(config, ServerState(), {}, door=Door(1, 3600)), "127.0.0.1", 0
        )
        async with serving:
            port = serving.sockets[0].getsockname()[1]
            client = await connect_async(f"ws://127.0.0.1:{port}", compression=None, max_queue=1)
            await waits.wait()
            wires[0].shutdown()
            async with asyncio.timeout(10):
                await woken.wait()
            client.transport.abort()

    asyncio.run(run())
