from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.addressing import address_block, salutation
from campaign.domain.districts import District, OfficeKind
from campaign.domain.errors import NotFound
from campaign.domain.holders import HolderStatus
from campaign.domain.matching import MatchStatus, Place
from campaign.models.office import Legislator, Office, Tenure
from campaign.services.matching import confirmation_line, match_place, match_places
from campaign.services.offices import (
    all_holders,
    committee_keys,
    holder_at,
    holders_by_code,
    office_by_code,
    offices_of,
)
from tests.factories import NOW


@pytest.fixture
def shipped(session: Session) -> Session:
    """A migrated database that holds the shipped snapshot."""
    return session


def test_every_seat_has_one_answer(shipped: Session) -> None:
    found = all_holders(shipped, NOW)
    assert Counter(holder.kind for holder in found.values()) == {
        OfficeKind.REPRESENTATIVE: 435, OfficeKind.DELEGATE: 5, OfficeKind.RESIDENT_COMMISSIONER: 1,
        OfficeKind.SENATOR: 100, OfficeKind.AGENCY: 1,
    }  # fmt: skip
    assert sorted(holder.code for holder in found.values() if holder.vacant) == ["HCA14", "HFL20", "HGA13", "HTX23"]
    assert all(holder.known for holder in found.values() if not holder.vacant)


def test_an_appointed_senator_serves_past_the_day_of_the_election(shipped: Session) -> None:
    found = holders_by_code(shipped, ["SOH03", "SFL03"], datetime(2026, 11, 25, tzinfo=UTC))
    assert {holder.bioguide for holder in found.values()} == {"H001104", "M001244"}


def test_after_the_congress_ends_nobody_is_known_without_a_newer_file(shipped: Session) -> None:
    turn = datetime(2027, 1, 3, 17, tzinfo=UTC)
    before, after = (holders_by_code(shipped, ["HOH14", "SOH01"], at) for at in (turn - timedelta(seconds=1), turn))
    assert before["HOH14"].known
    assert after["HOH14"].status is HolderStatus.UNKNOWN
    assert after["SOH01"].known  # a senator whose term goes on
    assert before["HOH14"].identity != after["HOH14"].identity


def test_the_two_senators_come_after_the_house_seat_the_senior_first(shipped: Session) -> None:
    found = offices_of(shipped, [District("OH", 14)], ["OH"], NOW)
    assert [holder.code for holder in found] == ["HOH14", "SOH01", "SOH03"]


def test_the_trade_representative_is_an_office(shipped: Session) -> None:
    office = office_by_code(shipped, "ustr")
    holder = holder_at(shipped, [office.id], NOW)[office.id]
    assert address_block(holder)[0] == "The Honorable Jamieson Greer"
    assert salutation(holder) == "Dear Ambassador Greer:"


def test_an_unknown_code_is_not_found(shipped: Session) -> None:
    with pytest.raises(NotFound):
        office_by_code(shipped, "HIN10")
    assert holders_by_code(shipped, ["HIN10"], NOW) == {}


def test_chairs_carry_the_title_of_the_file(shipped: Session) -> None:
    holder = holders_by_code(shipped, ["HMO08"], NOW)["HMO08"]  # chairs Ways and Means
    assert holder.legislator_id is not None
    first = holder.chairs[0]  # full committees come before their parts
    assert first.key == "HSWM"
    assert first.committee == "Committee on Ways and Means"
    assert salutation(holder, first) == f"Dear {first.title} Smith:"
    assert "HSWM" in committee_keys(shipped, [holder.legislator_id])[holder.legislator_id]


def stand_in(session: Session, code: str) -> None:
    office = office_by_code(session, code)
    person = Legislator(bioguide="DEMO001", first="Marigold", last="Testerly", official_full="Marigold Testerly (demo)")
    session.add(person)
    session.flush()
    session.add(
        Tenure(office_id=office.id, legislator_id=person.id, starts_at=NOW - timedelta(days=30), is_stand_in=True)
    )
    session.flush()


