"""Dockets and paper: who certified confidential passages and when they were deleted, look-ups of what agencies publish,
the kinds of notices about both, and the share of mail that was reported as spam."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


_OLD_KINDS = (
    "deferred",
    "delivered",
    "bounced",
    "refused",
    "complained",
    "auto_reply",
    "acknowledged",
    "replied",
    "unknown",
)
_NEW_KINDS = (
    "deferred",
    "printing",
    "mailed",
    "in_transit",
    "delivered",
    "bounced",
    "refused",
    "complained",
    "auto_reply",
    "acknowledged",
    "replied",
    "published",
    "unknown",
)


def _kinds(kinds: tuple[str, ...]) -> None:
    """What the kind of an event may be."""
    name = op.f("ck_events_kind")
    with op.batch_alter_table("events") as events:
        events.drop_constraint(name, type_="check")
        events.create_check_constraint(name, f"kind IN ({', '.join(repr(kind) for kind in kinds)})")


def upgrade() -> None:
    _kinds(_NEW_KINDS)
    complained = sa.text("kind = 'complained'")
    op.create_index(
        "ix_events_complained", "events", ["received_at"], sqlite_where=complained, postgresql_where=complained
    )
    op.create_table(
        "complaint_rates",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("reported", _NUMBER, nullable=False),
        sa.Column("sent", _NUMBER, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_complaint_rates")),
    )
    op.create_table(
        "posting_looks",
        sa.Column("delivery_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("looks", _NUMBER, nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_posting_looks_delivery_id")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_posting_looks")),
    )
    op.create_index(op.f("ix_posting_looks_next_at"), "posting_looks", ["next_at"])
    out = sa.text("channel = 'docket_api' AND status = 'accepted'")
    op.create_index("ix_deliveries_not_published", "deliveries", ["id"], sqlite_where=out, postgresql_where=out)
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
    """Notices of a kind that was unknown before become so again."""
    events = sa.table("events", sa.column("kind"))
    op.execute(sa.update(events).where(events.c.kind.not_in(_OLD_KINDS)).values(kind="unknown"))
    op.drop_table("complaint_rates")
    op.drop_index("ix_events_complained", "events")
    _kinds(_OLD_KINDS)
    op.drop_index("ix_deliveries_not_published", "deliveries")
    op.drop_table("posting_looks")
    op.drop_table("confidential_texts")
