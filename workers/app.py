"""What `celery -A workers.app` loads."""

from __future__ import annotations

import mmap

from celery.signals import worker_process_init, worker_shutting_down

from campaign.app import create_app
from campaign.extensions import celery, db

flask_app = create_app()
app = celery


class StopFlag:
    """One byte in memory that forked children share. No semaphore, which a machine without /dev/shm refuses."""

    def __init__(self) -> None:
        self._byte = mmap.mmap(-1, 1)

    def set(self) -> None:
        self._byte[0] = 1

    def is_set(self) -> bool:
        return self._byte[0] == 1


stopping = StopFlag()
"""Set when the worker is asked to end; heard in every pool, so that a drain stops after the letters in hand."""


@worker_shutting_down.connect
def _stop(**_kwargs: object) -> None:
    stopping.set()


@worker_process_init.connect
def _own_connections(**_kwargs: object) -> None:
    """A child that is forked while its parent talks to the database must not talk over the same connections."""
    with flask_app.app_context():
        db.engine.dispose(close=False)


from workers import (  # noqa: E402  # tasks register on the app made above
    deliver,
    due,
    gateways,
    heart,
    inbox,
    printing,
    prove,
    published,
    remind,
    sweep,
)

__all__ = [
    "app",
    "celery",
    "deliver",
    "due",
    "flask_app",
    "gateways",
    "heart",
    "inbox",
    "printing",
    "prove",
    "published",
    "remind",
    "stopping",
    "sweep",
]
