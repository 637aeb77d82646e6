"""A server of this command's own: another process, a free port, data that is gone afterwards."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from vivavoce.cli.terminal import ERROR, fail
from vivavoce.errors import VivavoceError
from vivavoce.processes import ended_after

STOPPED_WITHIN = 20.0
"""Seconds to say good-bye."""


@dataclass(frozen=True, slots=True)
class LocalServer:
    """Where it answers, and its process."""

    url: str
    pid: int


@contextmanager
def local_server(place: Path | None = None) -> Iterator[str]:
    """The URL of a server that runs until the block is left, with the models of the data directory `place`.

    Raises VivavoceError if it does not start.
    """
    with local_process(place=place) as server:
        yield server.url


@contextmanager
def local_process(arguments: Sequence[str] = (), place: Path | None = None) -> Iterator[LocalServer]:
    """A server, with more arguments for its command, that runs until the block is left.

    Its models are in the data directory `place`, or in that of the settings.
    Raises VivavoceError if it does not start.
    """
    from vivavoce.environment import environment_of_own_server
    from vivavoce.settings import Settings

    if find_spec("uvicorn") is None:
        fail("a server of its own needs the server; in the checkout: tools/setup server")
    models = (place or Settings.from_environment().data_dir).resolve() / "models"
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="vivavoce-") as directory:
        # Only the weights are shared: two servers must not use one data directory.
        (Path(directory) / "models").symlink_to(models)
        log_path = Path(directory) / "server.log"
        with log_path.open("wb") as log:
            # -P: code is not taken from wherever the command was started.
            python = [sys.executable, "-P", "-m", "vivavoce"]
            command = [*python, "serve", "--port", "0", "--data-dir", directory]
            # In a group of its own: Ctrl-C is for the command, which may have something to finish.
            process = subprocess.Popen(
                [*command, *arguments],
                env=environment_of_own_server(),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                process_group=0,
            )
        with process, ended_after(process, STOPPED_WITHIN):
            yield LocalServer(_ready_url(process, log_path), process.pid)


def _ready_url(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout
    for word in process.stdout.readline().split():
        if word.startswith(("http://", "https://")):
            return word
    process.wait()
    said = log.read_text(encoding="utf-8", errors="replace")
    raise VivavoceError(f"the server did not start: {_reason(said)}")


def _reason(log: str) -> str:
    """What the server said last, from its error on if there is one."""
    return f"\n{log}".rpartition(f"\n{ERROR}")[2].strip()
