"""Mail that waits for a person, meetings that offices propose, and raw mail in pieces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _bodies_keyed_by(*columns: str) -> None:
    """SQLite cannot change a primary key in its place: the table is made again."""
    name = op.f("pk_event_bodies")
    if not _sqlite():
        op.drop_constraint(name, "event_bodies", type_="primary")
        op.create_primary_key(name, "event_bodies", list(columns))
        return
    with op.batch_alter_table("event_bodies", recreate="always") as bodies:
        bodies.drop_constraint(name, type_="primary")
        bodies.create_primary_key(name, list(columns))


def upgrade() -> None:
    with op.batch_alter_table("event_bodies", recreate="always" if _sqlite() else "never") as bodies:
        bodies.add_column(sa.Column("number", sa.SmallInteger(), nullable=False, server_default="0"))
    _bodies_keyed_by("event_id", "number")
    _make_tables()
    with op.batch_alter_table("responses", recreate="always" if _sqlite() else "never") as responses:
        responses.add_column(sa.Column("postmarked_on", sa.Date(), nullable=True))
        responses.add_column(sa.Column("judged_at", _MOMENT, nullable=True))
        responses.add_column(sa.Column("judged_by", sa.Text(), nullable=True))
        responses.add_column(sa.Column("search", sa.Text(), nullable=False, server_default=""))
    back = sa.text("kind IN ('bounced', 'refused')")
    op.create_index("ix_events_came_back", "events", ["received_at"], sqlite_where=back, postgresql_where=back)
    alone = sa.text("delivery_id IS NULL")
    op.create_index("ix_events_unmatched", "events", ["id"], sqlite_where=alone, postgresql_where=alone)


def _make_tables() -> None:
    op.create_table(
        "mail_facts",
        sa.Column("event_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("looks_like", sa.Text(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("from_address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("date_text", sa.Text(), nullable=False),
        sa.Column("threads", _JSON, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("size", _NUMBER, nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_mail_facts_event_id")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_mail_facts")),
    )
    op.create_table(
        "mail_decisions",
        sa.Column("event_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("letter_id", _NUMBER, nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_mail_decisions_event_id")),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name=op.f("fk_mail_decisions_letter_id")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_mail_decisions")),
    )
    op.create_index(op.f("ix_mail_decisions_letter_id"), "mail_decisions", ["letter_id"])
    op.create_table(
        "meetings",
        sa.Column("letter_id", _NUMBER, nullable=False),
        sa.Column("response_id", _NUMBER, nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("sequence", _NUMBER, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("starts_at", _MOMENT, nullable=True),
        sa.Column("ends_at", _MOMENT, nullable=True),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("organizer", sa.Text(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("event_id", _NUMBER, nullable=True),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("id", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name=op.f("fk_meetings_letter_id")),
        sa.ForeignKeyConstraint(["response_id"], ["responses.id"], name=op.f("fk_meetings_response_id")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_meetings_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meetings")),
        sa.UniqueConstraint("letter_id", "uid", name=op.f("uq_meetings_letter_id_uid")),
    )
    op.create_index("ix_meetings_response_id", "meetings", ["response_id"])


def downgrade() -> None:
    """A mail of more than a megabyte keeps its beginning only."""
    op.drop_index("ix_events_unmatched", "events")
    op.drop_index("ix_events_came_back", "events")
    op.drop_table("meetings")
    op.drop_table("mail_decisions")
    op.drop_table("mail_facts")
    with op.batch_alter_table("responses") as responses:
        for name in ("search", "judged_by", "judged_at", "postmarked_on"):
            responses.drop_column(name)
    op.execute("DELETE FROM event_bodies WHERE number > 0")
    _bodies_keyed_by("event_id")
    with op.batch_alter_table("event_bodies") as bodies:
        bodies.drop_column("number")
