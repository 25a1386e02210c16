"""What `celery -A workers.app` loads."""

from __future__ import annotations

import billiard
from celery.signals import worker_shutting_down

from campaign.app import create_app
from campaign.extensions import celery

flask_app = create_app()
app = celery

stopping = billiard.Event()
"""Set when the worker is asked to end; heard in every pool, so that a drain stops after the letters in hand."""


@worker_shutting_down.connect
def _stop(**_kwargs: object) -> None:
    stopping.set()


from workers import deliver, due, inbox, sweep  # noqa: E402  # tasks register on the app made above

__all__ = ["app", "celery", "deliver", "due", "flask_app", "inbox", "stopping", "sweep"]
