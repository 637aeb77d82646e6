"""What becomes of callbacks when the receiver fails half of the time, and the server is killed meanwhile.

    .venv/bin/python bench/callbacks.py [--sessions 200] [--frames 43] [--kills 0] [--failing 0.5]

Starts the real server in a process of its own, without recognition, so that what is measured is callbacks.
Each session sends frames whose acknowledgements are posted, with its lifecycle and its result: fifty
callbacks with the defaults. The receiver, here, answers half of the attempts with 500, 503 or 429, or hangs
up before or after it has read the request; some that it takes it takes slowly. With `--kills` the server
gets `kill -9` in the middle of delivering, and is started again.

Prints how many were taken, whether each session's came in the order in which they were posted and nothing is
missing, and how many ids were taken twice (none, unless the server was killed between an answer and its
note of it: receivers know those by their ids). The backoff is set small, so that it takes a minute and not
a day. Needs the development set-up (docs/benchmarks.md).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import ExitStack

import httpx
from server_process import ServerProcess, server_process
from websockets.asyncio.client import connect

FRAME = bytes(3200)
SETTINGS = {"callback_allow": ["127.0.0.0/8"], "callback_backoff": 0.01}
OPENED_AT_ONCE = 20
STALLED = 300.0


class Receiver:
    """Reads HTTP by hand, so that it can be as rude as it likes."""

    def __init__(self, failing: float) -> None:
        self._failing = failing
        self._moods = random.Random(20)
        self.outcomes: Counter[str] = Counter()
        self.taken: dict[str, list[tuple[str, dict]]] = defaultdict(list)
        self.news = asyncio.Event()
        self.connections: set[asyncio.Task] = set()

    @property
    def count(self) -> int:
        return sum(map(len, self.taken.values()))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(asyncio.current_task())
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.connections.discard(asyncio.current_task())

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        mood = self._mood()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if mood == "hang up at once":
            self.outcomes[mood] += 1
            return False
        lines = (line.partition(":") for line in head.split("\r\n")[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in lines}
        body = await reader.readexactly(int(headers["content-length"]))
        self.outcomes[mood] += 1
        match mood:
            case "hang up":
                return False
            case "500" | "503" | "429":
                writer.write(f"HTTP/1.1 {mood} No\r\ncontent-length: 0\r\n\r\n".encode())
            case _:
                if mood == "taken slowly":
                    await asyncio.sleep(0.2)
                content = json.loads(body)
                self.taken[content["id"]].append((headers["webhook-id"], content))
                self.news.set()
                writer.write(b"HTTP/1.1 204 Taken\r\n\r\n")
        await writer.drain()
        return True

    def _mood(self) -> str:
        if self._moods.random() < self._failing:
            return self._moods.choice(["500", "503", "429", "hang up", "hang up at once"])
        return "taken slowly" if self._moods.random() < 0.02 else "taken"


async def session(url: str, receiver_url: str, frames: int) -> tuple[str, list[dict]]:
    """Its id, and what its socket heard: what is posted too."""
    switches = {"receive_acknowledgments": True, "receive_lifecycle_events": True}
    body = {
        "messages_config": switches,
        "callback": True,
        "callback_config": {"url": receiver_url, **switches},
    }
    async with httpx.AsyncClient() as http:
        created = (await http.post(f"{url}/v2/live", json=body, timeout=60)).raise_for_status().json()
    async with connect(created["url"], max_size=None) as socket:
        for _ in range(frames):
            await socket.send(FRAME)
        await socket.send('{"type": "stop_recording"}')
        return created["id"], [json.loads(text) async for text in socket]


def in_order(posted: list[dict], heard: list[dict]) -> bool:
    """Whether what was taken is what the socket heard, after `start_session`.

    A session posts a message when it sends it, but its end with its end: so the socket's order is the
    callbacks'.
    """
    return posted[0]["type"] == "start_session" and posted[1:] == heard


def once(taken: list[tuple[str, dict]]) -> list[dict]:
    """As a receiver keeps it that passes over ids which it knows."""
    return [content["payload"] for content in dict(reversed(taken)).values()][::-1]


async def run(options: argparse.Namespace, data: str) -> None:
    receiver = Receiver(options.failing)
    listening = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, backlog=1024)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    with ExitStack() as undo:
        server = await asyncio.to_thread(start, undo, data)
        gate = asyncio.Semaphore(OPENED_AT_ONCE)

        async def one() -> tuple[str, list[dict]]:
            async with gate:
                return await session(server.url, url, options.frames)

        begun = time.monotonic()
        heard = dict(await asyncio.gather(*(one() for _ in range(options.sessions))))
        expected = sum(len(messages) + 1 for messages in heard.values())
        spoken = time.monotonic() - begun
        print(f"{options.sessions} sessions in {spoken:.0f} s: {expected} callbacks, {receiver.count} taken")
        left = [expected * (number + 1) // (options.kills + 1) for number in range(options.kills)]
        while len({name for each in receiver.taken.values() for name, _ in each}) < expected:
            receiver.news.clear()
            async with asyncio.timeout(STALLED):
                await receiver.news.wait()
            if left and receiver.count >= left[0]:
                left.pop(0)
                os.kill(server.pid, signal.SIGKILL)
                server = await asyncio.to_thread(start, undo, data)
        seconds = time.monotonic() - begun
        cpu = server.cpu()
        async with httpx.AsyncClient() as http:
            metrics = (await http.get(f"{server.url}/metrics")).text
    listening.close()
    while receiver.connections:
        await asyncio.wait(receiver.connections)
    report(receiver, heard, expected, seconds, sum(cpu.values()), metrics)


def start(undo: ExitStack, data: str) -> ServerProcess:
    return undo.enter_context(server_process(data, "none", **SETTINGS))


def report(receiver: Receiver, heard: dict, expected: int, seconds: float, cpu: float, metrics: str) -> None:
    attempts = sum(receiver.outcomes.values())
    ids = Counter(name for taken in receiver.taken.values() for name, _ in taken)
    right = sum(in_order(once(receiver.taken[name]), messages) for name, messages in heard.items())
    print(f"attempts   {attempts}: {dict(receiver.outcomes)}")
    print(f"delivered  {len(ids)} of {expected} in {seconds:.0f} s ({cpu:.0f} s of the last server's CPU)")
    print(f"in order   {right} of {len(heard)} sessions, nothing missing in them")
    print(f"twice      {sum(count > 1 for count in ids.values())} ids")
    print(*(line for line in metrics.splitlines() if line.startswith("vivavoce_deliver")), sep="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--frames", type=int, default=43)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--failing", type=float, default=0.5)
    with tempfile.TemporaryDirectory() as data:
        asyncio.run(run(parser.parse_args(), data))
