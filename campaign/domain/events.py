"""What a provider, a mail system or a person can tell us about a delivery, in one vocabulary.

Each channel has a table from its provider's words to `EventKind`; a word that is not listed becomes `UNKNOWN` and is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaign.domain.statuses import Status


class EventKind(StrEnum):
    DEFERRED = "deferred"  # the mail system still tries; changes no status
    PRINTING = "printing"  # the print provider has it in hand
    MAILED = "mailed"  # the print provider gave it to the mail
    IN_TRANSIT = "in_transit"  # the mail has it on its way
    DELIVERED = "delivered"  # a positive receipt
    BOUNCED = "bounced"  # it came back: the address or the mailbox
    REFUSED = "refused"  # it came back: policy or authentication, not the address
    COMPLAINED = "complained"  # reported as spam
    AUTO_REPLY = "auto_reply"  # a machine of the addressee: away, moved
    ACKNOWLEDGED = "acknowledged"  # the office's own receipt
    REPLIED = "replied"  # a person or a form letter
    PUBLISHED = "published"  # the agency shows the comment to everybody
    UNKNOWN = "unknown"


class ResponseKind(StrEnum):
    """What an office itself sent back."""

    ACKNOWLEDGEMENT = "acknowledgement"
    FORM = "form"
    SUBSTANTIVE = "substantive"
    MEETING = "meeting"


MOVES_TO: dict[EventKind, Status] = {
    EventKind.MAILED: Status.ACCEPTED,  # settles what was unclear; what was accepted stays so
    EventKind.IN_TRANSIT: Status.ACCEPTED,
    EventKind.DELIVERED: Status.DELIVERED,
    EventKind.PUBLISHED: Status.DELIVERED,
    EventKind.BOUNCED: Status.BOUNCED,
    EventKind.REFUSED: Status.BOUNCED,
    # whoever answers has received: settles an unclear letter too
    EventKind.ACKNOWLEDGED: Status.DELIVERED,
    EventKind.REPLIED: Status.DELIVERED,
}
"""The status that an event argues for; the table of moves decides whether the delivery takes it."""


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """One notice, translated. `source` and `source_id` make it unique: told twice, it counts once."""

    source: str
    source_id: str
    kind: EventKind
    at: datetime
    code: str | None = None  # enhanced status (RFC 3463), "5.1.1"
    detail: str = ""  # the receiver's own line, scrubbed of addresses
