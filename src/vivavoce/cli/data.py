"""The data directory of this machine, for the commands that work on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from vivavoce.cli.terminal import needs_server_extra

if TYPE_CHECKING:
    from vivavoce.settings import Settings
    from vivavoce.storage.stores import Storage

T = TypeVar("T")


def with_storage(action: Callable[[Storage], Awaitable[T]]) -> T:
    """What `action` gives on the stores. Raises ConfigurationError and StorageError."""
    with needs_server_extra():
        from vivavoce.storage.stores import open_storage

    async def act() -> T:
        async with open_storage(settings().data_dir) as storage:
            return await action(storage)

    return asyncio.run(act())


def settings() -> Settings:
    """The server's settings. Raises ConfigurationError."""
    with needs_server_extra():
        from vivavoce.settings import Settings
    return Settings.from_environment()


def tell_server() -> bool:
    """Whether a running server has been told that there is something new. Raises StorageError."""
    with needs_server_extra():
        from vivavoce.storage.doorbell import ring
    return ring(settings().data_dir)
