"""What waits is read in the order of its turn: a claim costs the same however many wait. Letters stand in no index of mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_WAITING = "ix_deliveries_waiting"
_OF_MAIL = "uq_deliveries_mail_id"
_BEFORE = ["channel", "priority", "campaign_id", "due_at"]
_QUEUED = sa.text("status = 'queued'")
_A_MAIL = sa.text("mail_id IS NOT NULL")


def _in_order(columns: list[str]) -> None:
    op.drop_index(_WAITING, "deliveries")
    op.create_index(_WAITING, "deliveries", columns, sqlite_where=_QUEUED, postgresql_where=_QUEUED)


def upgrade() -> None:
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.drop_constraint(op.f(_OF_MAIL), type_="unique")
    op.create_index(_OF_MAIL, "deliveries", ["mail_id"], unique=True, sqlite_where=_A_MAIL, postgresql_where=_A_MAIL)
    _in_order([*_BEFORE, "id"])


def downgrade() -> None:
    _in_order(_BEFORE)
    op.drop_index(_OF_MAIL, "deliveries")
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.create_unique_constraint(op.f(_OF_MAIL), ["mail_id"])
