"""The real server as a process, but for its recogniser, which is scripted: quick and exact."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent
READY_WITHIN = 60.0
STOPPED_WITHIN = 30.0

PROGRAM = """
import faulthandler
import signal
import sys
from server.harness import held_by, scripted, telling
from vivavoce.server.serve import run
from vivavoce.settings import Settings

faulthandler.register(signal.SIGUSR1)
settings = Settings.model_validate_json(sys.argv[1])
match sys.argv[2:]:
    case []:
        load = scripted
    case ["--telling"]:
        load = telling
    case [lock]:
        load = held_by(lock)
run(settings, lambda url, has_keys: print(url, flush=True), load)
"""


@contextmanager
def scripted_server(data: Path, port: int = 0, **settings: Any) -> Iterator[str]:
    """Gives the server's URL; in the end it is stopped by SIGTERM. Its log is `data/server.log`."""
    with scripted_process(data, port, **settings) as (url, _):
        yield url


@contextmanager
def scripted_process(
    data: Path, port: int = 0, *, hold: Path | None = None, **settings: Any
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The same, for who ends the server in another way: its URL and its process.

    Finals take for as long as somebody has the file `hold` locked.
    """
    data.mkdir(exist_ok=True)
    log = data / "server.log"
    values = json.dumps(
        {"data_dir": str(data), "port": port, "decoder_threads": 1, "capacity": 1000} | settings
    )
    with log.open("ab") as log_file:
        command = [sys.executable, "-c", PROGRAM, values, *([str(hold)] if hold else [])]
        process = subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, stderr=log_file, text=True)
    with process:
        assert process.stdout
        deadline = threading.Timer(READY_WITHIN, process.kill)
        deadline.start()
        try:
            url = process.stdout.readline().strip()
            deadline.cancel()
            assert url, log.read_text()
            yield url, process
        finally:
            deadline.cancel()
            process.terminate()
            process.wait(STOPPED_WITHIN)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
