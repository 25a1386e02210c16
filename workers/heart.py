"""A worker says that it lives, busy or idle, from a thread of its own; that letters leave is told by their rows.

Seen are the processes that work: the worker itself where its pool has none (solo, threads), else each child of its pool. Children
say nothing themselves: one that is killed is missed by its parent, and is gone from the list with the next beat.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import structlog
from celery.signals import worker_ready, worker_shutdown
from sqlalchemy.exc import SQLAlchemyError

from campaign import drain
from workers import app

log = structlog.get_logger()

EVERY_S = 20.0
_ended = threading.Event()
_threads: list[threading.Thread] = []


def _beat(kind: str, pool: Any) -> None:
    """Whatever happens to the database, the next beat is tried."""
    while not _ended.is_set():
        with app.flask_app.app_context():
            try:
                drain.speak_for(kind, pool.info.get("processes", [os.getpid()]))
            except SQLAlchemyError as error:
                log.warning("heartbeat not written", error=type(error).__name__)
        _ended.wait(EVERY_S)


@worker_ready.connect
def _begin(sender: Any, **_kwargs: object) -> None:
    """Its kinds are the queues that it takes from."""
    kind = ",".join(sorted(sender.app.amqp.queues.consume_from))
    _threads.append(threading.Thread(target=_beat, args=(kind, sender.pool), name="heart", daemon=True))
    _threads[-1].start()


@worker_shutdown.connect
def _end(**_kwargs: object) -> None:
    _ended.set()
    for each in _threads:  # a beat under way would undo the farewell
        each.join(5)
    with app.flask_app.app_context():
        try:
            drain.farewell()
        except SQLAlchemyError as error:
            log.warning("farewell not written", error=type(error).__name__)
