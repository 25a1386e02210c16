"""The delivery engine: breakers, limits, and an index that finds each campaign's share of what is due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_QUEUED = sa.text("status = 'queued'")
_BUSY = (
    "deliveries",
    "attempts",
    "rollups",
)  # rows that change a few times each: room for the new version beside the old


def upgrade() -> None:
    op.create_table(
        "channel_states",
        sa.Column(
            "channel",
            sa.Enum(
                "cwc",
                "smtp",
                "docket",
                "handoff",
                "print",
                name="strenum",
                native_enum=False,
                length=32,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("failures", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("misconfigured", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_states")),
    )
    op.create_table(
        "paces",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_paces")),
    )
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["channel", "priority", "campaign_id", "due_at"],
        sqlite_where=_QUEUED,
        postgresql_where=_QUEUED,
    )
    op.drop_index("ix_deliveries_due", "deliveries")
    _set_fillfactor(50)


def downgrade() -> None:
    _set_fillfactor(100)
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["channel", "priority", "due_at"],
        sqlite_where=_QUEUED,
        postgresql_where=_QUEUED,
    )
    op.drop_index("ix_deliveries_waiting", "deliveries")
    op.drop_table("paces")
    op.drop_table("channel_states")


def _set_fillfactor(percent: int) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _BUSY:
            op.execute(f"ALTER TABLE {table} SET (fillfactor = {percent})")
