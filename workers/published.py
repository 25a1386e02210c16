"""Every five seconds: comments that an agency took, and may have published since."""

from __future__ import annotations

from campaign import published, tasknames
from campaign.extensions import celery
from workers import app


@celery.task(name=tasknames.PUBLISHED)
def look() -> None:
    published.look(app.stopping.is_set)
