"""The server process that is fuzzed, and what must be true of it afterwards."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from scripted_server import scripted_process
from vivavoce.storage.stores import open_storage

MAY_GROW = 24_000_000
"""Bytes: what fragments of memory may add over a long run."""
MOST_THREADS = 64

# Sessions that nobody connects to do not count for long.
QUICK = {"capacity": 100_000, "abandon_after": 1.0, "log_format": "json"}
_DEFECTS = re.compile(
    r'Traceback|"level": "(?:error|critical)"|Task was destroyed|never (?:awaited|retrieved)'
)


@dataclass(frozen=True, slots=True)
class Process:
    """What the system says of a process: bytes of memory that it holds, threads, open files."""

    memory: int
    threads: int
    files: int

    @classmethod
    def of(cls, pid: int) -> Process:
        """Of Linux only."""
        proc = Path(f"/proc/{pid}")
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        memory = int(status["VmRSS"].split()[0]) * 1024
        return cls(memory, int(status["Threads"]), len(list((proc / "fd").iterdir())))


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """A server under test. `key` is an API key of it, "" if it has none."""

    url: str
    pid: int
    key: str
    log: Path

    def figures(self, name: str) -> dict[str, float]:
        """Samples of one metric, by their labels."""
        lines = httpx.get(f"{self.url}/metrics", timeout=30).text.splitlines()
        samples = (line.rsplit(" ", 1) for line in lines if re.match(rf"{name}[ {{]", line))
        return {labels.removeprefix(name): float(value) for labels, value in samples}

    def calls(self) -> dict[str, int]:
        """REST calls that it has answered, by status."""
        found: dict[str, int] = {}
        for labels, value in self.figures("vivavoce_http_requests_total").items():
            [status] = re.findall(r'status="(\d+)"', labels)
            found[status] = found.get(status, 0) + int(value)
        return found

    def show(self) -> None:
        """Print where its threads are, and the end of its log."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGUSR1)
            time.sleep(1)
        print(self.log.read_text(encoding="utf-8")[-9000:], file=sys.stderr, flush=True)

    def check_log(self) -> None:
        """Nothing in it is a defect or an error of the server's own."""
        with self.log.open(encoding="utf-8") as lines:
            found = [line for line in lines if _DEFECTS.search(line)]
        assert not found, f"{len(found)} bad lines in the log, the first: {found[0][:2000]}"


class Meter:
    """What the process takes, again and again; after a first third that must not grow."""

    def __init__(self, server: Fuzzed) -> None:
        self._server = server
        self._seen: list[Process] = []

    def read(self) -> str:
        seen = Process.of(self._server.pid)
        self._seen.append(seen)
        return f"{seen.memory / 1e6:.0f} MB, {seen.threads} threads, {seen.files} files"

    def check_flat(self) -> None:
        """The lowest of the last third is what the lowest of the second is: between, memory may be in use."""
        third = len(self._seen) // 3
        if not third:
            return
        middle, last = self._seen[third : 2 * third], self._seen[2 * third :]
        grown = min(seen.memory for seen in last) - min(seen.memory for seen in middle)
        assert grown < MAY_GROW, f"the process grew by {grown / 1e6:.0f} MB"
        assert min(seen.files for seen in last) <= min(seen.files for seen in middle) + 8
        assert max(seen.threads for seen in self._seen) < MOST_THREADS


@contextmanager
def fuzzed_server(data: Path, *, key: bool = False, **settings: Any) -> Iterator[Fuzzed]:
    """A server with the scripted recogniser; in the end it stops in order, with nothing bad in its log."""
    data.mkdir(parents=True, exist_ok=True)
    text = asyncio.run(_key(data)) if key else ""
    with scripted_process(data, **QUICK | settings) as (url, process):
        server = Fuzzed(url, process.pid, text, data / "server.log")
        try:
            yield server
            assert process.poll() is None, "the server is gone"
            assert httpx.get(f"{url}/readyz", timeout=10).status_code == 200
        except BaseException:
            server.show()
            raise
    server.check_log()


async def _key(data: Path) -> str:
    async with open_storage(data) as storage:
        _, text = await storage.keys.create("fuzz", "enterprise")
        return text
