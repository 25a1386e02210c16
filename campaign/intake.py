"""The edge around the intake of mail: what a worker and `campaign inbox` both do."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy.exc import DataError, IntegrityError

from campaign.channels.smtp import maildir
from campaign.channels.smtp.inbox import InboundMessage, read_message
from campaign.channels.smtp.raw import RawMail
from campaign.domain.errors import CampaignError
from campaign.runtime import runtime
from campaign.services import events
from campaign.services.events import Taken
from campaign.unit_of_work import database_now, unit_of_work

log = structlog.get_logger()


def take(source_id: str, raw: RawMail) -> Taken:
    """One mail, in one transaction. What the rows cannot hold is put aside, so that it is not read again for ever."""
    message = read_message(raw, runtime().signer)
    try:
        taken = _taken(source_id, raw, message)
    except IntegrityError:  # another process takes the same mail at this moment: now it is there
        taken = _taken(source_id, raw, message)
    except (CampaignError, DataError) as error:
        why = str(error) if isinstance(error, CampaignError) else "it holds what the database does not take"
        with unit_of_work() as session:
            taken = events.put_aside(session, source_id, raw, message, why, database_now())
    if taken.kind == "bounce" and (taken.code or "").startswith("5.7."):
        log.error("a receiver refuses our mail by policy: look at SPF, DKIM and DMARC", code=taken.code)
    log.info("mail in", kind=taken.kind, code=taken.code, moved=str(taken.moved) if taken.moved else None)
    return taken


def _taken(source_id: str, raw: RawMail, message: InboundMessage) -> Taken:
    with unit_of_work() as session:
        return events.take(session, source_id, raw, message, database_now())


class _Stopped(Exception):
    pass


def read_new(should_stop: Callable[[], bool] = lambda: False) -> int:
    """Everything new in the Maildir; how many mails. A mail that was taken and not yet moved is found again and counts once."""
    folder = runtime().settings.inbox_maildir
    maildir.make(folder)

    def one(source_id: str, raw: RawMail) -> None:
        if should_stop():
            raise _Stopped
        take(source_id, raw)

    try:
        return maildir.read_new(folder, one)
    except _Stopped:
        return 0
