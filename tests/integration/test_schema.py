"""The schema that the models describe is the one that the migrations make, down to the last CHECK."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy.orm import Session

from campaign import paths
from campaign.database import transaction
from campaign.domain.events import ResponseKind
from campaign.extensions import db
from campaign.models import Base
from campaign.models.letter import Letter
from campaign.services import responses
from campaign.services.health import migration_head
from tests import factories

_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
       pg_get_expr(d.adbin, d.adrelid)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE n.nspname = :schema AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
"""
_CONSTRAINTS = """
SELECT c.relname, k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :schema
"""
_INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = :schema"
_TRIGGERS = """
SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND NOT t.tgisinternal
"""


def _sqlite(connection: sa.Connection) -> dict[tuple[str, str], Any]:
    """Each table as the set of its lines (migrations and models order constraints differently), all else as text."""
    found: dict[tuple[str, str], Any] = {}
    for kind, name, sql in connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master"):
        if not name.startswith("sqlite_") and name != "alembic_version":
            unquoted = sql.replace(f'"{name}"', name)  # SQLite quotes a table that was renamed
            lines = frozenset(line.strip().rstrip(",") for line in unquoted.splitlines())
            found[kind, name] = lines if kind == "table" else sql
    return found


def _postgresql(connection: sa.Connection, schema: str) -> dict[str, set[tuple[Any, ...]]]:
    """The catalog's own words for columns, constraints, indexes and triggers, without the name of the schema."""
    found = {}
    for name, query in (
        ("columns", _COLUMNS),
        ("constraints", _CONSTRAINTS),
        ("indexes", _INDEXES),
        ("triggers", _TRIGGERS),
    ):
        rows = connection.execute(sa.text(query), {"schema": schema})
        found[name] = {
            tuple(re.sub(rf"\b{schema}\.", "", value) if isinstance(value, str) else value for value in row)
            for row in rows
            if row[0] != "alembic_version"
        }
    return found


def test_on_sqlite_models_and_migrations_make_the_same_schema(app: Flask, tmp_path: Path) -> None:
    other = sa.create_engine(f"sqlite:///{tmp_path / 'models.sqlite3'}", poolclass=sa.NullPool)
    Base.metadata.create_all(other)
    with other.connect() as left, db.engine.connect() as right:
        from_models, migrated = _sqlite(left), _sqlite(right)
    other.dispose()
    assert from_models.keys() == migrated.keys()
    for key, value in from_models.items():
        assert migrated[key] == value, key


def test_on_postgresql_models_and_migrations_make_the_same_schema(postgres_app: Flask) -> None:
    with db.engine.connect() as connection:
        connection.execute(sa.text("CREATE SCHEMA from_models"))
        connection.execute(sa.text("SET search_path TO from_models"))
        Base.metadata.create_all(connection)
        from_models, migrated = _postgresql(connection, "from_models"), _postgresql(connection, "public")
        connection.rollback()
    assert from_models["columns"]
    for name, rows in from_models.items():
        assert migrated[name] == rows, name


def test_the_check_sees_what_autogenerate_does_not(app: Flask, tmp_path: Path) -> None:
    """A CHECK that changed, and a partial index that lost its condition."""
    with db.engine.connect() as connection:
        before = _sqlite(connection)
        connection.exec_driver_sql("DROP INDEX ix_deliveries_waiting")
        connection.exec_driver_sql("CREATE INDEX ix_deliveries_waiting ON deliveries (channel, priority, due_at)")
        connection.exec_driver_sql("DROP TABLE action_choices")
        connection.exec_driver_sql("CREATE TABLE action_choices (rank BIGINT, CHECK (rank BETWEEN 1 AND 4))")
        after = _sqlite(connection)
        connection.rollback()
    assert {key for key in before if before[key] != after[key]} == {
        ("index", "ix_deliveries_waiting"),
        ("table", "action_choices"),
    }


def _revisions() -> list[str]:
    """Oldest first."""
    scripts = ScriptDirectory(str(paths.MIGRATIONS))
    return [script.revision for script in scripts.walk_revisions()][::-1]


def test_migrations_are_one_line_and_its_end_is_written_down() -> None:
    assert ScriptDirectory(str(paths.MIGRATIONS)).get_heads() == [migration_head()]
    assert _revisions()[-1] == migration_head()


def _counts() -> dict[str, int]:
    with db.engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        return {
            name: connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one()
            for name in names
            if name != "alembic_version"
        }


def test_every_migration_goes_down_and_up_again_with_rows_in_the_tables(each_session: Session) -> None:
    """The rows of tables that are there before and after a step are all there still."""
    session = each_session
    with transaction(session):
        company, _ = factories.company(session)
        who = factories.member(session, company)
        factories.signed(session, who, factories.campaign(session, factories.recommendation(session, "P1")), "P1")
    session.close()
    assert _counts()["deliveries"] == 3
    for _ in _revisions():
        before = _counts()
        downgrade(revision="-1")
        upgrade(revision="+1")
        after = _counts()
        assert after.keys() == before.keys()
        downgrade(revision="-1")
        kept = _counts()
        assert {name: before[name] for name in kept} == kept
    assert _counts() == {}
    upgrade()
    assert set(_counts()) == set(Base.metadata.tables)


def test_letters_that_hide_passages_and_were_signed_before_are_expected_to_be_certified(each_session: Session) -> None:
    session = each_session
    with transaction(session):
        company, _ = factories.company(session)
        cards = [factories.recommendation(session, f"I{n}", factories.docket(session)) for n in (1, 2)]
        on = factories.campaign(session, *cards)
        for story, card in (("We buy [412.5 tonnes] a year.", "I1"), ("We make magnets.", "I2")):
            factories.signed(session, factories.member(session, company), on, card, story=story)
    session.close()
    assert _counts()["confidential_texts"] == 1
    downgrade(revision="0010")
    upgrade()
    assert _counts()["confidential_texts"] == 1


def test_letters_that_were_answered_before_are_found_by_their_answers(each_session: Session) -> None:
    session = each_session
    with transaction(session):
        company, _ = factories.company(session)
        on = factories.campaign(session, factories.recommendation(session, "P1"))
        letters = factories.signed(session, factories.member(session, company), on, "P1")
        before = letters[0].search
        for word in ("first", "second"):
            responses.record(
                session,
                letters[0],
                ResponseKind.FORM,
                received_at=factories.NOW,
                now=factories.NOW,
                by="user:1",
                source="organizer",
                text=f"The {word} word",
            )
        letters[0].search = before
        answered, other, unchanged = letters[0].id, letters[1].id, letters[1].search
    session.close()
    downgrade(revision="0011")
    upgrade()
    assert session.get_one(Letter, answered).search == f"{before} the first word the second word"
    assert session.get_one(Letter, other).search == unchanged
