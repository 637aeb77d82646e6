"""What running sessions say, on its way to the database: finals and messages, written in groups."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime
from itertools import starmap
from typing import Any

from sqlalchemy import bindparam, insert, update

from vivavoce.errors import StorageError, StorageUnavailable
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.stream import Final
from vivavoce.storage import tables
from vivavoce.storage.database import Database
from vivavoce.storage.deliveries import add_deliveries
from vivavoce.storage.records import NewDelivery
from vivavoce.storage.rows import add_on_row

_BEGIN = (
    update(tables.sessions)
    .where(tables.sessions.c.id == bindparam("of"))
    .values(status="processing", started_at=bindparam("at"))
)
_STOP = (
    update(tables.sessions)
    .where(tables.sessions.c.id == bindparam("of"))
    .values(audio_bytes=bindparam("size"))
)


@dataclass(slots=True, eq=False)
class Entry:
    """What one session has to store: when it began, a final, what an add-on came to, messages that were sent
    (JSON, a line each), what is to be posted.

    `stopped`: how many bytes its log has, now that the recording has been stopped.
    """

    session_id: str
    messages: Sequence[str] = ()
    final: Final | None = None
    began: datetime | None = None
    deliveries: Sequence[NewDelivery] = ()
    stopped: int | None = None
    result: AddOnResult | None = None
    settled: bool = field(default=False, init=False)
    problem: StorageError | None = field(default=None, init=False)

    @property
    def empty(self) -> bool:
        said = self.messages or self.final or self.result or self.deliveries
        return not (said or self.began or self.stopped)


class Journal:
    """What is added while a transaction is under way shares the next one; nothing waits for company."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Bounded by its users: each session adds once at a time.
        self._waiting: list[Entry] = []
        self._writing = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """Entries that no transaction has taken up yet."""
        return len(self._waiting)

    async def add(self, entry: Entry) -> None:
        """All of it is stored, or nothing, when this returns or raises `StorageError`."""
        self._waiting.append(entry)
        async with self._writing:
            if not entry.settled:
                await self._write_waiting()
        if entry.problem is not None:
            raise entry.problem

    async def _write_waiting(self) -> None:
        group, self._waiting = self._waiting, []
        try:
            await self._settle(group)
        finally:
            # Who is cancelled while it writes for others leaves that to the next of them.
            self._waiting = [entry for entry in group if not entry.settled] + self._waiting

    async def _settle(self, group: Sequence[Entry]) -> None:
        try:
            await self._write(group)
        except StorageError as error:
            if len(group) > 1 and not isinstance(error, StorageUnavailable):
                # One by one, so that what cannot be stored keeps nothing else from it.
                for entry in group:
                    await self._settle([entry])
                return
            for entry in group:
                entry.problem = error
        for entry in group:
            entry.settled = True

    async def _write(self, group: Sequence[Entry]) -> None:
        finals = [_utterance(entry.session_id, entry.final) for entry in group if entry.final]
        found = [(entry.session_id, entry.result) for entry in group if entry.result]
        results = await asyncio.to_thread(lambda: list(starmap(add_on_row, found))) if found else []
        messages = [
            {"session_id": entry.session_id, "json": "\n".join(entry.messages)}
            for entry in group
            if entry.messages
        ]
        begun = [{"of": entry.session_id, "at": entry.began} for entry in group if entry.began]
        stopped = [{"of": entry.session_id, "size": entry.stopped} for entry in group if entry.stopped]
        async with self._database.write() as connection:
            if begun:
                await connection.execute(_BEGIN, begun)
            if stopped:
                await connection.execute(_STOP, stopped)
            if finals:
                await connection.execute(insert(tables.utterances), finals)
            if results:
                await connection.execute(insert(tables.add_ons), results)
            if messages:
                await connection.execute(insert(tables.messages), messages)
            await add_deliveries(connection, [each for entry in group for each in entry.deliveries])


def _utterance(session_id: str, final: Final) -> dict[str, Any]:
    utterance = final.utterance
    return {
        "session_id": session_id,
        "utterance_id": utterance.id,
        "channel": utterance.channel,
        "start": utterance.start,
        "end": utterance.end,
        "language": utterance.language,
        "words": [[word.text, word.start, word.end, word.confidence] for word in utterance.words],
        "resume_offset": final.resume_offset,
        "draft": astuple(final.draft) if final.draft else None,
    }
