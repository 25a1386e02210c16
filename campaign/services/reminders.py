"""What a member has still to send by hand, said to them again: once after three days, once more after ten, never after that."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from campaign.domain.channels import BY_THE_MEMBERS_WORD
from campaign.domain.statuses import CampaignStatus, Status
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery
from campaign.models.docket import Docket
from campaign.models.letter import Letter
from campaign.models.mail import MailKind, MemberMail
from campaign.models.member import Member
from campaign.models.suppression import Suppression
from campaign.services import cancellations, mails
from campaign.services.envelope import Envelope

AFTER = (timedelta(days=3), timedelta(days=10))
TEMPLATE = "reminder_to_send"
_SENDS = (CampaignStatus.LIVE, CampaignStatus.CLOSING)


def remind(session: Session, envelope: Envelope, now: datetime, limit: int = 100) -> int:
    """Queues what is due, one mail for all letters that a member signed together; how many. Twice is once: a mail's key names
    the signing and the number of the reminder. Nothing goes out for a paused campaign, or for a docket that has closed. Does not
    commit.
    """
    queued = 0
    for number, after in enumerate(AFTER, 1):
        for action_id in session.scalars(_due(number, now - after, now).limit(limit)).all():
            queued += _one(session, action_id, number, envelope, now)
    return queued


def _key(number: int) -> sa.ColumnElement[str]:
    return sa.literal("by-hand:") + sa.cast(Letter.action_id, sa.Text) + sa.literal(f":{number}")


def _due(number: int, before: datetime, now: datetime) -> sa.Select[Any]:
    """Actions with a letter that has waited since then, and whose reminder of that number has not been written. The second one
    waits for the first, and for the time between them."""
    mail, earlier = aliased(MemberMail), aliased(MemberMail)
    told = sa.exists().where(
        mail.kind == MailKind.REMINDER, mail.member_id == Letter.member_id, mail.key == _key(number)
    )
    barred = sa.exists().where(Suppression.address == sa.func.lower(Member.email), Suppression.lifted_at.is_(None))
    query = (
        _waiting(now)
        .with_only_columns(Letter.action_id)
        .where(Delivery.due_at <= before, ~told, ~barred)
        .group_by(Letter.action_id)
        .order_by(Letter.action_id)
    )
    if number > 1:
        pause = AFTER[number - 1] - AFTER[number - 2]
        query = query.where(
            sa.exists().where(
                earlier.kind == MailKind.REMINDER,
                earlier.member_id == Letter.member_id,
                earlier.key == _key(number - 1),
                earlier.created_at <= now - pause,
            )
        )
    return query


def _waiting(now: datetime) -> sa.Select[Any]:
    return (
        sa.select(Letter)
        .join(Delivery, Delivery.letter_id == Letter.id)
        .join(Campaign, Campaign.id == Letter.campaign_id)
        .join(Member, Member.id == Letter.member_id)
        .outerjoin(Docket, Docket.id == Letter.docket_id)
        .where(
            Delivery.channel.in_(BY_THE_MEMBERS_WORD),
            Delivery.status == Status.QUEUED,
            ~Delivery.superseded,
            Campaign.status.in_(_SENDS),
            sa.or_(Docket.id.is_(None), Docket.closes_at > now),
        )
    )


def _one(session: Session, action_id: int, number: int, envelope: Envelope, now: datetime) -> int:
    letters = session.scalars(_waiting(now).where(Letter.action_id == action_id).order_by(Letter.id)).all()
    if not letters:
        return 0
    first = letters[0]
    member, campaign = session.get_one(Member, first.member_id), session.get_one(Campaign, first.campaign_id)
    sent = mails.send(
        session,
        MailKind.REMINDER,
        member,
        f"by-hand:{action_id}:{number}",
        envelope,
        now,
        campaign_id=campaign.id,
        template=TEMPLATE,
        campaign={"name": campaign.name, "summary": campaign.summary},
        offices=[letter.addressee for letter in letters],
        url=f"{envelope.base_url}/letters/{first.reference}/file"
        if len(letters) == 1
        else f"{envelope.base_url}/letters",
    )
    return 0 if sent is None else 1


def no_longer_needed(session: Session, letter: Letter, now: datetime) -> int:
    """The member has sent this letter: where it was the last of its signing, reminders that have not left are cancelled; how
    many. Does not commit."""
    if session.scalar(_waiting(now).with_only_columns(Letter.id).where(Letter.action_id == letter.action_id).limit(1)):
        return 0
    waiting = session.scalars(
        sa.select(Delivery.id)
        .join(MemberMail, MemberMail.id == Delivery.mail_id)
        .where(
            MemberMail.member_id == letter.member_id,
            MemberMail.kind == MailKind.REMINDER,
            MemberMail.key.in_([f"by-hand:{letter.action_id}:{number}" for number in range(1, len(AFTER) + 1)]),
            Delivery.status == Status.QUEUED,
        )
    ).all()
    for key in waiting:
        cancellations.cancel(session, key, now, "the member has sent the letter", "system")
    return len(waiting)
