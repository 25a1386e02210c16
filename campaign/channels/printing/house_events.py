"""What a print provider tells by its hook: its signature checked, its words translated."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from campaign.domain.errors import Invalid, NotAllowed
from campaign.domain.events import DeliveryEvent, EventKind
from campaign.domain.references import is_reference

SOURCE = "print_provider"
TOLERANCE = timedelta(minutes=5)
"""How old a signed notice may be: one that was listened to cannot be played again later."""

KINDS = {
    "letter.created": EventKind.PRINTING,
    "letter.rendered_pdf": EventKind.PRINTING,
    "letter.mailed": EventKind.MAILED,
    "letter.in_transit": EventKind.IN_TRANSIT,
    "letter.in_local_area": EventKind.IN_TRANSIT,
    "letter.processed_for_delivery": EventKind.IN_TRANSIT,
    "letter.re-routed": EventKind.IN_TRANSIT,
    "letter.delivered": EventKind.DELIVERED,
    "letter.returned_to_sender": EventKind.BOUNCED,
}
"""The house's words. What is not listed is UNKNOWN and kept."""


@dataclass(frozen=True, slots=True)
class Notice:
    """`letter` is our mark, `provider_id` the house's own."""

    event: DeliveryEvent
    letter: str
    provider_id: str


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the time and the body, with a dot between, in hexadecimal."""
    return hmac.digest(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hex()


def on_event(body: bytes, timestamp: str, given: str, secret: str, now: datetime) -> Notice:
    """Raises NotAllowed for a signature that is wrong or too old, Invalid for a body that cannot be read."""
    if not secret or not hmac.compare_digest(signature(secret, timestamp, body).encode(), given.encode()):
        raise NotAllowed("The signature of this notice does not hold.")
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 11:
        raise NotAllowed("The signature of this notice does not hold.")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise NotAllowed("This notice is too old.")
    return _read(body, now)


def _read(body: bytes, now: datetime) -> Notice:
    try:
        read: Any = json.loads(body)
        number, word = read["id"], read["event_type"]["id"]
        about = read["body"]
        letter, house = about["metadata"].get("letter", ""), about["id"]
        at = datetime.fromisoformat(read["date_created"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Invalid("This notice cannot be read.") from error
    if not all(isinstance(each, str) and 0 < len(each) <= 100 for each in (number, word, house)):
        raise Invalid("This notice cannot be read.")
    if at.tzinfo is None or at > now:
        at = now
    mark = letter if isinstance(letter, str) and is_reference(letter) else ""
    detail = word.removeprefix("letter.").replace("_", " ")[:60]
    kind = KINDS.get(word, EventKind.UNKNOWN)
    return Notice(DeliveryEvent(SOURCE, number, kind, at, None, detail), mark, house)
