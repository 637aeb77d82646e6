"""What a key's plan allows: sessions at once, and hours a month."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from fastapi import HTTPException

from vivavoce.protocol import close_codes
from vivavoce.storage.records import Plan, StoredSession
from vivavoce.storage.stores import Storage


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
    """Decides whether a key may have one more session.

    A session counts from its creation, unless nobody connects to it for `abandon_after` seconds; `active`
    names the key's sessions that run and are not abandoned.
    """

    def __init__(
        self, storage: Storage, active: Callable[[str | None], frozenset[str]], abandon_after: float
    ) -> None:
        self._sessions = storage.sessions
        self._keys = storage.keys
        self._active = active
        self._abandon_after = timedelta(seconds=abandon_after)
        self._deciding = asyncio.Lock()

    @asynccontextmanager
    async def one_more(self, caller: Caller, now: datetime) -> AsyncIterator[None]:
        """Create the session within this block: no other call is decided meanwhile.

        Raises `HTTPException` 429.
        """
        if caller.key_id is None or caller.plan is None:
            yield
            return
        async with self._deciding:
            if problem := await self._problem(caller.key_id, caller.plan, now):
                raise _too_many(*problem)
            yield

    async def refusal(self, stored: StoredSession, now: datetime) -> tuple[int, str] | None:
        """Why a session's first connection is refused: a close code and the reason; None if it may begin.

        A session that waited for longer than `abandon_after` did not count meanwhile, so it is asked again.
        """
        if stored.key_id is None:
            return None
        key = await self._keys.in_force(stored.key_id)
        if key is None:
            return close_codes.EXPIRED, "the API key of this session is revoked"
        if now - stored.created_at < self._abandon_after:
            return None
        problem = await self._problem(key.id, key.plan, now)
        return (close_codes.LIMIT, problem[0]) if problem else None

    async def _problem(self, key_id: str, plan: Plan, now: datetime) -> tuple[str, timedelta] | None:
        """What one more session would exceed, and when to try again."""
        allowed = ALLOWANCES[plan]
        if allowed.concurrent is not None:
            waiting = await self._sessions.queued_since(key_id, now - self._abandon_after)
            if len(waiting | self._active(key_id)) >= allowed.concurrent:
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
