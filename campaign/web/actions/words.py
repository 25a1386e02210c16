"""Jinja filters of the member's and the public pages: names, ways, parts of a letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, url_for

from campaign.domain import addressing
from campaign.domain.districts import STATES, District, district_label
from campaign.domain.holders import Holder
from campaign.domain.letters import Part
from campaign.domain.statuses import WITH_THE_OFFICE
from campaign.models.response import Response
from campaign.services.letters import Written
from campaign.services.metrics import Figures
from campaign.services.previews import Prepared
from campaign.web.actions import names, ways

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_RESPONSES = {
    "acknowledgement": "a receipt",
    "form": "a general letter about the subject",
    "substantive": "an answer to what you wrote",
    "meeting": "an offer to meet",
}


def sheet_parts(letter: Any) -> list[dict[str, Any]]:
    """The paragraphs as components/sheet.html wants them, of a letter that is previewed or of one that was signed."""
    return [
        {
            "text": _value(part, "text"),
            "own": _value(part, "own") or _value(part, "edited"),
            "only": _value(part, "only_here"),
        }
        for part in letter.parts
    ]


def _value(part: Part | dict[str, Any], name: str) -> Any:
    return part.get(name, False) if isinstance(part, dict) else getattr(part, name)


def way(prepared: Prepared) -> str:
    return ways.way(prepared.route.channel, docket=prepared.docket is not None)


_MISSING = {
    "facility.jobs": "It says how many people work at your site, and we do not know.",
    "member.title": "It says what you do at your company, and we do not know.",
    "facility.main_input": "It says which mineral your site depends on, and we do not know.",
    "facility.minerals": "It says which minerals your site depends on, and we do not know.",
    "facility.product": "It says what your site makes, and we do not know.",
    "facility.activity": "It says what your site does, and we do not know.",
}


def problem_words(written: Written) -> str:
    """Why a letter cannot be written, for the person who may know what is missing."""
    if written.field in _MISSING:
        return _MISSING[written.field]
    text = written.problem.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def mend_url(written: Written, slug: str) -> str:
    """Where a letter that cannot be written is mended: at the facts, or by those who keep the member's details."""
    if _by_member(written):
        return url_for("actions.facts", slug=slug, _anchor="jobs" if written.field == "facility.jobs" else None)
    return url_for("actions.me")


def mend_words(written: Written) -> str:
    return "Add it to your facts" if _by_member(written) else "See whom to tell"


def _by_member(written: Written) -> bool:
    return written.field in ("facility.jobs", "reasons", "story", "parts")


def in_words(count: int) -> str:
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else f"{count:,}"


def response_words(response: Response) -> str:
    return _RESPONSES.get(str(response.kind), str(response.kind))


def offices_reached(figures: Figures) -> int:
    """Offices with at least one letter that their system took."""
    return sum(any(states.get(status) for status in WITH_THE_OFFICE) for states in figures.by_office.values())


def seat_line(holder: Holder) -> str:
    """ "IN-5, United States House"; "Indiana, United States Senate"; an agency's own title."""
    if holder.state is None:
        return holder.title
    if holder.seat is not None:
        return f"{district(holder.seat)}, United States House"
    return f"{STATES[holder.state].name}, United States Senate"


def district(seat: District) -> str:
    return district_label(*seat)


def register(bp: Blueprint) -> None:
    filters: dict[str, Callable[..., Any]] = {
        "short_name": names.short_name,
        "seat_title": addressing.seat_title,
        "holder_name": addressing.styled_name,
        "district": district,
        "seat_line": seat_line,
        "way": way,
        "sheet_parts": sheet_parts,
        "problem_words": problem_words,
        "mend_url": mend_url,
        "mend_words": mend_words,
        "in_words": in_words,
        "response_words": response_words,
        "offices_reached": offices_reached,
    }
    for name, filter_ in filters.items():
        bp.add_app_template_filter(filter_, name)
