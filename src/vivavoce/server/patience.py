"""What a session does while nothing can be stored: it tries again, and tells how it stands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

import structlog

from vivavoce.errors import StorageError, StorageUnavailable
from vivavoce.server.happening import happens

_log = structlog.get_logger(__name__)

# Seconds: what goes on waits twice as long each time, up to the longest.
_FIRST, _LONGEST = 0.25, 2.0
# Seconds for which a frame waits: a client whose frame is refused comes back with it at once.
_FRAME = 1.0

# Each may work while the other does not.
_What = Literal["frames", "the rest"]

T = TypeVar("T")


class Patience:
    """Steps of one session that its disk or the database may not be able to take now.

    `endless`: whether there is somebody to make room, for whom the session waits.
    """

    def __init__(self, session_id: str, *, endless: bool = True) -> None:
        self._session_id = session_id
        self._endless = endless
        self._over = asyncio.Event()
        self._problems: dict[_What, str] = {}
        self._blocked = False
        self._lost = False

    @property
    def problem(self) -> str | None:
        """Why frames or what is said of them cannot be stored; None while all is well."""
        return next(iter(self._problems.values()), None)

    @property
    def over(self) -> bool:
        return self._over.is_set()

    def give_up(self) -> None:
        """The server goes down: what cannot be stored is done when it starts again."""
        self._over.set()

    async def until_done(self, step: Callable[[], Awaitable[T]]) -> T:
        """Take `step` until it works. Raises `StorageUnavailable` after `give_up`.

        Where it does not wait, what cannot be done now cannot be done: raises `StorageError`.
        """
        pause = _FIRST
        while True:
            try:
                result = await step()
            except StorageUnavailable as error:
                self._failed("the rest", error)
                self._blocked = True
                if self.over:
                    raise
                if not self._endless:
                    self._lost = True
                    raise StorageError(str(error)) from error
                await happens(self._over, pause)
                pause = min(2 * pause, _LONGEST)
            else:
                self._blocked = False
                self._worked("the rest")
                return result

    async def until_done_or_lost(self, step: Callable[[], Awaitable[None]]) -> None:
        """As `until_done`; but that it cannot work at all is only logged: what follows does without."""
        try:
            await self.until_done(step)
        except StorageUnavailable:
            raise
        except StorageError as error:
            _log.error("storage_failed", session=self._session_id, error=str(error))

    async def twice(self, step: Callable[[], Awaitable[None]]) -> None:
        """Take `step`, a frame's, and once more if it fails. Raises `StorageUnavailable`.

        It is not taken while something before it waits to be stored.
        """
        try:
            await self._take(step)
        except StorageUnavailable as error:
            self._failed("frames", error)
            await happens(self._over, _FRAME)
            await self._take(step)
        self._worked("frames")

    async def _take(self, step: Callable[[], Awaitable[None]]) -> None:
        if self._blocked:
            raise StorageUnavailable(self.problem or "")
        await step()

    def _failed(self, what: _What, error: StorageUnavailable) -> None:
        if what not in self._problems:
            _log.error("storage_unavailable", session=self._session_id, error=str(error))
        self._problems[what] = str(error)

    def _worked(self, what: _What) -> None:
        if not self._lost and self._problems.pop(what, ""):
            _log.warning("storage_available_again", session=self._session_id)
