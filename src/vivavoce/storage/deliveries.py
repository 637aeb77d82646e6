"""What is to be posted, and where to: kept until it is taken, in order for each destination."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import (
    ColumnElement,
    RowMapping,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from vivavoce.errors import StorageDamaged
from vivavoce.storage import tables
from vivavoce.storage.damage import UNREADABLE, damage, in_place, whole
from vivavoce.storage.database import Database
from vivavoce.storage.records import (
    Damaged,
    Dead,
    Delivered,
    Destination,
    DueDelivery,
    KeptDelivery,
    NewDelivery,
    Settlement,
    Waiting,
)

_log = structlog.get_logger(__name__)

_ROWS_AT_ONCE = 500
_DELIVERY = tables.deliveries.c
_DESTINATION = tables.destinations.c

_ADD = insert(tables.deliveries).from_select(
    ["id", "destination_id", "event", "body", "created_at", "attempts"],
    # A webhook may have been removed since, and its destinations with it.
    select(
        bindparam("id_", type_=_DELIVERY.id.type),
        _DESTINATION.id,
        bindparam("event_", type_=_DELIVERY.event.type),
        bindparam("body_", type_=_DELIVERY.body.type),
        bindparam("at", type_=_DELIVERY.created_at.type),
        literal(0),
    ).where(_DESTINATION.id == bindparam("to")),
)
_WAKE = (
    update(tables.destinations)
    .where(_DESTINATION.id == bindparam("to"), _DESTINATION.due_at.is_(None))
    .values(due_at=bindparam("at", type_=_DESTINATION.due_at.type))
)
_IN_LINE = exists().where(_DELIVERY.destination_id == _DESTINATION.id, _DELIVERY.died_at.is_(None))
_NEXT = case((_IN_LINE, bindparam("now", type_=_DESTINATION.due_at.type)), else_=None)
_FAILING = {
    "failures": _DESTINATION.failures + 1,
    "failing_since": func.coalesce(
        _DESTINATION.failing_since, bindparam("now", type_=_DESTINATION.due_at.type)
    ),
}
_IN_FRONT = tables.deliveries.alias()
_FIRST = (
    select(func.min(_IN_FRONT.c.seq))
    .where(_IN_FRONT.c.destination_id == _DESTINATION.id, _IN_FRONT.c.died_at.is_(None))
    .correlate(tables.destinations)
    .scalar_subquery()
)
"""Of a destination what is first in line."""
_SCHEDULE = ("due_at", "failures", "failing_since")
"""Columns of a destination without which it can still be delivered to."""
_OF = update(tables.destinations).where(_DESTINATION.id == bindparam("to"))
_TRIED = (
    update(tables.deliveries)
    .where(_DELIVERY.id == bindparam("delivery"))
    .values(attempts=_DELIVERY.attempts + 1, problem=bindparam("why"))
)


async def add_deliveries(connection: AsyncConnection, deliveries: Sequence[NewDelivery]) -> None:
    """Put them in line, each at its destination, within somebody's transaction."""
    rows = [
        {"id_": each.id, "to": each.destination_id, "event_": each.event, "body_": each.body, "at": each.at}
        for each in deliveries
    ]
    if rows:
        await connection.execute(_ADD, rows)
        await connection.execute(_WAKE, [{"to": row["to"], "at": row["at"]} for row in rows])


@dataclass(frozen=True, slots=True)
class _Damage:
    """What is damaged of a destination, or of what is first in its line."""

    destination_id: str
    delivery: int | None
    error: StorageDamaged


