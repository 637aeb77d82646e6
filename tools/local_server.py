"""Runs a real server for the demo and the tests: its own data, a free port, stopped whatever happens."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vivavoce.recognizers.registry import ModelRegistry

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
READY_WITHIN = 60.0  # seconds; far more than it takes, so that a hang ends in an error
STOPPED_WITHIN = 20.0


@contextmanager
def local_server(data: Path, **settings: str) -> Iterator[str]:
    """A `vivavoce serve` process with `data` as its data directory; gives its URL, as its ready line says it.

    Further settings by their names in the environment. The server's log is `data/server.log`.
    Raises `RuntimeError`, with the log, where the server does not come up.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VIVAVOCE_")}
    # Joined once, into the cache: a new data directory would join the model again.
    models = ModelRegistry(CACHE).resolve("base").directory.parent
    environment |= {"VIVAVOCE_DATA_DIR": str(data), "VIVAVOCE_MODEL_DIRS": str(models)} | settings
    log = data / "server.log"
    command = [str(Path(sys.executable).with_name("vivavoce")), "serve", "--port", "0"]
    with (
        log.open("wb") as log_file,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=log_file, text=True
        ) as process,
    ):
        try:
            yield _ready_url(process, log)
        finally:
            process.terminate()
            try:
                process.wait(STOPPED_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _ready_url(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    deadline = threading.Timer(READY_WITHIN, process.kill)
    deadline.start()
    try:
        for line in process.stdout:
            if match := re.search(r"https?://\S+", line):
                return match[0].rstrip("/.,")
    finally:
        deadline.cancel()
    raise RuntimeError(f"the server did not come up; its log:\n{log.read_text(encoding='utf-8')}")
