"""Whether anything can be stored now."""

from __future__ import annotations

import asyncio
import time

import structlog

from vivavoce.errors import StorageError
from vivavoce.storage.stores import Storage

_log = structlog.get_logger(__name__)

# Seconds: how long an answer holds, whoever asks and how often, and how long the disk may take for it.
_HOLDS = 1.0
_PATIENCE = 5.0


class StorageCheck:
    """Tries to write when it is asked, and tells the log when that changes."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._looking = asyncio.Lock()
        self._looked = -_HOLDS
        self._problem: str | None = None

    async def fails(self) -> bool:
        """Whether nothing can be stored; the log says why."""
        async with self._looking:
            if time.monotonic() >= self._looked + _HOLDS:
                self._tell(await self._look())
                self._looked = time.monotonic()
            return self._problem is not None

    async def _look(self) -> str | None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._storage.check()
        except StorageError as error:
            return str(error)
        except TimeoutError:
            return f"the disk or the database has not answered for {_PATIENCE:g} s"
        return None

    def _tell(self, problem: str | None) -> None:
        if problem and not self._problem:
            _log.error("nothing_can_be_stored", error=problem)
        elif self._problem and not problem:
            _log.warning("can_be_stored_again")
        self._problem = problem
