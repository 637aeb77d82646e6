"""Whether a server under attack keeps its memory bounded and its other clients unharmed.

    .venv/bin/python bench/pressure.py [--only NAME ...] [--seconds 15]

Starts the real server with its own models in a process of its own, then each attack of `attacks.py` in
another one, and beside it a client that behaves: a session in real time, frames of 100 ms. Prints for each

  rss     the server's resident memory at most, MB, and how much that is above what it was before
  ack     from sending a frame of the good session until its acknowledgement is read, milliseconds
  final   how much later its finals came than those of a session that nothing disturbed, seconds at most
  words   whether they are the same
  open    what opening the session took, milliseconds
  load    the machine's load average, other programs' included
  seen    what the attacker saw, by how often

and in the end what was harmed, and exits with 1 then: memory, acknowledgements, finals or words that are
worse than the bounds below allow. Lines of `nothing` are of no attack; the worst of them is allowed to all.
Attackers take their share of the cores: on two of them, what is seen is harsher than what comes over a
network. Needs the development set-up (docs/benchmarks.md).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import websockets
from attacker import BODY
from attacks import ATTACKS
from gateway import FRAME, FRAME_BYTES, track
from server_process import ServerProcess, server_process

# MB above what the server had before; ms and s above the worst without an attack.
MOST_MEMORY = 600
MOST_ACK = 150
MOST_LATE = 1.0
# Seconds for what an attack has left to come to its end.
PATIENCE = 120
# After so many attacks it is measured again what is without one.
ATTACKS_AT_ONCE = 5
# Seconds of an attack before the good session begins.
LEAD = 2


@dataclass
class Good:
    """What a client that behaves has seen."""

    opened: float = 0.0
    acks: list[float] = field(default_factory=list)
    finals: list[tuple[str, float]] = field(default_factory=list)
    """Each with the seconds since the session's first frame."""
    code: int | None = None

    @property
    def texts(self) -> list[str]:
        return [text for text, _ in self.finals]

    @property
    def ack(self) -> float:
        return float(np.percentile(self.acks, 99)) * 1000 if self.acks else float("inf")


async def behave(url: str, seconds: float) -> Good:
    """A session in real time."""
    good, audio = Good(), track(3, seconds)
    began = time.perf_counter()
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        # It is told when to ask again, and asks more often.
        while (answer := await http.post("/v2/live", json=BODY)).status_code == 429:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
        created = answer.raise_for_status().json()
    connecting = websockets.connect(created["url"], compression=None, max_size=None, open_timeout=60)
    async with connecting as socket:
        good.opened = time.perf_counter() - began
        first = time.perf_counter()
        sent: list[float] = []

        async def send() -> None:
            for number, start in enumerate(range(0, len(audio), FRAME_BYTES)):
                await asyncio.sleep(first + number * FRAME - time.perf_counter())
                sent.append(time.perf_counter())
                await socket.send(audio[start : start + FRAME_BYTES])
            await socket.send('{"type":"stop_recording"}')

        sending = asyncio.create_task(send())
        try:
            async for text in socket:
                now, message = time.perf_counter(), json.loads(text)
                if message["type"] == "audio_chunk":
                    good.acks.append(now - sent[len(good.acks)])
                elif message["type"] == "transcript" and message["data"]["is_final"]:
                    good.finals.append((message["data"]["utterance"]["text"], now - first))
            await sending
        except websockets.ConnectionClosedError:
            sending.cancel()
        good.code = socket.close_code
    return good


async def beside(name: str, url: str, seconds: float) -> tuple[Good, str]:
    lasts = ATTACKS[name][1]
    program = Path(__file__).with_name("attacks.py")
    command = [sys.executable, str(program), name, url, str(lasts)]
    attack = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    await asyncio.sleep(LEAD)
    try:
        good = await behave(url, seconds)
    finally:
        told, _ = await attack.communicate()
    seen = json.loads(told or "{}")
    return good, ", ".join(f"{count} × {what}" for what, count in sorted(seen.items()))


async def quiet(url: str) -> None:
    """Wait until what an attack has left is over."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        for _ in range(PATIENCE):
            figures = (await http.get("/metrics")).text
            if "vivavoce_sessions_live 0.0" in figures:
                return
            await asyncio.sleep(1)


class Table:
    """Prints a line for each attack; `calm` is what no attack disturbed."""

    def __init__(self, server: ServerProcess, calm: Good) -> None:
        self._server = server
        self._calm = calm
        self._before = 0.0
        self._rows: list[tuple[str, float, Good]] = []

    def begin(self) -> None:
        self._before = self._server.megabytes()
        # The greatest so far is forgotten.
        Path(f"/proc/{self._server.pid}/clear_refs").write_text("5")

    def line(self, name: str, good: Good, seen: str = "") -> None:
        peak = self._server.megabytes("VmHWM")
        self._rows.append((name, peak - self._before, good))
        same = "same" if good.texts == self._calm.texts else f"{len(good.texts)}/{len(self._calm.texts)}"
        print(
            f"{name:20} rss {peak:5.0f} ({peak - self._before:+5.0f})  "
            f"ack p50 {np.median(good.acks or [0]) * 1000:6.1f} p99 {good.ack:7.1f}  "
            f"final {self._lateness(good):+6.2f}  words {same} ({good.code})  "
            f"open {good.opened * 1000:5.0f}  load {os.getloadavg()[0]:4.1f}  | {seen}",
            flush=True,
        )

    def harmed(self) -> list[str]:
        """By which attack what was worse than the bounds allow."""
        calm = [good for name, _, good in self._rows if name == "nothing"]
        most_ack = max(good.ack for good in calm) + MOST_ACK
        most_late = max(map(self._lateness, calm)) + MOST_LATE
        return [
            f"{name}: {what}"
            for name, grown, good in self._rows
            for what, wrong in (
                ("memory", grown > MOST_MEMORY),
                ("acknowledgements", good.ack > most_ack),
                ("words", good.texts != self._calm.texts or good.code != 1000),
                ("finals", self._lateness(good) > most_late),
            )
            if wrong
        ]

    def _lateness(self, good: Good) -> float:
        pairs = zip(good.finals, self._calm.finals, strict=False)
        return max((mine[1] - other[1] for mine, other in pairs), default=float("inf"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="*", choices=ATTACKS, default=list(ATTACKS))
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--log", type=Path, help="where the server's log goes")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as data,
        server_process(data, "real", log=arguments.log, idle_timeout=30) as server,
    ):
        asyncio.run(behave(server.url, 5))
        calm = asyncio.run(behave(server.url, arguments.seconds))
        table = Table(server, calm)
        for number, name in enumerate(arguments.only):
            if number % ATTACKS_AT_ONCE == 0:
                table.begin()
                table.line("nothing", asyncio.run(behave(server.url, arguments.seconds)))
            table.begin()
            table.line(name, *asyncio.run(beside(name, server.url, arguments.seconds)))
            asyncio.run(quiet(server.url))
        table.begin()
        table.line("nothing", asyncio.run(behave(server.url, arguments.seconds)))
    harmed = table.harmed()
    print(*(harmed or ["nothing was harmed"]), sep="\n")
    return 1 if harmed else 0


if __name__ == "__main__":
    sys.exit(main())
