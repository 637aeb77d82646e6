"""What add-ons came to, of each final and of a whole session."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "add_ons",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column(
            "session_id", sa.String(36), sa.ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("utterance_id", sa.String(32), nullable=False),
        sa.Column("target", sa.String(16), nullable=False),
        sa.Column("results", sa.JSON),
        sa.Column("error", sa.JSON),
        sa.Column("exec_time", sa.Float, nullable=False),
        sa.UniqueConstraint("session_id", "name", "utterance_id", "target"),
    )
