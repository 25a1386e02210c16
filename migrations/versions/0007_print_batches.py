"""Batches of letters on paper."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_STATES = ("making", "stopped", "ready", "posted", "given_up")


def upgrade() -> None:
    op.create_table(
        "print_batches",
        sa.Column("reference", sa.String(length=13), nullable=False),
        sa.Column("campaign_id", _NUMBER, nullable=False),
        sa.Column(
            "state",
            sa.Enum(*_STATES, name="strenum", native_enum=False, length=32, create_constraint=False),
            nullable=False,
        ),
        sa.Column("letters", _NUMBER, nullable=False),
        sa.Column("files", _NUMBER, nullable=False),
        sa.Column("duplex", sa.Boolean(), nullable=False),
        sa.Column("marks", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('making', 'stopped', 'ready', 'posted', 'given_up')", name=op.f("ck_print_batches_state")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name=op.f("fk_print_batches_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_batches")),
        sa.UniqueConstraint("reference", name=op.f("uq_print_batches_reference")),
    )
    op.create_index("ix_print_batches_campaign_id_id", "print_batches", ["campaign_id", "id"])
    op.create_table(
        "printed_rows",
        sa.Column("batch_id", _NUMBER, nullable=False),
        sa.Column("position", _NUMBER, nullable=False),
        sa.Column("file", _NUMBER, nullable=False),
        sa.Column("delivery_id", _NUMBER, nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("pages", _NUMBER, nullable=True),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.Column("id", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["print_batches.id"], name=op.f("fk_printed_rows_batch_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_printed_rows_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printed_rows")),
        sa.UniqueConstraint("batch_id", "position", name=op.f("uq_printed_rows_batch_id_position")),
    )
    op.create_index("ix_printed_rows_batch_id_file", "printed_rows", ["batch_id", "file"])
    op.create_index(
        "uq_printed_rows_held",
        "printed_rows",
        ["delivery_id"],
        unique=True,
        sqlite_where=sa.text("holds"),
        postgresql_where=sa.text("holds"),
    )


def downgrade() -> None:
    op.drop_table("printed_rows")
    op.drop_table("print_batches")
