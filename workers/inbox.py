"""Every three seconds: new mail of bounces and replies."""

from __future__ import annotations

from campaign import tasknames
from campaign.extensions import celery
from campaign.intake import poll_mailbox, read_new
from workers import app


@celery.task(name=tasknames.INBOX)
def inbox() -> None:
    poll_mailbox()
    read_new(should_stop=app.stopping.is_set)
