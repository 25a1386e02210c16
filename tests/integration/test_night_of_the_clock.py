"""Field case F38: the nights in which clocks go back and forward, with an organization in New York."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from celery.schedules import BaseSchedule, schedule
from flask import Flask
from sqlalchemy.orm import Session

from campaign import tasknames
from campaign.channels.memory import MemoryChannel
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.statuses import Status
from campaign.extensions import celery
from campaign.models.delivery import Delivery
from campaign.models.organization import Organization
from campaign.models.rollup import Measure, Rollup
from campaign.services import counts, metrics, outbox
from tests import factories
from tests.factories import ENVELOPE

BACK = (datetime(2026, 11, 1, 5, 50, tzinfo=UTC), datetime(2026, 11, 1, 7, 10, tzinfo=UTC))
FORWARD = (datetime(2027, 3, 14, 6, 50, tzinfo=UTC), datetime(2027, 3, 14, 7, 10, tzinfo=UTC))
NIGHTS = pytest.mark.parametrize("night", [BACK, FORWARD], ids=["back", "forward"])
MINUTE = timedelta(minutes=1)


def seconds(first: datetime, last: datetime) -> Iterator[datetime]:
    while first < last:
        yield first
        first += timedelta(seconds=1)


class Beat:
    """Which of the app's periodic tasks a beat would ask for, led by a clock of ours."""

    def __init__(self, began: datetime) -> None:
        self.now = began
        self._schedules: dict[str, BaseSchedule] = {
            entry["task"]: schedule(entry["schedule"], nowfun=lambda: self.now, app=celery)
            for entry in celery.conf.beat_schedule.values()
        }
        self._last = dict.fromkeys(self._schedules, began)

    def asks_for(self, now: datetime) -> list[str]:
        self.now = now
        due = [task for task, each in self._schedules.items() if each.is_due(self._last[task]).is_due]
        self._last |= dict.fromkeys(due, now)
        return due


@NIGHTS
def test_f38_every_periodic_task_runs_in_each_minute_of_the_night(app: Flask, night: tuple[datetime, datetime]) -> None:
    first, last = night
    beat = Beat(first)
    ran: dict[str, Counter[datetime]] = {task: Counter() for task in tasknames.QUEUES}
    for now in seconds(first, last):
        for task in beat.asks_for(now):
            ran[task][now.replace(second=0)] += 1
    minutes = int((last - first) / MINUTE)
    for task in (tasknames.DUE, tasknames.INBOX, tasknames.SWEEP):
        assert len(ran[task]) == minutes
        assert max(ran[task].values()) - min(ran[task].values()) <= 2, "evenly"


@NIGHTS
def test_f38_a_letter_that_is_due_in_the_night_leaves_within_two_minutes(
    session: Session, night: tuple[datetime, datetime]
) -> None:
    first, last = night
    due_at = last - timedelta(minutes=60 if night is BACK else 5)  # 06:10 and 07:05 UTC
    with transaction(session):
        session.get_one(Organization, 1).time_zone = "America/New_York"
        factories.staff_address(session)
        company, _ = factories.company(session)
        on = factories.campaign(session, factories.recommendation(session, "P1"), closes_at=last + timedelta(days=9))
        who = factories.member(session, company)
        letters = factories.signed(session, who, on, "P1", now=due_at - timedelta(seconds=60))
    assert set(session.scalars(sa.select(Delivery.due_at))) == {due_at}
    memory, beat = MemoryChannel(), Beat(first)
    loop = outbox.Loop(channel=memory, envelope=ENVELOPE, clock=lambda: beat.now, journal=factories.journal())
    left: dict[int, datetime] = {}
    for now in seconds(first, last):
        asked = beat.asks_for(now)
        if tasknames.SWEEP in asked:
            with transaction(session):
                outbox.sweep_leases(session, now)
        if tasknames.DUE in asked and outbox.due_channels(session, now, [ChannelName.SMTP]):
            outbox.send_due(session, loop)
            left |= {key: now for key in memory.numbers() if key not in left}
    assert len(left) == len(memory.kept) == len(letters)
    assert all(due_at <= moment <= due_at + 2 * MINUTE for moment in left.values())
    day = first.date()
    assert set(session.scalars(sa.select(Rollup.day).where(Rollup.measure == Measure.MOVES))) == {day}
    assert set(session.scalars(sa.select(Delivery.status))) == {Status.ACCEPTED}
    assert metrics.differences(session) == []


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-11-01T03:59:59", date(2026, 10, 31)),
        ("2026-11-01T04:00:00", date(2026, 11, 1)),  # summer time still: midnight is 04:00 UTC
        ("2026-11-01T05:59:59", date(2026, 11, 1)),
        ("2026-11-01T06:00:00", date(2026, 11, 1)),  # the second one o'clock
        ("2026-11-02T04:59:59", date(2026, 11, 1)),  # a day of 25 hours
        ("2026-11-02T05:00:00", date(2026, 11, 2)),
        ("2027-03-14T04:59:59", date(2027, 3, 13)),
        ("2027-03-14T07:00:00", date(2027, 3, 14)),
        ("2027-03-15T03:59:59", date(2027, 3, 14)),  # a day of 23 hours
        ("2027-03-15T04:00:00", date(2027, 3, 15)),
    ],
)
def test_f38_figures_name_the_days_of_the_organizations_zone(session: Session, moment: str, day: date) -> None:
    with transaction(session):
        session.get_one(Organization, 1).time_zone = "America/New_York"
    assert counts.day_of(session, datetime.fromisoformat(f"{moment}+00:00")) == day


def test_f38_beat_knows_plain_intervals_in_utc_alone(app: Flask) -> None:
    """What counts by a wall clock fires nothing in the hour that comes twice."""
    assert str(celery.conf.timezone) == "UTC"
    assert celery.conf.enable_utc
    assert {type(entry["schedule"]) for entry in celery.conf.beat_schedule.values()} == {float}
