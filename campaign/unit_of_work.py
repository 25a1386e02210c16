"""One transaction per use case: the edges open it, services change rows inside it, wake-ups leave after the commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa
import structlog
from kombu.exceptions import OperationalError as BrokerDown
from sqlalchemy import event
from sqlalchemy.orm import Session

from campaign import tasknames
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.extensions import celery, db
from campaign.models.base import Instant
from campaign.services import wakes

log = structlog.get_logger()


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """Commits at the end, rolls back on any error (`database.transaction`)."""
    with transaction(db.session()) as session:
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """For commands and tasks that only read; leaves no transaction open."""
    session: Session = db.session()
    try:
        yield session
    finally:
        session.rollback()


@contextmanager
def snapshot() -> Iterator[Session]:
    """As `reading`, and every statement sees the same moment: for counts that are compared with each other."""
    with reading() as session:
        session.rollback()
        if session.get_bind().dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


def database_now() -> datetime:
    """The database's clock, so that machines agree; on SQLite this machine's. Ends the transaction that it opened."""
    session: Session = db.session()
    if session.get_bind().dialect.name == "sqlite":
        return datetime.now(UTC)
    fresh = not session.in_transaction()
    now: datetime = session.execute(sa.select(clock(session))).scalar_one()
    if fresh:
        session.rollback()
    return now


def clock(session: Session) -> sa.ColumnElement[datetime]:
    """The same as a column, for a statement that reads something anyway."""
    if session.get_bind().dialect.name == "sqlite":
        return sa.literal(datetime.now(UTC), Instant())
    return sa.func.clock_timestamp(type_=Instant())


@event.listens_for(Session, "after_commit")
def _send_wakes(session: Session) -> None:
    for channel in wakes.taken(session):
        _wake(channel)


def _wake(channel: ChannelName) -> None:
    """A lost wake-up costs seconds: beat finds the rows. So a silent broker is one warning and never an error."""
    try:
        celery.send_task(
            tasknames.DELIVER,
            args=[str(channel)],
            expires=120,
            retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0},
        )
    except (BrokerDown, OSError) as error:
        log.warning("wake-up not sent", channel=str(channel), error=type(error).__name__)
