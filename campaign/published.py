"""The edge around the look-up of comments that agencies publish: what a worker does every few seconds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import structlog

from campaign import drain
from campaign.channels.docket import postings as portal
from campaign.channels.docket.regulations import Access
from campaign.channels.http import Http
from campaign.domain.channels import ChannelName
from campaign.domain.errors import ChannelError
from campaign.runtime import runtime
from campaign.services import postings
from campaign.settings import Settings
from campaign.unit_of_work import database_now, unit_of_work

log = structlog.get_logger()

MOST = 5  # a round: the worker hears other messages


def look(should_stop: Callable[[], bool] = lambda: False) -> int:
    """Looks up what is due, as far as the limit has room; how many were found published. No transaction is open while the
    portal is asked. Commits, one by one; a portal in trouble ends the round."""
    settings = runtime().settings
    if ChannelName.DOCKET_API not in runtime().channels:
        return 0
    access = Access(settings.regulations_url, settings.regulations_key)
    limits = drain.limits(ChannelName.DOCKET_API, settings)
    with unit_of_work() as session:
        now = database_now()
        postings.expect(session, now)
        if not postings.anything_due(session, now):
            return 0  # as in most rounds: to read the certificates for a connection would cost more than all of this
    count = 0
    with closing(Http()) as http:
        for _ in range(MOST):
            with unit_of_work() as session:
                due = postings.next_look(session, limits, database_now())
            if due is None or should_stop():
                break
            try:
                found = portal.published(access, due.tracking, http)
            except ChannelError as error:
                log.warning("published comments not looked up", error=type(error).__name__, code=error.code)
                break
            if found is not None:
                with unit_of_work() as session:
                    postings.found(session, due.delivery_id, found, address(settings, found.id), database_now())
                count += 1
    return count


def address(settings: Settings, comment: str) -> str:
    """The page of a public comment."""
    base = settings.regulations_url.removesuffix("v4") if settings.simulated else "https://www.regulations.gov/"
    return f"{base}comment/{comment}"
