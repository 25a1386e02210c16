"""Every five minutes, and when a worker starts: is a list of offices of a gateway a day old? Then it is read."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_ready

from campaign import tasknames
from campaign.extensions import celery
from campaign.gateway_lists import refresh_due


@celery.task(name=tasknames.GATEWAYS)
def gateways() -> None:
    refresh_due()


@worker_ready.connect
def _at_start(sender: Any, **_kwargs: object) -> None:
    """After days of standing still the lists are too old, and no letter may leave by them until they are read."""
    if tasknames.QUEUE_UPKEEP in sender.app.amqp.queues.consume_from:
        celery.send_task(tasknames.GATEWAYS, expires=240, retry=False)
