"""The edge around the lists of offices that take letters by a gateway: what a worker and a command both do."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta

import structlog

from campaign.channels.base import Channel
from campaign.channels.cwc import offices
from campaign.channels.cwc.client import CwcChannel
from campaign.channels.http import Http
from campaign.domain.errors import CampaignError, ChannelError
from campaign.runtime import runtime
from campaign.services import active_offices
from campaign.services.active_offices import ListState
from campaign.unit_of_work import database_now, reading, unit_of_work

log = structlog.get_logger()

AGAIN_AFTER = timedelta(hours=20)  # daily, whatever the hour at which it was read first
RETRY_AFTER = timedelta(hours=1)


def configured() -> list[CwcChannel]:
    return [channel for channel in runtime().channels.values() if isinstance(channel, CwcChannel)]


def refresh_due() -> int:
    """Reads the lists that are a day old, or could not be read an hour ago; how many were read. Commits, one by one."""
    with reading() as session:
        now = database_now()
        states = {state.chamber: state for state in active_offices.list_states(session, now)}
    return sum(refresh(channel) for channel in configured() if _is_due(states[channel.gateway.chamber], now))


def look_again(channel: Channel) -> bool:
    """Reads the list anew where the gateway contradicted it, at most once an hour; whether it did. Commits."""
    if not isinstance(channel, CwcChannel) or not channel.heard_of_a_closed_office:
        return False
    channel.heard_of_a_closed_office = False
    with reading() as session:
        now = database_now()
        states = {state.chamber: state for state in active_offices.list_states(session, now)}
    tried_at = states[channel.gateway.chamber].tried_at
    return (tried_at is None or now - tried_at >= RETRY_AFTER) and refresh(channel)


def refresh(channel: CwcChannel) -> bool:
    """Whether the list was read. No transaction is open while the gateway is asked. Commits."""
    gateway = channel.gateway
    try:
        with closing(Http(proxy=gateway.proxy or None)) as http:
            codes = offices.fetch(gateway, http)
        with unit_of_work() as session:
            told = active_offices.refresh(session, gateway.chamber, codes, database_now())
    except CampaignError as error:
        with unit_of_work() as session:
            active_offices.failed(session, gateway.chamber, str(error), database_now())
        code = error.code if isinstance(error, ChannelError) else None
        log.warning("list of offices not read", chamber=str(gateway.chamber), code=code)
        return False
    log.info(
        "list of offices read",
        chamber=str(gateway.chamber),
        listed=told.listed,
        joined=len(told.joined),
        left=len(told.left),
    )
    return True


def _is_due(state: ListState, now: datetime) -> bool:
    if state.tried_at is None:
        return True
    if state.problem or state.fetched_at is None:
        return now - state.tried_at >= RETRY_AFTER
    return now - state.fetched_at >= AGAIN_AFTER
