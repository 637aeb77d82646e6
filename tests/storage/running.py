"""The shape of the `run` fixture: it opens the stores of one directory and runs a body of awaits on them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from vivavoce.storage.stores import Storage

T = TypeVar("T")
Run = Callable[[Callable[[Storage], Awaitable[T]]], T]
