"""A letter waits for its office to open: queued, with the reason, due at that moment, and on the clock of the office."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.memory import MemoryChannel
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.districts import Chamber
from campaign.domain.errors import Invalid, TryLater
from campaign.domain.hours import OUTSIDE_OFFICE_HOURS, WEEKDAYS, SendingHours
from campaign.domain.statuses import Status
from campaign.models.audit import AuditEntry
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.office import OfficeHours
from campaign.services import health, office_hours, outbox, stories
from campaign.services.outbox import bulk
from tests import factories
from tests.factories import ENVELOPE, NOW

LATE = SendingHours("America/New_York", time(13), time(17), WEEKDAYS)
"""NOW is ten in the morning of a Monday in New York."""
OPENS = NOW + timedelta(hours=3)


def _letters(session: Session, **campaign: object) -> list[Letter]:
    """To HIN05, SIN01 and SIN03, due by NOW."""
    with transaction(session):
        factories.staff_address(session)
        company, _ = factories.company(session)
        card = factories.recommendation(session)
        on = factories.campaign(session, card, **campaign)
        who = factories.member(session, company)
        return factories.signed(session, who, on, card.key, now=NOW - timedelta(hours=1))


def _keep(session: Session, name: str, hours: SendingHours, now: datetime = NOW) -> None:
    with transaction(session):
        office_hours.keep(session, office_hours.whom(session, name), hours, now, "user:1")


def _forget(session: Session, name: str, now: datetime = NOW) -> None:
    with transaction(session):
        assert office_hours.forget(session, office_hours.whom(session, name), now, "user:1")


def _send(session: Session, now: datetime, memory: MemoryChannel | None = None) -> int:
    loop = outbox.Loop(memory or MemoryChannel(), ENVELOPE, lambda: now, factories.journal())
    return outbox.send_due(session, loop)


def _rows(session: Session) -> dict[str, Delivery]:
    """By target."""
    session.expire_all()
    return {
        target: row
        for row, target in session.execute(
            sa.select(Delivery, Letter.target).join(Letter, Letter.id == Delivery.letter_id)
        )
    }


def test_a_letter_waits_until_its_office_opens_and_the_others_leave(each_session: Session) -> None:
    session = each_session
    with transaction(session):  # kept before the letters are there: looked at in the claim
        office_hours.keep(session, Chamber.HOUSE, LATE, NOW - timedelta(days=1), "user:1")
    _letters(session)
    assert _send(session, NOW) == 2
    house = _rows(session)["HIN05"]
    assert (house.status, house.reason, house.due_at, house.tries) == (Status.QUEUED, OUTSIDE_OFFICE_HOURS, OPENS, 0)
    assert outbox.due_channels(session, NOW, [ChannelName.SMTP]) == [], "no claim passes over it again"
    assert health.queues_of(session, NOW)[ChannelName.SMTP] == health.Queue(1, shut=1, opens_at=OPENS), "not late"
    assert _send(session, OPENS - timedelta(seconds=1)) == 0
    assert _send(session, OPENS) == 1
    house = _rows(session)["HIN05"]
    assert (house.status, house.reason) == (Status.ACCEPTED, "")


@pytest.mark.parametrize("step", [timedelta(0), timedelta(seconds=61)])
def test_what_waits_follows_a_change_of_hours_at_once(each_session: Session, step: timedelta) -> None:
    """Set, changed, and forgotten; an office's own hours come before those of its chamber."""
    session = each_session
    _letters(session)
    _keep(session, "senate", LATE)
    rows = _rows(session)
    assert {name: row.due_at for name, row in rows.items() if row.reason} == {"SIN01": OPENS, "SIN03": OPENS}
    _keep(session, "SIN01", replace(LATE, opens=time(15)), NOW + step)
    rows = _rows(session)
    assert (rows["SIN01"].due_at, rows["SIN03"].due_at) == (NOW + timedelta(hours=5), OPENS)
    _forget(session, "senate", NOW + step)
    assert (_rows(session)["SIN03"].due_at, _rows(session)["SIN03"].reason) == (NOW + step, "")
    _forget(session, "SIN01", NOW + step)
    assert _send(session, NOW + step) == 3


def test_an_office_that_has_its_own_hours_keeps_them_when_its_chamber_gets_some(session: Session) -> None:
    _letters(session)
    _keep(session, "HIN05", replace(LATE, opens=time(9)))
    _keep(session, "house", LATE)
    assert _send(session, NOW) == 3
    assert office_hours.rules(session).chambers == {Chamber.HOUSE: LATE}


def test_letters_on_paper_and_by_hand_know_no_office_hours(session: Session) -> None:
    _letters(session, channels=["print_provider"])
    _keep(session, "house", LATE)
    assert {(row.channel, row.reason) for row in _rows(session).values()} == {(ChannelName.PRINT_PROVIDER, "")}
    assert _send(session, NOW, MemoryChannel(ChannelName.PRINT_PROVIDER)) == 3


