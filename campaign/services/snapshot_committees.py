"""Committees and who sits on them, as the newest files have them: no history is kept."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from campaign.domain.districts import Chamber
from campaign.models.office import Committee, CommitteeSeat, Legislator
from campaign.services.snapshot_files import Snapshot

Counts = dict[str, dict[str, int]]


def compare(session: Session, snapshot: Snapshot, known: Collection[str] | None) -> Counts:
    """Rows added, gone and changed. `known` are the people of the same import; without it those on record."""
    parent = aliased(Committee)
    committees: dict[Any, Any] = {
        key: (name, chamber, above or "")
        for key, name, chamber, above in session.execute(
            sa.select(Committee.key, Committee.name, Committee.chamber, parent.key).outerjoin(
                parent, parent.id == Committee.parent_id
            )
        )
    }
    wanted = {row.key: (row.name, row.chamber, row.parent) for row in snapshot.committees or []}
    people = set(session.scalars(sa.select(Legislator.bioguide))) | set(known or ())
    seats: dict[Any, Any] = {
        (key, bioguide): (title, rank)
        for key, bioguide, title, rank in session.execute(
            sa.select(Committee.key, Legislator.bioguide, CommitteeSeat.title, CommitteeSeat.rank)
            .join(Committee, Committee.id == CommitteeSeat.committee_id)
            .join(Legislator, Legislator.id == CommitteeSeat.legislator_id)
        )
    }
    sitting = {
        (row.committee, row.bioguide): (row.title, row.rank)
        for row in snapshot.seats
        if row.bioguide in people and row.committee in wanted
    }
    return {"committees": count(committees, wanted), "committee_seats": count(seats, sitting)}


def count(before: dict[Any, Any], after: dict[Any, Any]) -> dict[str, int]:
    return {
        "added": len(after.keys() - before.keys()),
        "gone": len(before.keys() - after.keys()),
        "changed": sum(before[key] != after[key] for key in before.keys() & after.keys()),
    }


def write(session: Session, snapshot: Snapshot) -> None:
    """Committees keep their ids; seats are written anew. Who is not on record gets no seat."""
    rows = {row.key: row for row in session.scalars(sa.select(Committee))}
    facts = snapshot.committees or []
    for fact in sorted(facts, key=lambda fact: fact.parent):  # parents first
        row = rows.get(fact.key)
        if row is None:
            row = rows[fact.key] = Committee(key=fact.key, name=fact.name, chamber=Chamber(fact.chamber))
            session.add(row)
        row.name, row.chamber = fact.name, fact.chamber
    session.flush()
    for fact in facts:
        rows[fact.key].parent_id = rows[fact.parent].id if fact.parent else None
    session.flush()
    session.execute(sa.delete(CommitteeSeat))
    gone = rows.keys() - {fact.key for fact in facts}
    for key in sorted(gone, key=len, reverse=True):  # subcommittees first
        session.execute(sa.delete(Committee).where(Committee.key == key))
    people = {bioguide: row for row, bioguide in session.execute(sa.select(Legislator.id, Legislator.bioguide))}
    seats = [
        {
            "committee_id": rows[seat.committee].id,
            "legislator_id": people[seat.bioguide],
            "title": seat.title,
            "rank": seat.rank,
        }
        for seat in snapshot.seats
        if seat.bioguide in people and seat.committee in rows and seat.committee not in gone
    ]
    if seats:
        session.execute(sa.insert(CommitteeSeat), seats)
