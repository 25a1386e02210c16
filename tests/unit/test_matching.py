"""The cascade over the shipped data: odd places one by one, then every ZIP there is."""

from __future__ import annotations

from collections import Counter

import pytest

from campaign.domain.districts import District
from campaign.domain.matching import Confidence, Match, MatchStatus, Method, Place, match, place_key
from tests.shipped import atlas, snapshot

S = MatchStatus


def find(zip_code: str, state: str = "", **rest: object) -> Match:
    return match(Place(zip_code, state, **rest), atlas())  # type: ignore[arg-type]


def keys(found: Match) -> list[str]:
    return [district.key for district in found.districts]


@pytest.mark.parametrize(
    ("zip_code", "state", "status", "states", "districts"),
    [
        ("44483", "", S.ONE, ["OH"], ["OH-14"]),  # one district
        (" 44483-1234 ", "ohio", S.ONE, ["OH"], ["OH-14"]),  # ZIP+4, name of the state
        ("94544", "", S.ONE, ["CA"], ["CA-14"]),  # vacant in the snapshot, which is not the cascade's to know
        ("76014", "", S.CANDIDATES, ["TX"], ["TX-6", "TX-25", "TX-30", "TX-33"]),  # split
        ("19601", "PA", S.CANDIDATES, ["PA"], ["PA-6", "PA-4"]),
        ("82801", "", S.CANDIDATES, ["WY", "MT"], ["WY-0", "MT-2"]),  # crosses a state line
        ("82801", "WY", S.ONE, ["WY"], ["WY-0"]),
        ("82801", "MT", S.ONE, ["MT"], ["MT-2"]),
        ("57717", "SD", S.ONE, ["SD"], ["SD-0"]),  # the crosswalk has only its neighbors' parts
        ("57717", "", S.CANDIDATES, ["SD", "MT", "WY"], ["SD-0", "MT-2", "WY-0"]),
        ("82729", "", S.ONE, ["WY"], ["WY-0"]),  # at large
        ("99762", "AK", S.ONE, ["AK"], ["AK-0"]),
        ("20036", "", S.ONE, ["DC"], ["DC-0"]),  # delegate
        ("20500", "DC", S.ONE, ["DC"], ["DC-0"]),  # one building, but the state decides
        ("00612", "", S.ONE, ["PR"], ["PR-0"]),  # not in the place file
        ("00801", "VI", S.ONE, ["VI"], ["VI-0"]),  # not even in the crosswalk: the prefix agrees with the state
        ("00936", "", S.ONE, ["PR"], ["PR-0"]),  # a PO box that no file lists
        ("96932", "", S.UNKNOWN, ["GU", "MP", "FM", "MH", "PW"], []),  # the same, and the prefix leaves five
        ("96932", "GU", S.ONE, ["GU"], ["GU-0"]),
        ("82199", "", S.UNKNOWN, ["WY"], []),  # the place file is complete there
        ("96910", "", S.ONE, ["GU"], ["GU-0"]),
        ("96799", "", S.ONE, ["AS"], ["AS-0"]),
        ("96950", "", S.ONE, ["MP"], ["MP-0"]),
        ("44482", "", S.STATE_ONLY, ["OH"], []),  # PO boxes
        ("09012", "", S.MILITARY, [], []),
        ("34002", "AA", S.MILITARY, [], []),
        ("96201", "CA", S.MILITARY, [], []),  # special prefixes come before contradictions
        ("96941", "FM", S.NO_CONGRESS, [], []),
        ("96960", "", S.NO_CONGRESS, [], []),
        ("96940", "", S.NO_CONGRESS, [], []),
        ("44483", "PA", S.CONFLICT, ["OH"], []),
        ("44483", "AE", S.CONFLICT, ["OH"], []),
        ("00000", "", S.UNKNOWN, [], []),
        ("44999", "", S.UNKNOWN, ["OH"], []),  # the prefix is Ohio's, the ZIP nobody's
        ("6604", "CT", S.INVALID, [], []),
        ("", "", S.INVALID, [], []),
        ("4448", "", S.INVALID, [], []),
        ("44483-12", "", S.INVALID, [], []),
        ("٤٤٤٨٣", "", S.INVALID, [], []),
        ("44483", "Ohoi", S.INVALID, [], []),
    ],
)
def test_odd_places(zip_code: str, state: str, status: MatchStatus, states: list[str], districts: list[str]) -> None:
    found = find(zip_code, state)
    assert (found.status, list(found.states), keys(found)) == (status, states, districts)
    assert found.congress == 119
    assert found.message


def test_a_lost_leading_zero_is_offered_and_never_applied() -> None:
    for typed, meant in (("6604", "06604"), ("501", "00501"), ("6604-1234", "06604"), ("6604.0", "06604")):
        found = find(typed)
        assert found.status is S.INVALID
        assert found.suggested_zip == meant
        assert meant in found.message
    assert find("12").suggested_zip is None


def test_a_po_box_suggests_a_district_and_answers_none() -> None:
    found = find("44482")
    assert found.suggested == (District("OH", 14),)
    assert found.senators_certain
    assert "street address" in found.message


