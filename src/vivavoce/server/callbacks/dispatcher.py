"""Delivers what is due: for each destination one thing at a time and in order, for each host a few at once.

Everything that is due is in the database; here are only the attempts that are under way. What is new, what
an attempt came to and the time at which something is due wake the dispatcher, and nothing else does.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from vivavoce.errors import StorageError
from vivavoce.server.callbacks.retrying import Answer, Failure, Retrying, outcome_word
from vivavoce.server.callbacks.sender import Sender
from vivavoce.server.happening import happens
from vivavoce.storage.deliveries import DeliveryStore
from vivavoce.storage.records import Dead, Delivered, DueDelivery, Settlement, Waiting

_log = structlog.get_logger(__name__)

AT_ONCE: Final = 128
"""Attempts under way, and so connections that work."""
PER_HOST: Final = 8
_FOUND_AT_ONCE: Final = 16
_MOST_HELD: Final = 64 * 1024 * 1024
"""Characters that are under way, beyond which nothing more is begun; what was found at once comes on top."""
_GRACE: Final = 3.0
"""Seconds for what is under way when the server stops; what is cut off is delivered again."""
_TROUBLE: Final = timedelta(seconds=5)
"""Until the database is tried again."""
_DEFECT: Final = Failure("defect", "an internal error")


class Dispatcher:
    """`attempted` is told a word for the figures after each attempt."""

    def __init__(
        self, store: DeliveryStore, sender: Sender, retrying: Retrying, attempted: Callable[[str], None]
    ) -> None:
        self._store = store
        self._sender = sender
        self._retrying = retrying
        self._attempted = attempted
        self._wake = asyncio.Event()
        self._stopping = False
        # All are bounded by the attempts under way.
        self._attempts: dict[asyncio.Task[Answer | Failure], DueDelivery] = {}
        self._settlements: list[Settlement] = []
        self._under_way: dict[str, DueDelivery] = {}
        """By destination, until what came of it is stored."""

    def wake(self) -> None:
        """There is something new in the database."""
        self._wake.set()

    def stop(self) -> None:
        """Begin nothing more; `run` ends when what is under way has ended, or after some seconds."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Deliver until stopped."""
        async with self._sender:
            while not self._stopping:
                self._wake.clear()
                try:
                    await self._settle()
                    next_due = await self._begin()
                except StorageError as error:
                    _log.error("deliveries_not_stored", reason=str(error))
                    next_due = _now() + _TROUBLE
                left = None if next_due is None else max(0.0, (next_due - _now()).total_seconds())
                await happens(self._wake, left)
            if self._attempts:
                await asyncio.wait(self._attempts, timeout=_GRACE)
            for attempt in self._attempts:
                attempt.cancel()
            await asyncio.gather(*self._attempts, return_exceptions=True)
        try:
            await self._settle()
        except StorageError as error:
            _log.error("deliveries_not_stored", reason=str(error))

    async def _settle(self) -> None:
        """Store what attempts came to. Raises `StorageError`, and then has it all still."""
        if not self._settlements:
            return
        settled = list(self._settlements)
        await self._store.settle(settled, _now())
        del self._settlements[: len(settled)]
        for each in settled:
            del self._under_way[each.destination_id]

    async def _begin(self) -> datetime | None:
        """Try what is due, as far as there is room; gives when the next will be due."""
        while True:
            hosts = Counter(delivery.host for delivery in self._under_way.values())
            full = [host for host, count in hosts.items() if count >= PER_HOST]
            most = min(_FOUND_AT_ONCE, AT_ONCE - len(self._under_way))
            held = sum(len(delivery.body) for delivery in self._under_way.values())
            if most <= 0 or held > _MOST_HELD:
                return None
            due, later = await self._store.due(_now(), most=most, busy=list(self._under_way), full=full)
            for delivery in due:
                if hosts[delivery.host] < PER_HOST:
                    hosts[delivery.host] += 1
                    self._try(delivery)
            if len(due) < most:
                return later

    def _try(self, delivery: DueDelivery) -> None:
        attempt = asyncio.create_task(self._sender.post(delivery), name=f"post {delivery.id}")
        self._attempts[attempt] = self._under_way[delivery.destination_id] = delivery
        attempt.add_done_callback(self._tried)

    def _tried(self, attempt: asyncio.Task[Answer | Failure]) -> None:
        delivery = self._attempts.pop(attempt)
        if attempt.cancelled():
            return
        result: Answer | Failure = _DEFECT
        if defect := attempt.exception():
            # One of ours must not keep everything else from being delivered.
            _log.error("attempt_crashed", id=delivery.id, exc_info=defect)
        else:
            result = attempt.result()
        outcome = self._retrying.outcome(
            result,
            now=_now(),
            failures=delivery.failures,
            failing_since=delivery.failing_since,
            jitter=random.random(),
        )
        self._settlements.append(Settlement(delivery.id, delivery.destination_id, outcome))
        self._wake.set()
        # The place is free again: what is raised from here on goes to the log by way of the event loop.
        self._attempted(outcome_word(result))
        _tell(delivery, outcome)


def _tell(delivery: DueDelivery, outcome: Delivered | Waiting | Dead) -> None:
    # The URL is not logged: it may hold a secret.
    about = {"session": delivery.session_id, "id": delivery.id, "host": delivery.host}
    match outcome:
        case Waiting(problem, due_at):
            again_in = round((due_at - _now()).total_seconds(), 1)
            _log.info("delivery_failed", **about, reason=problem, again_in=again_in)
        case Dead(problem):
            _log.warning("delivery_dead", **about, type=delivery.event, reason=problem)


def _now() -> datetime:
    return datetime.now(UTC)
