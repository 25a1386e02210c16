"""Every five minutes: is it time for the nightly proof?"""

from __future__ import annotations

from campaign import tasknames, watch
from campaign.extensions import celery


@celery.task(name=tasknames.PROVE)
def prove() -> None:
    watch.prove_if_due()
