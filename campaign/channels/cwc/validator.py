"""What a gateway, or our own honesty, would not let through: the problems of a message, each at its field.

Nothing is cut, guessed or invented to make it fit, and an optional value that does not fit is not dropped silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from campaign.channels.cwc import hygiene, rules, seats
from campaign.channels.cwc.message import Message, cleaned
from campaign.channels.cwc.problems import Fault, Problem
from campaign.channels.cwc.reader import Reading
from campaign.channels.cwc.rules import Rule
from campaign.domain.districts import STATES, Chamber

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REQUIRED = "This is missing."
_CHAMBERS = {"house": Chamber.HOUSE, "senate": Chamber.SENATE}


def problems(message: Message) -> list[Problem]:
    """In the order of the fields; empty for one that can be built. Whether it is cleaned already makes no difference."""
    return [*_problems(cleaned(message))]


def problems_of(reading: Reading) -> list[Problem]:
    """Those of the reading, and of the message where it could be read."""
    told = [each for each in problems(reading.message) if not reading.covers(each.field)]
    if reading.covers("letter.statement"):  # a statement that cannot be read is one all the same
        told = [each for each in told if (each.field, each.code) != ("letter.message", "required")]
    return [*reading.problems, *told]


def chamber_of(message: Message) -> Chamber:
    """Of a message without problems."""
    return _CHAMBERS[message.chamber]


def _problems(message: Message) -> Iterator[Problem]:
    yield from _addressee(message)
    yield from _fields("agent", message.agent, _AGENT)
    yield from _fields("organization", message.organization, _ORGANIZATION)
    if not message.campaign_key:
        yield Problem("campaign_key", "required", _REQUIRED)
    yield from _member(message)
    yield from _letter(message)
    yield from _one("delivery_id", message.delivery_id, rules.DELIVERY_ID, required=False)
    yield from _one("delivery_date", message.delivery_date, _iso_day, required=False)


def _addressee(message: Message) -> Iterator[Problem]:
    chamber, office = message.chamber, message.office
    if not chamber:
        yield Problem("chamber", "required", _REQUIRED)
    elif chamber not in _CHAMBERS:
        yield Problem("chamber", "not_in_list", "Give house or senate.")
    found = [*_one("office", office, rules.office)]
    yield from found
    if not found and chamber in _CHAMBERS and seats.chamber_of(office) is not _CHAMBERS[chamber]:
        other = "the Senate" if chamber == "house" else "the House"
        yield Problem("chamber", "wrong_chamber", f"This office belongs to {other}: give the chamber of the office.")


def _member(message: Message) -> Iterator[Problem]:
    chamber = _CHAMBERS.get(message.chamber) or seats.chamber_of(message.office) or Chamber.HOUSE
    yield from _one("member.prefix", message.member.prefix, rules.prefix(chamber))
    yield from _fields("member", message.member, _MEMBER)
    state, home = message.member.state, seats.state_of(message.office)
    if state in STATES and home and state != home:
        yield Problem(
            "member.state",
            "wrong_state",
            f"The office is one of {STATES[home].name}: write to the offices of the member's own state.",
        )


def _letter(message: Message) -> Iterator[Problem]:
    letter = message.letter
    yield from _one("letter.subject", letter.subject, rules.SUBJECT)
    if not letter.topics:
        yield Problem("letter.topics", "required", "Give at least one of the 32 legislative subject terms.")
    for number, topic in enumerate(letter.topics):
        yield from _one(f"letter.topics[{number}]", topic, rules.TOPIC)
    yield from _bills(message)
    yield from _one("letter.position", letter.position, _POSITION, required=False)
    if letter.bills and not letter.position:
        yield Problem("letter.position", "required", "A bill needs a position: give pro or con.")
    if not letter.statement and not letter.message:
        yield Problem(
            "letter.message", "required", "Give a statement of the association, a message of the member, or both."
        )
    for name in ("statement", "message"):
        yield from _one(f"letter.{name}", getattr(letter, name), rules.TEXT, required=False)
    yield from _one("letter.more_info", letter.more_info, rules.url, required=False)


def _bills(message: Message) -> Iterator[Problem]:
    for number, bill in enumerate(message.letter.bills):
        place = f"letter.bills[{number}]"
        yield from _positive(f"{place}.congress", bill.congress)
        yield from _one(f"{place}.type", bill.type, rules.bill_type)
        yield from _positive(f"{place}.number", bill.number)


def _positive(place: str, value: int | None) -> Iterator[Problem]:
    if value is None:
        yield Problem(place, "required", _REQUIRED)
    elif value < 1:
        yield Problem(place, "not_positive", "Give a whole number above 0.")


def _fields(place: str, value: Any, wanted: Sequence[tuple[str, Rule, bool]]) -> Iterator[Problem]:
    for name, rule, required in wanted:
        yield from _one(f"{place}.{name}", getattr(value, name), rule, required=required)


def _one(place: str, text: str, rule: Rule, *, required: bool = True) -> Iterator[Problem]:
    if not text:
        if required:
            yield Problem(place, "required", _REQUIRED)
        return
    fault = rule(text)
    if fault is not None:
        yield Problem(place, fault.code, fault.words)


def _iso_day(text: str) -> Fault | None:
    try:
        if not _ISO_DAY.fullmatch(text):  # fromisoformat() takes weeks, too
            raise ValueError(text)
        date.fromisoformat(text)
    except ValueError:
        return Fault("bad_format", "Give a day as YYYY-MM-DD.")
    return None


_POSITION = rules.one_of(("pro", "con"), "Give pro, con or null.")
_NEEDED, _OPTIONAL = True, False
_AGENT: tuple[tuple[str, Rule, bool], ...] = (
    ("name", rules.anything, _NEEDED),
    ("contact_name", rules.length(6), _NEEDED),
    ("email", rules.EMAIL, _NEEDED),
    ("phone", rules.PHONE, _NEEDED),
    ("ack_email", rules.EMAIL, _NEEDED),
)
_ORGANIZATION: tuple[tuple[str, Rule, bool], ...] = (
    ("name", rules.length(3), _OPTIONAL),
    ("about", rules.length(6, 500), _OPTIONAL),
    ("contact_name", rules.length(2), _OPTIONAL),
    ("contact_email", rules.EMAIL, _OPTIONAL),
    ("contact_phone", rules.PHONE, _OPTIONAL),
)
_MEMBER: tuple[tuple[str, Rule, bool], ...] = (  # the prefix depends on the chamber
    ("first", rules.NAME, _NEEDED),
    ("middle", rules.NAME, _OPTIONAL),
    ("last", rules.NAME, _NEEDED),
    ("suffix", rules.anything, _OPTIONAL),
    ("title", rules.anything, _OPTIONAL),
    ("employer", rules.length(2, 500), _OPTIONAL),
    ("address1", rules.length(3, 500), _NEEDED),
    ("address2", rules.length(2, 500), _OPTIONAL),
    ("city", rules.length(3, 500), _NEEDED),
    ("state", rules.state, _NEEDED),
    ("zip", rules.ZIP, _NEEDED),
    ("phone", rules.PHONE, _OPTIONAL),
    ("email", rules.EMAIL, _NEEDED),
)


def only_statement(message: Message) -> bool:
    """Of two texts that say the same the association's stays."""
    letter = message.letter
    return bool(letter.statement) and hygiene.same_words(letter.statement, letter.message)
