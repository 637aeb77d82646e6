"""The real server in a process of its own, and what that takes of the machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vivavoce.engine.engine import Deliver, Engine
from vivavoce.protocol.stream import Down, Flush, Flushed, Progress

# Beyond what is measured.
MOST_SESSIONS = 100_000
LONGEST_SESSION = 24 * 3600.0
BYTES_PER_SECOND = 32_000


class Loudness:
    """Stands in for voice activity detection: loud is speech. Of the cost, a tenth is left."""

    def stream(self) -> Loudness:
        return self

    def probabilities(self, windows: np.ndarray) -> np.ndarray:
        return (np.abs(windows).max(axis=1) > 0.02).astype(np.float32)


class Deaf:
    """Stands in for a stream of the engine: hears nothing, and is done at once."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def came(self, seconds: float) -> None:
        pass

    def feed(self, item: Down) -> None:
        if isinstance(item, Flush):
            self._deliver(Flushed(item.marker))
        elif item.offset % BYTES_PER_SECOND == 0:
            self._deliver(Progress(item.offset / BYTES_PER_SECOND))

    def close(self) -> None:
        pass


def serve_here(data: str, vad: str, others: str = "{}") -> None:
    """The server, until it is terminated; the first line that it prints is its URL.

    `others`: settings as JSON, before those that are here.
    """
    from vivavoce.engine.vad import SileroVad, silero_path
    from vivavoce.recognizers.scripted import ScriptedRecognizer, word_every
    from vivavoce.server.models import Models, load_models, with_default
    from vivavoce.server.serve import run as run_server
    from vivavoce.settings import Settings

    if vad == "none":
        Engine.open = lambda engine, settings, recognizer, deliver: Deaf(deliver)  # type: ignore

    def load(settings: Settings) -> Models:
        if vad == "real":
            return load_models(settings)
        recognizer = ScriptedRecognizer(word_every(0.5))
        detector = SileroVad(silero_path()) if vad == "silero" else Loudness()
        return Models(detector, with_default({"base": recognizer}, "base"))  # type: ignore[arg-type]

    def ready(url: str, _: bool) -> None:
        names = {str(thread.native_id): thread.name for thread in threading.enumerate()}
        print(json.dumps({"url": url, "threads": names}), flush=True)

    values = {
        "data_dir": Path(data),
        "port": 0,
        "capacity": MOST_SESSIONS,
        "max_session_duration": LONGEST_SESSION,
        "decoder_threads": 2 if vad == "real" else 1,
        "log_level": "warning",
    }
    run_server(Settings.from_environment(values | json.loads(others)), ready, load)


@dataclass(frozen=True)
class ServerProcess:
    pid: int
    url: str
    threads: dict[str, str]

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far, by thread."""
        seconds: dict[str, float] = defaultdict(float)
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            seconds[self.threads.get(task.name, "others")] += cpu_seconds(task / "stat")
        return seconds

    def waited(self) -> float:
        """Seconds for which the event loop's thread could have run but had no core, so far."""
        return int(Path(f"/proc/{self.pid}/task/{self.pid}/schedstat").read_text().split()[1]) / 1e9

    def megabytes(self, field: str = "VmRSS") -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+)", status)[1]) / 1024


def cpu_seconds(stat: Path) -> float:
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def server_process(
    data: str, vad: str, *, log: Path | None = None, **settings: object
) -> Iterator[ServerProcess]:
    command = [sys.executable, __file__, data, vad, json.dumps(settings)]
    with (
        open(log or os.devnull, "ab") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors if log else None, text=True
        ) as process,
    ):
        try:
            told = json.loads(process.stdout.readline())
            yield ServerProcess(process.pid, told["url"].rstrip("/"), told["threads"])
        finally:
            process.terminate()


if __name__ == "__main__":
    serve_here(*sys.argv[1:])
