"""Newer files over the shipped snapshot. The people below are invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.differences import Differences
from campaign.domain.districts import District
from campaign.domain.errors import Invalid
from campaign.domain.matching import MatchStatus, Place
from campaign.domain.terms import Person
from campaign.models.geography import DataSnapshot, ZipDistrict
from campaign.models.office import Legislator, Office, Tenure
from campaign.services.matching import match_place
from campaign.services.offices import holders_by_code
from campaign.services.snapshot_files import Snapshot, Source, ZipDistrictFact, read_person
from campaign.services.snapshots import Applied, apply, load_shipped, plan, status
from tests.factories import NOW as LOADED
from tests.shipped import snapshot

NOW = datetime(2026, 11, 25, 15, tzinfo=UTC)


@pytest.fixture
def shipped(each_session: Session) -> Session:
    """A migrated database that holds the shipped snapshot."""
    return each_session


def person(bioguide: str, *terms: dict[str, Any]) -> Person:
    return read_person(
        {"id": {"bioguide": bioguide}, "name": {"first": "Ottoline", "last": "Marsh-Finch"}, "terms": terms}
    )


MOVER = person(
    "Z000601",
    {"type": "rep", "start": "2025-01-03", "end": "2026-11-09", "state": "IN", "district": 5},
    {"type": "sen", "start": "2026-11-09", "end": "2026-11-24", "state": "IN", "class": 1},
    {"type": "sen", "start": "2026-11-24", "end": "2031-01-03", "state": "IN", "class": 1},
)
LEAVER = person("Z000602", {"type": "rep", "start": "2025-01-03", "end": "2027-01-03", "state": "KY", "district": 2})
COMER = person("Z000603", {"type": "rep", "start": "2027-01-03", "end": "2029-01-03", "state": "KY", "district": 2})


def people(*added: Person, without: tuple[str, ...] = ()) -> Snapshot:
    """The shipped people without the holders of these seats, and with others."""
    kept = [each for each in snapshot().people or [] if each.terms[-1].code not in without]
    source = Source("legislators", 0, "test", "test", "test", f"{len(added)}{without}".ljust(64, "0"))
    return Snapshot(sources=[source], people=[*kept, *added])


def take(session: Session, files: Snapshot, now: datetime = NOW) -> Applied:
    return apply(session, plan(session, files, now), now)


def test_loading_the_shipped_snapshot_twice_changes_nothing(shipped: Session) -> None:
    before = shipped.scalar(sa.select(sa.func.count(Tenure.id)))
    assert not load_shipped(shipped, NOW).differences
    assert shipped.scalar(sa.select(sa.func.count(Tenure.id))) == before


def test_the_same_files_show_no_differences(shipped: Session) -> None:
    planned = plan(shipped, snapshot(), NOW)
    assert planned.empty
    assert planned.differences.lines() == ["No differences."]


def test_what_is_in_use_is_listed_with_its_vintage(shipped: Session) -> None:
    found = {(row.name, row.congress): row for row in status(shipped)}
    assert found["zips", 0].licence == "CC BY 4.0"
    assert found["zip_districts", 119].rows == 40_070
    assert found["legislators", 0].vintage == "2026-06-15"


def test_showing_the_differences_changes_no_row(shipped: Session) -> None:
    tenures = sa.select(Tenure.id, Tenure.starts_at, Tenure.ends_at, Tenure.legislator_id).order_by(Tenure.id)
    before = shipped.execute(tenures).all()
    assert plan(shipped, people(MOVER, without=("HIN05", "SIN01")), NOW).differences
    assert shipped.execute(tenures).all() == before
    assert shipped.scalar(sa.select(Legislator).where(Legislator.bioguide == "Z000601")) is None


def test_one_person_moves_to_the_senate_and_the_house_seat_stands_empty(shipped: Session) -> None:
    applied = take(shipped, people(MOVER, without=("HIN05", "SIN01")))
    changes = {change.code: (change.before.last, change.after.last) for change in applied.changes}
    assert changes == {"HIN05": ("Spartz", ""), "SIN01": ("Banks", "Marsh-Finch")}
    codes = {row.id: row.code for row in shipped.scalars(sa.select(Office))}
    assert sorted(codes[office] for office in applied.changed_offices) == ["HIN05", "SIN01"]
    rows = shipped.execute(
        sa.select(Legislator.id, Office.code, Tenure.starts_at)
        .join(Tenure, Tenure.legislator_id == Legislator.id)
        .join(Office, Office.id == Tenure.office_id)
        .where(Legislator.bioguide == "Z000601")
        .order_by(Tenure.starts_at)
    ).all()
    assert [row.code for row in rows] == ["HIN05", "SIN01"]
    assert len({row.id for row in rows}) == 1
    found = match_place(shipped, Place("46902"), NOW)
    assert found.match.status is MatchStatus.VACANT
    assert [(office.code, office.name) for office in found.offices if office.code == "SIN01"] == [
        ("SIN01", "Ottoline Marsh-Finch")
    ]


def test_the_move_is_said_before_it_is_made(shipped: Session) -> None:
    differences = plan(shipped, people(MOVER, without=("HIN05", "SIN01")), NOW).differences
    assert differences.added == ["Ottoline Marsh-Finch (Z000601): SIN01"]
    assert [line.rsplit(": ", 1)[1] for line in differences.gone] == ["SIN01", "HIN05"]
    assert differences.vacated == ["HIN05"]


def test_a_serving_representative_who_becomes_senator_is_moved_not_added(shipped: Session) -> None:
    spartz = next(each for each in snapshot().people or [] if each.terms[-1].code == "HIN05")
    promoted = replace(spartz, terms=(replace(spartz.terms[-1], ends_on=MOVER.terms[1].starts_on), MOVER.terms[-1]))
    files = people(promoted, without=("HIN05", "SIN01"))
    differences = plan(shipped, files, NOW).differences
    assert differences.moved == [f"Victoria Spartz ({spartz.bioguide}): HIN05 -> SIN01"]
    take(shipped, files)
    assert shipped.scalar(sa.select(sa.func.count(Legislator.id)).where(Legislator.bioguide == spartz.bioguide)) == 1
    assert holders_by_code(shipped, ["SIN01"], NOW)["SIN01"].bioguide == spartz.bioguide


def test_the_second_import_finds_no_differences(shipped: Session) -> None:
    files = people(MOVER, LEAVER, COMER, without=("HIN05", "SIN01", "HKY02"))
    take(shipped, files)
    later = plan(shipped, files, NOW + timedelta(days=2))
    assert later.empty, later.differences.lines()
    assert not apply(shipped, later, NOW + timedelta(days=2)).changes


def test_two_people_share_3_january_and_never_the_seat(shipped: Session) -> None:
    """Noon Eastern is 17:00 UTC in January."""
    take(shipped, people(LEAVER, COMER, without=("HKY02",)))
    noon = datetime(2027, 1, 3, 17, tzinfo=UTC)
    for minutes in range(-120, 121):
        at = noon + timedelta(minutes=minutes)
        holder = holders_by_code(shipped, ["HKY02"], at)["HKY02"]
        assert holder.bioguide == ("Z000602" if minutes < 0 else "Z000603")


def test_whoever_leaves_the_file_leaves_the_seat_when_we_learn_of_it(shipped: Session) -> None:
    take(shipped, people(without=("HOH14",)))
    assert holders_by_code(shipped, ["HOH14"], NOW)["HOH14"].vacant
    assert holders_by_code(shipped, ["HOH14"], NOW - timedelta(seconds=1))["HOH14"].last == "Joyce"


def test_a_new_phone_is_a_correction_and_changes_no_holder(shipped: Session) -> None:
    joyce = next(each for each in snapshot().people or [] if each.terms[-1].code == "HOH14")
    files = people(replace(joyce, terms=(replace(joyce.terms[-1], phone="202-555-0161"),)), without=("HOH14",))
    applied = take(shipped, files)
    assert applied.differences.corrected == [f"David P. Joyce ({joyce.bioguide}): HOH14"]
    assert applied.changes == ()
    assert holders_by_code(shipped, ["HOH14"], NOW)["HOH14"].phone == "202-555-0161"


def crosswalk(congress: int, rows: list[ZipDistrictFact]) -> Snapshot:
    source = Source("zip_districts", congress, "test", "test", "test", f"{congress}".ljust(64, "0"))
    return Snapshot(sources=[source], zip_districts={congress: rows})


def test_a_map_of_the_next_congress_is_ignored_until_its_day(shipped: Session) -> None:
    take(shipped, crosswalk(120, [ZipDistrictFact("44483", "OH", 13, "zcta")]))
    begins = datetime(2027, 1, 3, 17, tzinfo=UTC)
    before = match_place(shipped, Place("44483"), begins - timedelta(seconds=1)).match
    after = match_place(shipped, Place("44483"), begins).match
    assert (before.congress, before.districts) == (119, (District("OH", 14),))
    assert (after.congress, after.districts) == (120, (District("OH", 13),))
    assert shipped.scalar(sa.select(sa.func.count(ZipDistrict.id)).where(ZipDistrict.congress == 119)) == 40_070


def test_a_new_crosswalk_replaces_only_its_congress_and_is_used_at_once(shipped: Session) -> None:
    assert match_place(shipped, Place("44483"), NOW).match.districts == (District("OH", 14),)
    rows = [row for row in snapshot().zip_districts[119] if row.zip != "44483"]
    applied = take(shipped, crosswalk(119, [*rows, ZipDistrictFact("44483", "OH", 6, "zcta")]))
    assert applied.differences.tables["zip_districts 119"] == {"added": 1, "gone": 1, "changed": 0}
    assert match_place(shipped, Place("44483"), NOW).match.districts == (District("OH", 6),)
    active = sa.select(sa.func.count(DataSnapshot.id)).where(DataSnapshot.name == "zip_districts", DataSnapshot.active)
    assert shipped.scalar(active) == 1


def test_a_file_cut_short_empties_no_seats(shipped: Session) -> None:
    files = Snapshot(sources=[], people=(snapshot().people or [])[:200])
    with pytest.raises(Invalid, match="cut short"):
        plan(shipped, files, NOW)


def test_an_announced_successor_who_is_withdrawn_is_said_to_be_gone(shipped: Session) -> None:
    take(shipped, people(LEAVER, COMER, without=("HKY02",)))
    differences = plan(shipped, people(LEAVER, without=("HKY02",)), NOW).differences
    assert differences.gone == ["Ottoline Marsh-Finch (Z000603): HKY02"]


def test_long_lists_are_cut_and_say_so() -> None:
    lines = Differences(added=[str(number) for number in range(40)]).lines(most=10)
    assert lines[0] == "Members added: 40"
    assert lines[-1].strip() == "... and 30 more"


def test_loading_before_a_members_first_day_still_seats_them(shipped: Session) -> None:
    """Clocks differ from files: whom the file lists, serves."""
    assert holders_by_code(shipped, ["HCA01"], LOADED)["HCA01"].last == "Gallagher"
    assert holders_by_code(shipped, ["HCA01"], datetime(2026, 6, 1, tzinfo=UTC))["HCA01"].vacant
