"""Whether anything can be stored now."""

from __future__ import annotations

import asyncio
import time

import structlog

from vivavoce.errors import StorageError
from vivavoce.storage.stores import Storage

_log = structlog.get_logger(__name__)


class StorageCheck:
    """Tries to write when it is asked, and tells the log when that changes.

    `holds`: seconds for which an answer holds, whoever asks and how often. `patience`: seconds that the disk
    may take for it.
    """

    def __init__(self, storage: Storage, *, holds: float = 1.0, patience: float = 5.0) -> None:
        self._storage = storage
        self._holds = holds
        self._patience = patience
        self._looking = asyncio.Lock()
        self._looked = -holds
        self._problem: str | None = None
        # One at a time: on a disk that hangs each holds a thread until it answers.
        self._attempt: asyncio.Task[None] | None = None
        self._begun = 0.0

    async def fails(self) -> bool:
        """Whether nothing can be stored; the log says why."""
        async with self._looking:
            if time.monotonic() >= self._looked + self._holds:
                self._tell(await self._look())
                self._looked = time.monotonic()
            return self._problem is not None

    async def _look(self) -> str | None:
        if self._attempt is None:
            self._begun = time.monotonic()
            self._attempt = asyncio.create_task(self._storage.check(), name="check the storage")
        left = max(0.0, self._begun + self._patience - time.monotonic())
        await asyncio.wait([self._attempt], timeout=left)
        if not self._attempt.done():
            return f"the disk or the database has not answered for {self._patience:g} s"
        ended, self._attempt = self._attempt, None
        try:
            ended.result()
        except StorageError as error:
            return str(error)
        return None

    def _tell(self, problem: str | None) -> None:
        if problem and not self._problem:
            _log.error("nothing_can_be_stored", error=problem)
        elif self._problem and not problem:
            _log.warning("can_be_stored_again")
        self._problem = problem
