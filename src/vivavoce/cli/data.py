"""The data directory of this machine, for the commands that work on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from vivavoce.cli.terminal import needs_server_extra, say

if TYPE_CHECKING:
    from vivavoce.settings import Settings
    from vivavoce.storage.stores import Storage

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", metavar="DIR", help="Where the server keeps everything. (VIVAVOCE_DATA_DIR)"),
]

T = TypeVar("T")


def with_storage(
    data_dir: Path | None, action: Callable[[Storage], Awaitable[T]], *, may_create: bool = False
) -> T:
    """What `action` gives on the stores in `data_dir`, or where the settings say.

    Raises ConfigurationError and StorageError, the latter also where nothing was ever stored, unless that is
    what `may_create` allows.
    """
    with needs_server_extra():
        from vivavoce.storage.stores import check_there, is_there, open_storage
    directory = settings(data_dir).data_dir
    if not may_create:
        check_there(directory)
    is_new = not is_there(directory)

    async def act() -> T:
        async with open_storage(directory) as storage:
            return await action(storage)

    result = asyncio.run(act())
    if is_new:
        say(f"There was no Vivavoce data in {directory}: it is made now. Start the server on that directory.")
    return result


def reading(data_dir: Path | None, action: Callable[[Storage], Awaitable[T]]) -> T:
    """The same where nothing is to change, neither in the stores nor of their form."""
    with needs_server_extra():
        from vivavoce.storage.stores import read_storage
    directory = settings(data_dir).data_dir

    async def act() -> T:
        async with read_storage(directory) as storage:
            return await action(storage)

    return asyncio.run(act())


def settings(data_dir: Path | None = None) -> Settings:
    """The server's settings, but for `data_dir` if it is given. Raises ConfigurationError."""
    with needs_server_extra():
        from vivavoce.settings import Settings
    return Settings.from_environment({"data_dir": data_dir})


def tell_server(data_dir: Path | None) -> bool:
    """Whether a running server has been told that there is something new. Raises StorageError."""
    with needs_server_extra():
        from vivavoce.storage.doorbell import ring
    return ring(settings(data_dir).data_dir)
