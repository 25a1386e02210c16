"""How this project talks to SQLite and PostgreSQL: engine options, pragmas, and the one kind of transaction that writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

will_write: ContextVar[bool] = ContextVar("will_write", default=False)
"""Whether the transaction that begins now will write: SQLite must take its write lock before the first read, or it refuses
with "database is locked" at once when another writer came between (no waiting helps a stale snapshot)."""


def engine_options(url: str) -> dict[str, Any]:
    """For `create_engine`. Parameters stay out of errors and logs: they hold addresses and letter texts."""
    if sa.make_url(url).get_backend_name() == "sqlite":
        return {"hide_parameters": True, "connect_args": {"timeout": 5, "check_same_thread": False}}
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "connect_args": {"options": "-c idle_in_transaction_session_timeout=10s -c timezone=UTC"},
    }


@contextmanager
def transaction(session: Session) -> Iterator[Session]:
    """Commits at the end, rolls back on any error. A read that was open ends first, so that what is read inside is fresh
    and, on SQLite, read under the write lock."""
    session.rollback()
    token = will_write.set(True)
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        will_write.reset(token)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL with the durability of FULL, foreign keys on, and the driver in autocommit so that `_begin` decides."""
    if type(connection).__module__ != "sqlite3":
        return
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if will_write.get() else "BEGIN")
