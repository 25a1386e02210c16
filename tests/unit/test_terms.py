from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from campaign.domain.errors import Invalid
from campaign.domain.terms import Kept, Person, Stint, Term, compare, noon, stints

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def person(bioguide: str, *terms: tuple[str, str, str]) -> Person:
    made = tuple(Term(code, date.fromisoformat(start), date.fromisoformat(end)) for code, start, end in terms)
    return Person(bioguide, "Ada", "Quill", "", "Ada Quill", "", "", made)


def spans(seat: list[Stint]) -> list[tuple[str, datetime, datetime | None]]:
    return [(stint.bioguide, stint.starts_at, stint.ends_at) for stint in seat]


def test_terms_turn_at_noon_eastern() -> None:
    assert noon(date(2027, 1, 3)) == datetime(2027, 1, 3, 17, tzinfo=UTC)
    assert noon(date(2026, 6, 10)) == datetime(2026, 6, 10, 16, tzinfo=UTC)


def test_two_in_one_seat_on_3_january_follow_each_other() -> None:
    seat = stints(
        [person("A", ("HKY02", "2025-01-03", "2027-01-03")), person("B", ("HKY02", "2027-01-03", "2029-01-03"))], NOW
    )["HKY02"]
    turn = noon(date(2027, 1, 3))
    assert spans(seat) == [("A", noon(date(2025, 1, 3)), turn), ("B", turn, None)]


def test_a_term_that_ended_on_paper_is_open_while_its_holder_is_listed() -> None:
    seat = stints([person("A", ("SOH03", "2025-01-21", "2026-11-03"))], datetime(2026, 12, 1, tzinfo=UTC))["SOH03"]
    assert seat[0].ends_at is None
    assert seat[0].term_ends_at == noon(date(2027, 1, 3))


def test_terms_of_one_person_in_one_seat_are_one_stint() -> None:
    found = stints([person("A", ("SIN01", "2026-11-09", "2026-11-24"), ("SIN01", "2026-11-24", "2031-01-03"))], NOW)
    assert len(found["SIN01"]) == 1


def test_who_moves_leaves_the_first_seat_when_the_second_begins() -> None:
    found = stints([person("A", ("HIN05", "2025-01-03", "2027-01-03"), ("SIN01", "2026-05-01", "2031-01-03"))], NOW)
    assert found["HIN05"][0].ends_at == found["SIN01"][0].starts_at == noon(date(2026, 5, 1))


def test_a_listed_person_serves_at_once_where_nobody_else_does() -> None:
    """The file names who serves now, whatever this machine's clock says."""
    mover = person("A", ("HIN05", "2025-01-03", "2026-11-09"), ("SIN01", "2026-11-09", "2031-01-03"))
    found = stints([mover], NOW)
    assert found["SIN01"][0].starts_at == NOW
    assert found["HIN05"][0].ends_at == NOW


def test_two_who_begin_on_one_day_are_refused() -> None:
    with pytest.raises(Invalid, match="HKY02"):
        stints(
            [person("A", ("HKY02", "2025-01-03", "2027-01-03")), person("B", ("HKY02", "2025-01-03", "2027-01-03"))],
            NOW,
        )


def test_what_is_on_record_already_needs_no_change() -> None:
    seat = stints([person("A", ("HKY02", "2025-01-03", "2027-01-03"))], NOW)["HKY02"]
    change = compare([Kept(7, "A", seat[0].starts_at, None)], seat, NOW)
    assert change.update == ((7, seat[0]),)
    assert not (change.add or change.end or change.delete)


def test_who_is_missing_from_the_file_leaves_when_we_learn_of_it() -> None:
    change = compare([Kept(7, "A", noon(date(2025, 1, 3)), None)], [], NOW)
    assert change.end == ((7, NOW),)
    again = compare([Kept(7, "A", noon(date(2025, 1, 3)), NOW)], [], NOW + timedelta(days=1))
    assert not any(again)


def test_who_is_missing_leaves_when_the_successor_began() -> None:
    seat = stints([person("B", ("HKY02", "2026-06-01", "2027-01-03"))], NOW)["HKY02"]
    change = compare([Kept(7, "A", noon(date(2025, 1, 3)), None)], seat, NOW)
    assert change.end == ((7, noon(date(2026, 6, 1))),)
    assert change.add == tuple(seat)


def test_a_newer_file_that_has_somebody_else_from_the_start_is_believed() -> None:
    seat = stints([person("B", ("HKY02", "2025-01-03", "2027-01-03"))], NOW)["HKY02"]
    change = compare([Kept(7, "A", noon(date(2025, 1, 3)), None)], seat, NOW)
    assert (change.delete, change.add) == ((7,), tuple(seat))
