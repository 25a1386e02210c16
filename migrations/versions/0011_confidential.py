"""Confidential passages of letters to dockets: who certified them, and when they were deleted."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "confidential_texts",
        sa.Column("letter_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("certified_by", sa.Text(), nullable=True),
        sa.Column("certified_at", _MOMENT, nullable=True),
        sa.Column("deleted_at", _MOMENT, nullable=True),
        sa.CheckConstraint(
            "(certified_at IS NULL) = (certified_by IS NULL)",
            name=op.f("ck_confidential_texts_certified_by_somebody"),
        ),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name=op.f("fk_confidential_texts_letter_id")),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_confidential_texts")),
    )
    kept = sa.text("deleted_at IS NULL")
    op.create_index(
        "ix_confidential_texts_kept", "confidential_texts", ["letter_id"], sqlite_where=kept, postgresql_where=kept
    )
    _expect_those_signed_before()


def _expect_those_signed_before() -> None:
    """Letters to the Trade Representative's portal that hold a passage have a row from their signing on."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT letters.id, letters.parts FROM letters JOIN dockets ON dockets.id = letters.docket_id"
            " WHERE dockets.portal = 'ustr' AND letters.body LIKE '%[%]%'"
        )
    ).all()
    for number, parts in rows:
        if any(_has_passage(part) for part in (json.loads(parts) if isinstance(parts, str) else parts)):
            connection.execute(
                sa.text("INSERT INTO confidential_texts (letter_id, reason, statement) VALUES (:number, '', '')"),
                {"number": number},
            )


def _has_passage(part: dict[str, Any]) -> bool:
    """Brackets in a signed comment were right, or it could not have been signed."""
    return part["key"] != "heading" and "[" in part["text"]


def downgrade() -> None:
    op.drop_table("confidential_texts")
