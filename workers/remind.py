"""Every ten minutes: members who signed and have not said that they sent what goes by hand, and members whose office answered."""

from __future__ import annotations

from campaign import tasknames
from campaign.extensions import celery
from campaign.runtime import runtime
from campaign.services import reminders, reply_notices
from campaign.unit_of_work import database_now, unit_of_work


@celery.task(name=tasknames.REMIND)
def remind() -> None:
    with unit_of_work() as session:
        reminders.remind(session, runtime().envelope, database_now())
    with unit_of_work() as session:
        reply_notices.tell(session, runtime().envelope, database_now())
