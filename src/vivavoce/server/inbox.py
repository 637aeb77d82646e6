"""What recognition and add-ons have said to a session, until the session's task has dealt with it."""

from __future__ import annotations

import asyncio
from collections import deque

from vivavoce.live.record import Said
from vivavoce.protocol.stream import Up
from vivavoce.server.happening import happens


class Inbox:
    """A queue that also wakes the session's task for other things that are to be done."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        # Bounded: recognition holds a bounded stretch of audio, and a send takes at most some seconds.
        self._said: deque[Said] = deque()
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._said)

    def deliver(self, up: Up) -> None:
        """Called on the engine thread."""
        self._loop.call_soon_threadsafe(self.take, up)

    def take(self, said: Said) -> None:
        self._said.append(said)
        self._wake.set()

    def pop(self) -> Said:
        """The first that was said; only if there is one."""
        return self._said.popleft()

    def wake(self) -> None:
        self._wake.set()

    async def awake(self, within: float | None) -> None:
        """Wait until there is something to do, for so many seconds at most."""
        if await happens(self._wake, within):
            self._wake.clear()