class DeliveryStore:
    """Every method is one transaction, and raises `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def destinations(self, session_id: str) -> Sequence[Destination]:
        """Where the session's messages are posted to, without what is damaged of that."""
        at = _DESTINATION
        query = select(at.id, at.webhook_id, at.url, at.host).where(at.session_id == session_id)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        found: list[Destination] = []
        for row in rows:
            try:
                found.append(Destination(**whole(row._mapping, tables.destinations)))
            except StorageDamaged as error:
                _log.error("destination_damaged", error=str(error))
        return found

    async def due(
        self, now: datetime, *, most: int, busy: Collection[str], full: Collection[str]
    ) -> tuple[Sequence[DueDelivery], datetime | None]:
        """What is first in line where something is due, the longest due first; and when something will be,
        unless there may be more that is due now.

        Destinations that are `busy`, and hosts that are `full`, are passed over. What is damaged keeps
        nothing else waiting: a delivery is dead, a destination's schedule begins anew.
        """
        while True:
            found, damaged, later = await self._due(now, most=most, busy=busy, full=full)
            if not damaged:
                return found, later
            await self._contain(damaged, now)

    async def _due(
        self, now: datetime, *, most: int, busy: Collection[str], full: Collection[str]
    ) -> tuple[Sequence[DueDelivery], Sequence[_Damage], datetime | None]:
        secret = func.coalesce(tables.webhooks.c.secret, tables.callback_secrets.c.secret)
        query = (
            select(
                _DELIVERY.seq,
                _DELIVERY.id,
                _DELIVERY.destination_id,
                _DESTINATION.session_id,
                _DESTINATION.url,
                _DESTINATION.host,
                _DELIVERY.event,
                _DELIVERY.body,
                secret.label("secret"),
                _DESTINATION.failures,
                _DESTINATION.failing_since,
            )
            .join_from(tables.destinations, tables.deliveries, _DELIVERY.seq == _FIRST)
            .join(tables.sessions, tables.sessions.c.id == _DESTINATION.session_id)
            .outerjoin(tables.webhooks, tables.webhooks.c.id == _DESTINATION.webhook_id)
            .outerjoin(
                tables.callback_secrets,
                tables.callback_secrets.c.owner == func.coalesce(tables.sessions.c.key_id, ""),
            )
            .where(_DESTINATION.due_at <= now)
            .where(_DESTINATION.id.not_in(busy), _DESTINATION.host.not_in(full))
            .order_by(_DESTINATION.due_at)
            .limit(most)
        )
        found: list[DueDelivery] = []
        damaged: list[_Damage] = []
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
            for row in rows:
                try:
                    values = whole(row._mapping, tables.deliveries, tables.destinations, tables.webhooks)
                except StorageDamaged as error:
                    damaged.append(_Damage(row.destination_id, row.seq, error))
                else:
                    del values["seq"]
                    found.append(DueDelivery(**values))
            if len(rows) == most:
                return found, damaged, None
            first, problems = await _ends(connection, _DESTINATION.due_at > now)
        return found, [*damaged, *problems], first

    async def _contain(self, damaged: Sequence[_Damage], now: datetime) -> None:
        async with self._database.write() as connection:
            for each in damaged:
                again = update(tables.destinations).where(_DESTINATION.id == each.destination_id)
                if each.delivery is None or each.error.column in _SCHEDULE:
                    _log.error("destination_damaged", error=str(each.error))
                    await connection.execute(again.values(due_at=now, failures=0, failing_since=None))
                else:
                    _log.error("delivery_damaged", error=str(each.error))
                    dead = update(tables.deliveries).where(_DELIVERY.seq == each.delivery)
                    await connection.execute(dead.values(died_at=now, problem=str(each.error)))
                    await connection.execute(again.values(due_at=_NEXT), {"now": now})

    async def settle(self, settlements: Iterable[Settlement], now: datetime) -> None:
        """Keep what came of attempts. What has been deleted meanwhile is passed over."""
        taken, again, dead = [], [], []
        for settlement in settlements:
            row: dict[str, Any] = {"delivery": settlement.delivery_id, "to": settlement.destination_id}
            match settlement.outcome:
                case Delivered():
                    taken.append(row | {"now": now})
                case Waiting(problem, due_at):
                    again.append(row | {"now": now, "why": problem, "due": due_at})
                case Dead(problem):
                    dead.append(row | {"now": now, "why": problem})
        async with self._database.write() as connection:
            await _take_out(connection, taken)
            await _put_off(connection, again)
            await _bury(connection, dead)

    async def counts(self) -> tuple[int, int]:
        """How many are in line, and how many are dead."""
        dead = func.count(_DELIVERY.died_at)
        async with self._database.read() as connection:
            row = (await connection.execute(select(func.count(_DELIVERY.seq) - dead, dead))).one()
        return row[0], row[1]

    async def list(self, *, dead_only: bool = False) -> AsyncIterator[KeptDelivery | Damaged]:
        """All that is kept, in the order in which it was added."""
        query = (
            select(
                _DELIVERY.seq,
                _DELIVERY.id,
                _DESTINATION.session_id,
                _DESTINATION.url,
                _DELIVERY.event,
                _DELIVERY.created_at,
                _DELIVERY.attempts,
                _DELIVERY.died_at,
                _DELIVERY.problem,
                case((_DELIVERY.seq == _FIRST, _DESTINATION.due_at)).label("due_at"),
            )
            .join_from(tables.deliveries, tables.destinations)
            .order_by(_DELIVERY.seq)
            .limit(_ROWS_AT_ONCE)
        )
        if dead_only:
            query = query.where(_DELIVERY.died_at.is_not(None))
        last = -1
        while True:
            async with self._database.read() as connection:
                rows = (await connection.execute(query.where(_DELIVERY.seq > last))).all()
            if not rows:
                return
            for row in rows:
                yield in_place(row._mapping, _kept)
            last = rows[-1].seq

    async def next_due(self) -> datetime | None:
        """When something is tried next; None if nothing is in line."""
        async with self._database.read() as connection:
            return (await _ends(connection, _DESTINATION.due_at.is_not(None)))[0]

    async def kept(self, ids: Collection[str]) -> Collection[str]:
        """Those of some identifiers that are kept, dead or not."""
        query = select(_DELIVERY.id).where(_DELIVERY.id.in_(ids))
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalars().all()

    async def resend(self, ids: Collection[str] | None, now: datetime) -> int:
        """Put dead ones back in line, ahead of what came after them, and have what is first in their lines
        tried now; the same for those that are in line. All that are dead for None. Gives how many."""
        chosen = _DELIVERY.died_at.is_not(None) if ids is None else _DELIVERY.id.in_(ids)
        there = select(_DELIVERY.destination_id).where(chosen)
        wake = update(tables.destinations).where(_DESTINATION.id.in_(there))
        back = update(tables.deliveries).where(chosen)
        async with self._database.write() as connection:
            await connection.execute(wake.values(due_at=now, failures=0, failing_since=None))
            return (await connection.execute(back.values(died_at=None))).rowcount


