"""What recognition and add-ons have said to a session, until the session's task has dealt with it."""

from __future__ import annotations

import asyncio
from collections import deque

from vivavoce.live.add_ons import AddOnDone, AllDone
from vivavoce.live.record import Said
from vivavoce.protocol.stream import Up
from vivavoce.server.happening import happens


class Inbox:
    """A queue that also wakes the session's task for other things that are to be done.

    What recognition says comes first: words wait for no add-on, each of which takes a transaction. Among
    themselves either keeps its order.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        # Bounded: recognition holds a bounded stretch of audio, and a send takes at most some seconds; of
        # add-ons there are as many results as finals, at most, for each that the session asks for.
        self._heard: deque[Said] = deque()
        self._added: deque[Said] = deque()
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._heard) + len(self._added)

    def deliver(self, up: Up) -> None:
        """Called on the engine thread."""
        self._loop.call_soon_threadsafe(self.take, up)

    def take(self, said: Said) -> None:
        (self._added if isinstance(said, AddOnDone | AllDone) else self._heard).append(said)
        self._wake.set()

    def pop(self) -> Said:
        """What is to be dealt with next; only if there is something."""
        return (self._heard or self._added).popleft()

    def wake(self) -> None:
        self._wake.set()

    async def awake(self, within: float | None) -> None:
        """Wait until there is something to do, for so many seconds at most."""
        if await happens(self._wake, within):
            self._wake.clear()
