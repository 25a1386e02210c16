"""Choices x offices -> letters."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from campaign.domain.targeting import Choice, DocketOption, OfficeOption, TargetKind, destinations

NOW = datetime(2026, 6, 15, 14, tzinfo=UTC)
HOUSE = OfficeOption(1, "HIN05", TargetKind.HOUSE)
SENIOR = OfficeOption(2, "SIN01", TargetKind.SENATE)
JUNIOR = OfficeOption(3, "SIN03", TargetKind.SENATE, chairs=("SSFI",))
OFFICES = (HOUSE, SENIOR, JUNIOR)
BOTH = frozenset({TargetKind.HOUSE, TargetKind.SENATE})


def docket(number: str = "USTR-2026-0007", *, opens: int = -10, closes: int = 10) -> DocketOption:
    return DocketOption(7, number, 90, "USTR", NOW + timedelta(days=opens), NOW + timedelta(days=closes))


def test_one_letter_per_office_for_all_choices_in_the_members_order() -> None:
    found = destinations([Choice("P2", BOTH), Choice("P1", BOTH), Choice("P3", BOTH)], OFFICES, NOW)
    assert [each.target for each in found] == ["HIN05", "SIN01", "SIN03"]
    assert all(each.choices == ("P2", "P1", "P3") for each in found)


def test_an_office_hears_only_what_has_an_ask_for_its_kind() -> None:
    found = destinations([Choice("P1", BOTH), Choice("P2", frozenset({TargetKind.SENATE}))], OFFICES, NOW)
    assert {each.target: each.choices for each in found} == {
        "HIN05": ("P1",),
        "SIN01": ("P1", "P2"),
        "SIN03": ("P1", "P2"),
    }


def test_a_docket_is_split_off_into_a_letter_of_its_own() -> None:
    both = Choice("P1", BOTH | {TargetKind.AGENCY}, docket=docket())
    found = destinations([both, Choice("P2", BOTH)], OFFICES, NOW)
    assert [each.target for each in found] == ["HIN05", "SIN01", "SIN03", "USTR-2026-0007"]
    comment = found[-1]
    assert (comment.choices, comment.docket_id, comment.kind) == (("P1",), 7, TargetKind.AGENCY)


def test_two_choices_on_one_docket_make_one_comment_and_two_dockets_make_two() -> None:
    agency = frozenset({TargetKind.AGENCY})
    one = destinations([Choice("P1", agency, docket=docket()), Choice("P2", agency, docket=docket())], OFFICES, NOW)
    assert [(each.target, each.choices) for each in one] == [("USTR-2026-0007", ("P1", "P2"))]
    two = destinations(
        [Choice("P1", agency, docket=docket()), Choice("P2", agency, docket=docket("USTR-2026-0008"))], OFFICES, NOW
    )
    assert [each.target for each in two] == ["USTR-2026-0007", "USTR-2026-0008"]


def test_a_closed_docket_becomes_an_ordinary_letter_to_the_same_agency() -> None:
    (found,) = destinations([Choice("P1", frozenset({TargetKind.AGENCY}), docket=docket(closes=0))], OFFICES, NOW)
    assert (found.target, found.docket_id, found.docket_closed, found.office_id) == ("USTR", None, True, 90)


def test_a_docket_is_open_from_its_first_moment_until_its_last() -> None:
    assert docket(opens=0).is_open(NOW)
    assert docket(closes=0).is_open(NOW - timedelta(microseconds=1))
    assert not docket(closes=0).is_open(NOW)
    assert not docket(opens=1).is_open(NOW)


def test_a_docket_that_has_not_opened_is_no_closed_one() -> None:
    (found,) = destinations([Choice("P1", frozenset({TargetKind.AGENCY}), docket=docket(opens=1))], OFFICES, NOW)
    assert (found.target, found.docket_closed) == ("USTR", False)


def test_a_chair_reads_the_wording_for_chairs_in_the_one_letter_to_that_office() -> None:
    chair = Choice("P1", BOTH | {TargetKind.CHAIR}, committees=frozenset({"SSFI"}))
    found = {each.target: each for each in destinations([Choice("P2", BOTH), chair], OFFICES, NOW)}
    assert len(found) == 3
    assert (found["SIN03"].kind, found["SIN03"].choices) == (TargetKind.CHAIR, ("P2", "P1"))
    assert found["SIN01"].kind is TargetKind.SENATE


def test_a_chair_of_another_committee_is_addressed_like_any_senator() -> None:
    chair = Choice("P1", BOTH | {TargetKind.CHAIR}, committees=frozenset({"SSEG"}))
    assert {each.kind for each in destinations([chair], OFFICES, NOW)} == BOTH


CHOICES = st.lists(
    st.builds(
        Choice,
        st.sampled_from(["P1", "P2", "P3", "P4"]),
        st.frozensets(st.sampled_from(TargetKind)),
        st.frozensets(st.sampled_from(["SSFI", "SSEG"])),
        st.sampled_from([None, docket(), docket("USTR-2026-0008"), docket(closes=0), docket(opens=1)]),
    ),
    max_size=3,
    unique_by=lambda choice: choice.key,
)


@given(CHOICES, st.lists(st.sampled_from(OFFICES), unique=True))
def test_no_two_letters_have_the_same_target_and_every_letter_asks_for_something(
    choices: list[Choice], offices: list[OfficeOption]
) -> None:
    found = destinations(choices, offices, NOW)
    assert not [target for target, count in Counter(each.target for each in found).items() if count > 1]
    order = [choice.key for choice in choices]
    for each in found:
        assert each.choices
        assert list(each.choices) == [key for key in order if key in each.choices]
        assert (each.docket_id is not None) <= (each.kind is TargetKind.AGENCY)
    to_offices = [each for each in found if each.office_id != 90]
    assert {each.office_id for each in to_offices} <= {office.office_id for office in offices}


@given(CHOICES, st.permutations(OFFICES))
def test_who_is_written_to_does_not_depend_on_the_order_of_the_offices(
    choices: list[Choice], offices: list[OfficeOption]
) -> None:
    def key(each: object) -> str:
        return str(each)

    assert sorted(destinations(choices, offices, NOW), key=key) == sorted(destinations(choices, OFFICES, NOW), key=key)
