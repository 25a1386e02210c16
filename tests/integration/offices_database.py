"""A database with the shipped snapshot, made once a module: loading it takes a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

import campaign.database  # noqa: F401 - prepares SQLite connections
from campaign.models import Base
from campaign.services.snapshots import load_shipped

LOADED = datetime(2026, 6, 15, 12, tzinfo=UTC)


@contextmanager
def shipped_engine() -> Iterator[sa.Engine]:
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    try:
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            load_shipped(session, LOADED)
            session.commit()
        yield engine
    finally:
        engine.dispose()


@contextmanager
def rolled_back(engine: sa.Engine) -> Iterator[Session]:
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()
