"""Ways that letters are to take and cannot: those that an order names and nobody set up, gateways without a
fresh list, and hours of a campaign and of offices that never meet."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import CHANNEL_WORDS, WAY_WORDS, ChannelName
from campaign.domain.districts import Chamber
from campaign.domain.statuses import OVER
from campaign.models.campaign import Campaign
from campaign.services import active_offices, office_hours, ways
from campaign.services.cwc_filing import GATEWAYS
from campaign.services.health.shapes import Part, Problem

_OFFICES = {
    Chamber.HOUSE: "the House",
    Chamber.SENATE: "the Senate",
    Chamber.JOINT: "a joint committee",
    Chamber.EXECUTIVE: "an agency",
}


def problems(session: Session, set_up: Collection[ChannelName], now: datetime) -> tuple[Problem, ...]:
    """Five statements."""
    return (*_orders(session, set_up), *_lists(session, set_up, now), *_hours(session, now))


def _orders(session: Session, set_up: Collection[ChannelName]) -> list[Problem]:
    rows = session.execute(
        sa.select(Campaign.name, Campaign.channels).where(Campaign.status.not_in(OVER)).order_by(Campaign.id)
    )
    return [
        Problem(
            Part.CHANNELS,
            f"“{name}” names {WAY_WORDS[way]} in its order of ways, which is not set up here: its letters pass it over.",
            "Set it up, or leave it out on the campaign’s page Ways.",
        )
        for name, order in rows
        for way in ways.absent(order, set_up)
    ]


def _lists(session: Session, set_up: Collection[ChannelName], now: datetime) -> list[Problem]:
    found = []
    for state in active_offices.list_states(session, now):
        if GATEWAYS[state.chamber] not in set_up or state.fresh:
            continue
        age = (
            f"is older than {active_offices.FRESH.total_seconds() / 3600:.0f} hours"
            if state.fetched_at
            else "was never read"
        )
        words = f"{CHANNEL_WORDS[GATEWAYS[state.chamber]]}: the list of offices that take part {age}. No letter passes."
        todo = "Run campaign cwc offices --refresh, and see that an upkeep worker runs: it reads the list once a day."
        found.append(Problem(Part.CHANNELS, words, todo, why=state.problem))
    return found


def _hours(session: Session, now: datetime) -> list[Problem]:
    kept = office_hours.listed(session)
    query = sa.select(Campaign).where(Campaign.status.not_in(OVER), Campaign.sends_from.is_not(None))
    running = session.scalars(query.order_by(Campaign.id)).all() if kept else []
    return [
        Problem(
            Part.CHANNELS,
            f"“{each.name}” sends only at hours at which {code or _OFFICES[row.chamber]} takes no letters: none of its letters"
            " by e-mail or gateway leaves there.",
            "Change the hours of the campaign, or those of the office on the page Gateways.",
        )
        for each in running
        if (sends := each.sending_hours) is not None
        for row, code in kept
        if not sends.meets(row.hours, now)
    ]
