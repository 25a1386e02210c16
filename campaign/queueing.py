"""Celery's settings: it wakes workers and does nothing else. No results, no retries, no countdowns, JSON only."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

from celery import Celery, Task
from celery.exceptions import SecurityWarning
from flask import Flask
from kombu import Exchange, Queue

from campaign import embedded_broker, tasknames
from campaign.settings import Settings

EXCHANGE = Exchange("countersign", type="direct")


class AppTask(Task):  # type: ignore[type-arg]
    """Runs inside an app context, so that tasks use the database as pages do."""

    flask_app: ClassVar[Flask | None] = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.flask_app is None:
            return self.run(*args, **kwargs)
        with self.flask_app.app_context():
            return self.run(*args, **kwargs)


def configure(celery: Celery, app: Flask, settings: Settings) -> None:
    """Binds the app's one Celery object; tasks run inside an app context."""
    AppTask.flask_app = app
    celery.conf.update(
        broker_url=settings.broker_url,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_serializer="json",
        accept_content=["json"],
        # A lost task costs seconds and a doubled one changes nothing, so acknowledging early is right: a worker that dies
        # takes no message with it that a later one would repeat.
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        task_queues=[Queue(name, EXCHANGE, routing_key=name) for name in sorted(set(tasknames.QUEUES.values()))],
        task_default_exchange=EXCHANGE.name,
        task_default_routing_key=tasknames.QUEUE_UPKEEP,
        task_default_queue=tasknames.QUEUE_UPKEEP,
        task_routes={name: {"queue": queue, "routing_key": queue} for name, queue in tasknames.QUEUES.items()},
        task_create_missing_queues=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        worker_redirect_stdouts=False,
        worker_hijack_root_logger=False,
        enable_utc=True,
        timezone="UTC",  # a schedule in a zone with summer time skips and repeats
        beat_schedule={
            "due": {"task": tasknames.DUE, "schedule": 2.0, "options": {"expires": 10}},
            "inbox": {"task": tasknames.INBOX, "schedule": 3.0, "options": {"expires": 10}},
            "gateways": {"task": tasknames.GATEWAYS, "schedule": 300.0, "options": {"expires": 240}},
            "print": {"task": tasknames.PRINT, "schedule": 5.0, "options": {"expires": 10}},
            "prove": {"task": tasknames.PROVE, "schedule": 300.0, "options": {"expires": 240}},
            "published": {"task": tasknames.PUBLISHED, "schedule": 5.0, "options": {"expires": 10}},
            "remind": {"task": tasknames.REMIND, "schedule": 600.0, "options": {"expires": 540}},
            "sweep": {"task": tasknames.SWEEP, "schedule": 15.0, "options": {"expires": 60}},
        },
        beat_max_loop_interval=2,
    )
    if settings.broker_url.startswith("filesystem:"):
        celery.conf.broker_transport = "campaign.embedded_broker:Transport"
        celery.conf.broker_transport_options = embedded_broker.options(settings.var_dir / "broker")
    elif settings.broker_url.startswith(("redis", "rediss")):
        celery.conf.broker_transport_options = {"visibility_timeout": 600}
    if not settings.production:  # in a newcomer's container everybody is root
        warnings.filterwarnings("ignore", category=SecurityWarning)
    app.extensions["celery"] = celery
