"""A sending process without Celery: drains until nothing is left. `python -m tests.fault.worker FOLDER`.

It says that it is ready by a file `ready-PID` in FOLDER.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from time import sleep

import sqlalchemy as sa

from campaign.app import create_app
from campaign.domain.channels import ChannelName
from campaign.domain.statuses import Status
from campaign.drain import drain, recover, sweep_leases
from campaign.extensions import db
from campaign.models.delivery import Delivery
from campaign.unit_of_work import reading


def anything_left() -> bool:
    with reading() as session:
        open_ones = sa.select(Delivery.id).where(Delivery.status.in_([Status.QUEUED, Status.SENDING]))
        return session.scalar(open_ones.limit(1)) is not None


def look() -> bool:
    """What a worker's tasks do, one after the other; whether there may be more to do. A database that cannot be had just now
    ends the task and not the worker, as in Celery."""
    try:
        if not recover() and not anything_left():
            return False
        sweep_leases()
        if not drain(ChannelName.SMTP):
            sleep(0.1)
    except sa.exc.OperationalError:
        db.session.remove()
    return True


def main(folder: Path) -> None:
    with create_app().app_context():
        (folder / f"ready-{os.getpid()}").touch()
        while look():
            pass
        db.session.remove()
        db.engine.dispose()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
