"""The share of our mail that its receivers report as spam, by domain and over a day.

Gmail asks for less than 0.1 % and never 0.3 % (its guidelines for senders): from the first on somebody is told, from the second
on no campaign mail leaves to anybody. Letters, copies and sign-in links, which somebody waits for, go on.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.models.complaint import ComplaintRate

WARNS = 0.001
STOPS = 0.003
FEW = 3
"""Fewer complaints than this stop nothing: one annoyed person among two hundred is no rate."""


def rates(session: Session) -> Sequence[ComplaintRate]:
    """Domains at which the rate is worth a word, the worst first."""
    found = [row for row in session.scalars(sa.select(ComplaintRate)) if row.share >= WARNS]
    return sorted(found, key=lambda row: (-row.share, row.domain))


def is_too_high(rate: ComplaintRate) -> bool:
    return rate.reported >= FEW and rate.share >= STOPS


def stop_campaign_mail(session: Session) -> bool:
    """Whether invitations and reminders wait. One small statement."""
    return any(is_too_high(rate) for rate in rates(session))
