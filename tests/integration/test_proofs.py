"""The nightly proof: once each night, by one process, and its findings are told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from campaign import watch
from campaign.cli.operations import findings
from campaign.database import transaction
from campaign.extensions import db
from campaign.models.audit import AuditEntry
from campaign.models.organization import Organization
from campaign.models.proof import Proof
from campaign.models.rollup import Rollup
from campaign.services import audit, counts, proofs
from campaign.unit_of_work import snapshot
from tests import factories
from tests.integration.test_sending import world

FIVE = timedelta(minutes=5)
NIGHTS = pytest.mark.parametrize("night", [date(2026, 11, 1), date(2027, 3, 14)], ids=["back", "forward"])


def _in_new_york(session: Session) -> None:
    with transaction(session):
        session.get_one(Organization, 1).time_zone = "America/New_York"


def _begin(session: Session, now: datetime) -> date | None:
    with transaction(session):
        return proofs.begin(session, now)


@NIGHTS
def test_f38_it_runs_once_in_the_night_of_the_clock_and_once_in_the_next(each_session: Session, night: date) -> None:
    session = each_session
    _in_new_york(session)
    now, begun = datetime(night.year, night.month, night.day, 5, 10, tzinfo=UTC), []
    for _ in range(int(timedelta(hours=30) / FIVE)):
        now += FIVE
        if (day := _begin(session, now)) is not None:
            begun.append(day)
            with transaction(session):
                proofs.finish(session, day, proofs.look(session), now)
    assert begun == [night, night + timedelta(days=1)]


def test_of_two_processes_one_makes_it_and_a_dead_one_is_replaced(each_session: Session) -> None:
    session = each_session
    _in_new_york(session)
    at = datetime(2026, 6, 1, 8, tzinfo=UTC)
    assert _begin(session, at) == date(2026, 6, 1)
    assert _begin(session, at + FIVE) is None
    assert _begin(session, at + proofs.ABANDONED + FIVE) == date(2026, 6, 1)
    assert session.scalar(sa.select(sa.func.count()).select_from(Proof)) == 1


def test_a_wrong_figure_and_a_broken_record_are_found_and_told(each_app: Flask) -> None:
    session = db.session()
    world(session)
    with transaction(session):
        audit.record(session, at=factories.NOW, by="user:1", act="first", subject="x")
        audit.record(session, at=factories.NOW, by="user:1", act="second", subject="x")
    with snapshot() as seen:
        assert proofs.look(seen) == proofs.Found(0, (), None)
    with transaction(session):
        session.execute(sa.update(Rollup).values(count=Rollup.count + 1))
        wrong = session.scalar(sa.select(sa.func.count()).select_from(Rollup))
        second = session.scalars(sa.select(AuditEntry.id).where(AuditEntry.act == "second")).one()
        session.execute(sa.update(AuditEntry).where(AuditEntry.id == second).values(by="user:2"))
    with transaction(session):
        proofs.begin(session, datetime(2026, 6, 1, 8, tzinfo=UTC))
    with snapshot() as seen:
        found = proofs.look(seen)
    assert (found.differences, found.broken_at) == (wrong, second)
    with transaction(session):
        proofs.finish(session, date(2026, 6, 1), found, datetime(2026, 6, 1, 8, 1, tzinfo=UTC))
    told = {each.words for each in watch.look().problems}
    assert f"The proof of 2026-06-01 found {wrong} figures that do not equal their rows." in told
    assert "The proof of 2026-06-01 found an entry of the record of acts that was changed or lost." in told
    assert [each.part for each in findings() if each.problem].count("figures") == 2


def test_the_task_proves_the_day_when_it_is_time(each_app: Flask) -> None:
    made = watch.prove_if_due()
    local_hour = datetime.now(UTC).astimezone(counts.zone(db.session())).hour
    assert made is (local_hour >= proofs.HOUR)
    assert not watch.prove_if_due()
    newest = proofs.latest(db.session())
    assert (newest is not None and newest.finished_at is not None) is made
