"""The edge around the intake of mail: what a worker and `campaign inbox` both do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.exc import DataError, IntegrityError

from campaign.channels.smtp import mailbox, maildir
from campaign.channels.smtp.inbox import InboundMessage, read_message
from campaign.channels.smtp.raw import RawMail
from campaign.domain.errors import CampaignError, ChannelError
from campaign.runtime import runtime
from campaign.services import events, mailroom
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


_POLL_EVERY = timedelta(seconds=30)
_polled: dict[str, datetime] = {}  # when this process last asked a mailbox


def poll_mailbox() -> int:
    """Fetches from the mailbox of CAMPAIGN_IMAP_HOST into the Maildir, at most every 30 seconds; how many mails. A mailbox
    that is away is one warning: what it holds waits there."""
    settings, now = runtime().settings, datetime.now(UTC)
    if not settings.imap_host or now - _polled.get(settings.imap_host, datetime.min.replace(tzinfo=UTC)) < _POLL_EVERY:
        return 0
    _polled[settings.imap_host] = now
    box = mailbox.Mailbox(
        settings.imap_host,
        settings.imap_port,
        settings.imap_username,
        settings.imap_password,
        settings.imap_tls,
        settings.imap_folder,
        settings.imap_done_folder,
    )
    try:
        return mailbox.poll(box, settings.inbox_maildir)
    except ChannelError as error:
        log.warning("mailbox not read", error=type(error).__name__)
        return 0


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


_CLEAR_EVERY = timedelta(hours=1)
_cleared: dict[Path, datetime] = {}  # when this process last went through a folder, which may hold a month of mail


def forget_old(keep_days: int) -> int:
    """Deletes raw mail that came more than `keep_days` days ago: up to 500 rows at a time and, once an hour, the files that
    have been read. How many rows' mails. Twice is safe."""
    with unit_of_work() as session:
        now = database_now()
        gone = mailroom.forget_bodies(session, now - timedelta(days=keep_days))
    folder = runtime().settings.inbox_maildir
    if now - _cleared.get(folder, datetime.min.replace(tzinfo=UTC)) >= _CLEAR_EVERY:
        _cleared[folder] = now
        maildir.forget(folder, (now - timedelta(days=keep_days)).timestamp())
    return gone
