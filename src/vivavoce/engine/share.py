"""What those who send faster than people speak are left: what nobody else wants, and a fifth of the time."""

from __future__ import annotations

from collections import deque
from typing import Final, Generic, Protocol, TypeVar

OTHERS: Final = 4
"""For one second of what came early so many of all else, while both want more: they leave it the fifth of the
machine that no session is admitted to."""


class Share:
    """Counts in seconds what is owed to what came early, be it on the engine thread or of the decoders."""

    def __init__(self) -> None:
        self._owed = 0.0

    @property
    def due(self) -> bool:
        """Whether it is the turn of what came early."""
        return self._owed > 0

    def took(self, seconds: float, *, early: bool, early_waits: bool) -> None:
        """So long something ran; `early_waits`: while something waits that came early."""
        if early:
            # Of what it has while nobody else wants that, only the longest is held against it.
            self._owed = max(self._owed - seconds, min(self._owed, -seconds))
        else:
            self._owed += seconds / OTHERS
        if not early_waits:
            self._owed = min(self._owed, 0.0)


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
        self.early = False
        """Whether the turn is that of one that came early."""

    def __bool__(self) -> bool:
        return bool(self._in_time or self._early)

    def add(self, stream: S) -> None:
        (self._early if stream.early else self._in_time).append(stream)

    def pop(self) -> S:
        """The next one, whose turn it is until it `took` that; only if there is one."""
        self.early = bool(self._early) and (self._share.due or not self._in_time)
        return (self._early if self.early else self._in_time).popleft()

    def took(self, seconds: float) -> None:
        self._share.took(seconds, early=self.early, early_waits=bool(self._early))
