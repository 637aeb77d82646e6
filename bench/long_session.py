"""Whether cost stays flat: over the hours of one session, and over thousands of sessions that have ended.

    .venv/bin/python bench/long_session.py hours [--hours 3] [--real]
    .venv/bin/python bench/long_session.py sessions [--count 2000]
    .venv/bin/python bench/long_session.py idle [--count 100]

Each starts the real server in a process of its own, with the real voice activity detection and the scripted
recogniser (`--real`: with the server's own model). `hours` sends one session speech, pauses and silence, as
fast as recognition takes it, and after every ten minutes of audio prints

  cpu      CPU milliseconds of the server for each second of audio since the line before
  rss      resident memory of the server, MB
  disk     database and journal, MB
  get      GET /v2/live/{id} in milliseconds, all its messages included, and their number
  list     GET /v2/live in milliseconds

`sessions` runs sessions of two seconds one after the other and prints the same for every tenth of them (CPU
per session). `idle` opens sessions that send nothing, then silence, and prints the cores that they take.
Needs the development set-up (docs/benchmarks.md).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np
import websockets
from gateway import FRAME_BYTES, RATE, track
from server_process import ServerProcess, server_process

BLOCK = 600
PIECE = 10 * FRAME_BYTES
SILENCE = bytes(FRAME_BYTES)
BODY = {
    "endpointing": 0.3,
    "language_config": {"languages": ["en"]},
    "messages_config": {"receive_partial_transcripts": True},
}


class Gauges:
    """Reads a server's cost; `data` is its directory."""

    def __init__(self, server: ServerProcess, data: Path, http: httpx.AsyncClient) -> None:
        self._server, self._data, self._http = server, data, http
        self._cpu = sum(server.cpu().values())

    async def line(self, name: str, per: int, unit: str, session_id: str) -> None:
        cpu = sum(self._server.cpu().values())
        spent, self._cpu = (cpu - self._cpu) / per * 1000, cpu
        disk = sum(path.stat().st_size for path in self._data.glob("vivavoce.db*")) / 1e6
        get, session = await self._timed(f"/v2/live/{session_id}")
        listing, _ = await self._timed("/v2/live")
        print(
            f"{name:>12}  cpu {spent:6.2f} ms/{unit}  rss {self._server.megabytes():6.1f}  disk {disk:6.1f}  "
            f"get {get:5.0f} ({len(session['result']['messages'])} messages)  list {listing:4.0f}",
            flush=True,
        )
        # What looking costs is not counted.
        self._cpu = sum(self._server.cpu().values())

    async def _timed(self, path: str) -> tuple[float, dict]:
        began = time.perf_counter()
        response = (await self._http.get(path)).raise_for_status()
        return (time.perf_counter() - began) * 1000, response.json()


async def created(http: httpx.AsyncClient) -> dict:
    return (await http.post("/v2/live", json=BODY)).raise_for_status().json()


async def hours(gauges: Gauges, http: httpx.AsyncClient, blocks: int) -> None:
    """Ten minutes: half speech and half pauses, then a minute of silence, then speech that ends with it."""
    talk = track(0, BLOCK - 70)
    quiet = np.random.default_rng(1).normal(0, 8, 60 * RATE).astype("<i2").tobytes()
    last = track(0, 4) + bytes(6 * RATE * 2)
    audio = talk + quiet + last
    assert len(audio) == BLOCK * RATE * 2
    session = await created(http)
    async with websockets.connect(session["url"], max_size=None, compression=None) as socket:
        for block in range(blocks):
            sending = asyncio.create_task(_send(socket, audio))
            heard_until = (block + 1) * BLOCK - 12
            async for text in socket:
                message = json.loads(text)
                if message["type"] != "transcript" or not message["data"]["is_final"]:
                    continue
                if message["data"]["utterance"]["end"] > heard_until:
                    break
            await sending
            await gauges.line(f"{(block + 1) * BLOCK // 60} min", BLOCK, "s", session["id"])
        began = time.perf_counter()
        await socket.send('{"type":"stop_recording"}')
        sizes = [len(text) async for text in socket]
        print(f"ended {time.perf_counter() - began:.2f} s after the stop; the result is {sizes[-1]} bytes")


async def _send(socket: websockets.ClientConnection, audio: bytes) -> None:
    for start in range(0, len(audio), FRAME_BYTES):
        await socket.send(audio[start : start + FRAME_BYTES])


async def sessions(gauges: Gauges, http: httpx.AsyncClient, count: int) -> None:
    audio = track(0, 1.5) + bytes(RATE)
    for number in range(1, count + 1):
        session = await created(http)
        async with websockets.connect(session["url"], max_size=None, compression=None) as socket:
            await _send(socket, audio)
            await socket.send('{"type":"stop_recording"}')
            async for _ in socket:
                pass
        if number % (count // 10) == 0:
            await gauges.line(f"{number} sessions", count // 10, "session", session["id"])


async def idle(server: ServerProcess, http: httpx.AsyncClient, count: int) -> None:
    before = server.megabytes()
    urls = [(await created(http))["url"] for _ in range(count)]
    sockets = [await websockets.connect(url, compression=None) for url in urls]
    await _cores(server, f"{count} sessions that send nothing", 10)

    async def silence(socket: websockets.ClientConnection) -> None:
        async with asyncio.TaskGroup() as group:
            hearing = group.create_task(_hear(socket))
            began = time.perf_counter()
            for number in range(200):
                await asyncio.sleep(began + number * 0.1 - time.perf_counter())
                await socket.send(SILENCE)
            hearing.cancel()

    async with asyncio.TaskGroup() as group:
        for socket in sockets:
            group.create_task(silence(socket))
        await asyncio.sleep(5)
        await _cores(server, f"{count} sessions that send silence", 10)
    print(f"{(server.megabytes() - before) * 1024 / count:.0f} KB of memory a session")


async def _hear(socket: websockets.ClientConnection) -> None:
    async for _ in socket:
        pass


async def _cores(server: ServerProcess, what: str, seconds: float) -> None:
    before = server.cpu()
    await asyncio.sleep(seconds)
    used = {name: (total - before.get(name, 0.0)) / seconds for name, total in server.cpu().items()}
    print(
        f"{what}: {sum(used.values()):.3f} cores", {name: f"{c:.3f}" for name, c in used.items() if c > 0.001}
    )


async def measure(arguments: argparse.Namespace, server: ServerProcess, data: Path) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
        gauges = Gauges(server, data, http)
        match arguments.what:
            case "hours":
                await hours(gauges, http, round(arguments.hours * 3600 / BLOCK))
            case "sessions":
                await sessions(gauges, http, arguments.count or 2000)
            case "idle":
                await idle(server, http, arguments.count or 100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("hours", "sessions", "idle"))
    parser.add_argument("--hours", type=float, default=3)
    parser.add_argument("--count", type=int)
    parser.add_argument("--real", action="store_true", help="with the server's own model")
    arguments = parser.parse_args()
    models = "real" if arguments.real else "silero"
    with tempfile.TemporaryDirectory() as data, server_process(data, models) as server:
        asyncio.run(measure(arguments, server, Path(data)))


if __name__ == "__main__":
    main()
