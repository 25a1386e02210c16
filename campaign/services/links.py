"""Mailed sign-in links: good once, for an hour."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.errors import Gone
from campaign.domain.references import TokenKind, new_reference
from campaign.models.campaign import Campaign
from campaign.models.mail import MailKind
from campaign.models.member import Member
from campaign.models.user import Link, User
from campaign.services import mails
from campaign.services.envelope import Envelope

LASTS = timedelta(hours=1)
MOST_AN_HOUR = 6


def create(session: Session, user: User, next_path: str, now: datetime) -> Link:
    link = Link(reference=new_reference(), user_id=user.id, next_path=next_path, created_at=now, expires_at=now + LASTS)
    session.add(link)
    session.flush()
    return link


def url(link: Link, envelope: Envelope) -> str:
    return f"{envelope.base_url}/go/{envelope.signer.sign(TokenKind.SIGN_IN, link.reference)}"


def send_sign_in(
    session: Session, email: str, envelope: Envelope, now: datetime, campaign: Campaign | None = None
) -> bool:
    """Mails a link when a member has this address; whether one did must not show to who asked."""
    member = session.scalar(sa.select(Member).where(Member.email == email.strip().lower()))
    if member is None:
        return False
    user = session.get_one(User, member.user_id)
    if not user.active or _enough(session, user, now):
        return False
    link = create(session, user, f"/c/{campaign.slug}/act" if campaign else "", now)
    mail = mails.send(
        session,
        MailKind.SIGN_IN,
        member,
        link.reference,
        envelope,
        now,
        campaign={"name": campaign.name if campaign else "", "summary": ""},
        url=url(link, envelope),
    )
    return mail is not None


def _enough(session: Session, user: User, now: datetime) -> bool:
    """Whether this person's mailbox has got enough links lately, whoever asks from however many places."""
    recent = sa.select(sa.func.count()).where(Link.user_id == user.id, Link.created_at > now - LASTS)
    return (session.scalar(recent) or 0) >= MOST_AN_HOUR


def use(session: Session, link_id: int, now: datetime) -> tuple[User, str]:
    """Uses a link up, once: of two presses one wins. Raises Gone for the other, and for one that is too old."""
    used = session.execute(
        sa.update(Link)
        .where(Link.id == link_id, Link.used_at.is_(None), Link.expires_at > now)
        .values(used_at=now)
        .returning(Link.user_id, Link.next_path)
        .execution_options(synchronize_session=False)
    ).first()
    if used is None:
        raise Gone("This link was used or is too old. Ask for a new one.")
    return session.get_one(User, used.user_id), used.next_path
