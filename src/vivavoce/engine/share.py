"""What is left to those who send faster than people speak: what nobody else wants, and one turn of five."""

from __future__ import annotations

from collections import deque
from typing import Final, Generic, Protocol, TypeVar

OTHERS_IN_A_ROW: Final = 4
"""They leave it the fifth of the machine that no session is admitted to."""


class Share:
    """Counts how often what came early gave way, be it to finals, to partials or on the engine thread."""

    def __init__(self) -> None:
        self._gave_way = 0

    @property
    def due(self) -> bool:
        """Whether it is the turn of what came early."""
        return self._gave_way >= OTHERS_IN_A_ROW

    def went(self, *, early: bool, early_waits: bool) -> None:
        self._gave_way = self._gave_way + 1 if early_waits and not early else 0


class Speaker(Protocol):
    """A stream."""

    @property
    def early(self) -> bool:
        """Whether what it was sent last came before it could have been spoken."""
        ...


S = TypeVar("S", bound=Speaker)


class Turns(Generic[S]):
    """The streams for which something waits, each once."""

    def __init__(self) -> None:
        self._in_time: deque[S] = deque()
        self._early: deque[S] = deque()
        self._share = Share()

    def __bool__(self) -> bool:
        return bool(self._in_time or self._early)

    def add(self, stream: S) -> None:
        (self._early if stream.early else self._in_time).append(stream)

    def pop(self) -> S:
        """The next one; only if there is one."""
        early = bool(self._early) and (self._share.due or not self._in_time)
        stream = (self._early if early else self._in_time).popleft()
        self._share.went(early=early, early_waits=bool(self._early))
        return stream
