"""The edge around `services.health`: what the page, `/readyz`, `campaign check` and the metrics all ask."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from time import monotonic

import structlog
from flask import g
from kombu.exceptions import OperationalError as BrokerDown
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from campaign.extensions import celery, db
from campaign.runtime import runtime
from campaign.services import health, proofs
from campaign.services.health import Health, Problem
from campaign.unit_of_work import database_now, snapshot, unit_of_work

log = structlog.get_logger()

_ASK_S = 2
_KEEP_S = 5.0  # an answer of the broker is good for so long: a page that everybody may open must not hammer it
_lock = threading.Lock()
_answers: dict[str, tuple[float, bool]] = {}  # by broker


def look(*, figures: bool = True) -> Health:
    """The report of now, whatever is away; without `figures` it is cheap enough for everybody to ask."""
    answers = broker_answers()
    session: Session = db.session()
    try:
        now = database_now()
        if not health.is_migrated(session):
            return health.not_migrated(now, answers)
        if not figures:
            return health.glance(session, answers, now)
        return health.report(session, runtime().set_up, answers, now)
    except DBAPIError as error:
        session.rollback()
        return health.without_database(datetime.now(UTC), answers, type(error.orig).__name__)


def alerts() -> tuple[Problem, ...]:
    """What holds letters back, for the head of each page of staff. Read once a request; asks no broker."""
    if "health_alerts" not in g:
        g.health_alerts = health.glance(db.session(), None, database_now()).holding
    found: tuple[Problem, ...] = g.health_alerts
    return found


def broker_answers() -> bool:
    url = runtime().settings.broker_url
    with _lock:
        asked, answer = _answers.get(url, (0.0, False))
        if asked and monotonic() - asked < _KEEP_S:
            return answer
        answer = _ask()
        _answers[url] = (monotonic(), answer)
        return answer


def _ask() -> bool:
    try:
        with celery.connection_for_write(connect_timeout=_ASK_S) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=_ASK_S)
    except (BrokerDown, OSError):
        return False
    return True


def prove_if_due() -> bool:
    """The nightly proof, where it is time and nobody else is at it; whether this process made it. Commits."""
    with unit_of_work() as session:
        day = proofs.begin(session, database_now())
    if day is None:
        return False
    with snapshot() as session:
        found = proofs.look(session)
    with unit_of_work() as session:
        proofs.finish(session, day, found, database_now())
    if found.differences or found.broken_at is not None:
        log.error("nightly proof", differences=found.differences, broken_at=found.broken_at)
    return True
