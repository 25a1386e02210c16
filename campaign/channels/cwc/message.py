"""One message to one office: the shape of the JSON that `campaign cwc build` reads, as frozen values.

Texts are as they were given; `cleaned` makes them what is sent. Blank means absent everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from campaign.channels.cwc import hygiene
from campaign.domain.districts import EASTERN


@dataclass(frozen=True, slots=True)
class Agent:
    """Who delivers, as registered with the chamber for its key."""

    name: str = ""
    contact_name: str = ""
    email: str = ""
    phone: str = ""
    ack_email: str = ""


@dataclass(frozen=True, slots=True)
class Sponsor:
    """The association ("organization" in the JSON)."""

    name: str = ""
    about: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""


@dataclass(frozen=True, slots=True)
class Constituent:
    """The member as the office sees them ("member" in the JSON). None: not said, and nothing is sent for it."""

    prefix: str = ""
    first: str = ""
    middle: str = ""
    last: str = ""
    suffix: str = ""
    title: str = ""
    employer: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    phone: str = ""
    email: str = ""
    address_verified: bool | None = None
    email_verified: bool | None = None
    newsletter_opt_in: bool | None = None
    response_requested: bool | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """`type` is a key of lists.BILL_TYPES. None stands for what was not given."""

    congress: int | None = None
    type: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """What is said ("letter" in the JSON)."""

    subject: str = ""
    topics: tuple[str, ...] = ()
    bills: tuple[Bill, ...] = ()
    position: str = ""  # pro or con
    statement: str = ""  # the association's words
    message: str = ""  # the member's own
    more_info: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    chamber: str = ""  # house or senate
    office: str = ""
    agent: Agent = field(default_factory=Agent)
    organization: Sponsor = field(default_factory=Sponsor)
    campaign_key: str = ""
    member: Constituent = field(default_factory=Constituent)
    letter: Text = field(default_factory=Text)
    delivery_id: str = ""
    delivery_date: str = ""  # YYYY-MM-DD


class MoreInfo(StrEnum):
    """Where the page that verifies a letter stands in it."""

    LAST = "last"
    FIRST = "first"  # before the texts
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Barred:
    """Why. `waits`: not for good, so the letter waits and goes no other way."""

    words: str
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Filing:
    """The cargo of a parcel: a message with its delivery id and date, the same for every try.

    `try_number` counts the tries with this id, this one included: from the second on, "I have that one already" means that
    it arrived. `in_doubt`: one of them got no answer, so the message may have arrived whatever is said now. `barred`: the
    office gets nothing by its gateway now, and nothing is sent.
    """

    message: Message
    try_number: int = 1
    in_doubt: bool = False
    barred: Barred | None = None
    more_info_first: bool = False  # builder.build


def cleaned(message: Message) -> Message:
    """Every text as it is sent; a phone that cannot be put into the form of the gateways stays as it was."""
    text = replace(
        _lines(message.letter, but=("statement", "message")),
        topics=tuple(hygiene.line(each) for each in message.letter.topics),
        bills=tuple(_lines(each) for each in message.letter.bills),
        statement=hygiene.paragraphs(message.letter.statement),
        message=hygiene.paragraphs(message.letter.message),
    )
    lines: Message = _lines(message)
    return replace(
        lines,
        agent=_with_phone(_lines(message.agent), "phone"),
        organization=_with_phone(_lines(message.organization), "contact_phone"),
        member=_with_phone(_lines(message.member), "phone"),
        letter=text,
    )


def dated(message: Message, delivery_id: str, now: datetime) -> Message:
    """With an id and a day, where it has none; the day is that of US Eastern."""
    return replace(
        message,
        delivery_id=message.delivery_id or delivery_id,
        delivery_date=message.delivery_date or eastern_day(now).isoformat(),
    )


def eastern_day(now: datetime) -> date:
    return now.astimezone(EASTERN).date()


def _lines(value: Any, but: tuple[str, ...] = ()) -> Any:
    texts = {name: getattr(value, name) for name in value.__slots__ if name not in but}
    return replace(value, **{name: hygiene.line(text) for name, text in texts.items() if isinstance(text, str)})


def _with_phone(value: Any, name: str) -> Any:
    given = getattr(value, name)
    return replace(value, **{name: hygiene.phone(given) or given})
