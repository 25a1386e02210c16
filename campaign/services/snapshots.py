"""Snapshots of offices, committees, ZIPs and shapes: what a new one would change, and the change itself.

`plan` only reads. `apply` writes what the plan says and does not commit; a second import of the same files finds nothing
to do. The letters that wait for an office whose holder changed are the caller's to hold: `Applied.changes` names them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign import paths
from campaign.domain.differences import Differences
from campaign.domain.districts import Chamber, OfficeKind
from campaign.domain.holders import Holder
from campaign.domain.terms import Change, Person
from campaign.models.geography import DataSnapshot
from campaign.models.office import Legislator, Office
from campaign.services import offices, snapshot_committees, snapshot_geography, snapshot_seats
from campaign.services.snapshot_files import Snapshot, Source
from campaign.services.snapshot_pack import read_agencies, read_pack

__all__ = ["Applied", "Differences", "HolderChange", "Plan", "apply", "load_shipped", "plan", "status"]


@dataclass(frozen=True, slots=True)
class HolderChange:
    office_id: int
    code: str
    before: Holder
    after: Holder


@dataclass(slots=True)
class Plan:
    """What `apply` would write, worked out without writing."""

    snapshot: Snapshot
    differences: Differences
    people: list[Person] = field(default_factory=list)  # new or with corrected names
    seats: dict[str, Change] = field(default_factory=dict)
    new_sources: list[Source] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not self.differences and not self.new_sources


@dataclass(frozen=True, slots=True)
class Applied:
    """`changes`: every office whose holder at `now` is another than before; their waiting letters must be held."""

    differences: Differences
    changes: tuple[HolderChange, ...] = ()

    @property
    def changed_offices(self) -> list[int]:
        return [change.office_id for change in self.changes]


def plan(session: Session, snapshot: Snapshot, now: datetime) -> Plan:
    """Reads only. Raises Invalid where the files contradict themselves."""
    found = Plan(snapshot, Differences())
    if snapshot.people is not None:
        found.people = snapshot_seats.plan_people(session, snapshot.people, found.differences)
        found.seats = snapshot_seats.plan_seats(session, snapshot.people, found.differences, now)
    if snapshot.committees is not None:
        known = None if snapshot.people is None else {person.bioguide for person in snapshot.people}
        found.differences.tables |= snapshot_committees.compare(session, snapshot, known)
    found.differences.tables |= snapshot_geography.compare(session, snapshot)
    active = {(row.name, row.congress): row.digest for row in _active(session)}
    for source in snapshot.sources:
        if active.get((source.name, source.congress)) != source.digest:
            found.new_sources.append(source)
            found.differences.sources.append(f"{source.name} {source.congress or ''}: {source.vintage}")
    return found


def apply(session: Session, planned: Plan, now: datetime) -> Applied:
    """Writes the plan; the caller commits and holds the letters of the changed offices."""
    before = offices.all_holders(session, now)
    snapshot_seats.make_offices(session)
    load_agencies(session)
    snapshot_seats.write_people(session, planned.people)
    snapshot_seats.write_seats(session, planned.seats)
    tables = planned.differences.tables
    if planned.snapshot.committees is not None and any(
        any(tables[name].values()) for name in ("committees", "committee_seats")
    ):
        snapshot_committees.write(session, planned.snapshot)
    snapshot_geography.write(session, planned.snapshot, tables)
    _record(session, planned, now)
    session.flush()
    session.expire_all()
    after = offices.all_holders(session, now)
    changes = tuple(
        HolderChange(office_id, after[office_id].code, holder, after[office_id])
        for office_id, holder in before.items()
        if office_id in after and holder.identity != after[office_id].identity
    )
    return Applied(planned.differences, changes)


def load_shipped(session: Session, now: datetime, folder: Path = paths.SNAPSHOT) -> Applied:
    """Fills a database that has no legislators from the snapshot of the product; twice does nothing. No commit."""
    if session.scalar(sa.select(Legislator.id).limit(1)) is not None:
        return Applied(Differences())
    return Applied(apply(session, plan(session, read_pack(folder), now), now).differences)


def load_agencies(session: Session, folder: Path = paths.SNAPSHOT) -> None:
    """Adds the agencies that are missing; those that are there stay as an admin may have corrected them."""
    there = set(session.scalars(sa.select(Office.code).where(Office.kind == OfficeKind.AGENCY)))
    for row in read_agencies(folder):
        if row["code"] not in there:
            lines = [line for line in row.pop("postal_lines").split("|") if line]
            session.add(Office(**row, kind=OfficeKind.AGENCY, chamber=Chamber.EXECUTIVE, postal_lines=lines))
    session.flush()


def status(session: Session) -> list[DataSnapshot]:
    """The snapshots in use, by name."""
    return sorted(_active(session), key=lambda row: (row.name, row.congress))


def _active(session: Session) -> Sequence[DataSnapshot]:
    return session.scalars(sa.select(DataSnapshot).where(DataSnapshot.active)).all()


def _record(session: Session, planned: Plan, now: datetime) -> None:
    counts = _row_counts(planned.snapshot)
    for source in planned.new_sources:
        session.execute(
            sa.update(DataSnapshot)
            .where(DataSnapshot.name == source.name, DataSnapshot.congress == source.congress, DataSnapshot.active)
            .values(active=False)
        )
        session.add(
            DataSnapshot(
                name=source.name, congress=source.congress, vintage=source.vintage, source=source.source,
                licence=source.licence, digest=source.digest, rows=counts[source.name, source.congress],
                imported_at=now, active=True,
            )
        )  # fmt: skip


def _row_counts(snapshot: Snapshot) -> dict[tuple[str, int], int]:
    plain = {
        "legislators": snapshot.people,
        "committees": snapshot.committees,
        "committee_seats": snapshot.seats,
        "zips": snapshot.zips,
        "zip_prefixes": snapshot.prefixes,
    }
    counts = {(name, 0): len(rows or []) for name, rows in plain.items()}
    counts |= {("zip_districts", congress): len(rows) for congress, rows in snapshot.zip_districts.items()}
    return counts | {("district_shapes", congress): len(rows) for congress, rows in snapshot.shapes.items()}
