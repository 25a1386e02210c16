"""Terms as a public file lists them -> who holds which seat from when to when, without two in one seat.

The file of current legislators is right about whom it lists: a person in it serves, even past the term's end on paper
(two appointed senators carry the date of an election as their end), and a person missing from it does not. Terms start
and end at noon Eastern, as those of 3 January do (20th Amendment).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import NamedTuple

from campaign.domain.districts import EASTERN, congress_at, congress_begins
from campaign.domain.errors import Invalid

HISTORY_BEGINS = congress_begins(119)
"""Terms that ended before the first Congress of the data are of no use to a letter."""


@dataclass(frozen=True, slots=True)
class Term:
    """A line of the file: a seat by its code, its dates, and how the office is reached."""

    code: str
    starts_on: date
    ends_on: date
    room: str = ""
    phone: str = ""
    form_url: str = ""
    site_url: str = ""
    state_rank: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    bioguide: str
    first: str
    last: str
    suffix: str
    official_full: str
    party: str
    gender: str
    terms: tuple[Term, ...]  # oldest first; the last one is the seat held now


@dataclass(frozen=True, slots=True)
class Stint:
    """One person in one seat: what a tenure row holds. `ends_at` is None while no end is known."""

    code: str
    bioguide: str
    starts_at: datetime
    ends_at: datetime | None
    term_ends_at: datetime
    room: str
    phone: str
    form_url: str
    site_url: str
    state_rank: str

    def covers(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


class Kept(NamedTuple):
    """A tenure on record."""

    row: int
    bioguide: str
    starts_at: datetime
    ends_at: datetime | None


class Change(NamedTuple):
    """What to do with the record of one seat: rows to delete, ends to set, rows to rewrite, stints to add."""

    delete: tuple[int, ...]
    end: tuple[tuple[int, datetime], ...]
    update: tuple[tuple[int, Stint], ...]
    add: tuple[Stint, ...]


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), EASTERN).astimezone(HISTORY_BEGINS.tzinfo)


def stints(people: Iterable[Person], now: datetime) -> dict[str, list[Stint]]:
    """By seat, in order of time. Raises Invalid when the file has two people start in one seat on one day."""
    by_seat: dict[str, list[Stint]] = {}
    last: set[tuple[str, str]] = set()  # (code, bioguide) of the seats that people hold by the file
    for person in people:
        own = _merged(person)
        if own:
            last.add((own[-1].code, person.bioguide))
        for stint in own:
            by_seat.setdefault(stint.code, []).append(stint)
    _let_serve(by_seat, last, now)
    return {code: _one_at_a_time(code, seat, last) for code, seat in by_seat.items()}


def compare(on_record: Sequence[Kept], wanted: Sequence[Stint], now: datetime) -> Change:
    """How the record of one seat becomes what the file says; nothing to do when it already does.

    Who is gone without a successor leaves at `now`, the moment at which we learn of it.
    """
    delete, end, update = [], [], []
    missing = list(wanted)
    for kept in on_record:
        same = next((stint for stint in missing if _same(kept, stint)), None)
        if same:
            missing.remove(same)
            update.append((kept.row, replace(same, starts_at=min(kept.starts_at, same.starts_at))))
            continue
        until = _left(kept, wanted, now)
        if until is None or until <= kept.starts_at:
            delete.append(kept.row)
        elif until != kept.ends_at:
            end.append((kept.row, until))
    return Change(tuple(delete), tuple(end), tuple(update), tuple(missing))


def _merged(person: Person) -> list[Stint]:
    """Terms that follow each other in one seat are one stint, reached as the last of them says."""
    found: list[Stint] = []
    for term in person.terms:
        starts_at, ends_at = noon(term.starts_on), noon(term.ends_on)
        if ends_at <= HISTORY_BEGINS:
            continue
        if found and found[-1].code == term.code and found[-1].ends_at == starts_at:
            starts_at = found.pop().starts_at
        stint = Stint(
            term.code, person.bioguide, starts_at, ends_at, _on_paper(ends_at),
            term.room, term.phone, term.form_url, term.site_url, term.state_rank,
        )  # fmt: skip
        if found and found[-1].ends_at is not None and found[-1].ends_at > starts_at:
            found[-1] = replace(found[-1], ends_at=starts_at)
        found.append(stint)
    return found


def _on_paper(ends_at: datetime) -> datetime:
    """The noon of 3 January that ends the Congress in which a term runs out."""
    congress = congress_at(ends_at)
    begins = congress_begins(congress)
    return begins if begins == ends_at else congress_begins(congress + 1)


def _let_serve(by_seat: dict[str, list[Stint]], last: set[tuple[str, str]], now: datetime) -> None:
    """Whoever the file lists in a seat that nobody else holds serves there already, though the term begin later."""
    for code, seat in by_seat.items():
        taken = any(stint.starts_at <= now and stint.ends_at and now < stint.ends_at for stint in seat)
        early = [stint for stint in seat if stint.starts_at > now and (code, stint.bioguide) in last]
        if taken or not early:
            continue
        first = min(early, key=lambda stint: stint.starts_at)
        seat[seat.index(first)] = replace(first, starts_at=now)
        for other in by_seat.values():  # and has left the seat before
            other[:] = [
                replace(stint, ends_at=now)
                if stint.bioguide == first.bioguide and stint.code != code and stint.covers(now)
                else stint
                for stint in other
            ]


def _one_at_a_time(code: str, seat: list[Stint], last: set[tuple[str, str]]) -> list[Stint]:
    """In order; each ends where the next begins, and the end of whoever still serves is open."""
    ordered = sorted(seat, key=lambda stint: stint.starts_at)
    found = []
    for stint, after in zip(ordered, [*ordered[1:], None], strict=True):
        if after and after.starts_at == stint.starts_at:
            raise Invalid(f"The file has two people begin in {code} on {stint.starts_at:%Y-%m-%d}.", "legislators")
        serves = (code, stint.bioguide) in last and not (after and after.bioguide == stint.bioguide)
        ends_at = None if serves else stint.ends_at
        if after and (ends_at is None or after.starts_at < ends_at):
            ends_at = after.starts_at
        if ends_at is None or ends_at > stint.starts_at:
            found.append(replace(stint, ends_at=ends_at))
    return found


def _same(kept: Kept, stint: Stint) -> bool:
    """One person's time in the seat, though its dates have been corrected."""
    return (
        kept.bioguide == stint.bioguide
        and (stint.ends_at is None or kept.starts_at < stint.ends_at)
        and (kept.ends_at is None or stint.starts_at <= kept.ends_at)
    )


def _left(kept: Kept, wanted: Sequence[Stint], now: datetime) -> datetime | None:
    """The end of a tenure that the file no longer has; None where the file has somebody else from its beginning."""
    until = now if kept.ends_at is None or kept.ends_at > now else kept.ends_at
    for stint in wanted:
        if stint.covers(kept.starts_at):
            return None
        if kept.starts_at < stint.starts_at < until:
            until = stint.starts_at
    return until
