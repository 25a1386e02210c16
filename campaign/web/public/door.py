"""What the door says: who will hear from this member, and why now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from campaign.domain import addressing
from campaign.services import campaign_contents, metrics, offices, sites
from campaign.services.invitations import Door


def view(session: Session, leads: Door, now: datetime) -> dict[str, Any]:
    """The template's context. `hears` are lines of (name, what they are, kind)."""
    own = sites.of_member(session, leads.member)
    site = own[0] if own else None
    seats = sites.seats(session, site, now) if site else None
    dockets = sorted(campaign_contents.open_dockets(session, leads.campaign.id, now), key=lambda each: each.closes_at)
    agencies = {docket.office_id: offices.agency(docket.office) for docket in dockets}
    return {
        "campaign": leads.campaign,
        "member": leads.member,
        "company": leads.company,
        "site": site,
        "seats": seats,
        "hears": [
            (addressing.styled_name(holder), addressing.seat_title(holder), str(holder.kind))
            for holder in (seats.holders if seats else ())
        ],
        "agencies": [(addressing.styled_name(holder), holder.title) for holder in agencies.values()],
        "docket": dockets[0] if dockets else None,
        "figures": metrics.figures(session, leads.campaign.id),
        "dear": next((addressing.salutation(each) for each in seats.holders if each.known), "") if seats else "",
        "now": now,
    }
