"""Who has signed and not sent is reminded twice at most, and never once it is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.statuses import CampaignStatus, Status
from campaign.extensions import db
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery
from campaign.models.docket import Docket
from campaign.models.letter import Letter
from campaign.models.mail import MailKind, MemberMail
from campaign.models.member import Member
from campaign.models.suppression import SuppressionReason
from campaign.services import cancellations, deliveries, filings, reminders, suppressions
from tests import factories
from tests.factories import ENVELOPE, NOW

DAY = timedelta(days=1)


def by_hand(docket: bool = False) -> list[Letter]:
    """Letters of one member that wait for that member."""
    with transaction(db.session()) as session:
        company, _ = factories.company(session)
        portal = factories.docket(session, closes_at=NOW + 5 * DAY) if docket else None
        card = factories.recommendation(session, docket=portal)
        on = factories.campaign(session, card, channels=["print"])
        letters = factories.signed(session, factories.member(session, company), on, card.key)
        session.execute(sa.update(Delivery).values(channel=ChannelName.HANDOFF))
        return letters


def remind(at: datetime) -> int:
    with transaction(db.session()) as session:
        return reminders.remind(session, ENVELOPE, at)


def written() -> Sequence[MemberMail]:
    db.session.rollback()
    return db.session().scalars(sa.select(MemberMail).where(MemberMail.kind == MailKind.REMINDER)).all()


def test_a_reminder_comes_after_three_days_and_after_ten_and_then_no_more(each_session: Session) -> None:
    by_hand()
    told = {day: remind(NOW + day * DAY) for day in (0, 1, 2, 4, 5, 9, 10, 11, 12, 13, 20, 60)}
    assert {day: number for day, number in told.items() if number} == {4: 1, 11: 1}
    assert [mail.key.rsplit(":", 1)[1] for mail in written()] == ["1", "2"]


def test_who_was_not_reminded_for_long_does_not_get_both_at_once(each_session: Session) -> None:
    by_hand()
    assert [remind(NOW + days * DAY) for days in (30, 30.1, 36, 37.5, 90)] == [1, 0, 0, 1, 0]


def test_one_mail_names_all_letters_that_were_signed_together(each_session: Session) -> None:
    letters = by_hand()
    remind(NOW + 4 * DAY)
    (mail,) = written()
    assert all(letter.addressee in mail.text and letter.addressee in mail.html for letter in letters)
    assert mail.unsubscribe_url
    assert "http://localhost:8000/letters\n" in mail.text
    with transaction(each_session) as session:
        for letter in letters[1:]:
            deliveries.done_by_hand(session, deliveries.of_letter(session, letter.id)[0].id, NOW + 5 * DAY, "member:1")
    remind(NOW + 12 * DAY)
    last = written()[-1]
    assert f"/letters/{letters[0].reference}/file\n" in last.text
    assert letters[1].addressee not in last.text


def test_no_reminder_after_it_is_done_cancelled_or_closed(each_session: Session) -> None:
    done, cancelled, _, docket = by_hand(), by_hand(), by_hand(), by_hand(docket=True)
    with transaction(each_session) as session:
        for letter in done:
            deliveries.done_by_hand(session, deliveries.of_letter(session, letter.id)[0].id, NOW + DAY, "member:1")
        for letter in cancelled:
            cancellations.cancel(session, deliveries.of_letter(session, letter.id)[0].id, NOW + DAY, "no", "user:1")
        session.execute(
            sa.update(Campaign).where(Campaign.id != docket[0].campaign_id).values(status=CampaignStatus.PAUSED)
        )
    assert remind(NOW + 6 * DAY) == 0, "done, cancelled, paused, and a docket that has closed"
    with transaction(each_session) as session:
        session.execute(sa.update(Campaign).values(status=CampaignStatus.LIVE))
        session.execute(sa.update(Docket).values(closes_at=NOW + 20 * DAY))
    assert remind(NOW + 6 * DAY) == 2


def test_a_reminder_that_has_not_left_is_cancelled_with_the_last_letter(each_session: Session) -> None:
    letters = by_hand()
    remind(NOW + 4 * DAY)
    later = NOW + 4 * DAY + timedelta(minutes=1)
    for left, letter in zip((2, 1, 0), letters, strict=True):
        with transaction(each_session) as session:
            deliveries.done_by_hand(session, deliveries.of_letter(session, letter.id)[0].id, later, "member:1")
            session.flush()
            assert reminders.no_longer_needed(session, letter, later) == (0 if left else 1)
    (mail,) = written()
    sent = each_session.scalars(sa.select(Delivery).where(Delivery.mail_id == mail.id)).one()
    assert sent.status is Status.CANCELLED


def test_an_address_that_is_not_written_to_keeps_no_other_from_its_reminder(each_session: Session) -> None:
    letters = by_hand()
    by_hand()
    with transaction(each_session) as session:
        address = session.get_one(Member, letters[0].member_id).email
        suppressions.suppress(session, address, SuppressionReason.UNSUBSCRIBED, NOW)
    with transaction(each_session) as session:
        assert reminders.remind(session, ENVELOPE, NOW + 4 * DAY, limit=1) == 1
    assert {mail.member_id for mail in written()} != {letters[0].member_id}


def test_letters_that_a_machine_or_the_association_sends_remind_nobody(app: Flask, client: FlaskClient) -> None:
    by_hand()
    with transaction(db.session()) as session:
        session.execute(sa.update(Delivery).values(channel=ChannelName.PRINT))
    assert remind(NOW + 30 * DAY) == 0


def test_a_reminder_that_waits_is_cancelled_when_the_last_letter_is_a_comment_that_was_filed(
    each_session: Session,
) -> None:
    letters = by_hand(docket=True)
    remind(NOW + 4 * DAY)
    (mail,) = written()
    waiting = sa.select(Delivery.status).where(Delivery.mail_id == mail.id)
    (comment,) = (letter for letter in letters if letter.docket_id is not None)
    with transaction(each_session) as session:
        for letter in letters:
            if letter.id != comment.id:
                row = deliveries.of_letter(session, letter.id)[0]
                deliveries.done_by_hand(session, row.id, NOW + 4 * DAY, "member:1")
    assert each_session.scalars(waiting).one() is Status.QUEUED
    with transaction(each_session) as session:
        filings.filed(session, comment.id, "DEMO-0042", NOW + 4 * DAY, "member:1")
    assert each_session.scalars(waiting).one() is Status.CANCELLED
