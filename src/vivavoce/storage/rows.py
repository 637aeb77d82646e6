"""Rows of the database as what they are; each raises `StorageDamaged` if it cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, get_args

from pydantic import JsonValue, ValidationError
from pydantic_core import from_json, to_json
from sqlalchemy import Row, RowMapping

from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.responses import AddonError
from vivavoce.protocol.stream import Draft, Final, Utterance, Word
from vivavoce.storage import tables
from vivavoce.storage.damage import damage, whole
from vivavoce.storage.records import Status, StoredSession


def session_of(row: RowMapping) -> StoredSession:
    stored = StoredSession(**whole(row, tables.sessions))
    if stored.status not in get_args(Status):
        raise damage(row, tables.sessions, "status")
    return stored


def final_of(row: Row[Any]) -> Final:
    whole(row._mapping, tables.utterances)
    try:
        words = tuple(Word(*word) for word in row.words)
        draft = _draft(*row.draft) if row.draft else None
    except (TypeError, ValueError) as error:
        raise damage(row._mapping, tables.utterances, "words or draft") from error
    utterance = Utterance(row.utterance_id, row.channel, row.start, row.end, row.language, words)
    return Final(utterance, row.resume_offset, draft)


def add_on_of(row: Row[Any]) -> AddOnResult:
    """It takes 0.1 s for the chapters of hours."""
    whole(row._mapping, tables.add_ons)
    if not isfinite(row.exec_time):
        raise damage(row._mapping, tables.add_ons, "exec_time")
    # Without the cause, which holds what was said.
    try:
        error = AddonError.model_validate(row.error) if row.error is not None else None
    except ValidationError:
        raise damage(row._mapping, tables.add_ons, "error") from None
    try:
        results = None if row.results is None else from_json(row.results)
        result = AddOnResult(row.name, row.utterance_id, row.target, results, error, row.exec_time)
        result.found()
    except ValueError:
        raise damage(row._mapping, tables.add_ons, "name, utterance_id or results") from None
    return result


def add_on_row(session_id: str, result: AddOnResult) -> dict[str, Any]:
    """The values of the row that `add_on_of` reads."""
    return {
        "session_id": session_id,
        "name": result.name,
        "utterance_id": result.utterance_id,
        "target": result.target,
        "results": None if result.results is None else _text(result.results),
        "error": result.error.model_dump() if result.error else None,
        "exec_time": result.exec_time,
    }


def _text(results: JsonValue) -> str:
    """One by one, since all other threads wait while one object is written."""
    if isinstance(results, list):
        return f"[{','.join(map(_text, results))}]"
    return to_json(results).decode()


def _draft(model: str, tokens: list[int], words: Sequence[tuple[int, float]] = ()) -> Draft:
    """Rows of earlier versions do not say where words begin."""
    return Draft(model, tuple(tokens), tuple((token, seconds) for token, seconds in words))
