"""The append-only log of each session's audio, a file each: the truth that everything is replayed from."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

from vivavoce.errors import StorageError
from vivavoce.storage.failures import file_error

_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_CLOSED = -1
# Who could put a link there could have other files written and read.
_OPEN = os.O_CLOEXEC | os.O_NOFOLLOW
_FLUSHES = 64
_PROBE = 4096  # bytes, a page: what is free in one that is written already tells nothing


class AudioLog:
    """The bytes of one session, in the order in which they were accepted.

    Calls go to the page cache and return at once. `size` counts what was appended whole: a write that
    failed half-way leaves no trace, and the next one takes its place.
    """

    def __init__(self, path: Path, fsync: bool, executor: Executor | None = None) -> None:
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | _OPEN, 0o600)
            if fsync:
                _keep_name(path)
        except OSError as error:
            raise file_error(f"cannot open the audio log {path}", error) from error
        self._path = path
        self.durable = fsync
        """Whether `append` waits for the disk."""
        self.executor = executor
        """Where to wait for it; None: wherever others wait, too."""
        self.size = os.fstat(self._file).st_size

    def append(self, data: bytes) -> int:
        """Write `data` at the end and return the offset at which it starts.

        Raises `StorageUnavailable`, and `StorageError` if the file is gone.
        """
        offset = self.size
        try:
            if not os.fstat(self._file).st_nlink:
                # Whatever is written now nobody will find again.
                raise StorageError("the audio log was removed while its session is live")
            try:
                _write_all(self._file, data, offset)
                if self.durable:
                    os.fdatasync(self._file)
            except OSError:
                os.ftruncate(self._file, offset)
                raise
        except OSError as error:
            raise file_error(f"the audio could not be stored in {self._path}", error) from error
        self.size += len(data)
        return offset

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end` (exclusive), fewer if the log is shorter. Raises `StorageError`."""
        try:
            return _read_all(self._file, start, min(end, self.size))
        except OSError as error:
            raise StorageError(f"the audio could not be read: {error.strerror}") from error

    def close(self) -> None:
        """Appending and reading raise `StorageError` from now on; closing again does nothing."""
        # The number may soon belong to another file, so it must not be kept.
        file, self._file = self._file, _CLOSED
        if file != _CLOSED:
            os.close(file)


class AudioLogs:
    """All audio logs of a data directory. Only a UUID in lower case makes a path.

    `directory` is made, unless the logs are only `to_read`.
    """

    def __init__(self, directory: Path, fsync: bool = False, *, to_read: bool = False) -> None:
        if not to_read:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._fsync = fsync
        # A file system flushes at once what many ask for at the same time: so all ask, and nobody else waits.
        self._executor = ThreadPoolExecutor(_FLUSHES, "disk") if fsync else None

    def open(self, session_id: str) -> AudioLog:
        """Create or reopen the log. Raises `StorageError`."""
        return AudioLog(self.path(session_id), self._fsync, self._executor)

    def close(self) -> None:
        """Let go of what the logs share; what is under way is finished."""
        if self._executor is not None:
            self._executor.shutdown(wait=False)

    def size(self, session_id: str) -> int | None:
        """Bytes stored so far; None where the session has no log."""
        try:
            return self.path(session_id).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise file_error(f"the audio log of {session_id} cannot be looked at", error) from error

    def read(self, session_id: str, start: int, end: int) -> bytes:
        """The bytes from `start` to `end` (exclusive), fewer if the log is shorter. Raises `StorageError`."""
        try:
            file = os.open(self.path(session_id), os.O_RDONLY | _OPEN)
            try:
                return _read_all(file, start, end)
            finally:
                os.close(file)
        except OSError as error:
            raise StorageError(f"the audio could not be read: {error.strerror}") from error

    def overwrite(self, session_id: str, start: int, data: bytes) -> None:
        """Put `data` in place of what is there from `start` on; blocks. Raises `StorageError`."""
        self._change(session_id, lambda file: _write_all(file, data, start))

    def flush(self, session_id: str) -> None:
        """Wait until the disk has what was overwritten. Raises `StorageError`."""
        self._change(session_id, os.fdatasync)

    def _change(self, session_id: str, change: Callable[[int], None]) -> None:
        try:
            file = os.open(self.path(session_id), os.O_RDWR | _OPEN)
            try:
                change(file)
            finally:
                os.close(file)
        except OSError as error:
            raise file_error(f"the audio of {session_id} could not be changed", error) from error

    def delete(self, session_id: str) -> None:
        """Remove the log; nothing happens where there is none. Raises `StorageError`."""
        try:
            self.path(session_id).unlink(missing_ok=True)
        except OSError as error:
            raise file_error(f"the audio of {session_id} could not be deleted", error) from error

    def check(self) -> None:
        """Blocks. Raises `StorageUnavailable` if nothing can be stored now."""
        try:
            with tempfile.TemporaryFile(dir=self._directory) as file:
                file.write(bytes(_PROBE))
        except OSError as error:
            raise file_error(f"nothing can be stored in {self._directory}", error) from error

    def session_ids(self) -> Sequence[str]:
        """The sessions that have a log."""
        return [path.stem for path in self._directory.glob("*.raw") if _UUID.fullmatch(path.stem)]

    def path(self, session_id: str) -> Path:
        """The file of the log, whether it is there or not. Raises `StorageError`."""
        if not is_session_id(session_id):
            raise StorageError(f"not a session identifier: {session_id!r}")
        return self._directory / f"{session_id}.raw"


def is_session_id(text: str) -> bool:
    """Whether it can be the name of a log."""
    return _UUID.fullmatch(text) is not None


def _keep_name(path: Path) -> None:
    """Have the disk know of the file: its content alone would not be found again."""
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _write_all(file: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written


def _read_all(file: int, start: int, end: int) -> bytes:
    parts: list[bytes] = []
    while start < end and (part := os.pread(file, end - start, start)):
        parts.append(part)
        start += len(part)
    return b"".join(parts)
