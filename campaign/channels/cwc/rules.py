"""The rule of each kind of value. A rule is given a cleaned, non-empty text and says what is wrong with it, or None."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from urllib.parse import urlsplit

from campaign.channels.cwc import lists, seats
from campaign.channels.cwc.problems import Fault
from campaign.domain.districts import Chamber

Rule = Callable[[str], Fault | None]

LONGEST = 10_000
"""Characters of a statement or a message. Whether the gateways count bytes is not known."""


def length(low: int, high: int | None = None) -> Rule:
    wanted = f"{low:,} to {high:,} characters" if high else f"at least {low:,} characters"

    def rule(text: str) -> Fault | None:
        if len(text) < low:
            return Fault("too_short", f"This has {_characters(len(text))}: give {wanted}.")
        if high is not None and len(text) > high:
            return Fault("too_long", f"This has {_characters(len(text))}: give {wanted}.")
        return None

    return rule


def _characters(number: int) -> str:
    return f"{number:,} character{'' if number == 1 else 's'}"


def matching(pattern: str, words: str) -> Rule:
    compiled = re.compile(pattern)

    def rule(text: str) -> Fault | None:
        return None if compiled.fullmatch(text) else Fault("bad_format", words)

    return rule


def one_of(values: Sequence[str], words: str) -> Rule:
    def rule(text: str) -> Fault | None:
        return None if text in values else Fault("not_in_list", words)

    return rule


def anything(_text: str) -> Fault | None:
    return None


EMAIL = matching(r"[^@]+@[^\.]+\..+", "Give an e-mail address like name@example.org.")
PHONE = matching(
    r"[0-9]{3}-[0-9]{3}-[0-9]{4}", "Give a US number of ten digits, like 775-555-0100, without an extension."
)
ZIP = matching(r"[0-9]{5}(-[0-9]{4})?", "Give a ZIP code of five digits, or five, a hyphen and four.")
DELIVERY_ID = matching(r"[a-zA-Z0-9]{32}", "Give exactly 32 letters and digits, without hyphens.")
YES_OR_NO = matching(r"[YyNn]", "Give Y or N.")
PRO_OR_CON = matching(r"(?i:pro|con)", "Give Pro or Con.")
NUMBER = matching(r"0*[1-9][0-9]*", "Give a whole number above 0.")
VERSION = one_of(("2.0",), "Give 2.0.")
TOPIC = one_of(lists.TOPICS, "Give one of the 32 legislative subject terms, spelled as in the list.")
SUBJECT = length(6, 500)
NAME = length(1, 500)
TEXT = length(6, LONGEST)
SENATE_PREFIX = one_of(
    lists.PREFIXES,
    "The Senate takes only Mr., Mrs., Miss, Ms. and Dr.: choose one of these, or write by the office's web form.",
)


def prefix(chamber: Chamber) -> Rule:
    return SENATE_PREFIX if chamber is Chamber.SENATE else anything


def state(text: str) -> Fault | None:
    found = lists.state_fault(text)
    return Fault(*found) if found else None


def office(text: str) -> Fault | None:
    return seats.fault(text)


def day(text: str) -> Fault | None:
    """YYYYMMDD, and a day that there is."""
    try:
        if not re.fullmatch(r"[0-9]{8}", text):
            raise ValueError(text)
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return Fault("bad_format", "Give the day as eight digits, like 20261125.")
    return None


def url(text: str) -> Fault | None:
    """Absolute, by http or https."""
    fault = Fault("bad_format", "Give a whole web address that begins with https:// or http://.")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return fault
    return None if parts.scheme in ("http", "https") and host and not re.search(r"\s", text) else fault


def bill_type(text: str) -> Fault | None:
    """The key that a message in JSON has."""
    return one_of(lists.BILL_TYPES, f"Give one of {', '.join(lists.BILL_TYPES)}.")(text)


def bill_type_of(chamber: Chamber) -> Rule:
    wanted = lists.bill_types(chamber)
    return one_of(wanted, f"Give one of {', '.join(wanted)}.")
