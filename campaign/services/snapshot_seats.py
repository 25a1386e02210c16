"""Legislators, seats and tenures in the tables: compared with the file of current legislators, and brought in line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.differences import Differences
from campaign.domain.districts import Chamber, OfficeKind, all_codes, house_kind, seat_of
from campaign.domain.errors import Invalid
from campaign.domain.terms import Change, Kept, Person, Stint, compare, stints
from campaign.models.office import Legislator, Office, Tenure

_PERSON_FIELDS = ("first", "last", "suffix", "official_full", "party", "gender")
_TENURE_FIELDS = (
    "starts_at", "ends_at", "term_ends_at", "room", "phone", "form_url", "site_url", "state_rank",
)  # fmt: skip


def plan_people(session: Session, people: Iterable[Person], differences: Differences) -> list[Person]:
    """Those who are new or whose name has been corrected."""
    known = {row.bioguide: row for row in session.scalars(sa.select(Legislator))}
    found = []
    for person in people:
        row = known.get(person.bioguide)
        if row is None:
            found.append(person)
        elif any(getattr(row, name) != getattr(person, name) for name in _PERSON_FIELDS):
            found.append(person)
            differences.corrected.append(f"{person.official_full} ({person.bioguide}): name or party")
    return found


def plan_seats(
    session: Session, people: Sequence[Person], differences: Differences, now: datetime
) -> dict[str, Change]:
    """What to do with the record of each seat that differs. Raises Invalid for a file that is cut short."""
    serving = session.scalar(sa.select(sa.func.count(Tenure.id)).where(Tenure.ends_at.is_(None), ~Tenure.is_stand_in))
    if len(people) < (serving or 0) / 2:
        raise Invalid(f"The file lists {len(people)} people where {serving} serve: it looks cut short.", "legislators")
    wanted = stints(people, now)
    kept, rows = _on_record(session)
    names = {row.bioguide: row.official_full for row in session.scalars(sa.select(Legislator))}
    names |= {person.bioguide: person.official_full for person in people}
    found = {}
    for code in sorted(kept.keys() | wanted.keys()):
        change = compare(kept.get(code, []), wanted.get(code, []), now)
        corrected = tuple((row, stint) for row, stint in change.update if _differs(rows[row], stint))
        change = change._replace(update=corrected)
        if any(change):
            found[code] = change
        differences.corrected += [f"{names[stint.bioguide]} ({stint.bioguide}): {code}" for _, stint in corrected]
    _say_who_moved(kept, wanted, names, differences, now)
    return found


def _on_record(session: Session) -> tuple[dict[str, list[Kept]], dict[int, Tenure]]:
    kept: dict[str, list[Kept]] = {}
    rows: dict[int, Tenure] = {}
    for tenure, code, bioguide in session.execute(
        sa.select(Tenure, Office.code, Legislator.bioguide)
        .join(Office, Office.id == Tenure.office_id)
        .join(Legislator, Legislator.id == Tenure.legislator_id)
        .where(Tenure.is_stand_in.is_(False))
        .order_by(Tenure.starts_at)
    ):
        rows[tenure.id] = tenure
        kept.setdefault(code, []).append(Kept(tenure.id, bioguide, tenure.starts_at, tenure.ends_at))
    return kept, rows


def _differs(row: Tenure, stint: Stint) -> bool:
    return any(getattr(row, name) != getattr(stint, name) for name in _TENURE_FIELDS)


def _say_who_moved(
    kept: Mapping[str, Sequence[Kept]],
    wanted: Mapping[str, Sequence[Stint]],
    names: Mapping[str, str],
    differences: Differences,
    now: datetime,
) -> None:
    """Seats now against seats then; a person who joins before their first day is named with the seat to come."""
    old = {
        row.bioguide: code
        for code, rows in kept.items()
        for row in rows
        if row.starts_at <= now and (row.ends_at is None or row.ends_at > now)
    }
    new = {stint.bioguide: code for code, seat in wanted.items() for stint in seat if stint.covers(now)}
    announced = {row.bioguide: code for code, rows in kept.items() for row in rows if row.starts_at > now}
    coming = {
        stint.bioguide: code
        for code, seat in wanted.items()
        for stint in seat
        if stint.starts_at > now and stint.bioguide not in new
    }
    for bioguide in sorted(old.keys() | new.keys() | coming.keys() | announced.keys()):
        before, after = old.get(bioguide), new.get(bioguide)
        name = f"{names[bioguide]} ({bioguide})"
        if before is None and after is None:
            before, after = announced.get(bioguide), coming.get(bioguide)
        if before is None and after:
            differences.added.append(f"{name}: {after}")
        elif after is None and before:
            differences.gone.append(f"{name}: {before}")
        elif before != after:
            differences.moved.append(f"{name}: {before} -> {after}")
    differences.vacated = sorted(set(old.values()) - set(new.values()))
    differences.filled = sorted(set(new.values()) - set(old.values()))


def make_offices(session: Session) -> None:
    """Every seat has a row, whoever holds it or nobody; their codes never change."""
    there = set(session.scalars(sa.select(Office.code)))
    rows = [_office(code) for code in all_codes() if code not in there]
    if rows:
        session.execute(sa.insert(Office), rows)


def _office(code: str) -> dict[str, Any]:
    seat = seat_of(code)
    assert seat is not None  # noqa: S101 - the codes come from the same table
    senate = seat.senate_class is not None
    return {
        "code": code,
        "kind": OfficeKind.SENATOR if senate else house_kind(seat.state),
        "chamber": Chamber.SENATE if senate else Chamber.HOUSE,
        "state": seat.state,
        "district": seat.number,
        "senate_class": seat.senate_class,
    }


def write_people(session: Session, people: Iterable[Person]) -> None:
    rows = {row.bioguide: row for row in session.scalars(sa.select(Legislator))}
    new = []
    for person in people:
        values = {name: getattr(person, name) for name in _PERSON_FIELDS}
        if row := rows.get(person.bioguide):
            for name, value in values.items():
                setattr(row, name, value)
        else:
            new.append({"bioguide": person.bioguide, **values})
    session.flush()
    if new:
        session.execute(sa.insert(Legislator), new)


def write_seats(session: Session, seats: Mapping[str, Change]) -> None:
    """Deletes and ends first: a seat has one beginning at any moment."""
    office_ids = {code: row for row, code in session.execute(sa.select(Office.id, Office.code))}
    person_ids = {bioguide: row for row, bioguide in session.execute(sa.select(Legislator.id, Legislator.bioguide))}
    gone = [row for change in seats.values() for row in change.delete]
    if gone:
        session.execute(sa.delete(Tenure).where(Tenure.id.in_(gone)))
    for change in seats.values():
        for row, ends_at in change.end:
            session.execute(sa.update(Tenure).where(Tenure.id == row).values(ends_at=ends_at))
        for row, stint in change.update:
            session.execute(sa.update(Tenure).where(Tenure.id == row).values(**_values(stint)))
    new = [
        {"office_id": office_ids[code], "legislator_id": person_ids[stint.bioguide], **_values(stint)}
        for code, change in seats.items()
        for stint in change.add
    ]
    if new:
        session.execute(sa.insert(Tenure), new)


def _values(stint: Stint) -> dict[str, Any]:
    return {name: getattr(stint, name) for name in _TENURE_FIELDS}
