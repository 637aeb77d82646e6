"""Large frames come a few at a time: each takes several times its size of memory until it is logged."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

LARGE: Final = 1024 * 1024
"""Bytes of an incomplete frame from which on it is one of them."""
_AT_ONCE: Final = 2
# Seconds after which who has still not sent all of its frame gives way, if others wait.
_PATIENCE: Final = 15.0


class Receiver(Protocol):
    """A connection that receives a large frame."""

    @property
    def incomplete(self) -> int:
        """Bytes that have come, of a message that has not come whole."""
        ...

    def too_slow(self) -> None:
        """Its frame takes too long while others wait."""
        ...


class LargeFrames:
    """Who may receive one at the moment, and who waits for that. Lives on the event loop."""

    def __init__(self) -> None:
        self._since: dict[Any, float] = {}
        self._waiting: deque[tuple[Receiver, Callable[[], None]]] = deque()
        self._watching: asyncio.TimerHandle | None = None

    @property
    def receiving(self) -> int:
        return len(self._since)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def begin(self, receiver: Receiver, go_on: Callable[[], None]) -> bool:
        """Whether it may go on; if not, `go_on` is called once it may."""
        if receiver in self._since:
            return True
        if len(self._since) < _AT_ONCE:
            self._since[receiver] = asyncio.get_running_loop().time()
            return True
        if all(receiver is not other for other, _ in self._waiting):
            self._waiting.append((receiver, go_on))
            self._watch()
        return False

    def done(self, receiver: Receiver) -> None:
        """Its frame has been dealt with, or it is gone."""
        if receiver not in self._since:
            if self._waiting:
                self._waiting = deque(each for each in self._waiting if each[0] is not receiver)
            return
        del self._since[receiver]
        if self._waiting:
            other, go_on = self._waiting.popleft()
            self._since[other] = asyncio.get_running_loop().time()
            go_on()

    def _watch(self) -> None:
        if self._watching is None and self._waiting and self._since:
            due = min(self._since.values()) + _PATIENCE
            self._watching = asyncio.get_running_loop().call_at(due, self._hurry)

    def _hurry(self) -> None:
        self._watching = None
        loop = asyncio.get_running_loop()
        if self._waiting:
            for receiver, since in list(self._since.items()):
                if loop.time() < since + _PATIENCE:
                    continue
                # One that has come whole is being logged: that takes as long as it takes.
                self._since[receiver] = loop.time()
                if receiver.incomplete:
                    receiver.too_slow()
        self._watch()
