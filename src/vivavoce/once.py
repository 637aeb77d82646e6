"""What is made when it is first asked for, on whichever thread that is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from threading import Lock
from typing import TypeVar

from vivavoce.errors import VivavoceError

T = TypeVar("T")


def once(make: Callable[[], T]) -> Callable[[], T]:
    """What `make` makes, made once, however many threads ask for it at the same time.

    Where it fails with an error of ours it is not tried again: whoever asks later has the same error.
    """

    @cache
    def made() -> T | VivavoceError:
        try:
            return make()
        except VivavoceError as error:
            return error

    lock = Lock()

    @wraps(make)
    def get() -> T:
        with lock:
            found = made()
        if isinstance(found, VivavoceError):
            # Else its traceback grows each time that it is raised.
            raise found.with_traceback(None) from found.__cause__
        return found

    return get
