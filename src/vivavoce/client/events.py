"""What a live session tells its user: lifecycle events, messages, errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeVar

from vivavoce.protocol.messages import Message, UnknownMessage

AnyMessage = Message | UnknownMessage

Status = Literal["starting", "started", "connecting", "connected", "ending", "ended"]

EventName = Literal["started", "connecting", "connected", "ending", "ended", "message", "error"]
"""`started` carries the server's answer (id, url), `message` a typed message, `error` an exception,
the others the classes of this module."""

Handler = Callable[[Any], Any]
H = TypeVar("H", bound=Handler)


class Event(NamedTuple):
    name: EventName
    payload: Any


@dataclass(frozen=True, slots=True)
class Connecting:
    """A connection is being made; `attempt` counts from 1 since the server was last heard.

    `code` and `reason`, as in `Ended`, are how the connection before it ended; 0 if there was none. Who only
    refuses audio has not been heard.
    """

    attempt: int
    code: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Connected:
    attempt: int


@dataclass(frozen=True, slots=True)
class Ending:
    """No more audio is taken. `code` is a WebSocket close code, 1000 for an end that was asked for."""

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing follows. `code` as in `Ending`."""

    code: int
    reason: str = ""
