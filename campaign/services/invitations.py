"""Asking members to act, and letting them in by the door."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.references import TokenKind, new_reference
from campaign.models.campaign import Campaign
from campaign.models.company import Company
from campaign.models.invitation import Invitation
from campaign.models.mail import MailKind
from campaign.models.member import Member
from campaign.models.user import User
from campaign.services import mails
from campaign.services.envelope import Envelope


def door_url(invitation: Invitation, envelope: Envelope) -> str:
    """The same every time, so that a reminder carries the same link. Ends in a letter or a digit."""
    return f"{envelope.base_url}/go/{envelope.signer.sign(TokenKind.INVITATION, invitation.reference)}"


def invite(session: Session, member: Member, campaign: Campaign, envelope: Envelope, now: datetime) -> Invitation:
    """Makes the door and mails it; twice in a wave is once."""
    found = of_member(session, member.id, campaign)
    if found is None:
        found = Invitation(
            reference=new_reference(),
            member_id=member.id,
            campaign_id=campaign.id,
            wave=campaign.wave,
            created_at=now,
        )
        session.add(found)
        session.flush()
    mails.send(
        session,
        MailKind.INVITATION,
        member,
        f"{campaign.slug}:{campaign.wave}",
        envelope,
        now,
        campaign_id=campaign.id,
        campaign={"name": campaign.name, "summary": campaign.summary},
        url=door_url(found, envelope),
    )
    return found


def of_member(session: Session, member_id: int, campaign: Campaign) -> Invitation | None:
    return session.scalar(
        sa.select(Invitation).where(
            Invitation.member_id == member_id,
            Invitation.campaign_id == campaign.id,
            Invitation.wave == campaign.wave,
        )
    )


class Door(NamedTuple):
    """What a personal link leads to: a campaign, for one member."""

    invitation: Invitation
    campaign: Campaign
    member: Member
    company: Company | None
    active: bool  # the account may be used


def door(session: Session, reference: str) -> Door | None:
    found = session.execute(
        sa.select(Invitation, Campaign, Member, Company, User.active)
        .join(Campaign, Campaign.id == Invitation.campaign_id)
        .join(Member, Member.id == Invitation.member_id)
        .join(User, User.id == Member.user_id)
        .outerjoin(Company, Company.id == Member.company_id)
        .where(Invitation.reference == reference)
    ).first()
    return None if found is None else Door(*found)


def opened(session: Session, invitation_id: int, now: datetime) -> None:
    """The member came in by this door. Counted by one statement, so that two tabs count two visits."""
    session.execute(
        sa.update(Invitation)
        .where(Invitation.id == invitation_id)
        .values(visits=Invitation.visits + 1, opened_at=sa.func.coalesce(Invitation.opened_at, now))
        .execution_options(synchronize_session=False)
    )
