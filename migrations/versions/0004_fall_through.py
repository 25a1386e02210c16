"""Channels by the receiver that they have, a letter's further ways, and offices with an order of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BEFORE = ("cwc", "smtp", "docket", "handoff", "print")
_AFTER = (
    "cwc_house",
    "cwc_senate",
    "smtp",
    "docket_api",
    "docket_packet",
    "handoff",
    "print",
    "print_provider",
)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_TABLES = ("deliveries", "rollups", "channel_states")


def _allow(names: tuple[str, ...]) -> None:
    values = ", ".join(f"'{name}'" for name in names)
    for table in _TABLES:
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_channel"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_channel"), f"channel IN ({values})")


def _copied() -> str:
    """SQLite would write the new column behind the last one, in one line with it."""
    return "always" if op.get_bind().dialect.name == "sqlite" else "never"


def upgrade() -> None:
    _allow(_AFTER)
    with op.batch_alter_table("deliveries", recreate=_copied()) as deliveries:
        deliveries.add_column(sa.Column("superseded", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("offices", recreate=_copied()) as offices:
        offices.add_column(sa.Column("channels", _JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Only where no letter has gone over a channel that the version before does not know."""
    with op.batch_alter_table("offices") as offices:
        offices.drop_column("channels")
    with op.batch_alter_table("deliveries") as deliveries:
        deliveries.drop_column("superseded")
    _allow(_BEFORE)
