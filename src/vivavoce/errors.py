"""Every exception that Vivavoce raises.

VivavoceError
├── ConfigurationError       a setting, a file or a model is not as it must be; the message says what to do
│   └── ModelError           weights that are missing, damaged or not of a known kind
├── InvalidAudio             the stream is not what the session declared
├── InvalidMessage           a text on the socket that is no message       (`vivavoce.protocol.messages`)
├── InvalidRequest           a REST call whose body or query is wrong      (`vivavoce.server.errors`)
├── Refused                  a socket may not be connected to its session  (`vivavoce.server.sessions`)
├── AddOnError               a capability cannot do what was asked         (`vivavoce.intelligence.base`)
├── RecognizerError          a model failed on a request
│   └── NotLoaded            it would take seconds to load what a partial cannot wait for
├── SegmentationError        a text could not be cut into sentences        (`vivavoce.live.sentences`)
├── StorageError             the audio log or the database could not do what was asked
│   ├── StorageUnavailable   it may be able to later: the disk is full, read-only or fails
│   └── StorageDamaged       it never will: what is stored cannot be read
├── ServerUnreachable        nothing answers at the server's URL                (client)
├── ApiError                 the server answered a REST call with an error     (client)
│   ├── AuthenticationError  401
│   ├── NotFoundError        404
│   └── LimitError           429; `retry_after` seconds
└── SessionClosed            the live session has ended and takes no more audio (client)
"""

from __future__ import annotations

from collections.abc import Iterator
from traceback import walk_tb
from typing import Any


class VivavoceError(Exception):
    """The root of all of them."""


class ConfigurationError(VivavoceError):
    """A setting, a file or a model is not as it must be; the message says what to do."""


class ModelError(ConfigurationError):
    """Weights that are missing, damaged or not of a known kind."""


class InvalidAudio(VivavoceError):  # noqa: N818 - a state of the stream, named as users meet it
    """The stream is not what the session declared; the message names what it seems to be."""


class RecognizerError(VivavoceError):
    """A model failed on a request."""


class NotLoaded(RecognizerError):  # noqa: N818 - a state of what was asked
    """It would take seconds to load what a partial cannot wait for."""


class StorageError(VivavoceError):
    """The audio log or the database could not do what was asked."""


class StorageUnavailable(StorageError):  # noqa: N818 - a state of the disk, which may pass
    """It could not do it now, whatever was asked: the disk is full, read-only or fails, a file is damaged."""


class StorageDamaged(StorageError):  # noqa: N818 - a state of what is stored
    """What is stored cannot be read, now or later. The value is nowhere in it: it may be what was said."""

    def __init__(self, table: str, column: str, row: str) -> None:
        super().__init__(f"what is stored is damaged: {column} in the table {table}, {row}")
        self.table = table
        self.column = column


class ServerUnreachable(VivavoceError):  # noqa: N818 - a state of the server, as its user meets it
    """Nothing answers at the server's URL, or not in time. `is_there`: something does listen there."""

    def __init__(self, message: str, *, is_there: bool = False) -> None:
        super().__init__(message)
        self.is_there = is_there


class ApiError(VivavoceError):
    """The server answered a REST call with an error."""

    def __init__(self, status: int, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message
        self.details = details or {}


class AuthenticationError(ApiError):
    """The API key is missing or wrong."""


class NotFoundError(ApiError):
    """There is no such session for this key."""


class LimitError(ApiError):
    """A limit of the plan or of the server; try again after `retry_after` seconds."""

    def __init__(
        self, status: int, message: str, details: dict[str, Any] | None = None, retry_after: float = 0.0
    ) -> None:
        super().__init__(status, message, details)
        self.retry_after = retry_after


class SessionClosed(VivavoceError):  # noqa: N818 - a state, as in `websockets.ConnectionClosed`
    """The live session has ended and takes no more audio."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(
            f"session closed with code {code}: {reason}" if reason else f"session closed with code {code}"
        )
        self.code = code
        self.reason = reason


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, its cause, that one's, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def raised_at(defect: BaseException) -> tuple[str, int]:
    """The file and the line where it was raised."""
    *_, (frame, line) = walk_tb(defect.__traceback__)
    return frame.f_code.co_filename, line
