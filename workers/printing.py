"""Every five seconds: print batches that are being made. A few files at a time, so that the worker hears other messages."""

from __future__ import annotations

from time import monotonic

from campaign import printshop, tasknames
from campaign.extensions import celery
from campaign.runtime import runtime
from campaign.services import printing
from campaign.unit_of_work import reading
from workers import app

LONGEST_S = 3.0


@celery.task(name=tasknames.PRINT)
def print_batches() -> None:
    began = monotonic()
    with reading() as session:
        waiting = printing.in_making(session)
    var_dir = runtime().settings.var_dir
    more = False
    for batch_id in waiting:
        more |= not printshop.make(batch_id, var_dir, runtime().envelope, lambda: _enough(began))
        if _enough(began):
            break
    if not waiting:
        printshop.remove_old(var_dir)
    elif more and not app.stopping.is_set():
        celery.send_task(tasknames.PRINT, expires=120)


def _enough(began: float) -> bool:
    return app.stopping.is_set() or monotonic() - began > LONGEST_S
