"""What is made when it is first asked for, on whichever thread that is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


def once(make: Callable[[], T]) -> Callable[[], T]:
    """What `make` makes, made once, however many threads ask for it at the same time."""
    made, lock = cache(make), Lock()

    @wraps(make)
    def get() -> T:
        with lock:
            return made()

    return get
