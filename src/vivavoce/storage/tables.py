"""The tables of the database. The migrations must arrive at exactly these."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from vivavoce.storage.damage import guarded


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC whatever the database thinks of time zones."""

    impl = DateTime
    cache_ok = True
    python_type = datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        return guarded(super().result_processor(dialect, coltype))


class Json(TypeDecorator[Any]):
    """JSON that is read as a `kind` of value; `none_as_null` as SQLAlchemy has it."""

    impl = JSON
    cache_ok = True

    def __init__(self, kind: type[Any] = dict, *, none_as_null: bool = False):
        super().__init__(none_as_null=none_as_null)
        self.kind = kind
        self.none_as_null = none_as_null

    @property
    def python_type(self) -> type[Any]:
        return self.kind

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        return guarded(super().result_processor(dialect, coltype))

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        # As SQLAlchemy has it for what is made of JSON.
        return self.impl_instance.coerce_compared_value(op, value)


class JsonText(TypeDecorator[str]):
    """JSON as its text: hours of speech are written and read beside the event loop."""

    impl = JSON
    cache_ok = True
    python_type = str

    def bind_processor(self, dialect: Dialect) -> None:
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        return None


metadata = MetaData()

keys = Table(
    "keys",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", Text, nullable=False),
    Column("plan", String(16), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("request_id", String(64), nullable=False),
    Column("key_id", String(16), ForeignKey("keys.id")),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("completed_at", UtcDateTime),
    Column("region", String(32)),
    Column("request", Json, nullable=False),
    Column("custom_metadata", Json(none_as_null=True)),
    Column("post_session_metadata", Json, nullable=False),
    Column("error_code", Integer),
    Column("audio_bytes", Integer, nullable=False),
    Column("header_bytes", Integer, nullable=False),
    Column("audio_duration", Float, nullable=False),
    Column("transcription_time", Float, nullable=False),
    Index("sessions_newest_first", "key_id", "created_at", "id"),
    Index("sessions_by_status", "status", "created_at"),
)

utterances = Table(
    "utterances",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("session_id", String(36), ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("utterance_id", String(32), nullable=False),
    Column("channel", Integer, nullable=False),
    Column("start", Float, nullable=False),
    Column("end", Float, nullable=False),
    Column("language", String(16), nullable=False),
    Column("words", Json(list), nullable=False),
    Column("resume_offset", Integer, nullable=False),
    Column("draft", Json(list, none_as_null=True)),
    UniqueConstraint("session_id", "utterance_id"),
)

# What add-ons came to, of a final or (without an utterance) of the whole session; and what of its end has
# been done. A translation has a target.
add_ons = Table(
    "add_ons",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("session_id", String(36), ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(32), nullable=False),
    Column("utterance_id", String(32), nullable=False),
    Column("target", String(16), nullable=False),
    Column("results", JsonText),
    Column("error", Json(none_as_null=True)),
    Column("exec_time", Float, nullable=False),
    UniqueConstraint("session_id", "name", "utterance_id", "target"),
)

messages = Table(
    "messages",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("session_id", String(36), ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("json", Text, nullable=False),
    Index("messages_of_session", "session_id"),
)

usage = Table(
    "usage",
    metadata,
    Column("key_id", String(16), ForeignKey("keys.id"), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("seconds", Float, nullable=False),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("key_id", String(16), ForeignKey("keys.id")),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

callback_secrets = Table(
    "callback_secrets",
    metadata,
    # A key's id, or nothing for sessions without a key.
    Column("owner", String(16), primary_key=True),
    Column("secret", Text, nullable=False),
)

# Where a session's messages are posted to. `due_at` is when to try what is first in line, None where nothing
# is; the failures are those since something was last delivered.
destinations = Table(
    "destinations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("session_id", String(36), ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("webhook_id", String(16), ForeignKey("webhooks.id", ondelete="CASCADE")),
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("due_at", UtcDateTime),
    Column("failures", Integer, nullable=False),
    Column("failing_since", UtcDateTime),
    Index("destinations_of_session", "session_id"),
    Index("destinations_of_webhook", "webhook_id"),
    Index("destinations_due", "due_at", "host"),
)

# In the order of `seq`; those that have `died_at` are tried no more.
deliveries = Table(
    "deliveries",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("destination_id", String(36), ForeignKey("destinations.id", ondelete="CASCADE"), nullable=False),
    Column("event", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("problem", Text),
    Column("died_at", UtcDateTime),
    Index("deliveries_in_order", "destination_id", "died_at", "seq"),
)
