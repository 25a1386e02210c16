"""Addresses that are no longer written to: only a verified notice, the person or a named organizer puts one here."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.models.suppression import Suppression, SuppressionReason


def standing(session: Session, address: str) -> Suppression | None:
    return session.scalar(
        sa.select(Suppression).where(Suppression.address == address.lower(), Suppression.lifted_at.is_(None))
    )


def suppress(
    session: Session, address: str, reason: SuppressionReason, at: datetime, event_id: int | None = None
) -> Suppression:
    """Twice is once: the first reason stands."""
    found = standing(session, address)
    if found is None:
        found = Suppression(address=address.lower(), reason=reason, at=at, event_id=event_id)
        session.add(found)
        session.flush()
    return found


def lift(session: Session, address: str, at: datetime, by: str) -> bool:
    """Whether there was one to lift."""
    found = standing(session, address)
    if found is None:
        return False
    found.lifted_at, found.lifted_by = at, by
    return True
