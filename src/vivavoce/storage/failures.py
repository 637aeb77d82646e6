"""What went wrong with a file or the database, in words that say what to do, and whether it may pass."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sqlalchemy.exc import DBAPIError, TimeoutError

from vivavoce.errors import StorageError, StorageUnavailable

_ROOM: Final = "make room on its disk"
_RIGHTS: Final = "make it and its directory writable for the server"
DAMAGED: Final = "stop the server, then restore it from a backup or rescue it: see docs/durability.md"

_OF_SQLITE: Final = MappingProxyType(
    {
        sqlite3.SQLITE_FULL: ("the disk is full", _ROOM),
        sqlite3.SQLITE_IOERR: ("the disk fails, or is full", "look at the system's log and the disk's room"),
        sqlite3.SQLITE_READONLY: ("it may not be written", _RIGHTS),
        sqlite3.SQLITE_PERM: ("it may not be written", _RIGHTS),
        sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", _RIGHTS + ", and see that its disk is not full"),
        sqlite3.SQLITE_CORRUPT: ("it is damaged", DAMAGED),
        sqlite3.SQLITE_NOTADB: ("it is damaged", DAMAGED),
        sqlite3.SQLITE_BUSY: ("another program has locked it", "end that program"),
        sqlite3.SQLITE_LOCKED: ("another program has locked it", "end that program"),
        sqlite3.SQLITE_PROTOCOL: ("another program has locked it", "end that program"),
        sqlite3.SQLITE_NOMEM: ("there is no memory left", "give the server more"),
    }
)
_OF_SYSTEM: Final = MappingProxyType(
    {
        errno.ENOSPC: _ROOM,
        errno.EDQUOT: _ROOM,
        errno.EFBIG: "raise the limit on the size of files",
        errno.EACCES: _RIGHTS,
        errno.EPERM: _RIGHTS,
        errno.EROFS: "mount its disk for writing",
        errno.EMFILE: "raise the limit on open files",
        errno.ENFILE: "raise the limit on open files",
    }
)


def database_error(error: Exception, path: Path) -> StorageError:
    """The same as a `StorageError`; `StorageUnavailable` where it is no fault of what was asked."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if isinstance(error, TimeoutError):
        return StorageUnavailable(f"the database {path} was busy for too long")
    code = getattr(cause, "sqlite_errorcode", None)
    known = None if code is None else _OF_SQLITE.get(code & 0xFF)
    if known is None:
        return StorageError(f"the database could not do what was asked: {cause}")
    what, remedy = known
    return StorageUnavailable(f"the database {path} cannot be used: {what} ({cause}); {remedy}")


def file_error(problem: str, error: OSError) -> StorageUnavailable:
    """`problem` says what could not be done."""
    remedy = _OF_SYSTEM.get(error.errno or 0)
    return StorageUnavailable(f"{problem}: {error.strerror}" + (f"; {remedy}" if remedy else ""))
