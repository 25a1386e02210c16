"""The hours in which a campaign's letters leave."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WHOLE = "(sends_from IS NULL) = (sends_until IS NULL) AND (sends_from IS NULL OR sends_from < sends_until)"


def upgrade() -> None:
    with op.batch_alter_table("campaigns") as campaigns:
        campaigns.add_column(sa.Column("sends_from", sa.Time(), nullable=True))
        campaigns.add_column(sa.Column("sends_until", sa.Time(), nullable=True))
        campaigns.add_column(sa.Column("sends_weekends", sa.Boolean(), nullable=False, server_default=sa.true()))
        campaigns.create_check_constraint(op.f("ck_campaigns_sending_hours"), _WHOLE)


def downgrade() -> None:
    with op.batch_alter_table("campaigns") as campaigns:
        campaigns.drop_constraint(op.f("ck_campaigns_sending_hours"), type_="check")
        campaigns.drop_column("sends_weekends")
        campaigns.drop_column("sends_until")
        campaigns.drop_column("sends_from")
