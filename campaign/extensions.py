"""The Flask extensions, made without an app; `campaign.app.create_app` binds them."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from celery import Celery
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_security.core import Security
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import event
from sqlalchemy.engine import Engine

from campaign.models.base import Base

db = SQLAlchemy(model_class=Base, disable_autonaming=True)
migrate = Migrate()
csrf = CSRFProtect()
limiter = Limiter(get_remote_address, headers_enabled=True)
security = Security()
celery = Celery("campaign", set_as_current=False)

will_write: ContextVar[bool] = ContextVar("will_write", default=False)
"""Whether the transaction that begins now will write: SQLite must take its write lock before the first read, or it refuses
with "database is locked" at once when another writer came between (no waiting helps a stale snapshot)."""


def engine_options(url: str) -> dict[str, Any]:
    """For `SQLALCHEMY_ENGINE_OPTIONS`. Parameters stay out of errors and logs: they hold addresses and letter texts."""
    if sa.make_url(url).get_backend_name() == "sqlite":
        return {"hide_parameters": True, "connect_args": {"timeout": 5, "check_same_thread": False}}
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "connect_args": {"options": "-c idle_in_transaction_session_timeout=10s -c timezone=UTC"},
    }


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
