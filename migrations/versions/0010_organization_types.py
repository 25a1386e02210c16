"""Each docket says what its agency calls a company: regulations.gov asks for it, and agencies have lists of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _copied() -> str:
    """SQLite would write the new column behind the last one, in one line with it."""
    return "always" if op.get_bind().dialect.name == "sqlite" else "never"


def upgrade() -> None:
    with op.batch_alter_table("dockets", recreate=_copied()) as dockets:
        dockets.add_column(sa.Column("organization_type", sa.Text(), nullable=False, server_default="Company"))


def downgrade() -> None:
    with op.batch_alter_table("dockets", recreate=_copied()) as dockets:
        dockets.drop_column("organization_type")
