"""Whether anything can be stored: found out by trying, also where the disk does not answer."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vivavoce.server.storage_check import StorageCheck
from vivavoce.storage.stores import open_storage


def test_a_disk_that_hangs_is_tried_once_until_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    tried: list[str] = []
    make: Callable[..., Any] = tempfile.TemporaryFile

    def hangs(**options: Any) -> Any:
        tried.append(threading.current_thread().name)
        answers.wait()
        return make(**options)

    async def body() -> None:
        async with open_storage(tmp_path) as storage:
            check = StorageCheck(storage, holds=0.0, patience=0.01)
            monkeypatch.setattr(tempfile, "TemporaryFile", hangs)
            try:
                for _ in range(5):
                    assert await check.fails()
            finally:
                answers.set()
            while await check.fails():
                pass
            assert len(tried) == 1

    asyncio.run(body())
