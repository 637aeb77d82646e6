"""Sessions, their finals, their messages and the usage of keys, in the database."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Table,
    Text,
    and_,
    case,
    delete,
    func,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from vivavoce.errors import StorageError
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.stream import Final
from vivavoce.storage import tables
from vivavoce.storage.damage import UNREADABLE, in_place, whole
from vivavoce.storage.database import Database, streamed
from vivavoce.storage.deliveries import add_deliveries
from vivavoce.storage.journal import Entry, Journal
from vivavoce.storage.metadata import contains
from vivavoce.storage.records import (
    Damaged,
    NewDelivery,
    NewSession,
    Place,
    SessionFilter,
    SessionPage,
    Standing,
    Status,
    StoredSession,
)
from vivavoce.storage.rows import add_on_of, final_of, session_of
from vivavoce.storage.webhooks import ensure_secret

T = TypeVar("T")

_ROWS_AT_ONCE = 100  # decoding them must not hold up the event loop
_GROUPS_AT_ONCE = 10


def hash_secret(secret: str) -> str:
    """SHA-256 in hexadecimal: enough for secrets that are 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


class SessionStore:
    """Every method is one transaction, raises `StorageError`, and is done when it returns."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._journal = Journal(database)

    async def create(self, session: NewSession) -> None:
        row = {
            "id": session.id,
            "request_id": session.request_id,
            "key_id": session.key_id,
            "token_hash": hash_secret(session.token),
            "status": "queued",
            "created_at": session.created_at,
            "region": session.region,
            "request": session.request,
            "custom_metadata": session.custom_metadata,
            "post_session_metadata": session.post_session_metadata,
            "audio_bytes": 0,
            "header_bytes": 0,
            "audio_duration": 0.0,
            "transcription_time": 0.0,
        }
        async with self._database.write() as connection:
            await connection.execute(insert(tables.sessions), row)
            if session.destinations:
                await _add_destinations(connection, session)

    async def get(self, session_id: str) -> StoredSession | None:
        return await self._one(tables.sessions.c.id == session_id)

    async def standing(self, session_id: str) -> Standing | None:
        """Whose it is and how far, whatever else of it is damaged."""
        at = tables.sessions.c
        query = select(at.key_id, at.status).where(at.id == session_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else Standing(row.key_id, row.status)

    async def missing(self, session_ids: Sequence[str]) -> frozenset[str]:
        """Those of the identifiers, some hundreds at most, that no session has."""
        query = select(tables.sessions.c.id).where(tables.sessions.c.id.in_(session_ids))
        async with self._database.read() as connection:
            return frozenset(session_ids).difference((await connection.execute(query)).scalars())

    async def by_token(self, token: str) -> StoredSession | None:
        return await self._one(tables.sessions.c.token_hash == hash_secret(token))

    async def list(
        self, key_id: str | None, narrowed: SessionFilter, *, offset: int, limit: int
    ) -> SessionPage:
        """The key's sessions, newest first: `limit` of them after the first `offset`."""
        query = _newest_first(narrowed).where(_owned_by(key_id))
        async with self._database.read() as connection:
            if narrowed.custom_metadata:
                ids = await _matching_ids(connection, query, narrowed.custom_metadata, offset, limit + 1)
                query = query.where(tables.sessions.c.id.in_(ids))
            else:
                query = query.offset(offset).limit(limit + 1)
            found = [in_place(row, session_of) for row in (await connection.execute(query)).mappings()]
        return SessionPage(items=tuple(found[:limit]), more=len(found) > limit)

    async def list_all(self, narrowed: SessionFilter, limit: int) -> Sequence[StoredSession | Damaged]:
        """The newest sessions, whosever they are: for the operator alone."""
        query = _newest_first(narrowed).limit(limit)
        async with self._database.read() as connection:
            return [in_place(row, session_of) for row in (await connection.execute(query)).mappings()]

    async def unfinished(self) -> Sequence[str]:
        """The identifiers of all sessions that have begun and not ended, oldest first."""
        return await self._with_status("processing")

    async def queued(self) -> Sequence[str]:
        """The identifiers of all sessions that are not known to have begun, oldest first."""
        return await self._with_status("queued")

    async def with_sound_left(self) -> Sequence[str]:
        """The identifiers of all sessions that have ended and whose recording is still to be bleeped."""
        at = tables.sessions.c
        wanted = at.request["realtime_processing"]
        asked = and_(
            wanted["pii_redaction"].as_boolean(), wanted["pii_redaction_config"]["bleep"].as_boolean()
        )
        missing = func.coalesce(at.post_session_metadata["recording"].as_string(), "") != "bleeped"
        # One that is damaged keeps no other from it.
        query = select(at.id).where(
            at.completed_at.is_not(None),
            case((_is_json(at.request), asked), else_=False),
            case((_is_json(at.post_session_metadata), missing), else_=True),
        )
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalars().all()

    async def _with_status(self, status: Status) -> Sequence[str]:
        at = tables.sessions.c
        query = select(at.id).where(at.status == status).order_by(at.created_at)
        async with self._database.read() as connection:
            found = (await connection.execute(query)).scalars()
            return [id_ for id_ in found if isinstance(id_, str)]

    async def open_tokens(self, most: int) -> Sequence[str]:
        """The hashes of the tokens of sessions that have not ended: of the newest, oldest first."""
        at = tables.sessions.c
        query = select(at.token_hash).where(at.status.in_(("queued", "processing")))
        async with self._database.read() as connection:
            newest = await connection.execute(query.order_by(at.created_at.desc()).limit(most))
            return [each for each in newest.scalars() if isinstance(each, str)][::-1]

    async def queued_since(self, moment: datetime) -> Mapping[str, Place]:
        """The sessions that were created after `moment` and have no audio yet."""
        at = tables.sessions.c
        asked = at.request["pre_processing"]["audio_enhancer"].as_boolean()
        enhanced = case((_is_json(at.request), asked), else_=False)
        query = select(at.id, at.key_id, at.created_at, enhanced.label("enhanced"))
        waiting = query.where(at.status == "queued", at.created_at > moment)
        async with self._database.read() as connection:
            rows = await connection.execute(waiting)
            # One that is damaged keeps nobody from a place: it could not begin.
            return {
                row.id: Place(row.key_id, bool(row.enhanced))
                for row in rows
                if row.created_at is not UNREADABLE
            }

    async def add(self, entry: Entry) -> None:
        """Keep what a running session has to store, all of it or nothing.

        A second final of one utterance is refused.
        """
        await self._journal.add(entry)

    @property
    def waiting(self) -> int:
        """Entries that wait for a transaction."""
        return self._journal.waiting

    async def finals(self, session_id: str) -> Sequence[Final]:
        """The session's finals, in the order in which they were added."""
        return (await self.finals_of([session_id]))[session_id]

    async def finals_of(self, session_ids: Sequence[str]) -> dict[str, Sequence[Final]]:
        """The finals of several sessions, as one transaction sees them.

        Raises `StorageDamaged` if any of them is.
        """
        return await self._of_sessions(tables.utterances, session_ids, final_of)

    async def add_ons(self, session_id: str) -> Sequence[AddOnResult]:
        """What the session's add-ons came to, in the order in which they did."""
        return (await self.add_ons_of([session_id]))[session_id]

    async def add_ons_of(self, session_ids: Sequence[str]) -> dict[str, Sequence[AddOnResult]]:
        """What the add-ons of several sessions came to, as one transaction sees it.

        Raises `StorageDamaged` if any of it is.
        """
        return await self._of_sessions(tables.add_ons, session_ids, add_on_of)

    async def _of_sessions(
        self, table: Table, session_ids: Sequence[str], read: Callable[[Row[Any]], T]
    ) -> dict[str, Sequence[T]]:
        """What the rows of several sessions are, in the order in which they were added."""
        at = table.c
        query = select(table).where(at.session_id.in_(session_ids)).order_by(at.session_id, at.seq)
        found: dict[str, list[T]] = {session_id: [] for session_id in session_ids}
        bounded = query.execution_options(yield_per=_ROWS_AT_ONCE)
        async with self._database.read() as connection, streamed(connection, bounded) as rows:
            async for part in rows.partitions():
                # In a thread: of hours of speech an add-on may have made one value.
                for row, value in zip(part, await asyncio.to_thread(list, map(read, part)), strict=True):
                    found[row.session_id].append(value)
        return dict(found)

    async def sizes(self, session_ids: Sequence[str]) -> Sequence[int]:
        """Of each session, the characters of its words and of its add-ons' results, as they are stored."""
        found = dict.fromkeys(session_ids, 0)
        async with self._database.read() as connection:
            for column in (tables.utterances.c.words, tables.add_ons.c.results):
                of = column.table.c.session_id
                size = func.sum(func.length(type_coerce(column, Text)))
                query = select(of, size).where(of.in_(session_ids)).group_by(of)
                for session_id, total in await connection.execute(query):
                    found[session_id] += total or 0
        return list(found.values())

    async def messages(self, session_id: str) -> AsyncIterator[Sequence[str]]:
        """The session's messages in the order in which they were added, those that came together at a time.

        Three hours of acknowledgements are too many to hold, or to read in one transaction.
        """
        at = tables.messages.c
        query = select(at.seq, at.session_id, at.json).where(at.session_id == session_id).order_by(at.seq)
        last = -1
        while True:
            async with self._database.read() as connection:
                part = query.where(at.seq > last).limit(_GROUPS_AT_ONCE)
                rows = (await connection.execute(part)).all()
            if not rows:
                return
            for row in rows:
                yield whole(row._mapping, tables.messages)["json"].split("\n")
            last = rows[-1].seq

    async def finish(
        self,
        session_id: str,
        *,
        status: Literal["done", "error"],
        at: datetime,
        error_code: int | None,
        audio_bytes: int,
        header_bytes: int,
        audio_duration: float,
        transcription_time: float,
        deliveries: Sequence[NewDelivery] = (),
        billed: tuple[str, float] | None = None,
    ) -> None:
        """`billed`: a key, and the seconds to be counted as its usage."""
        async with self._database.write() as connection:
            await add_deliveries(connection, deliveries)
            await _change(
                connection,
                session_id,
                status=status,
                completed_at=at,
                error_code=error_code,
                audio_bytes=audio_bytes,
                header_bytes=header_bytes,
                audio_duration=audio_duration,
                transcription_time=transcription_time,
            )
            if billed:
                await _bill(connection, *billed, at)

    async def add_metadata(self, session_id: str, patch: Mapping[str, Any]) -> None:
        """Merge into `post_session_metadata`: a list extends the list of that name, all else replaces."""
        column = tables.sessions.c.post_session_metadata
        async with self._database.write() as connection:
            query = select(tables.sessions.c.id, column).where(tables.sessions.c.id == session_id)
            row = (await connection.execute(query)).one_or_none()
            stored = whole(row._mapping, tables.sessions)["post_session_metadata"] if row else {}
            merged = {
                name: [*stored[name], *value]
                if isinstance(value, list) and isinstance(stored.get(name), list)
                else value
                for name, value in patch.items()
            }
            await _change(connection, session_id, post_session_metadata=stored | merged)

    async def delete(self, session_id: str) -> bool:
        """Remove the session and all that was said in it; False where there is none.

        Its rows are zeroed on the disk; copies that SQLite made go with the next `Database.sweep`.
        """
        statement = delete(tables.sessions).where(tables.sessions.c.id == session_id)
        async with self._database.erase() as connection:
            result = await connection.execute(statement)
        return result.rowcount > 0

    async def usage_seconds(self, key_id: str, at: datetime) -> float:
        """Seconds billed to the key in the month (UTC) in which `at` lies, deleted sessions included."""
        columns = tables.usage.c
        query = select(columns.key_id, columns.month, columns.seconds)
        in_month = query.where(columns.key_id == key_id, columns.month == _month(at))
        async with self._database.read() as connection:
            row = (await connection.execute(in_month)).one_or_none()
        return 0.0 if row is None else float(whole(row._mapping, tables.usage)["seconds"])

    async def _one(self, condition: ColumnElement[bool]) -> StoredSession | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(tables.sessions).where(condition))).one_or_none()
        return None if row is None else session_of(row._mapping)


