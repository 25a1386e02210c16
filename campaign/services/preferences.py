"""How a single office wants to be written to, where that is not the campaign's order. Recorded; nothing here commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import ChannelKind
from campaign.domain.districts import OfficeKind
from campaign.domain.errors import Invalid
from campaign.models.office import Office
from campaign.services import audit, offices

CHOICES = (ChannelKind.CWC, ChannelKind.SMTP, ChannelKind.HANDOFF, ChannelKind.PRINT)


def standing(session: Session) -> Sequence[Office]:
    """Offices with a preference of their own, by code."""
    return session.scalars(
        sa.select(Office).where(sa.cast(Office.channels, sa.Text) != "[]").order_by(Office.code)
    ).all()


def prefer(session: Session, code: str, kind: ChannelKind, now: datetime, by: str) -> Office:
    """From the next signature on, letters to this office try `kind` first, where it takes that at all. What is queued stays.

    Raises NotFound for an unknown office, Invalid for a gateway that an agency has not. Twice is safe.
    """
    office = offices.office_by_code(session, code)
    if kind not in CHOICES or (kind is ChannelKind.CWC and office.kind is OfficeKind.AGENCY):
        raise Invalid("This office has no such way.", "way")
    _set(session, office, [kind], now, by)
    return office


def forget(session: Session, code: str, now: datetime, by: str) -> Office:
    """The campaign's order counts again. Raises NotFound. Twice is safe."""
    office = offices.office_by_code(session, code)
    _set(session, office, [], now, by)
    return office


def _set(session: Session, office: Office, channels: list[str], now: datetime, by: str) -> None:
    before = list(office.channels)
    if before == channels:
        return
    office.channels = channels
    audit.record(
        session,
        at=now,
        by=by,
        act="office prefers a way",
        subject=f"office:{office.id}",
        before=" ".join(before),
        after=" ".join(channels),
    )
