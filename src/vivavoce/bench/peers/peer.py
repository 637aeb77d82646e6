"""A peer in a virtual environment of its own: made once, started for a measurement, stopped after it."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vivavoce.bench.client import Ask
from vivavoce.bench.clock import Lateness, Start
from vivavoce.bench.material import SAMPLE_RATE
from vivavoce.bench.measure import Dialect, Target
from vivavoce.bench.tracks import Track
from vivavoce.errors import VivavoceError
from vivavoce.processes import ended_after

_STARTS_WITHIN = 120.0
_RETRY = 0.25
_STOPS_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A server from a package index.

    Its package, which declares more than it imports for this, is installed alone, then `needs` with
    all that they need; `stand_ins` are modules written beside them. `command` takes the environment's
    directory of programs, the port and the directory of the weights.
    """

    package: str
    version: str
    needs: tuple[str, ...]
    command: Callable[[Path, int, Path], Sequence[str]]
    dialect: Dialect
    stand_ins: dict[str, str] = field(default_factory=dict)


@contextmanager
def launch(peer: Peer, environments: Path, weights: Path, say: Callable[[str], None]) -> Iterator[Target]:
    """The peer, installed and started, until the block is left. Raises VivavoceError if that fails."""
    programs = _install(peer, environments / f"{peer.package}-{peer.version}", say)
    port = _free_port()
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(peer.command(programs, port, weights), stdout=log, stderr=log) as process,
        ended_after(process, _STOPS_WITHIN),
    ):
        if not asyncio.run(_answers(process, port)):
            log.seek(0)
            tail = log.read()[-2000:].decode(errors="replace")
            raise VivavoceError(f"{peer.package} did not start:\n{tail}")
        url = f"ws://127.0.0.1:{port}"
        target = Target(peer.package, peer.version, url, process.pid, peer.dialect)
        asyncio.run(_warm_up(target))
        yield target


def _install(peer: Peer, directory: Path, say: Callable[[str], None]) -> Path:
    """The directory of the environment's programs; nothing half-made stays."""
    programs = directory / "bin"
    if directory.exists():
        return programs
    say(f"installing {peer.package} {peer.version} into {directory}")
    pip = [str(programs / "python"), "-m", "pip", "install", "--quiet"]
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, directory, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(directory)])
        _run([*pip, "--no-deps", f"{peer.package}=={peer.version}"])
        _run([*pip, *peer.needs])
        [packages] = directory.glob("lib/python*/site-packages")
        for name, text in peer.stand_ins.items():
            (packages / name).write_text(text, encoding="utf-8")
        undo.pop_all()
    return programs


def _run(command: Sequence[str]) -> None:
    # What pip remarks about dependencies that are left out on purpose is nobody's concern.
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise VivavoceError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")


def _free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


async def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether it listens before it ends or the time is over."""
    for _ in range(round(_STARTS_WITHIN / _RETRY)):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if process.poll() is not None:
                return False
            await asyncio.sleep(_RETRY)
        else:
            writer.close()
            return True
    return False


async def _warm_up(target: Target) -> None:
    """One session of silence, so that the model is loaded."""
    silence = Track(np.zeros(2 * SAMPLE_RATE, np.float32), ())
    await target.dialect(target.url, silence, Ask(), Start(1), Lateness())
