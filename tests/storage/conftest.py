"""What the storage tests share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from storage.running import Run, T
from vivavoce.storage.stores import Storage, open_storage


@pytest.fixture
def run(tmp_path: Path) -> Run[T]:
    """Opens the stores, runs the body, closes them. A second call reopens what the first one left."""

    def run_body(body: Callable[[Storage], Awaitable[T]]) -> T:
        async def opened() -> T:
            async with open_storage(tmp_path) as storage:
                return await body(storage)

        return asyncio.run(opened())

    return run_body