def _kept(row: RowMapping) -> KeptDelivery:
    values = whole(row, tables.deliveries, tables.destinations)
    del values["seq"]
    return KeptDelivery(**values)


async def _ends(
    connection: AsyncConnection, condition: ColumnElement[bool]
) -> tuple[datetime | None, Sequence[_Damage]]:
    """When the first of the destinations is due; and what is damaged about the first and the last, since as
    text it may be before or after everything."""
    at = _DESTINATION.due_at
    query = select(_DESTINATION.id, _DESTINATION.session_id, at).where(condition).limit(1)
    first = (await connection.execute(query.order_by(at))).one_or_none()
    last = (await connection.execute(query.order_by(at.desc()))).one_or_none()
    found = {row.id: row._mapping for row in (first, last) if row is not None and row.due_at is UNREADABLE}
    problems = [_Damage(id_, None, damage(row, tables.destinations, "due_at")) for id_, row in found.items()]
    return (None if first is None or first.due_at is UNREADABLE else first.due_at), problems


async def _take_out(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        gone = delete(tables.deliveries).where(_DELIVERY.id == bindparam("delivery"))
        await connection.execute(gone, [{"delivery": row["delivery"]} for row in rows])
        await connection.execute(_OF.values(due_at=_NEXT, failures=0, failing_since=None), _only(rows))


async def _put_off(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        due = bindparam("due", type_=_DESTINATION.due_at.type)
        await connection.execute(_TRIED, [{"delivery": row["delivery"], "why": row["why"]} for row in rows])
        await connection.execute(_OF.values(due_at=due, **_FAILING), _only(rows, "due"))


async def _bury(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        died = _TRIED.values(died_at=bindparam("now", type_=_DELIVERY.died_at.type))
        tried = [{"delivery": row["delivery"], "why": row["why"], "now": row["now"]} for row in rows]
        await connection.execute(died, tried)
        await connection.execute(_OF.values(due_at=_NEXT, **_FAILING), _only(rows))


def _only(rows: Sequence[dict[str, Any]], *more: str) -> list[dict[str, Any]]:
    return [{name: row[name] for name in ("to", "now", *more)} for row in rows]
