"""Every two seconds: which channels have something due? Wakes those."""

from __future__ import annotations

from campaign import tasknames
from campaign.drain import heartbeat
from campaign.extensions import celery
from campaign.services import outbox
from campaign.unit_of_work import database_now, reading


@celery.task(name=tasknames.DUE)
def due() -> None:
    heartbeat("beat", "beat")  # both beat and whoever works for it live
    with reading() as session:
        channels = outbox.due_channels(session, database_now(), tasknames.WORKED)
    for channel in channels:
        celery.send_task(tasknames.DELIVER, args=[str(channel)], expires=120)
