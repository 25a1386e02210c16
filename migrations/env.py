"""Runs the migrations, on SQLite and PostgreSQL alike, in one transaction each.

On SQLite a batch migration rebuilds tables: with foreign keys on, dropping the old one would delete its children, so they are
off for the migration and checked at its end. On PostgreSQL a migration waits two seconds for a lock and then gives up, so that
it never stands in the way of letters that are being sent.
"""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from flask import current_app

from campaign.models import Base
from campaign.models.base import Instant


def _render(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """Plain SQLAlchemy types in the files, so that an old migration does not change with the models."""
    if kind == "type" and isinstance(item, sa.JSON):
        autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, sa.Enum):
        values = ", ".join(repr(value) for value in item.enums)
        return f"sa.Enum({values}, name={item.name!r}, native_enum=False, length={item.length}, create_constraint=True)"
    return False


def _configure(connection: sa.Connection) -> None:
    arguments = dict(current_app.extensions["migrate"].configure_args)
    arguments.update(render_as_batch=True, transaction_per_migration=True, transactional_ddl=True, render_item=_render)
    context.configure(connection=connection, target_metadata=Base.metadata, **arguments)


def run() -> None:
    url = current_app.config["SQLALCHEMY_DATABASE_URI"]
    engine = sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True)
    sqlite = engine.dialect.name == "sqlite"
    try:
        with engine.connect() as connection:
            if sqlite:
                driver: Any = connection.connection.driver_connection
                driver.execute("PRAGMA foreign_keys=OFF")
            else:
                connection.execute(sa.text("SET lock_timeout = '2s'"))
                connection.commit()
            _configure(connection)
            with context.begin_transaction():
                context.run_migrations()
            if sqlite:
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    raise RuntimeError(f"{len(broken)} rows lost what they refer to, first in {broken[0][0]}")
            connection.commit()
    finally:
        engine.dispose()


if context.is_offline_mode():
    raise SystemExit("migrations run against a database")
run()
