"""Mail that is reported as spam: told from 0.10 % of a day's mail to a domain on, and from 0.30 % on campaign mail waits (M7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.memory import MemoryChannel
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.events import EventKind
from campaign.domain.statuses import Status
from campaign.models.complaint import ComplaintRate
from campaign.models.delivery import Attempt, AttemptOutcome, Delivery
from campaign.models.event import Event
from campaign.models.mail import MailKind
from campaign.services import complaints, health, mails, outbox
from campaign.services.health import complaints as measured
from campaign.services.health import rates
from tests import factories
from tests.factories import ENVELOPE, NOW

DAY = timedelta(days=1)


def _mails(session: Session, number: int, kind: MailKind = MailKind.REMINDER) -> list[int]:
    """So many mails to members of one domain; the ids of their deliveries."""
    company, _ = factories.company(session)
    who = factories.member(session, company, email=f"ada.{kind}@mail.example")
    facts: dict[str, Any] = {
        "campaign": {"name": "c", "summary": "s"},
        "offices": ["Rep. Ada"],
        "url": "http://localhost:8000/x",
    }
    for n in range(number):
        mails.send(session, kind, who, f"k{n}", ENVELOPE, NOW, template="reminder_to_send", **facts)
    return list(session.scalars(sa.select(Delivery.id).order_by(Delivery.id)))


def _taken(session: Session, ids: list[int], at: datetime) -> None:
    session.execute(sa.update(Delivery).where(Delivery.id.in_(ids)).values(status=Status.ACCEPTED))
    values = {"number": 1, "worker": "w", "started_at": at, "finished_at": at, "outcome": AttemptOutcome.RECEIPT}
    session.execute(sa.insert(Attempt), [{"delivery_id": key, "answer": "", **values} for key in ids])


def _complained(session: Session, ids: list[int], at: datetime) -> None:
    for key in ids:
        session.add(
            Event(
                source="test",
                source_id=f"{key} {at}",
                kind=EventKind.COMPLAINED,
                at=at,
                received_at=at,
                digest="0" * 64,
                delivery_id=key,
            )
        )


def _measure(session: Session, now: datetime) -> list[tuple[str, int, int]]:
    with transaction(session):
        measured.measure(session, now)
        return [(row.domain, row.reported, row.sent) for row in session.scalars(sa.select(ComplaintRate))]


def _send(session: Session) -> int:
    loop = outbox.Loop(MemoryChannel(ChannelName.SMTP), ENVELOPE, lambda: NOW + DAY, factories.journal())
    return outbox.send_due(session, loop)


@pytest.mark.parametrize(
    ("sent", "reported", "told", "stopped"),
    [
        (1000, 0, 0, False),
        (2001, 2, 0, False),
        (2000, 2, 1, False),
        (1001, 3, 1, False),
        (1000, 3, 1, True),
        (100, 2, 1, False),
    ],
)
def test_the_rate_of_a_day_is_told_from_a_tenth_of_a_percent_and_stops_at_three(
    each_session: Session, sent: int, reported: int, told: int, stopped: bool
) -> None:
    with transaction(each_session) as session:
        session.add(ComplaintRate(domain="mail.example", reported=reported, sent=sent, at=NOW))
        assert len(complaints.rates(session)) == told
        assert complaints.stop_campaign_mail(session) is stopped
        problems = [each for each in health.report(session, (), None, NOW).problems if each.part is health.Part.MAIL]
        assert len(problems) == told
        if told:
            assert (
                f"{reported} of {sent:,} mails of the last day to mail.example were reported as spam"
                in problems[0].words
            )
            assert ("wait until" in problems[0].words) is stopped


def test_campaign_mail_waits_and_what_a_person_waits_for_goes_on(each_session: Session) -> None:
    session = each_session
    with transaction(session):
        ids = _mails(session, 5)
        _taken(session, ids[:4], NOW - timedelta(hours=1))
        _complained(session, ids[:3], NOW - timedelta(minutes=5))
        asked = _mails(session, 1, MailKind.SIGN_IN)[-1]
    assert _measure(session, NOW) == [("mail.example", 3, 4)]
    assert outbox.due_channels(session, NOW + DAY, [ChannelName.SMTP]) == [ChannelName.SMTP]
    assert _send(session) == 1
    states = dict(session.execute(sa.select(Delivery.id, Delivery.status)).all())
    assert (states[ids[4]], states[asked]) == (Status.QUEUED, Status.ACCEPTED)
    assert outbox.due_channels(session, NOW + DAY, [ChannelName.SMTP]) == []
    queue = health.queues_of(session, NOW + DAY)[ChannelName.SMTP]
    assert (queue.waiting, queue.due, queue.oldest_due) == (1, 0, None)
    assert session.scalars(health.rows(session, ChannelName.SMTP, health.Figure.LATER, NOW + DAY)).all() == [
        session.get_one(Delivery, ids[4])
    ]
    assert _measure(session, NOW + DAY) == []  # a day without another complaint
    assert _send(session) == 1
    assert session.scalar(sa.select(Delivery.status).where(Delivery.id == ids[4])) is Status.ACCEPTED


def test_only_mail_of_the_last_day_to_that_domain_is_counted(each_session: Session) -> None:
    session = each_session
    with transaction(session):
        ids = _mails(session, 4)
        session.execute(sa.update(Delivery).where(Delivery.id == ids[3]).values(to_address="x@other-mail.example"))
        _taken(session, ids[:1], NOW - DAY - timedelta(minutes=1))
        _taken(session, ids[1:], NOW - timedelta(hours=1))
        _complained(session, ids[:1], NOW - DAY - timedelta(minutes=1))
        _complained(session, ids[1:2], NOW)
    assert _measure(session, NOW + timedelta(seconds=1)) == [("mail.example", 1, 2)]


def test_the_mail_of_a_day_is_read_once_however_many_domains_complain(each_session: Session) -> None:
    session = each_session
    with transaction(session):
        ids = _mails(session, 6)
        for n, key in enumerate(ids[:3]):
            session.execute(sa.update(Delivery).where(Delivery.id == key).values(to_address=f"x@Mail{n}.example"))
        _taken(session, ids, NOW - timedelta(hours=1))
    domains = [f"mail{n}.example" for n in range(3)]
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    sa.event.listen(session.get_bind(), "before_cursor_execute", note)
    assert rates.sent_to(session, domains, NOW - DAY, NOW) == dict.fromkeys(domains, 1)
    sa.event.remove(session.get_bind(), "before_cursor_execute", note)
    assert sum("JOIN deliveries" in each for each in asked) == 1
