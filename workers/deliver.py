"""Hands over what is due on one channel."""

from __future__ import annotations

from time import monotonic

from campaign import tasknames
from campaign.domain.channels import ChannelName
from campaign.drain import drain
from campaign.extensions import celery
from workers import app

LONGEST_S = 10.0  # then the worker hears other messages; what is left is asked for again


@celery.task(name=tasknames.DELIVER)
def deliver(channel: str) -> None:
    name = ChannelName(channel)
    began = monotonic()
    drain(name, should_stop=lambda: app.stopping.is_set() or monotonic() - began > LONGEST_S)
    if monotonic() - began > LONGEST_S and not app.stopping.is_set():
        celery.send_task(tasknames.DELIVER, args=[channel], expires=120)
