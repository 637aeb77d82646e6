"""What a decode that goes on from a final builds on is kept with it, for the time after a restart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("utterances", sa.Column("draft", sa.JSON()))
