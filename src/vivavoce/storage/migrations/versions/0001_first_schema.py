"""The first schema: keys, sessions, utterances, messages, usage."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "keys",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("plan", sa.String(16), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("revoked_at", sa.DateTime),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(16), sa.ForeignKey("keys.id")),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("started_at", sa.DateTime),
        sa.Column("completed_at", sa.DateTime),
        sa.Column("region", sa.String(32)),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("custom_metadata", sa.JSON),
        sa.Column("post_session_metadata", sa.JSON, nullable=False),
        sa.Column("error_code", sa.Integer),
        sa.Column("audio_bytes", sa.Integer, nullable=False),
        sa.Column("header_bytes", sa.Integer, nullable=False),
        sa.Column("audio_duration", sa.Float, nullable=False),
        sa.Column("transcription_time", sa.Float, nullable=False),
    )
    op.create_index("sessions_newest_first", "sessions", ["key_id", "created_at", "id"])
    op.create_table(
        "utterances",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column(
            "session_id", sa.String(36), sa.ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("utterance_id", sa.String(32), nullable=False),
        sa.Column("channel", sa.Integer, nullable=False),
        sa.Column("start", sa.Float, nullable=False),
        sa.Column("end", sa.Float, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("words", sa.JSON, nullable=False),
        sa.Column("resume_offset", sa.Integer, nullable=False),
        sa.UniqueConstraint("session_id", "utterance_id"),
    )
    op.create_table(
        "messages",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column(
            "session_id", sa.String(36), sa.ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("json", sa.Text, nullable=False),
    )
    op.create_index("messages_of_session", "messages", ["session_id"])
    op.create_table(
        "usage",
        sa.Column("key_id", sa.String(16), sa.ForeignKey("keys.id"), primary_key=True),
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("seconds", sa.Float, nullable=False),
    )