def test_a_mark_looks_at_the_hours_again(each_session: Session) -> None:
    """What was put off between the claim and the mark is not marked."""
    session = each_session
    _letters(session)
    ids = [{"id": row.id} for row in _rows(session).values()]
    _keep(session, "house", LATE)
    with transaction(session):
        marked = bulk.run(session, "mark", ids, owner="w", now=NOW, until=NOW + timedelta(minutes=1))
    assert len(marked) == 2
    assert _rows(session)["HIN05"].status is Status.QUEUED


def test_a_try_that_falls_due_at_night_waits_and_does_not_run_out_of_time(session: Session) -> None:
    """An office that is open on Mondays only: what was busy then has time anew a week later, and not for ever."""
    mondays = SendingHours("America/New_York", time(10), time(11), {1})
    _letters(session)
    _keep(session, "house", mondays)
    busy = MemoryChannel(answers=[TryLater("450 busy", code="450")] * 3)
    assert _send(session, NOW, busy) == 3
    with transaction(session):
        session.execute(sa.update(Delivery).values(due_at=NOW + timedelta(hours=1)))
    assert _send(session, NOW + timedelta(hours=1)) == 2, "the senators"
    house = _rows(session)["HIN05"]
    assert house.due_at == NOW + timedelta(days=7)
    assert house.give_up_at < house.due_at
    assert _send(session, NOW + timedelta(days=7)) == 1
    assert _rows(session)["HIN05"].status is Status.ACCEPTED


@pytest.mark.parametrize(
    "sunday",
    [date(2026, 3, 8), date(2026, 11, 1)],
    ids=["clocks go forward in the night before", "and back"],
)
def test_the_morning_after_a_clock_change_counts_by_the_new_clock(each_session: Session, sunday: date) -> None:
    session, zone = each_session, ZoneInfo("America/New_York")
    now = datetime.combine(sunday - timedelta(days=1), time(20), zone).astimezone(UTC)
    with transaction(session):
        factories.staff_address(session)
        company, _ = factories.company(session)
        card = factories.recommendation(session)
        on = factories.campaign(session, card, opens_at=now - timedelta(days=9), closes_at=now + timedelta(days=9))
        factories.signed(session, factories.member(session, company), on, card.key, now=now - timedelta(hours=1))
        office_hours.keep(
            session, Chamber.HOUSE, SendingHours(str(zone), time(9), time(17)), now - timedelta(hours=2), "user:1"
        )
    assert _send(session, now) == 2
    due_at = _rows(session)["HIN05"].due_at
    assert due_at == datetime.combine(sunday, time(9), zone)
    assert _send(session, due_at - timedelta(minutes=1)) == 0
    assert _send(session, due_at) == 1


def test_hours_are_recorded_and_twice_is_safe(session: Session) -> None:
    for _ in range(2):
        _keep(session, "house", LATE)
    _forget(session, "house")
    with transaction(session):
        assert not office_hours.forget(session, Chamber.HOUSE, NOW, "user:1")
    told = [
        (entry.subject, entry.detail["before"], entry.detail["after"])
        for entry in session.scalars(
            sa.select(AuditEntry).where(AuditEntry.act == "office hours").order_by(AuditEntry.id)
        )
    ]
    words = "12345 13:00-17:00 America/New_York"
    assert told == [("offices:house", "", words), ("offices:house", words, "")]
    assert session.scalars(sa.select(OfficeHours)).all() == []


def test_hours_that_end_before_they_begin_are_refused(session: Session) -> None:
    with pytest.raises(Invalid) as refused, transaction(session):
        office_hours.keep(session, Chamber.HOUSE, replace(LATE, closes=time(13)), NOW, "user:1")
    assert refused.value.field == "closes"


def test_what_waits_for_its_office_offers_no_undo_until_then(session: Session) -> None:
    letters = _letters(session)
    _keep(session, "house", LATE)
    _keep(session, "senate", LATE)
    assert stories.leaves_at(stories.lines(session, letters), NOW) is None


def test_a_campaign_whose_hours_never_meet_those_of_its_offices_is_named(each_session: Session) -> None:
    """Its letters would be put off from one opening to the next for ever."""
    session = each_session
    _letters(session, name="Evening", time_zone="America/New_York", sends_from=time(18), sends_until=time(20))
    _keep(session, "house", LATE)
    _keep(session, "SIN01", replace(LATE, closes=time(19)))
    found = [each for each in health.report(session, (), None, NOW).problems if "sends only at hours" in each.words]
    assert [each.words.partition(" takes no")[0] for each in found] == [
        "“Evening” sends only at hours at which the House"
    ]
