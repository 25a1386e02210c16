"""Limits hold over all processes: a moment is given once, and what comes too late for its moment waits for another."""

from __future__ import annotations

import itertools
import threading
from datetime import datetime, timedelta
from time import monotonic

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from campaign.bench import world
from campaign.channels.memory import MemoryChannel
from campaign.channels.smtp.client import SmtpChannel
from campaign.channels.smtp.wire import Timeouts
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.parcels import Parcel
from campaign.domain.statuses import Status
from campaign.extensions import db
from campaign.models.delivery import Delivery
from campaign.services import outbox
from campaign.services.outbox import paces
from campaign.services.outbox.paces import Due, Limits
from campaign.unit_of_work import database_now
from tests import factories
from tests.factories import ENVELOPE, NOW
from tests.integration.loopback import Sink, listening
from tests.unit.parcels import a_parcel
from tests.unit.watchers import Notes

SMTP = ChannelName.SMTP


def due(number: int, office: int | None = None, domain: str = "a.example") -> list[Due]:
    return [Due(key, office, f"x@{domain}") for key in range(1, number + 1)]


def test_moments_of_a_limit_never_come_closer_than_it_allows(each_session: Session) -> None:
    session = each_session
    limits = Limits(channel=7)
    taken: list[datetime] = []
    for tenth in range(50):
        with transaction(session):
            now = NOW + timedelta(seconds=tenth / 10)
            taken += paces.grant(session, SMTP, limits, due(20), now).moments.values()
    assert all((b - a).total_seconds() > 1 / 7 for a, b in itertools.pairwise(taken))
    assert all((b - a).total_seconds() > 1.02 for a, b in zip(taken, taken[7:], strict=False))
    assert (len(taken) - 1) / (taken[-1] - taken[0]).total_seconds() >= 0.95 * 7


def test_an_office_at_its_limit_does_not_stand_in_the_way_of_others(session: Session) -> None:
    limits = Limits(office=1)
    rows = [Due(1, 10, ""), Due(2, 10, ""), Due(3, 10, ""), Due(4, 10, ""), Due(5, 11, "")]
    with transaction(session):
        granted = paces.grant(session, SMTP, limits, rows, NOW)
    assert set(granted.moments) == {1, 5}
    assert sorted(granted.later) == [2, 3, 4]
    times = [granted.later[key] for key in (2, 3, 4)]
    assert times == sorted(times)
    assert len(set(times)) == 3, "each has a turn of its own"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rates=st.tuples(*[st.sampled_from([0, 0.5, 3, 50])] * 3),
    offices=st.lists(st.integers(1, 3), min_size=1, max_size=30),
)
def test_no_limit_is_ever_exceeded(app: Flask, rates: tuple[float, float, float], offices: list[int]) -> None:
    limits = Limits(*rates)
    session = db.session()
    session.execute(sa.text("DELETE FROM paces"))
    rows = [Due(key, office, f"x@d{office % 2}.example") for key, office in enumerate(offices)]
    granted = paces.grant(session, SMTP, limits, rows, NOW)
    session.rollback()
    by_scope: dict[str, list[float]] = {}
    for row in rows:
        for key, per_second in row.scopes(SMTP, limits):
            if row.id in granted.moments:
                by_scope.setdefault(f"{key} {per_second}", []).append(granted.moments[row.id].timestamp())
    for key, times in by_scope.items():
        times.sort()
        rate = float(key.split()[-1])
        assert all(b - a > 1 / rate for a, b in itertools.pairwise(times))
    assert not set(granted.moments) & set(granted.later)


def test_a_line_begins_a_parcel_in_its_moment_and_leaves_a_late_one_alone() -> None:
    began: dict[int, float] = {}

    class Timed(Notes):
        def begins(self, parcel: Parcel) -> None:
            super().begins(parcel)
            began[parcel.key] = monotonic()

    notes = Timed()
    with listening(Sink()) as sink:
        line = SmtpChannel("127.0.0.1", sink.port, timeouts=Timeouts(), connections=3).open()
        start = monotonic()
        moments = {1: start - 1, 2: start + 0.05, 3: start + 0.1, 4: start + 0.3}
        line.send([a_parcel(key, moment=moment) for key, moment in moments.items()], notes)
        line.close()
    assert sorted(notes.outcomes) == [2, 3, 4]
    assert all(began[key] >= moments[key] for key in began)


@pytest.mark.parametrize("threads", [4])
def test_four_workers_keep_one_limit(postgres_app: Flask, threads: int) -> None:
    """No second has more moments than the limit, whoever took them."""
    session = db.session()
    with transaction(session):
        world.build(session, 30, database_now())
    moments: list[float] = []

    def arrives(parcel: Parcel) -> None:
        assert parcel.moment is not None
        moments.append(parcel.moment)

    def work() -> None:
        with postgres_app.app_context():
            loop = outbox.Loop(
                channel=MemoryChannel(before=arrives),
                envelope=ENVELOPE,
                clock=database_now,
                journal=factories.journal(),
                limits=Limits(channel=10),
            )
            outbox.send_due(db.session(), loop)
            db.session.remove()

    crew = [threading.Thread(target=work) for _ in range(threads)]
    for each in crew:
        each.start()
    for each in crew:
        each.join()
    moments.sort()
    assert len(moments) == 30
    assert all(b - a >= 1 for a, b in zip(moments, moments[10:], strict=False))
    session.rollback()
    assert set(session.scalars(sa.select(Delivery.status))) == {Status.ACCEPTED}
