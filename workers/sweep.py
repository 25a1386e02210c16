"""Every 15 seconds: leases that ran out, campaigns whose window is over, letters that nobody answered, raw mail and
confidential passages whose time is over, mail that was reported as spam."""

from __future__ import annotations

import time
from datetime import timedelta

from campaign import drain, embedded_broker, intake, tasknames
from campaign.domain.schedule import NO_REPLY_AFTER
from campaign.extensions import celery
from campaign.runtime import runtime
from campaign.services import campaigns, confidential, health, responses
from campaign.unit_of_work import database_now, unit_of_work

_KEEP_DONE_S = 3600


@celery.task(name=tasknames.SWEEP)
def sweep() -> None:
    drain.recover()
    drain.sweep_leases()
    drain.forget_workers()
    with unit_of_work() as session:
        campaigns.close_due(session, database_now())
    with unit_of_work() as session:
        now = database_now()
        responses.presume_no_reply(session, now - NO_REPLY_AFTER, now)
    settings = runtime().settings
    with unit_of_work() as session:
        confidential.delete_due(session, timedelta(days=settings.keep_confidential_days), database_now())
    with unit_of_work() as session:
        health.measure_complaints(session, database_now())
    intake.forget_old(settings.keep_raw_days)
    if settings.broker_url.startswith("filesystem:"):
        embedded_broker.forget_done(settings.var_dir / "broker", _KEEP_DONE_S, time.time())
