"""One server per data directory: two would both recognise, and both write, the same sessions."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vivavoce.errors import StorageError
from vivavoce.storage.failures import file_error

_NAME = "server.lock"


@contextmanager
def claimed(data_dir: Path) -> Iterator[None]:
    """The directory, which is created if need be, is this process's until the end of the block or its death.

    Raises `StorageError` if another process has it.
    """
    with claim(data_dir) as is_ours:
        if not is_ours:
            raise StorageError(
                f"another server or command uses the data directory {data_dir}: stop it, or set "
                "VIVAVOCE_DATA_DIR to another directory"
            )
        yield


@contextmanager
def claim(data_dir: Path) -> Iterator[bool]:
    """The same, but False where another process has it. Raises `StorageError`."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(data_dir / _NAME, flags, 0o600)
    except OSError as error:
        raise file_error(f"cannot use the data directory {data_dir}", error) from error
    try:
        yield _locks(file)
    finally:
        os.close(file)


def is_claimed(data_dir: Path) -> bool:
    """Whether a process has it; nothing is created. Raises `StorageError`."""
    try:
        file = os.open(data_dir / _NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise file_error(f"cannot use the data directory {data_dir}", error) from error
    try:
        return not _locks(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def _locks(file: int, how: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
