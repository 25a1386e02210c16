from __future__ import annotations

from datetime import UTC, datetime

import pytest

from campaign.domain.districts import (
    AT_LARGE,
    STATES,
    District,
    OfficeKind,
    Seat,
    all_codes,
    congress_at,
    congress_begins,
    district_label,
    district_phrase,
    house_code,
    house_kind,
    map_warning,
    ordinal,
    seat_of,
    senate_code,
    state_code,
)
from campaign.domain.errors import Invalid


def test_there_are_435_seats_of_states_six_without_a_vote_and_100_senators() -> None:
    assert sum(state.seats for state in STATES.values()) == 435
    house = [code for code in all_codes() if code.startswith("H")]
    senate = [code for code in all_codes() if code.startswith("S")]
    assert (len(house), len(senate)) == (441, 100)


def test_every_code_reads_back_as_the_seat_that_it_was_made_of() -> None:
    for code in all_codes():
        seat = seat_of(code)
        assert seat is not None
        if seat.senate_class is None:
            assert seat.number is not None
            assert house_code(seat.state, seat.number) == code
        else:
            assert senate_code(seat.state, seat.senate_class) == code


def test_american_samoa_has_its_own_letters_in_codes() -> None:
    assert house_code("AS", 0) == "HAQ00"
    assert seat_of("HAQ00") == Seat("AS", 0)
    assert seat_of("HAS00") is None


@pytest.mark.parametrize(
    "code", ["HIN10", "HIN00", "HWY01", "SIN02", "SDC01", "HXX01", "HIN5", "hin05", "HIN٠5", "USTR"]
)
def test_a_code_that_only_looks_right_names_no_seat(code: str) -> None:
    assert seat_of(code) is None


def test_at_large_are_seven_places_with_one_seat_or_a_delegate() -> None:
    assert {"AK", "DE", "ND", "SD", "VT", "WY", "DC", "PR", "GU", "VI", "AS", "MP"} == AT_LARGE


def test_kinds_of_house_seats() -> None:
    assert house_kind("OH") is OfficeKind.REPRESENTATIVE
    assert house_kind("GU") is OfficeKind.DELEGATE
    assert house_kind("PR") is OfficeKind.RESIDENT_COMMISSIONER


@pytest.mark.parametrize(
    ("state", "number", "label", "phrase"),
    [
        ("OH", 14, "OH-14", "Ohio's 14th District"),
        ("TX", 22, "TX-22", "Texas' 22nd District"),
        ("CA", 1, "CA-1", "California's 1st District"),
        ("NY", 11, "NY-11", "New York's 11th District"),
        ("NY", 3, "NY-3", "New York's 3rd District"),
        ("WY", 0, "WY at large", "Wyoming"),
        ("DC", 0, "DC at large", "the District of Columbia"),
        ("PR", 0, "PR at large", "Puerto Rico"),
    ],
)
def test_how_people_read_a_district(state: str, number: int, label: str, phrase: str) -> None:
    assert (district_label(state, number), district_phrase(state, number)) == (label, phrase)


def test_ordinals_of_the_teens() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 52)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "52nd",
    ]  # fmt: skip


def test_a_key_reads_back_and_a_seat_that_does_not_exist_is_refused() -> None:
    assert District.parse(District("NV", 2).key) == District("NV", 2)
    for key in ("NV-5", "WY-1", "nv-2", "NV2", ""):
        with pytest.raises(Invalid):
            District.parse(key)


def test_states_are_read_by_code_or_name() -> None:
    assert [state_code(text) for text in ("oh", " Ohio ", "D.C.", "the District of Columbia", "ap", "FM", "Ohoi")] == [
        "OH", "OH", "DC", "DC", "AP", "FM", None,
    ]  # fmt: skip


def test_a_congress_changes_at_noon_eastern_on_3_january_of_odd_years() -> None:
    assert congress_at(datetime(2027, 1, 3, 16, 59, 59, tzinfo=UTC)) == 119
    assert congress_at(datetime(2027, 1, 3, 17, 0, tzinfo=UTC)) == 120
    assert congress_at(datetime(2026, 1, 3, 17, 0, tzinfo=UTC)) == 119
    assert congress_begins(120) == datetime(2027, 1, 3, 17, tzinfo=UTC)


def test_a_new_map_is_announced_from_december_until_it_is_in_force() -> None:
    november, december, january = (
        datetime(*day, 12, tzinfo=UTC) for day in ((2026, 11, 30), (2026, 12, 1), (2027, 1, 4))
    )
    assert "January 3, 2027" in (map_warning("NC", december) or "")
    assert map_warning("NC", november) is None
    assert map_warning("NC", january) is None
    assert map_warning("IN", december) is None