def test_senators_are_certain_only_in_one_state_that_has_them() -> None:
    assert find("76014").senators_certain
    assert not find("82801").senators_certain
    assert not find("20036").senators_certain
    assert not find("44483", "PA").senators_certain


def test_a_part_in_another_state_known_by_tract_is_less_sure() -> None:
    tract = next(row for row in snapshot().zip_districts[119] if row.basis == "tract" and row.state not in ("WY", "SD"))
    found = find(tract.zip, tract.state)
    assert found.confidence in (Confidence.MEDIUM, Confidence.LOW)


def test_a_point_decides_a_split_zip() -> None:
    found = find("76014", "TX", lat=32.6954, lon=-97.0876)
    assert (found.status, found.method) in {(S.ONE, Method.POINT), (S.NEAR_LINE, Method.POINT)}
    assert set(keys(found)) < {"TX-6", "TX-25", "TX-30", "TX-33"}


def test_a_point_within_500_m_of_a_line_is_a_choice_with_the_nearest_first() -> None:
    near = [
        found
        for row in (snapshot().zips or [])[:8000]
        if row.lat is not None and (found := find(row.zip, lat=row.lat, lon=row.lon)).status is S.NEAR_LINE
    ]
    assert len(near) > 50
    assert all(len(found.districts) > 1 and len(found.states) == 1 for found in near)


def test_hits_across_a_known_state_line_do_not_count() -> None:
    """Lewiston, Idaho lies at the line to Washington."""
    found = find("83501", "ID", lat=46.4165, lon=-117.0385)
    assert keys(found) == ["ID-1"]


def test_a_waterfront_point_takes_the_nearest_polygon() -> None:
    found = find("33040", "FL", lat=24.52, lon=-81.82)  # off Key West
    assert (found.status, found.method, keys(found)) == (S.ONE, Method.NEAREST, ["FL-28"])


def test_a_point_in_another_state_contradicts_the_zip() -> None:
    found = find("44483", lat=40.44, lon=-79.99)  # Pittsburgh
    assert (found.status, found.states) == (S.CONFLICT, ("OH",))


def test_a_point_outside_everything_answers_nothing_but_keeps_the_suggestion() -> None:
    found = find("44483", lat=0.0, lon=0.0)
    assert (found.status, found.districts, found.suggested) == (S.UNKNOWN, (), (District("OH", 14),))


@pytest.mark.parametrize(
    ("lat", "lon"), [(91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0), (41.2, None), (None, -80.8), (float("inf"), 1.0)]
)
def test_half_a_point_or_an_impossible_one_is_invalid(lat: float | None, lon: float | None) -> None:
    assert find("44483", lat=lat, lon=lon).status is S.INVALID


def test_a_point_outside_the_zip_area_is_used_with_a_doubt() -> None:
    found = find("44483", lat=40.05, lon=-83.0)  # Columbus
    assert (keys(found), found.confidence) == (["OH-3"], Confidence.MEDIUM)
    assert "check the address" in found.message


def test_without_a_map_of_the_congress_only_the_state_is_certain() -> None:
    later = atlas(120)
    assert match(Place("44483"), later).status is S.STATE_ONLY
    assert match(Place("44483"), later).suggested == ()
    assert match(Place("82729"), later).districts == (District("WY", 0),)
    assert match(Place("82801"), later).status is S.CANDIDATES


def test_every_known_zip_gets_an_answer_and_the_measured_shares_hold() -> None:
    known = {row.zip for row in snapshot().zips or []} | {row.zip for row in snapshot().zip_districts[119]}
    military = {row.zip for row in snapshot().zips or [] if row.kind == "military"}
    answers = {zip_code: find(zip_code) for zip_code in known}
    statuses = Counter(found.status for found in answers.values())
    kinds = Counter(
        "military" if code in military else ("no area", "one")[n] if (n := len(atlas().areas(code))) < 2 else "split"
        for code in known
    )
    assert len(known) == 41_637
    assert kinds == {"one": 27_970, "split": 5_821, "no area": 7_337, "military": 509}
    # 364 without an area are in whole-state seats, two on the Marshall Islands
    assert statuses == {
        S.ONE: 27_970 + 364,
        S.CANDIDATES: 5_821,
        S.STATE_ONLY: 7_337 - 366,
        S.MILITARY: 509,
        S.NO_CONGRESS: 2,
    }
    assert all(len(found.districts) == 1 for found in answers.values() if found.status is S.ONE)
    assert all(found.districts for found in answers.values() if found.must_choose)


def test_the_likeliest_choice_comes_first() -> None:
    place = atlas().place("19601")
    assert place is not None
    assert find("19601").districts[0] == place.point


def test_the_same_place_has_the_same_key_and_the_key_shows_no_address() -> None:
    place = Place("44483-1234", "Ohio", "1 Demo  Way", "WARREN")
    assert place_key(place) == place_key(Place(" 44483", "oh", "1 demo way", "Warren"))
    assert place_key(place) != place_key(Place("44483", "OH", "2 Demo Way", "Warren"))
    assert "demo" not in place_key(place)
