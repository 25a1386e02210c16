"""The order of ways by which a campaign writes to its offices: what it is, what each way could take now, and changing it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import takewhile

from sqlalchemy.orm import Session

from campaign.domain.channels import WAYS, ChannelKind, ChannelName
from campaign.domain.errors import Invalid, WrongState
from campaign.domain.statuses import OVER
from campaign.models.campaign import Campaign
from campaign.services import audit, campaigns, offices
from campaign.services.routes import DEFAULT_ORDER, routes, taking

_WAY_OF = {name: way for way, names in WAYS.items() for name in names}


def effective(order: Sequence[str]) -> tuple[str, ...]:
    """An order as letters follow it: paper by hand takes every letter, so that it is the last of each, and nothing follows it."""
    known = dict.fromkeys(each for each in order or DEFAULT_ORDER if each in WAYS)
    return (*takewhile(lambda way: way != ChannelKind.PRINT, known), ChannelKind.PRINT)


def absent(order: Sequence[str], set_up: Collection[ChannelName]) -> list[str]:
    """Ways that an order names, and of which nothing is set up here: letters pass them over."""
    return [way for way in order if way in WAYS and not any(name in set_up for name in WAYS[way])]


def by_office(
    session: Session, office_ids: Sequence[int], order: Sequence[str], set_up: Collection[ChannelName], now: datetime
) -> dict[int, list[str]]:
    """The ways that could take a letter to each of these offices now, best first; none for a seat that is vacant.

    Those of the order come before those that it leaves out. What a single letter lacks for its way is not looked at. A few
    statements, whatever the number.
    """
    holders = offices.holder_at(session, set(office_ids), now)
    takes = taking(session, office_ids, set_up, now)
    every = [*order, *(way for way in WAYS if way not in order)]
    return {
        key: [] if holder.vacant else [_WAY_OF[route.channel] for route in routes(holder, None, every, takes)]
        for key, holder in holders.items()
    }


def set_order(
    session: Session, campaign_id: int, order: Sequence[str], seen: Sequence[str], now: datetime, by: str
) -> Campaign:
    """Letters that are signed from now on follow this order; what is queued stays. Recorded. Twice is safe. Does not commit.

    `seen` is the order that the person had before them. Raises WrongState when somebody else changed it since, and for a closed
    campaign; Invalid for what is no order.
    """
    if not order or effective(order) != tuple(order):
        raise Invalid("Choose the order from the ways that the page shows.", "order")
    campaign = campaigns.locked(session, campaign_id)
    if campaign.status in OVER:
        raise WrongState("This campaign is closed: nothing of it is sent any more.")
    before = effective(campaign.channels)
    if before == tuple(order):
        return campaign
    if before != tuple(seen):
        raise WrongState("Somebody else changed the order since you opened this page.")
    campaign.channels = [str(way) for way in order]
    audit.record(
        session,
        at=now,
        by=by,
        act="order of ways",
        subject=f"campaign:{campaign.id}",
        before=" ".join(before),
        after=" ".join(order),
    )
    return campaign
