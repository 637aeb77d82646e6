"""Rows of the database as what they are; each raises `StorageDamaged` if it cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from pydantic import ValidationError
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
    whole(row._mapping, tables.add_ons)
    try:
        error = AddonError.model_validate(row.error) if row.error else None
    except ValidationError as problem:
        raise damage(row._mapping, tables.add_ons, "error") from problem
    return AddOnResult(row.name, row.utterance_id, row.target, row.results, error, row.exec_time)


def _draft(model: str, tokens: list[int], words: Sequence[tuple[int, float]] = ()) -> Draft:
    """Rows of earlier versions do not say where words begin."""
    return Draft(model, tuple(tokens), tuple((token, seconds) for token, seconds in words))
