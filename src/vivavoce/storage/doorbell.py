"""How a command tells the server of its data directory that there is something new in the database.

A named pipe: nobody can be rung who does not listen, unlike a process whose number was written down, and
who may not write in the directory cannot ring.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vivavoce.errors import StorageError

_NAME = "doorbell"
_RINGS_AT_ONCE = 4096


@contextmanager
def answering(data_dir: Path, rung: Callable[[], None]) -> Iterator[None]:
    """Call `rung` on the running event loop whenever somebody rings. Raises `StorageError`."""
    path = data_dir / _NAME
    try:
        with suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        # For writing too: otherwise it would be at its end whenever nobody is about to ring.
        pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise StorageError(f"cannot make the pipe {path}: {error.strerror}") from error

    def hear() -> None:
        os.read(pipe, _RINGS_AT_ONCE)
        rung()

    loop = asyncio.get_running_loop()
    loop.add_reader(pipe, hear)
    try:
        yield
    finally:
        loop.remove_reader(pipe)
        os.close(pipe)


def ring(data_dir: Path) -> bool:
    """Whether a server heard it; if none did, it looks when it starts. Raises `StorageError`."""
    path = data_dir / _NAME
    try:
        pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENXIO):
            return False
        raise StorageError(f"cannot open the pipe {path}: {error.strerror}") from error
    try:
        # Full: the server has not even heard the last four thousand.
        with suppress(BlockingIOError):
            os.write(pipe, b"!")
    finally:
        os.close(pipe)
    return True
