"""Topics of recommendations; lists of offices of the gateways, suspensions, and ids of filed letters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_AT = sa.DateTime(timezone=True)
_CHAMBERS = "'house', 'senate', 'joint', 'executive'"


def _copied() -> str:
    """SQLite would write the new column behind the last one, in one line with it."""
    return "always" if op.get_bind().dialect.name == "sqlite" else "never"


def upgrade() -> None:
    with op.batch_alter_table("recommendations", recreate=_copied()) as recommendations:
        recommendations.add_column(sa.Column("topics", _JSON, nullable=False, server_default="[]"))
    op.create_table(
        "gateway_lists",
        sa.Column("chamber", sa.String(32), nullable=False),
        sa.Column("fetched_at", _AT, nullable=True),
        sa.Column("tried_at", _AT, nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.CheckConstraint(f"chamber IN ({_CHAMBERS})", name=op.f("ck_gateway_lists_chamber")),
        sa.PrimaryKeyConstraint("chamber", name=op.f("pk_gateway_lists")),
    )
    op.create_table(
        "gateway_offices",
        sa.Column("office_id", _ID, autoincrement=False, nullable=False),
        sa.Column("listed_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_gateway_offices_office_id")),
        sa.PrimaryKeyConstraint("office_id", name=op.f("pk_gateway_offices")),
    )
    op.create_table(
        "gateway_suspensions",
        sa.Column("office_id", _ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("lifted_at", _AT, nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_gateway_suspensions_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_suspensions")),
    )
    op.create_index(
        "uq_gateway_suspensions_standing",
        "gateway_suspensions",
        ["office_id"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "gateway_filings",
        sa.Column("delivery_id", _ID, autoincrement=False, nullable=False),
        sa.Column("message_id", sa.String(32), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("made_at", _AT, nullable=False),
        sa.Column("attempts_before", _ID, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_gateway_filings_delivery_id")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_gateway_filings")),
        sa.UniqueConstraint("message_id", name=op.f("uq_gateway_filings_message_id")),
    )


def downgrade() -> None:
    op.drop_table("gateway_filings")
    op.drop_index("uq_gateway_suspensions_standing", "gateway_suspensions")
    op.drop_table("gateway_suspensions")
    op.drop_table("gateway_offices")
    op.drop_table("gateway_lists")
    with op.batch_alter_table("recommendations") as recommendations:
        recommendations.drop_column("topics")
