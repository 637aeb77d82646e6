"""Webhooks of keys, and the secrets with which what is posted is signed."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy import RowMapping, delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from vivavoce.storage import tables
from vivavoce.storage.damage import in_place, whole
from vivavoce.storage.database import Database
from vivavoce.storage.records import Damaged, Webhook

_log = structlog.get_logger(__name__)

_AT = tables.webhooks.c
_SECRET = tables.callback_secrets.c


class WebhookStore:
    """Where no key is given, those of sessions that are made without one. Every method raises `StorageError`.

    Secrets are 256 random bits, written as Standard Webhooks has it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key_id: str | None, url: str) -> tuple[Webhook, str]:
        """A new webhook and its secret."""
        webhook = Webhook(secrets.token_hex(4), key_id, url, datetime.now(UTC))
        secret = _new_secret()
        row = {"id": webhook.id, "key_id": key_id, "url": url, "created_at": webhook.created_at}
        async with self._database.write() as connection:
            await connection.execute(insert(tables.webhooks), row | {"secret": secret})
        return webhook, secret

    async def list(self) -> Sequence[Webhook | Damaged]:
        """Every webhook, oldest first."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(tables.webhooks).order_by(_AT.created_at))
            return [in_place(row, _webhook) for row in rows.mappings()]

    async def of(self, key_id: str | None) -> Sequence[Webhook]:
        """The webhooks of the key, oldest first, without those that are damaged."""
        query = select(tables.webhooks).where(_AT.key_id == key_id).order_by(_AT.created_at)
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            found = [in_place(row, _webhook) for row in rows.mappings()]
        for each in found:
            if isinstance(each, Damaged):
                _log.error("webhook_damaged", id=each.id, error=each.problem)
        return [each for each in found if isinstance(each, Webhook)]

    async def remove(self, webhook_id: str) -> int | None:
        """Remove it with what it has not taken; gives how many that are, None if there is no such webhook."""
        gone = delete(tables.webhooks).where(_AT.id == webhook_id)
        kept = select(func.count()).select_from(tables.deliveries).join(tables.destinations)
        async with self._database.write() as connection:
            of_it = kept.where(tables.destinations.c.webhook_id == webhook_id)
            dropped: int = (await connection.execute(of_it)).scalar_one()
            return dropped if (await connection.execute(gone)).rowcount else None

    async def callback_secret(self, key_id: str | None, *, new: bool = False) -> str:
        """What callbacks of the key's sessions are signed with; from now on another if it is to be `new`."""
        async with self._database.write() as connection:
            await ensure_secret(connection, key_id, new=new)
            query = select(_SECRET.owner, _SECRET.secret).where(_SECRET.owner == (key_id or ""))
            row = (await connection.execute(query)).one()
        return str(whole(row._mapping, tables.callback_secrets)["secret"])


async def ensure_secret(connection: AsyncConnection, key_id: str | None, *, new: bool = False) -> None:
    """Make the secret of the key's callbacks where there is none yet, within somebody's transaction."""
    row = insert(tables.callback_secrets).values(owner=key_id or "", secret=_new_secret())
    if new:
        made = row.on_conflict_do_update(index_elements=["owner"], set_={"secret": row.excluded.secret})
    else:
        made = row.on_conflict_do_nothing()
    await connection.execute(made)


def _new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _webhook(row: RowMapping) -> Webhook:
    whole(row, tables.webhooks)
    return Webhook(row["id"], row["key_id"], row["url"], row["created_at"])
