"""Hours of speech are objects by the hundred thousand: they are made and let go while others have turns."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from vivavoce.protocol.responses import WireModel

# Collections of the younger generations between two full ones, where Python has 10. There is an end to it, so
# that garbage is found where one transcript follows another without a break: after some millions of objects.
_SELDOM: Final = 1000


class _Builders:
    """How many are at it. There is one, since the collector belongs to the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._thresholds = gc.get_threshold()

    def begin(self) -> None:
        with self._lock:
            if self._count == 0:
                self._thresholds = gc.get_threshold()
                gc.set_threshold(*self._thresholds[:2], _SELDOM)
            self._count += 1

    def end(self) -> None:
        with self._lock:
            self._count -= 1
            if self._count == 0:
                gc.set_threshold(*self._thresholds)


_builders: Final = _Builders()


@contextmanager
def full_collections_wait() -> Iterator[None]:
    """Until it is over: for what makes objects by the hundred thousand, and keeps none of them.

    A full collection goes through all of them, again and again as they become more, and holds up every
    thread meanwhile: for a quarter of a second where there are three hours of words.
    """
    _builders.begin()
    try:
        yield
    finally:
        _builders.end()


def let_go(pieces: list[WireModel]) -> None:
    """Free them one by one, of something that nobody else holds any more.

    To free the result of three hours at once takes 70 ms, in which no other thread has a turn.
    """
    while pieces:
        pieces.pop()
