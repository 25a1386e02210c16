"""Addresses that are no longer written to: only a verified notice, the person or a named organizer puts one here."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.errors import NotFound
from campaign.models.suppression import Suppression, SuppressionReason
from campaign.services import inserts


def standing(session: Session, address: str) -> Suppression | None:
    return session.scalar(
        sa.select(Suppression).where(Suppression.address == address.lower(), Suppression.lifted_at.is_(None))
    )


def bars(reason: SuppressionReason, *, bulk: bool) -> bool:
    """Whether an address that stands here for this reason gets no such mail: who unsubscribed still asks for links."""
    return bulk or reason is not SuppressionReason.UNSUBSCRIBED


def suppress(
    session: Session, address: str, reason: SuppressionReason, at: datetime, event_id: int | None = None
) -> Suppression:
    """Twice is once, also at the same moment: the first reason stands."""
    inserts.if_absent(
        session, Suppression, {"address": address.lower(), "reason": reason, "at": at, "event_id": event_id}
    )
    found = standing(session, address)
    if found is None:
        raise NotFound("It was lifted meanwhile.")
    return found


def lift(session: Session, address: str, at: datetime, by: str) -> bool:
    """Whether there was one to lift."""
    found = standing(session, address)
    if found is None:
        return False
    found.lifted_at, found.lifted_by = at, by
    return True
