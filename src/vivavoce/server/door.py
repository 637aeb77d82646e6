"""How many may be connected at once, and who makes room for a newcomer.

A connection either has the server at work for it (a request that is complete, a socket with its session), or
the server waits for it: for a request, for the rest of one, to be told a session, to take what was sent. Only
those may be shown out. So a flood of connections that do nothing displaces itself, and nobody who talks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, Protocol

from vivavoce.server.large_frames import LargeFrames, Receiver

# Those that are told that there is no room, at once; beyond them nobody is told anything.
_TURNED_AWAY: Final = 64


class Guest(Receiver, Protocol):
    """A connection."""

    def show_out(self) -> None:
        """End it now: another one needs its place."""
        ...

    @property
    def unsent(self) -> int:
        """Bytes that wait to leave."""
        ...


class Entry(Enum):
    WELCOME = auto()
    FULL = auto()
    """It may be told so."""
    CROWDED = auto()


class Door:
    """Lets `most` connections in. Lives on the event loop.

    `patience`: seconds that a client may leave a request unfinished, or take too little of what it is sent.
    """

    def __init__(self, most: int, patience: float) -> None:
        self.most = most
        self.patience = patience
        self._inside: set[Guest] = set()
        self._turned_away: set[Guest] = set()
        # In the order in which the server began to wait for them.
        self._waiting: dict[Guest, None] = {}
        self._ended: Counter[str] = Counter()
        self.large = LargeFrames()

    def enter(self, guest: Guest) -> Entry:
        if len(self._inside) >= self.most:
            if not self._waiting:
                self.note("full")
                if len(self._turned_away) >= _TURNED_AWAY:
                    return Entry.CROWDED
                self._turned_away.add(guest)
                return Entry.FULL
            oldest = next(iter(self._waiting))
            self.leave(oldest)
            self.note("displaced")
            oldest.show_out()
        self._inside.add(guest)
        self.waits_for(guest)
        return Entry.WELCOME

    def leave(self, guest: Guest) -> None:
        self._inside.discard(guest)
        self._turned_away.discard(guest)
        self._waiting.pop(guest, None)
        self.large.done(guest)

    def waits_for(self, guest: Guest) -> None:
        """From now on the server waits for what this one does, if it did not before."""
        if guest in self._inside:
            self._waiting.setdefault(guest)

    def works_for(self, guest: Guest) -> None:
        self._waiting.pop(guest, None)

    def note(self, reason: str) -> None:
        """Count a connection that the server ended, by the reason why."""
        self._ended[reason] += 1

    @property
    def inside(self) -> int:
        return len(self._inside)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def ended(self) -> Mapping[str, int]:
        return self._ended

    @property
    def unsent(self) -> int:
        return sum(guest.unsent for guest in self._inside)

    @property
    def incomplete(self) -> int:
        return sum(guest.incomplete for guest in self._inside)
