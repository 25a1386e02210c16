from __future__ import annotations

import pytest

from campaign.domain.addressing import (
    address_block,
    committee_title,
    salutation,
    seat_phrase,
    seat_title,
    styled_name,
)
from campaign.domain.districts import OfficeKind
from campaign.domain.errors import CannotRender
from campaign.domain.holders import Chair, Holder, HolderStatus

HELD, VACANT, UNKNOWN = HolderStatus.HELD, HolderStatus.VACANT, HolderStatus.UNKNOWN


def house(**changes: object) -> Holder:
    values: dict[str, object] = {
        "office_id": 1, "code": "HOH14", "kind": OfficeKind.REPRESENTATIVE, "status": HELD, "state": "OH", "district": 14,
        "name": "David P. Joyce", "last": "Joyce", "room": "2065 Rayburn House Office Building",
    }  # fmt: skip
    return Holder(**(values | changes))  # type: ignore[arg-type]


def senator(**changes: object) -> Holder:
    values: dict[str, object] = {
        "code": "SME01", "kind": OfficeKind.SENATOR, "state": "ME", "district": None, "senate_class": 1,
        "name": "Angus S. King, Jr.", "last": "King", "room": "133 Hart Senate Office Building",
    }  # fmt: skip
    return house(**(values | changes))


USTR = Holder(
    2, "USTR", OfficeKind.AGENCY, HELD, name="Jamieson Greer", last="Greer",
    title="Office of the United States Trade Representative", head_title="United States Trade Representative",
    head_style="Ambassador", postal_lines=("600 17th Street NW", "Washington, DC 20508"),
)  # fmt: skip


def test_a_representative() -> None:
    assert address_block(house()) == (
        "The Honorable David P. Joyce",
        "United States House of Representatives",
        "2065 Rayburn House Office Building",
        "Washington, DC 20515",
    )
    assert salutation(house()) == "Dear Representative Joyce:"
    assert seat_phrase(house()) == "Ohio's 14th District"
    assert seat_title(house()) == "Representative for Ohio's 14th District"


def test_a_senator_keeps_the_suffix_in_the_block_only() -> None:
    assert address_block(senator()) == (
        "The Honorable Angus S. King, Jr.",
        "United States Senate",
        "133 Hart Senate Office Building",
        "Washington, DC 20510",
    )
    assert salutation(senator()) == "Dear Senator King:"
    assert seat_phrase(senator()) == "Maine"
    assert styled_name(senator()) == "Senator Angus S. King, Jr."


def test_a_member_without_a_room_has_no_empty_line() -> None:
    assert len(address_block(house(room=""))) == 3


def test_a_delegate_and_the_resident_commissioner() -> None:
    delegate = house(
        code="HDC00", kind=OfficeKind.DELEGATE, state="DC", district=0, name="Eleanor Holmes Norton", last="Norton"
    )
    assert salutation(delegate) == "Dear Delegate Norton:"
    assert seat_phrase(delegate) == "the District of Columbia"
    commissioner = house(
        code="HPR00", kind=OfficeKind.RESIDENT_COMMISSIONER, state="PR", district=0,
        name="Pablo José Hernández", last="Hernández Rivera",
    )  # fmt: skip
    assert address_block(commissioner)[:3] == (
        "The Honorable Pablo José Hernández",
        "Resident Commissioner",
        "United States House of Representatives",
    )
    assert salutation(commissioner) == "Dear Resident Commissioner Hernández Rivera:"


def test_an_office_that_prefers_another_salutation_gets_it_with_a_colon() -> None:
    delegate = house(kind=OfficeKind.DELEGATE, state="DC", district=0, salutation="Dear Congresswoman Norton,")
    assert salutation(delegate) == "Dear Congresswoman Norton:"


def test_a_chair_is_addressed_with_the_title_of_the_file() -> None:
    chair = Chair("Chairman", committee_title("House Committee on Ways and Means"))
    assert address_block(house(), chair) == (
        "The Honorable David P. Joyce",
        "Chairman, Committee on Ways and Means",
        "United States House of Representatives",
        "Washington, DC 20515",
    )
    assert salutation(house(), chair) == "Dear Chairman Joyce:"
    assert salutation(senator(), Chair("Chair", "Committee on Finance")) == "Dear Chair King:"


def test_a_subcommittee_names_its_committee() -> None:
    found = committee_title("Trade", "House Committee on Ways and Means")
    assert found == "Subcommittee on Trade, Committee on Ways and Means"


def test_the_trade_representative() -> None:
    assert address_block(USTR) == (
        "The Honorable Jamieson Greer",
        "United States Trade Representative",
        "600 17th Street NW",
        "Washington, DC 20508",
    )
    assert salutation(USTR) == "Dear Ambassador Greer:"
    assert seat_phrase(USTR) == "Office of the United States Trade Representative"


def test_a_vacant_seat_is_an_office_without_a_name() -> None:
    vacant = house(code="HCA14", state="CA", status=VACANT, name="", last="", room="")
    assert address_block(vacant) == (
        "Office of the 14th Congressional District of California",
        "United States House of Representatives",
        "Washington, DC 20515",
    )
    assert salutation(vacant) == "To the Office:"
    assert styled_name(vacant) == "Representative for California's 14th District"


def test_where_nobody_is_known_the_letter_waits_for_a_person() -> None:
    unknown = house(status=UNKNOWN, name="", last="", room="")
    for write in (address_block, salutation):
        with pytest.raises(CannotRender, match="waits for a person"):
            write(unknown)


def test_no_salutation_is_ever_sir_or_madam() -> None:
    for holder in (house(), senator(), USTR, house(status=VACANT)):
        assert "Sir" not in salutation(holder)
