"""A member hears of an office's answer once, whoever recorded it, and not of what needs no mail."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.memory import MemoryChannel
from campaign.database import transaction
from campaign.domain.events import ResponseKind
from campaign.domain.statuses import CampaignStatus, Status
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.mail import MailKind, MemberMail
from campaign.models.member import Member
from campaign.models.suppression import SuppressionReason
from campaign.services import outbox, reply_notices, responses, suppressions
from tests import factories
from tests.factories import ENVELOPE, NOW

LATER = NOW + timedelta(days=3)


@pytest.fixture
def letter(each_session: Session) -> Letter:
    with transaction(each_session) as session:
        company, _ = factories.company(session)
        card = factories.recommendation(session)
        on = factories.campaign(session, card)
        return factories.signed(session, factories.member(session, company), on, card.key)[0]


def _answered(
    letter: Letter, kind: ResponseKind = ResponseKind.FORM, *, source: str = "organizer", by: str = "user:1"
) -> None:
    session = sa.orm.object_session(letter)
    assert session is not None
    with transaction(session):
        responses.record(
            session, letter, kind, received_at=LATER, now=LATER, by=by, source=source, text="Thank you for writing."
        )


def _told(session: Session, now: datetime = LATER) -> list[MemberMail]:
    with transaction(session):
        reply_notices.tell(session, ENVELOPE, now)
    return list(session.scalars(sa.select(MemberMail).where(MemberMail.kind == MailKind.REPLY_NOTICE)))


def test_each_answer_is_told_once_and_leads_to_the_letter(each_session: Session, letter: Letter) -> None:
    _answered(letter)
    for _ in range(2):
        (mail,) = _told(each_session)
    assert mail.member_id == letter.member_id
    assert mail.subject == f"{letter.addressee} answered your letter"
    assert "sent a general letter to your letter" in " ".join(mail.text.split())
    assert f"\n{ENVELOPE.base_url}/letters/{letter.reference}\n" in mail.text
    assert "Thank you for writing" not in mail.text, "the answer stays behind the link"
    assert mail.unsubscribe_url
    _answered(letter, ResponseKind.MEETING, by="event:7")
    assert len(_told(each_session)) == 2
    newest = _told(each_session)[-1]
    assert "sent an answer to" in " ".join(newest.text.split()), "nobody has judged it"


def test_receipts_old_news_and_the_members_own_word_are_told_to_nobody(each_session: Session, letter: Letter) -> None:
    _answered(letter, ResponseKind.ACKNOWLEDGEMENT)
    _answered(letter, source="member", by=f"member:{letter.member_id}")
    assert _told(each_session) == []
    _answered(letter)
    assert _told(each_session, LATER + reply_notices.NEWS) == []


def test_who_unsubscribed_is_not_told(each_session: Session, letter: Letter) -> None:
    _answered(letter)
    with transaction(each_session) as session:
        email = session.get_one(Member, letter.member_id).email
        suppressions.suppress(session, email, SuppressionReason.UNSUBSCRIBED, NOW)
    assert _told(each_session) == []


def test_it_leaves_when_the_campaign_has_closed(each_session: Session, letter: Letter) -> None:
    _answered(letter)
    with transaction(each_session) as session:
        session.get_one(Campaign, letter.campaign_id).status = CampaignStatus.CLOSED
    (mail,) = _told(each_session)
    outbox.send_due(each_session, outbox.Loop(MemoryChannel(), ENVELOPE, lambda: LATER, factories.journal()))
    sent = sa.select(Delivery.status).where(Delivery.mail_id == mail.id)
    assert each_session.scalars(sent).one() is Status.ACCEPTED
