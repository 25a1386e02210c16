"""How a letter is usually sent from a Flask application, as a limit from below: a task, a connection and a commit for each.

A real Celery worker takes the tasks; its broker is this process's own memory, which is faster than any that a production would
use. It keeps none of our promises.
"""

from __future__ import annotations

import smtplib
import threading
from email.message import EmailMessage
from email.utils import formatdate
from time import monotonic, process_time
from typing import Any

import sqlalchemy as sa
from celery import Celery
from celery.contrib.testing.worker import start_worker
from flask import current_app
from sqlalchemy.orm import Session

from campaign.bench import deliver
from campaign.bench.sink import Sink
from campaign.domain.statuses import Status
from campaign.extensions import db
from campaign.models.delivery import Attempt, AttemptOutcome, Delivery, DeliveryChange
from campaign.models.letter import Letter
from campaign.models.member import Member
from campaign.models.organization import Organization
from campaign.unit_of_work import database_now

SHARE = 300


def beside(session: Session, url: str, *, letters: int, workers: int) -> dict[str, Any]:
    """Both in one run, against one sink: first `SHARE` letters by one process of the usual design, then the engine."""
    deliver.prepare(session, letters + SHARE)
    with Sink() as sink:
        per_second, cpu = _usual(session, *sink.address)
        done = deliver.run_workers(workers, deliver.environment(url, sink.address))
    return {
        "counts": deliver.counts(session),
        "workers": workers,
        "per_second": round(letters / done.seconds, 1),
        "cpu_seconds_per_1000": round(done.cpu_s / letters * 1000, 3),
        "usual_per_second": round(per_second, 1),
        "usual_cpu_seconds_per_1000": round(cpu, 2),
        "ratio": round(letters / done.seconds / per_second, 1),
        "ratio_of_cpu_seconds": round(cpu / (done.cpu_s / letters * 1000), 1),
        "relay": sink.seen,
    }


def _usual(session: Session, host: str, port: int) -> tuple[float, float]:
    """Letters per second, and CPU seconds per 1,000, of one worker."""
    ids = session.scalars(
        sa.select(Delivery.id).where(Delivery.status == Status.QUEUED).order_by(Delivery.id).limit(SHARE)
    ).all()
    session.rollback()
    queue = Celery("usual", broker="memory://", set_as_current=False)
    queue.conf.update(task_ignore_result=True, worker_prefetch_multiplier=1, worker_hijack_root_logger=False)
    app, sent = current_app._get_current_object(), threading.Semaphore(0)  # type: ignore[attr-defined]  # noqa: SLF001 - the way Flask documents

    @queue.task(name="usual.send")
    def send(delivery_id: int) -> None:
        with app.app_context():
            _send(db.session(), delivery_id, host, port)
        sent.release()

    with start_worker(queue, pool="solo", perform_ping_check=False, shutdown_timeout=60):
        began, cpu = monotonic(), process_time()
        for delivery_id in ids:
            send.delay(delivery_id)
        for _ in ids:
            sent.acquire()
        return len(ids) / (monotonic() - began), (process_time() - cpu) / len(ids) * 1000


def _send(session: Session, delivery_id: int, host: str, port: int) -> None:
    delivery = session.get_one(Delivery, delivery_id)
    letter = session.get_one(Letter, delivery.letter_id)
    member = session.get_one(Member, letter.member_id)
    organization = session.get_one(Organization, 1)
    message = EmailMessage()
    message["From"] = f"{member.name} <{organization.sending_address}>"
    message["To"] = delivery.to_address
    message["Subject"] = letter.subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{letter.reference}@bench.example>"
    message.set_content(letter.body)
    with smtplib.SMTP(host, port, timeout=30) as client:
        client.send_message(message)
    now = database_now()
    session.add(
        Attempt(
            delivery_id=delivery.id,
            number=1,
            worker="usual",
            started_at=now,
            finished_at=now,
            outcome=AttemptOutcome.RECEIPT,
        )
    )
    session.add(
        DeliveryChange(delivery_id=delivery.id, at=now, old=Status.QUEUED, new=Status.ACCEPTED, why="", by="usual")
    )
    session.execute(sa.update(Delivery).where(Delivery.id == delivery.id).values(status=Status.ACCEPTED, tries=1))
    session.commit()
