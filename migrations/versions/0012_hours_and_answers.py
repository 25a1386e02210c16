"""The hours of an office, or of all offices of a chamber; letters are found by the words of their answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "office_hours",
        sa.Column("office_id", _ID, nullable=True),
        sa.Column("chamber", sa.String(32), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("days", sa.Text(), nullable=False),
        sa.Column("id", _ID, nullable=False),
        sa.CheckConstraint("(office_id IS NULL) <> (chamber IS NULL)", name=op.f("ck_office_hours_office_or_chamber")),
        sa.CheckConstraint("opens < closes", name=op.f("ck_office_hours_opens_before_it_closes")),
        sa.CheckConstraint(
            "chamber IN ('house', 'senate', 'joint', 'executive')", name=op.f("ck_office_hours_chamber")
        ),
        sa.CheckConstraint("days <> ''", name=op.f("ck_office_hours_has_days")),
        sa.ForeignKeyConstraint(["office_id"], ["offices.id"], name=op.f("fk_office_hours_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_hours")),
        sa.UniqueConstraint("chamber", name=op.f("uq_office_hours_chamber")),
        sa.UniqueConstraint("office_id", name=op.f("uq_office_hours_office_id")),
    )
    op.execute(_found_by_answers())


def _found_by_answers() -> sa.Update:
    letters = sa.table("letters", sa.column("id"), sa.column("search", sa.Text()))
    answers = sa.table("responses", sa.column("letter_id"), sa.column("search", sa.Text()))
    said = sa.select(sa.func.aggregate_strings(answers.c.search, " ")).where(answers.c.letter_id == letters.c.id)
    return (
        sa.update(letters)
        .where(letters.c.id.in_(sa.select(answers.c.letter_id).where(answers.c.search != "")))
        .values(search=letters.c.search + " " + said.scalar_subquery())
    )


def downgrade() -> None:
    """Letters stay found by their answers."""
    op.drop_table("office_hours")