def test_a_stand_in_covers_the_real_holder_but_fills_no_vacancy(shipped: Session) -> None:
    stand_in(shipped, "HIN05")
    covered = holders_by_code(shipped, ["HIN05"], NOW)["HIN05"]
    assert (covered.name, covered.stand_in) == ("Marigold Testerly (demo)", True)
    earlier = holders_by_code(shipped, ["HIN05"], NOW - timedelta(days=31))["HIN05"]
    assert (earlier.last, earlier.stand_in) == ("Spartz", False)
    shipped.execute(
        sa.update(Tenure).where(Tenure.office_id == covered.office_id, ~Tenure.is_stand_in).values(ends_at=NOW)
    )
    assert holders_by_code(shipped, ["HIN05"], NOW)["HIN05"].vacant


def test_a_vacant_seat_is_said_and_the_senators_offered(shipped: Session) -> None:
    found = match_place(shipped, Place("94544"), NOW)
    assert found.match.status is MatchStatus.VACANT
    assert [(office.code, office.vacant) for office in found.offices] == [
        ("HCA14", True), ("SCA03", False), ("SCA01", False),
    ]  # fmt: skip
    assert "CA-14 is vacant" in found.match.message


def test_the_answer_has_the_documented_form(shipped: Session) -> None:
    found = match_place(shipped, Place("89445", "NV"), NOW).as_json()
    assert found["status"] == "one"
    assert found["states"] == ["NV"]
    assert found["districts"] == ["NV-2"]
    assert found["congress"] == 119
    assert found["vintage"]
    assert found["method"] == "zip"
    assert found["offices"][0] == {
        "code": "HNV02", "role": "representative", "name": "Mark E. Amodei", "bioguide": "A000369", "vacant": False,
    }  # fmt: skip
    assert {office["role"] for office in found["offices"][1:]} == {"senator"}


@pytest.mark.parametrize(
    ("zip_code", "codes"),
    [
        ("76014", ["HTX06", "HTX25", "HTX30", "HTX33", "STX02", "STX01"]),
        ("82801", ["HWY00", "HMT02"]),  # no senator before the state is named
        ("00612", ["HPR00"]),
        ("20036", ["HDC00"]),
        ("96799", ["HAQ00"]),
        ("44482", ["SOH01", "SOH03"]),
        ("09012", []),
        ("96941", []),
        ("6604", []),
    ],
)
def test_whose_offices_go_with_a_place(shipped: Session, zip_code: str, codes: list[str]) -> None:
    assert [office.code for office in match_place(shipped, Place(zip_code), NOW).offices] == codes


def test_a_single_answer_is_said_for_confirmation(shipped: Session) -> None:
    assert confirmation_line(match_place(shipped, Place("44483"), NOW)) == "Your representative: David P. Joyce (OH-14)"
    assert "vacant" in confirmation_line(match_place(shipped, Place("94544"), NOW))


def test_points_use_the_polygons_of_the_database(shipped: Session) -> None:
    found = match_place(shipped, Place("76014", "TX", lat=32.6954, lon=-97.0876), NOW)
    assert str(found.match.method) == "point"


def test_every_demonstration_place_matches_as_announced(shipped: Session) -> None:
    places = {
        "46902": "IN-5", "54143": "WI-8", "80401": "CO-7", "42101": "KY-2", "37040": "TN-7", "31408": "GA-1",
        "71730": "AR-4", "85501": "AZ-2", "04240": "ME-2", "82729": "WY-0", "99762": "AK-0", "44483": "OH-14",
        "94544": "CA-14", "00612": "PR-0", "20036": "DC-0", "15650": "PA-14", "16509": "PA-16", "63640": "MO-8",
        "68847": "NE-3", "98837": "WA-4", "14303": "NY-26", "48642": "MI-8", "03051": "NH-2", "05701": "VT-0",
        "89445": "NV-2", "73505": "OK-4", "55706": "MN-8", "28086": "NC-14", "84302": "UT-1",
    }  # fmt: skip
    found = match_places(shipped, [Place(zip_code) for zip_code in places], NOW)
    assert [each.match.districts[0].key for each in found] == list(places.values())
    assert {each.match.status for each in found} == {MatchStatus.ONE, MatchStatus.VACANT}


def test_offices_are_unique_by_code(shipped: Session) -> None:
    assert shipped.scalar(sa.select(sa.func.count(sa.distinct(Office.code)))) == 542
