"""Sessions that wait or run are found without a look at those that are done."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("sessions_by_status", "sessions", ["status", "created_at"])
