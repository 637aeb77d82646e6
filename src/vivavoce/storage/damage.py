"""Values in the database that cannot be read: found when their row is used, and told by its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import NoneType
from typing import Any, Final, TypeVar

from sqlalchemy import RowMapping, Table

from vivavoce.errors import StorageDamaged
from vivavoce.storage.records import Damaged

T = TypeVar("T")


class Unreadable:
    """What a damaged value is read as, so that the rest of its row, and other rows, can be read."""


UNREADABLE: Final = Unreadable()


def guarded(read: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    """As `read`, which gives what a stored value means; what means nothing is `UNREADABLE`."""

    def value(stored: Any) -> Any:
        try:
            return stored if read is None else read(stored)
        except (ValueError, TypeError, RecursionError):
            return UNREADABLE

    return value


def text(stored: bytes) -> str | Unreadable:
    """SQLite's text, where its driver would refuse the whole result if it is not UTF-8."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return UNREADABLE


def whole(row: RowMapping, *of: Table) -> dict[str, Any]:
    """The values of a row by their names. What each must be the first of the tables says that has the name.

    Raises `StorageDamaged`.
    """
    values, columns = dict(row), _columns(of)
    for name, value in values.items():
        table, kinds = columns[name]
        if value is UNREADABLE or not isinstance(value, kinds):
            raise damage(row, table, name)
    return values


def in_place(row: RowMapping, read: Callable[[RowMapping], T]) -> T | Damaged:
    """What `read` makes of a row of many; what stands in its place if it is damaged."""
    try:
        return read(row)
    except StorageDamaged as error:
        return Damaged(str(row["id"]), str(error))


def damage(row: RowMapping, table: Table, column: str) -> StorageDamaged:
    """The error that says which value of the row cannot be read."""
    names = {"id", "session_id", *table.primary_key.columns.keys()}
    where = ", ".join(f"{name} {value}" for name, value in row.items() if name in names)
    return StorageDamaged(table.name, column, where)


@cache
def _columns(of: tuple[Table, ...]) -> dict[str, tuple[Table, tuple[type[Any], ...]]]:
    """By name, the table and what a value may be."""
    return {
        column.name: (table, (column.type.python_type, *([NoneType] if column.nullable else [])))
        for table in reversed(of)
        for column in table.columns
    }
