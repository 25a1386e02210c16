"""Every five minutes: is a list of offices of a gateway a day old? Then it is read."""

from __future__ import annotations

from campaign import tasknames
from campaign.extensions import celery
from campaign.gateway_lists import refresh_due


@celery.task(name=tasknames.GATEWAYS)
def gateways() -> None:
    refresh_due()
