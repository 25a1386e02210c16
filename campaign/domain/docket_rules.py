"""What is true of dockets everywhere: how they are numbered, when they close, and how long a comment may be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from campaign.domain.errors import Invalid

EASTERN = ZoneInfo("America/New_York")
LAST = time(23, 59, 59)
"""A day that is a deadline ends with this second, Eastern: agencies take comments until 11:59 pm."""

ORGANIZATION_TYPE = "Company"
"""What regulations.gov is told that a company is, where nobody entered the word of the agency's own list; it is on most."""
ORGANIZATION_TYPE_LIMIT = 100

COMMENT_LIMIT = 5_000
"""Of regulations.gov, in characters and in UTF-8 bytes alike."""

NUMBERS = {
    "ustr": re.compile(r"USTR-\d{4}-\d{4}(-Hearing)?"),
    "regulations_gov": re.compile(r"[A-Z][A-Z0-9]+(?:[-_][A-Z][A-Z0-9]*)*-\d{4}-(?:[A-Z]{1,2}-)?\d{4,5}"),
}
_DEMONSTRATION = re.compile(r"DEMO-\d{4}-\d{4}")
_LIKE = {"ustr": "USTR-2026-0001", "regulations_gov": "BIS-2026-0025"}

_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u231a\u231b\u23e9-\u23f3\u23f8-\u23fa"
    "\ufe0f\u20e3\u200d\U000e0020-\U000e007f]"
)


@dataclass(frozen=True, slots=True)
class Length:
    """Of a text with LF line ends: a line end counts once, as in the box of a browser and in the answer of the portal."""

    characters: int
    bytes: int

    @property
    def most(self) -> int:
        return max(self.characters, self.bytes)


def length(text: str) -> Length:
    return Length(len(text), len(text.encode("utf-8", "surrogatepass")))


def over(text: str, limit: int) -> int:
    """How much is to be cut, in bytes where those are more than the characters; 0 when it fits."""
    return max(0, length(text).most - limit)


def emoji(text: str) -> str | None:
    """The first character that regulations.gov takes for an emoji and refuses."""
    found = _EMOJI.search(text)
    return found[0] if found else None


def check_number(portal: str, number: str, *, demonstration: bool) -> None:
    """Raises Invalid for a number that this portal does not give. DEMO numbers belong to the demonstration alone."""
    if _DEMONSTRATION.fullmatch(number):
        if not demonstration:
            raise Invalid("Numbers that begin with DEMO are for the demonstration only.", "number")
        return
    if not NUMBERS[portal].fullmatch(number):
        raise Invalid(f"This is no docket number of that portal. It looks like {_LIKE[portal]}.", "number")
    if demonstration:
        raise Invalid("The demonstration takes no real docket: use a number like DEMO-2026-0003.", "number")


def check_document_id(number: str, document_id: str) -> None:
    """Empty, or the docket's number with the document's own behind it. Raises Invalid."""
    if document_id and not re.fullmatch(rf"{re.escape(number)}-\d{{4,5}}", document_id):
        raise Invalid(f"A document of this docket is named like {number}-0001.", "document_id")


def end_of(day: date) -> datetime:
    """The moment at which a deadline that is only a date has passed; aware, Eastern."""
    return datetime.combine(day, LAST, EASTERN)


def begin_of(day: date) -> datetime:
    return datetime.combine(day, time(0), EASTERN)


def closing_of(written: str) -> datetime:
    """Of regulations.gov's `commentEndDate`: a moment in UTC or a bare date; either way the end of that day, Eastern.

    "2026-12-02T04:59:59Z" and "2026-12-01" both close on December 1 at 11:59 pm ET. Raises Invalid for anything else.
    """
    return end_of(_day(written))


def opening_of(written: str) -> datetime:
    return begin_of(_day(written))


def _day(written: str) -> date:
    try:
        if len(written) == len("2026-12-01"):
            return date.fromisoformat(written)
        at = datetime.fromisoformat(written)
    except ValueError:
        raise Invalid("The portal gave a date that cannot be read.") from None
    if at.tzinfo is None:
        raise Invalid("The portal gave a time without its zone.")
    return at.astimezone(EASTERN).date()
