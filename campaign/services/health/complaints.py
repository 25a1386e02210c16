"""How much of the last day's mail was reported as spam: measured for each domain, and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.models.complaint import ComplaintRate
from campaign.models.delivery import Delivery
from campaign.models.event import Event
from campaign.services import complaints
from campaign.services.health import rates
from campaign.services.health.shapes import Part, Problem

DAY = timedelta(days=1)
AGAIN_AFTER = timedelta(minutes=5)


def measure(session: Session, now: datetime) -> None:
    """Counts the complaints of the last day, and where they changed or five minutes went by, the mail that they are of. Without
    complaints it is one small statement. Does not commit."""
    reported = _reported(session, now - DAY)
    known = {row.domain: row for row in session.scalars(sa.select(ComplaintRate))}
    for domain in known.keys() - reported.keys():
        session.delete(known[domain])
    stale = [domain for domain, count in reported.items() if _is_stale(known.get(domain), count, now)]
    for domain, sent in rates.sent_to(session, stale, now - DAY, now).items():
        session.merge(ComplaintRate(domain=domain, reported=reported[domain], sent=sent, at=now))


def _is_stale(row: ComplaintRate | None, count: int, now: datetime) -> bool:
    return row is None or row.reported != count or now - row.at >= AGAIN_AFTER


def _reported(session: Session, since: datetime) -> Counter[str]:
    addresses = session.scalars(
        sa.select(Delivery.to_address)
        .join(Event, Event.delivery_id == Delivery.id)
        .where(sa.text("events.kind = 'complained'"), Event.received_at > since)  # written out, as the index has it
    )
    return Counter(address.rpartition("@")[2].lower() for address in addresses)


def problems(found: Sequence[ComplaintRate]) -> tuple[Problem, ...]:
    """Of `complaints.rates`."""
    return tuple(_problem(rate) for rate in found)


def _problem(rate: ComplaintRate) -> Problem:
    words = (
        f"{rate.reported:,} of {max(rate.sent, rate.reported):,} mails of the last day to {rate.domain} were reported as spam:"
        f" {100 * rate.share:.2f} %."
    )
    if complaints.is_too_high(rate):
        words += " Invitations and reminders wait until that is under 0.30 %; letters go on."
        return Problem(Part.MAIL, words, "Look at whom the last invitations went to and what they said before more go.")
    return Problem(
        Part.MAIL, words, "Invite only who expects it, and say why they get it. From 0.30 % on invitations stop."
    )
