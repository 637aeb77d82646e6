"""The real server in a process of its own, which may be killed and comes back on the same port."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from scripted_server import PROGRAM, TESTS, free_port

READY_WITHIN = 120.0
STOPPED_WITHIN = 60.0


class Server:
    """Its data is in `data`; `command` starts it."""

    def __init__(self, data: Path, port: int, command: Sequence[str], settings: Mapping[str, object]) -> None:
        self.data = data
        self.url = f"http://127.0.0.1:{port}"
        self.starts = 0
        self._command = command
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("VIVAVOCE_")
        } | {f"VIVAVOCE_{name.upper()}": str(value) for name, value in settings.items()}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        self.starts += 1
        with (self.data / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=TESTS,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        deadline = threading.Timer(READY_WITHIN, self._process.kill)
        deadline.start()
        try:
            assert self._process.stdout
            while "http" not in (line := self._process.stdout.readline()):
                assert line, f"the server did not start: {self.log()[-2000:]}"
        finally:
            deadline.cancel()

    def end(self, number: signal.Signals) -> None:
        """Send the signal, and wait for what comes of it."""
        assert self._process
        self._process.send_signal(number)
        self._process.wait(STOPPED_WITHIN)
        assert self._process.stdout
        self._process.stdout.close()
        self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self.end(signal.SIGTERM)

    def log(self) -> str:
        return (self.data / "server.log").read_text(encoding="utf-8", errors="replace")

    def megabytes(self) -> float:
        assert self._process
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        assert found
        return int(found[1]) / 1024


@contextmanager
def real_server(models: Path, **settings: object) -> Iterator[Server]:
    """With the default model, whose weights are in `models`."""
    with tempfile.TemporaryDirectory(prefix="vivavoce-") as directory:
        data, port = Path(directory), free_port()
        models.mkdir(parents=True, exist_ok=True)
        (data / "models").symlink_to(models.resolve())
        command = [sys.executable, "-m", "vivavoce", "serve", "--port", str(port), "--data-dir", directory]
        with _running(Server(data, port, command, {"capacity": 1000} | settings)) as server:
            yield server


@contextmanager
def scripted_server_process(**settings: object) -> Iterator[Server]:
    """With a recogniser that is scripted: quick and exact. It says what add-ons can work on."""
    with tempfile.TemporaryDirectory(prefix="vivavoce-") as directory:
        data, port = Path(directory), free_port()
        values = {"data_dir": directory, "port": port, "decoder_threads": 1, "capacity": 1000} | settings
        command = [sys.executable, "-c", PROGRAM, json.dumps(values), "--telling"]
        with _running(Server(data, port, command, {})) as server:
            yield server


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.stop()