async def _add_destinations(connection: AsyncConnection, session: NewSession) -> None:
    if any(each.webhook_id is None for each in session.destinations):
        await ensure_secret(connection, session.key_id)
    rows = [{"session_id": session.id, "failures": 0, **asdict(each)} for each in session.destinations]
    await connection.execute(insert(tables.destinations), rows)
    await add_deliveries(connection, session.deliveries)


async def _change(connection: AsyncConnection, session_id: str, **values: Any) -> None:
    statement = update(tables.sessions).where(tables.sessions.c.id == session_id).values(**values)
    if (await connection.execute(statement)).rowcount == 0:
        raise StorageError(f"there is no session {session_id}")


async def _bill(connection: AsyncConnection, key_id: str, seconds: float, at: datetime) -> None:
    row = upsert(tables.usage).values(key_id=key_id, month=_month(at), seconds=seconds)
    counted = row.on_conflict_do_update(
        index_elements=["key_id", "month"],
        set_={"seconds": tables.usage.c.seconds + row.excluded.seconds},
    )
    await connection.execute(counted)


async def _matching_ids(
    connection: AsyncConnection, query: Select[Any], wanted: Mapping[str, Any], offset: int, limit: int
) -> Sequence[str]:
    at = tables.sessions.c
    candidates = query.with_only_columns(at.id, at.custom_metadata).where(at.custom_metadata.is_not(None))
    ids: list[str] = []
    async with streamed(connection, candidates.execution_options(yield_per=_ROWS_AT_ONCE)) as rows:
        async for row in rows:
            if contains(row.custom_metadata, wanted):
                offset -= 1
                if offset < 0:
                    ids.append(row.id)
            if len(ids) == limit:
                break
    return ids


def _is_json(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.json_valid(type_coerce(column, Text))


def _newest_first(narrowed: SessionFilter) -> Select[Any]:
    at = tables.sessions.c
    query = select(tables.sessions).order_by(at.created_at.desc(), at.id.desc())
    if narrowed.statuses:
        query = query.where(at.status.in_(narrowed.statuses))
    if narrowed.created_from:
        query = query.where(at.created_at >= narrowed.created_from)
    if narrowed.created_before:
        query = query.where(at.created_at < narrowed.created_before)
    return query


def _owned_by(key_id: str | None) -> ColumnElement[bool]:
    return tables.sessions.c.key_id == key_id  # SQLAlchemy writes `IS NULL` for None


def _month(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m}"
