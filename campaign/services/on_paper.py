"""A signed letter in the parts that the printed layout places, for a batch, a PDF of its own and a print provider alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.printing.letter import PrintedLetter
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.organization import Organization
from campaign.services import counts
from campaign.services.envelope import Envelope
from campaign.services.many import among


def printed(letter: Letter, organization: Organization, day: str, envelope: Envelope) -> PrintedLetter:
    """The letter in the parts that the layout places. `day` is the day of signing in words.

    The letterhead is the association's: it posts the letter, and what the mail cannot deliver comes back to it.
    """
    return PrintedLetter(
        id=letter.reference,
        from_lines=(organization.name, *organization.postal_lines),
        to_lines=tuple(letter.address_block),
        date=day,
        subject=letter.subject,
        salutation=letter.salutation,
        body=tuple(part["text"] for part in letter.parts),
        closing=letter.valediction,
        signature=tuple(letter.signature),
        code=letter.reference,
        reference=letter.digest[:16],
        verify_url=envelope.verify_url(letter.reference),
    )


def cargoes(
    session: Session, ids: Sequence[int], organization: Organization, envelope: Envelope
) -> dict[int, PrintedLetter]:
    """What a print provider takes, by delivery id. One statement."""
    rows = session.execute(
        sa.select(Delivery.id, Letter)
        .join(Letter, Letter.id == Delivery.letter_id)
        .where(among(session, Delivery.id, ids))
    )
    zone = counts.zone(session)
    return {
        delivery_id: printed(letter, organization, long_day(letter.signed_at.astimezone(zone)), envelope)
        for delivery_id, letter in rows
    }


def long_day(local: datetime) -> str:
    return f"{local:%B} {local.day}, {local.year}"
