"""Who may have one more session: what a key's plan allows, and what the server carries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

import structlog
from fastapi import HTTPException

from vivavoce.protocol import close_codes
from vivavoce.server.capacity import Capacity
from vivavoce.server.stored import request_of
from vivavoce.storage.records import Place, Plan, StoredSession
from vivavoce.storage.stores import Storage

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose sessions a request may see. Both are None where the server runs without keys."""

    key_id: str | None
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class Allowance:
    """None is no limit. `monthly` is of billed seconds, that is of every channel."""

    concurrent: int | None
    monthly: float | None


ALLOWANCES: Final[Mapping[Plan, Allowance]] = MappingProxyType(
    {
        "free": Allowance(concurrent=1, monthly=10 * 3600.0),
        "paid": Allowance(concurrent=30, monthly=None),
        "enterprise": Allowance(concurrent=None, monthly=None),
    }
)


class Admission:
    """Decides whether there may be one more session.

    A session counts from its creation, unless nobody connects to it for `abandon_after` seconds; `active`
    names the sessions that run and are not abandoned.
    """

    def __init__(
        self,
        storage: Storage,
        active: Callable[[], Mapping[str, Place]],
        capacity: Capacity,
        abandon_after: float,
    ) -> None:
        self._sessions = storage.sessions
        self._keys = storage.keys
        self._active = active
        self._capacity = capacity
        self._abandon_after = timedelta(seconds=abandon_after)
        self._deciding = asyncio.Lock()

    @asynccontextmanager
    async def one_more(self, caller: Caller, now: datetime, *, enhance: bool) -> AsyncIterator[None]:
        """Create the session within this block: no other call is decided meanwhile.

        `enhance`: whether it asks for the audio enhancer. Raises `HTTPException` 429.
        """
        async with self._deciding:
            if problem := await self._problem(caller, now, enhance):
                raise _too_many(*problem)
            yield

    async def owner(self, stored: StoredSession) -> Caller | None:
        """Whose session it is; None if that key is revoked."""
        if stored.key_id is None:
            return Caller(None, None)
        key = await self._keys.in_force(stored.key_id)
        return Caller(key.id, key.plan) if key else None

    async def refusal(self, stored: StoredSession, owner: Caller, now: datetime) -> tuple[int, str] | None:
        """Why a session's first connection is refused: a close code and the reason; None if it may begin.

        A session that waited for longer than `abandon_after` did not count meanwhile, so it is asked again.
        """
        if now - stored.created_at < self._abandon_after:
            return None
        async with self._deciding:
            enhance = request_of(stored).pre_processing.audio_enhancer
            problem = await self._problem(owner, now, enhance)
        return (close_codes.LIMIT, problem[0]) if problem else None

    async def _problem(self, caller: Caller, now: datetime, enhance: bool) -> tuple[str, timedelta] | None:
        """What one more session would exceed, and when to try again."""
        counted = {**await self._sessions.queued_since(now - self._abandon_after), **self._active()}
        if caller.key_id is not None and caller.plan is not None:
            concurrent = sum(place.key_id == caller.key_id for place in counted.values())
            if problem := await self._exceeded(caller.key_id, caller.plan, concurrent, now):
                return problem
        enhanced = sum(place.enhanced for place in counted.values())
        if full := self._capacity.problem(len(counted), enhanced, enhance=enhance):
            message, seconds = full
            _log.warning("session_refused", reason=message, setting="VIVAVOCE_CAPACITY")
            return message, timedelta(seconds=seconds)
        return None

    async def _exceeded(
        self, key_id: str, plan: Plan, concurrent: int, now: datetime
    ) -> tuple[str, timedelta] | None:
        allowed = ALLOWANCES[plan]
        if allowed.concurrent is not None and concurrent >= allowed.concurrent:
            many = "1 session" if allowed.concurrent == 1 else f"{allowed.concurrent} sessions"
            message = f"the {plan} plan allows {many} at once: end one, or wait until one has ended"
            return message, self._abandon_after
        if allowed.monthly is not None:
            used = await self._sessions.usage_seconds(key_id, now)
            if used >= allowed.monthly:
                message = f"the {allowed.monthly / 3600:g} hours a month of the {plan} plan are used up"
                return message, _next_month(now) - now
        return None


def _too_many(message: str, retry_after: timedelta) -> HTTPException:
    return HTTPException(
        429, message, headers={"Retry-After": str(max(1, round(retry_after.total_seconds())))}
    )


def _next_month(now: datetime) -> datetime:
    now = now.astimezone(UTC)
    return datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
