"""Codes of seats: why one is none, and what to write instead.

The 541 codes come from domain/districts.py: a code that only looks like one is refused. A code names the seat, not the person.
"""

from __future__ import annotations

import re

from campaign.channels.cwc.problems import Fault
from campaign.domain.districts import STATES, Chamber, State, all_codes, house_code, seat_of, senate_code

CODES = frozenset(all_codes())
_SHAPE = re.compile(r"([HS])([A-Z]{2})[0-9]{2}")
_SAMOA = {"AQ": "AS"}  # in the House's codes only; a constituent's state stays AS


def chamber_of(code: str) -> Chamber | None:
    """By the first letter, also of a code that is no seat."""
    return {"H": Chamber.HOUSE, "S": Chamber.SENATE}.get(code[:1])


def state_of(code: str) -> str | None:
    """As in a constituent's address; None for what is no seat."""
    seat = seat_of(code)
    return seat.state if seat else None


def fault(code: str) -> Fault | None:
    """None for one of the 541 seats."""
    if code in CODES:
        return None
    shape = _SHAPE.fullmatch(code)
    if shape is None:
        return Fault(
            "bad_format",
            "Give the code of a seat: H, two letters and the district (HNV02), or S, two letters and the class (SNV01).",
        )
    letter, token = shape.groups()
    state = STATES.get(_SAMOA.get(token, token) if letter == "H" else token)
    if state is None:
        return Fault("no_such_seat", f"{token} is no state or territory with such a seat in Congress.")
    return Fault("no_such_seat", _house(state) if letter == "H" else _senate(state))


def _house(state: State) -> str:
    name = _at_the_beginning(state.in_phrase)
    if state.at_large:
        return f"{name} has one seat in the House: give {house_code(state.code, 0)}."
    return f"{name} has {state.seats} districts: give {house_code(state.code, 1)} to {house_code(state.code, state.seats)}."


def _senate(state: State) -> str:
    name = _at_the_beginning(state.in_phrase)
    if not state.classes:
        return f"{name} has no senators: write to its delegate in the House, {house_code(state.code, 0)}."
    first, second = state.classes
    return (
        f"{name} has senators of the classes {first} and {second}: give {senate_code(state.code, first)} or"
        f" {senate_code(state.code, second)}."
    )


def _at_the_beginning(words: str) -> str:
    return words[0].upper() + words[1:]
