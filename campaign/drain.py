"""The edge around the send loop: what a worker and `campaign send` both do."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable

import sqlalchemy as sa

from campaign.domain.channels import ChannelName
from campaign.extensions import db
from campaign.models.delivery import Worker
from campaign.runtime import runtime
from campaign.services import outbox
from campaign.services.outgoing import Envelope
from campaign.unit_of_work import database_now, unit_of_work

OWNER = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
"""This process, in leases and attempts. Made anew after a fork: see `owner`."""


def owner() -> str:
    host, pid, nonce = OWNER.rsplit(":", 2)
    return OWNER if pid == str(os.getpid()) else f"{host}:{os.getpid()}:{nonce}"


def drain(channel: ChannelName, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Hands over what is due on a channel; how many were tried. Commits. Nothing for a channel without a line here."""
    here = runtime()
    if channel not in here.channels:
        return 0
    loop = outbox.Loop(
        owner=owner(),
        channel=here.channels[channel],
        envelope=Envelope(here.signer, here.settings.bounce_domain, here.settings.base_url.rstrip("/")),
        clock=database_now,
        should_stop=should_stop,
    )
    return outbox.send_due(db.session(), loop)


def heartbeat(kind: str) -> None:
    """Says that this process lives."""
    with unit_of_work() as session:
        now = database_now()
        found = session.execute(
            sa.update(Worker).where(Worker.name == owner()).values(seen_at=now).returning(Worker.id)
        ).first()
        if found is None:
            session.add(Worker(name=owner(), kind=kind, started_at=now, seen_at=now))
