"""A good message in JSON, each value open to change by its path. Everything invented."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime
from typing import Any

from campaign.channels.cwc import message, reader, validator
from campaign.channels.cwc.builder import build
from campaign.channels.cwc.message import Message
from campaign.channels.cwc.problems import Problem

AT = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
DELIVERY_ID = "0123456789abcdefGHIJ0123456789ab"

GOOD: dict[str, Any] = {
    "chamber": "house",
    "office": "HNV02",
    "agent": {
        "name": "Countersign Test Agent",
        "contact_name": "Ada Quillback",
        "email": "ada@agent.example",
        "phone": "202-555-0100",
        "ack_email": "ack@agent.example",
    },
    "organization": {
        "name": "Bluestem Test Association",
        "about": "An association of makers.",
        "contact_name": "Jo Fennimore",
        "contact_email": "jo@association.example",
        "contact_phone": "202-555-0101",
    },
    "campaign_key": "minerals/P1/pro",
    "member": {
        "prefix": "Ms.",
        "first": "Ann",
        "middle": "Bea",
        "last": "Cottonwood",
        "suffix": "Jr.",
        "title": "plant manager",
        "employer": "Bluestem Magnets",
        "address1": "12 Demo Way",
        "address2": "Apt 4",
        "city": "Reno",
        "state": "NV",
        "zip": "89501",
        "phone": "775-555-0100",
        "email": "ann+letters@company.example",
        "address_verified": True,
        "email_verified": False,
        "newsletter_opt_in": None,
        "response_requested": True,
    },
    "letter": {
        "subject": "Please support magnets",
        "topics": ["Energy", "Commerce"],
        "bills": [{"congress": 119, "type": "hr", "number": 4776}],
        "position": "pro",
        "statement": "We support the bill.\n\nIt is good.",
        "message": "I make magnets in Reno.",
        "more_info": "https://association.example/magnets",
    },
    "delivery_id": DELIVERY_ID,
    "delivery_date": "2026-11-25",
}
ABSENT = object()
SENATE = {"chamber": "senate", "office": "SNV01"}


def sample(**changes: Any) -> dict[str, Any]:
    """`sample(**{"member.city": "Ely", "letter.bills[0].type": ABSENT})`."""
    made = copy.deepcopy(GOOD)
    for path, value in changes.items():
        *way, last = [int(each) if each.isdigit() else each for each in re.split(r"[.\[]", path.replace("]", ""))]
        place: Any = made
        for step in way:
            place = place[step]
        if value is ABSENT:
            del place[last]
        else:
            place[last] = value
    return made


def problems(data: Any) -> list[Problem]:
    return validator.problems_of(reader.read(data))


def found(data: Any) -> list[tuple[str, str]]:
    return [(each.field, each.code) for each in problems(data)]


def a_message(**changes: Any) -> Message:
    data = sample(**changes)
    assert problems(data) == []
    return message.dated(message.cleaned(reader.read(data).message), DELIVERY_ID, AT)


def xml_of(**changes: Any) -> str:
    return build(a_message(**changes)).decode()
