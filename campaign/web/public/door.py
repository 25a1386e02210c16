"""What the door says: who will hear from this member, and why now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from campaign.domain import addressing
from campaign.models.campaign import Campaign
from campaign.models.company import Company
from campaign.models.docket import Docket
from campaign.models.member import Member
from campaign.services import letters, metrics, offices, sites


def view(session: Session, campaign: Campaign, member: Member, now: datetime) -> dict[str, Any]:
    """The template's context. `hears` are lines of (name, what they are, kind)."""
    own = sites.of_member(session, member)
    site = own[0] if own else None
    seats = sites.seats(session, site, now) if site else None
    cards = letters.recommendations_of(session, campaign.id)
    dockets = [session.get_one(Docket, card.docket_id) for card in cards if card.docket_id]
    open_dockets = sorted(
        (each for each in dockets if each.opens_at <= now < each.closes_at), key=lambda d: d.closes_at
    )
    agencies = offices.holder_at(session, {docket.office_id for docket in open_dockets}, now) if open_dockets else {}
    return {
        "campaign": campaign,
        "member": member,
        "company": session.get(Company, member.company_id) if member.company_id else None,
        "site": site,
        "seats": seats,
        "hears": [
            (addressing.styled_name(holder), addressing.seat_title(holder), str(holder.kind))
            for holder in (seats.holders if seats else ())
        ],
        "agencies": [(addressing.styled_name(holder), holder.title) for holder in agencies.values()],
        "docket": open_dockets[0] if open_dockets else None,
        "figures": metrics.figures(session, campaign.id),
        "dear": next((addressing.salutation(each) for each in seats.holders if each.known), "") if seats else "",
        "now": now,
    }
