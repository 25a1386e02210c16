"""What the desk's pages look up beside their lists: who wrote, who did it, where it belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.models.action import Consent
from campaign.models.campaign import Campaign, CampaignChange
from campaign.models.company import Company
from campaign.models.letter import Letter
from campaign.models.member import Member
from campaign.models.response import Response
from campaign.models.user import User


@dataclass(frozen=True, slots=True)
class Writer:
    """Who signed a letter, as a list shows it."""

    name: str
    company: str


def writers(session: Session, letters: Sequence[Letter]) -> dict[int, Writer]:
    """By member id. One statement."""
    ids = {letter.member_id for letter in letters}
    rows = session.execute(
        sa.select(Member, Company.name).outerjoin(Company, Company.id == Member.company_id).where(Member.id.in_(ids))
    )
    return {member.id: Writer(member.name, company or "") for member, company in rows}


def consent(session: Session, letter: Letter) -> Consent:
    return session.get_one(Consent, letter.consent_id)


def people(session: Session, names: Sequence[str]) -> dict[str, str]:
    """How the record's `by` reads: "user:3" is a name, a worker is the system. One statement, or none."""
    ids = {int(name[5:]) for name in names if name.startswith("user:") and name[5:].isdigit()}
    known: dict[int, str] = {}
    if ids:
        rows = session.execute(sa.select(User.id, User.name).where(User.id.in_(ids)))
        known = {row.id: row.name for row in rows}
    return {name: _person(name, known) for name in names}


def _person(name: str, known: Mapping[int, str]) -> str:
    kind, _, number = name.partition(":")
    if kind == "user" and number.isdigit():
        return known.get(int(number)) or "an organizer"
    return "the member" if kind == "member" else "the system"


def paused_by(session: Session, campaign: Campaign) -> CampaignChange | None:
    """The change that paused it: when, and by whom."""
    return session.scalar(
        sa.select(CampaignChange)
        .where(CampaignChange.campaign_id == campaign.id)
        .order_by(CampaignChange.id.desc())
        .limit(1)
    )


def slug_of_letter(session: Session, letter_id: int) -> str:
    query = sa.select(Campaign.slug).join(Letter, Letter.campaign_id == Campaign.id).where(Letter.id == letter_id)
    return session.scalars(query).one()


def answer_of_event(session: Session, event_id: int) -> Any:
    """A row of (slug, response id) of what a mail became; None where it became none."""
    return session.execute(
        sa.select(Campaign.slug, Response.id)
        .join(Letter, Letter.campaign_id == Campaign.id)
        .join(Response, Response.letter_id == Letter.id)
        .where(Response.event_id == event_id)
    ).first()
