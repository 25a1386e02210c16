"""How to address whom: block, salutation and seat for each kind of holder.

Sources: the Commerce Department's models of address; the House Clerk on vacant seats; a protocol guide for ambassadors.
For delegates and the resident commissioner no public page was found, so an office may state its own salutation. There is
no "Dear Sir or Madam": where nobody is known to hold the office, the letter waits for a person.
"""

from __future__ import annotations

from campaign.domain.districts import STATES, District, OfficeKind, district_phrase, ordinal
from campaign.domain.errors import CannotRender
from campaign.domain.holders import Chair, Holder

_HOUSE = ("United States House of Representatives", "Washington, DC 20515")
_SENATE = ("United States Senate", "Washington, DC 20510")
_STYLES = {
    OfficeKind.REPRESENTATIVE: "Representative",
    OfficeKind.DELEGATE: "Delegate",
    OfficeKind.RESIDENT_COMMISSIONER: "Resident Commissioner",
    OfficeKind.SENATOR: "Senator",
}
_KIND_WORDS = {
    OfficeKind.REPRESENTATIVE: "Representative for",
    OfficeKind.DELEGATE: "Delegate for",
    OfficeKind.RESIDENT_COMMISSIONER: "Resident Commissioner of",
    OfficeKind.SENATOR: "Senator for",
}
CHAIR_TITLES = frozenset({"Chair", "Chairman", "Chairwoman"})


def committee_title(name: str, parent: str | None = None) -> str:
    """ "House Committee on Ways and Means" -> "Committee on Ways and Means"; a subcommittee names its committee."""
    if parent is not None:
        return f"Subcommittee on {name}, {committee_title(parent)}"
    for chamber in ("House ", "Senate ", "United States Senate "):
        if name.startswith(chamber):
            return name.removeprefix(chamber)
    return name


def address_block(holder: Holder, chair: Chair | None = None) -> tuple[str, ...]:
    """The lines of the window. Raises CannotRender when nobody is known to hold the office."""
    if holder.vacant:
        return _vacant_block(holder)
    _known(holder)
    name = f"The Honorable {holder.name}"
    if holder.kind is OfficeKind.AGENCY:
        return _lines(name, holder.head_title, *holder.postal_lines)
    chamber, city = _SENATE if holder.kind is OfficeKind.SENATOR else _HOUSE
    if chair:
        return _lines(name, f"{chair.title}, {chair.committee}", chamber, city)
    second = "Resident Commissioner" if holder.kind is OfficeKind.RESIDENT_COMMISSIONER else ""
    return _lines(name, second, chamber, holder.room, city)


def salutation(holder: Holder, chair: Chair | None = None) -> str:
    """With its colon: "Dear Senator King:"; a vacant seat has "To the Office:". Raises CannotRender as above."""
    if holder.vacant:
        return "To the Office:"
    _known(holder)
    if holder.salutation:
        return f"{holder.salutation.rstrip(':,')}:"
    if chair:
        return f"Dear {chair.title} {holder.last}:"
    style = holder.head_style if holder.kind is OfficeKind.AGENCY else _STYLES[holder.kind]
    return f"Dear {' '.join(filter(None, (style, holder.last)))}:"


def seat_phrase(holder: Holder) -> str:
    """Fits after "in": "Ohio's 14th District", "Ohio", "the District of Columbia"; of an agency its name."""
    if holder.state is None:
        return holder.title
    if holder.district is None:
        return STATES[holder.state].in_phrase
    return district_phrase(holder.state, holder.district)


def seat_title(holder: Holder) -> str:
    """The post without its holder: "Representative for Ohio's 14th District", "Senator for Ohio"."""
    if holder.kind is OfficeKind.AGENCY:
        return holder.head_title or holder.title
    return f"{_KIND_WORDS[holder.kind]} {seat_phrase(holder)}"


def styled_name(holder: Holder) -> str:
    """For lists: "Senator Angus S. King, Jr.", or the post where nobody holds it."""
    if not holder.known:
        return seat_title(holder)
    style = holder.head_style if holder.kind is OfficeKind.AGENCY else _STYLES[holder.kind]
    return f"{style} {holder.name}".strip()


def _vacant_block(holder: Holder) -> tuple[str, ...]:
    if holder.seat is None:
        raise CannotRender(f"The post of {seat_title(holder)} is vacant; the letter waits for a person.", "office")
    return (_vacant_office(holder.seat, holder.kind), *_HOUSE)


def _vacant_office(seat: District, kind: OfficeKind) -> str:
    state = STATES[seat.state]
    if kind is not OfficeKind.REPRESENTATIVE:
        return f"Office of the {_STYLES[kind]} of {state.in_phrase}"
    which = ordinal(seat.number) if seat.number else "At-Large"
    return f"Office of the {which} Congressional District of {state.in_phrase}"


def _known(holder: Holder) -> None:
    if not holder.known:
        raise CannotRender(f"It is not known who is {seat_title(holder)} now; the letter waits for a person.", "office")


def _lines(*lines: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line)
