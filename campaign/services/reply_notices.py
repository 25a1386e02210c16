"""Members are told that an office has answered: once for each answer, not of receipts, nor of what they told us themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.events import ResponseKind
from campaign.models.campaign import Campaign
from campaign.models.letter import Letter
from campaign.models.mail import MailKind, MemberMail
from campaign.models.member import Member
from campaign.models.response import Response
from campaign.models.suppression import Suppression
from campaign.services import mails
from campaign.services.envelope import Envelope

NEWS = timedelta(days=2)  # what was recorded before that is no news any more
_WORDS = {
    ResponseKind.FORM: "a general letter",
    ResponseKind.SUBSTANTIVE: "an answer",
    ResponseKind.MEETING: "an offer to meet",
}
"""Of what a person has judged; before that it is an answer."""


def tell(session: Session, envelope: Envelope, now: datetime, limit: int = 500) -> int:
    """Queues a mail for each answer of the last days that its member has not been told of; how many. Twice is once: a mail's
    key names the answer. Who unsubscribed from campaign mail gets none. Does not commit."""
    rows = session.execute(_untold(now).limit(limit)).all()
    sent = [
        mails.send(
            session,
            MailKind.REPLY_NOTICE,
            member,
            f"response:{answer.id}",
            envelope,
            now,  # of no campaign: answers come when theirs has closed, and sends nothing any more
            campaign={"name": campaign.name},
            office=letter.addressee,
            reply=_WORDS[answer.kind] if answer.judged_at is not None else "an answer",
            url=f"{envelope.base_url}/letters/{letter.reference}",
        )
        for answer, letter, member, campaign in rows
    ]
    return sum(each is not None for each in sent)


def _untold(now: datetime) -> sa.Select[Response, Letter, Member, Campaign]:
    told = sa.exists().where(
        MemberMail.member_id == Letter.member_id,
        MemberMail.kind == MailKind.REPLY_NOTICE,
        MemberMail.key == sa.literal("response:") + sa.cast(Response.id, sa.Text),
    )
    barred = sa.exists().where(Suppression.address == sa.func.lower(Member.email), Suppression.lifted_at.is_(None))
    return (
        sa.select(Response, Letter, Member, Campaign)
        .join(Letter, Letter.id == Response.letter_id)
        .join(Member, Member.id == Letter.member_id)
        .join(Campaign, Campaign.id == Letter.campaign_id)
        .where(
            Response.recorded_at > now - NEWS,
            Response.kind != ResponseKind.ACKNOWLEDGEMENT,
            Response.source != "member",
            ~told,
            ~barred,
        )
        .order_by(Response.id)
    )
