"""A docket whose documents close on different days has a row for each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_OLD = "uq_dockets_office_id_number"
_NEW = "uq_dockets_office_id_number_document_id"


def upgrade() -> None:
    with op.batch_alter_table("dockets") as dockets:
        dockets.add_column(sa.Column("by_machine", sa.Boolean(), nullable=False, server_default=sa.false()))
        dockets.drop_constraint(op.f(_OLD), type_="unique")
        dockets.create_unique_constraint(op.f(_NEW), ["office_id", "number", "document_id"])


def downgrade() -> None:
    """Rows that differ by their document alone cannot go back to one number: they get it with the document's id."""
    table = sa.table("dockets", *(sa.column(name) for name in ("id", "office_id", "number", "document_id")))
    other = table.alias()
    first = sa.select(sa.func.min(other.c.id)).where(
        other.c.office_id == table.c.office_id, other.c.number == table.c.number
    )
    op.execute(sa.update(table).where(table.c.id > first.scalar_subquery()).values(number=table.c.document_id))
    with op.batch_alter_table("dockets") as dockets:
        dockets.drop_constraint(op.f(_NEW), type_="unique")
        dockets.create_unique_constraint(op.f(_OLD), ["office_id", "number"])
        dockets.drop_column("by_machine")
