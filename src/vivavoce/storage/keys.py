"""API keys: created once, shown once, kept as hashes."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, get_args

from sqlalchemy import Column, Row, RowMapping, exists, insert, select, update

from vivavoce.storage import tables
from vivavoce.storage.damage import damage, in_place, whole
from vivavoce.storage.database import Database
from vivavoce.storage.records import ApiKey, Damaged, KeyInForce, Plan
from vivavoce.storage.sessions import hash_secret

_PREFIX = "vv"


class KeyStore:
    """A key reads `vv_<id>_<secret>`: the id finds the row and may be shown, the secret is 256 random bits.

    Every method raises `StorageError`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._made = False  # and never again once it is true

    async def create(self, name: str, plan: Plan) -> tuple[ApiKey, str]:
        """A new key and its text, which cannot be had again."""
        key = ApiKey(secrets.token_hex(4), name, plan, datetime.now(UTC), None)
        secret = secrets.token_hex(32)
        row = {
            "id": key.id,
            "name": name,
            "plan": plan,
            "secret_hash": hash_secret(secret),
            "created_at": key.created_at,
        }
        async with self._database.write() as connection:
            await connection.execute(insert(tables.keys), row)
        return key, f"{_PREFIX}_{key.id}_{secret}"

    async def list(self) -> Sequence[ApiKey | Damaged]:
        """Every key, revoked ones too, oldest first."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(tables.keys).order_by(tables.keys.c.created_at))
            return [in_place(row, _key) for row in rows.mappings()]

    async def rotate(self, key_id: str) -> str | None:
        """The text that the key has from now on, instead of the one before; None if none is in force."""
        at = tables.keys.c
        secret = secrets.token_hex(32)
        changed = update(tables.keys).where(at.id == key_id, at.revoked_at.is_(None))
        async with self._database.write() as connection:
            result = await connection.execute(changed.values(secret_hash=hash_secret(secret)))
        return f"{_PREFIX}_{key_id}_{secret}" if result.rowcount else None

    async def revoke(self, key_id: str) -> bool:
        """From now on the key opens nothing; False where there is no such key in force."""
        at = tables.keys.c
        revoked = update(tables.keys).where(at.id == key_id, at.revoked_at.is_(None))
        async with self._database.write() as connection:
            result = await connection.execute(revoked.values(revoked_at=datetime.now(UTC)))
        return result.rowcount > 0

    async def authenticate(self, text: str) -> KeyInForce | None:
        """The key in force that `text` is, compared in constant time; None where it is none."""
        prefix, _, rest = text.partition("_")
        key_id, _, secret = rest.partition("_")
        at = tables.keys.c
        row = await self._in_force(key_id, at.id, at.plan, at.secret_hash)
        known = whole(row._mapping, tables.keys)["secret_hash"] if row else hash_secret("")
        same = hmac.compare_digest(hash_secret(secret).encode(), known.encode())
        return _to_call_with(row._mapping) if same and row and prefix == _PREFIX else None

    async def in_force(self, key_id: str) -> KeyInForce | None:
        """The key with this id, unless it is revoked."""
        row = await self._in_force(key_id, tables.keys.c.id, tables.keys.c.plan)
        return _to_call_with(row._mapping) if row else None

    async def name(self, key_id: str) -> str | None:
        """The name of the key with this id, `?` if it is damaged; None if none is in force."""
        row = await self._in_force(key_id, tables.keys.c.name)
        return None if row is None else row.name if isinstance(row.name, str) else "?"

    async def _in_force(self, key_id: str, *columns: Column[Any]) -> Row[Any] | None:
        at = tables.keys.c
        query = select(*columns).where(at.id == key_id, at.revoked_at.is_(None))
        async with self._database.read() as connection:
            return (await connection.execute(query)).one_or_none()

    async def any(self) -> bool:
        """Whether a key was ever made. Revoking the last one must not open the server to everybody."""
        if not self._made:
            async with self._database.read() as connection:
                found = await connection.execute(select(exists().select_from(tables.keys)))
            self._made = bool(found.scalar())
        return self._made


def _key(row: RowMapping) -> ApiKey:
    whole(row, tables.keys)
    _to_call_with(row)
    return ApiKey(row["id"], row["name"], row["plan"], row["created_at"], row["revoked_at"])


def _to_call_with(row: RowMapping) -> KeyInForce:
    if row["plan"] not in get_args(Plan):
        raise damage(row, tables.keys, "plan")
    return KeyInForce(row["id"], row["plan"])
