"""The meter: by the rule that offices group mail with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.domain.overlap import FORM_MAIL, quality, shared

COMMON = " ".join(f"common{n}" for n in range(70))
OWN = " ".join(f"mine{n}" for n in range(200))
VOCABULARY = ["magnets", "are", "made", "here", "and", "we", "need", "them", "now"]
WORDS = st.lists(st.sampled_from(VOCABULARY), max_size=40).map(" ".join)


def test_own_words_share_nothing_and_equal_texts_everything() -> None:
    assert shared(OWN, COMMON) == 0
    assert shared(COMMON, COMMON) == 1
    assert shared("", COMMON) == 0
    assert shared(COMMON, "") == 0


@given(WORDS, WORDS)
def test_a_share_is_between_nothing_and_all(text: str, common: str) -> None:
    assert 0 <= shared(text, common) <= 1
    assert shared(text, f"{common} {text}") == (1 if text else 0)


@given(WORDS)
def test_case_accents_and_punctuation_do_not_make_a_text_ones_own(text: str) -> None:
    assert shared(text.upper().replace("E", "É") + "!", text) == shared(text, text)


@pytest.mark.parametrize(("own_words", "form"), [(28, True), (30, True), (32, False), (60, False)])
def test_about_three_words_of_ones_own_for_seven_of_the_associations_pass_the_line(own_words: int, form: bool) -> None:
    """70 words in common have 66 runs of five; each own word at the end adds one run that is shared with nobody."""
    text = f"{COMMON} {' '.join(OWN.split()[:own_words])}"
    share = shared(text, COMMON)
    assert share == pytest.approx(66 / (66 + own_words))
    assert (share >= FORM_MAIL - 0.015) == form


def test_the_line_is_seventy_percent() -> None:
    assert FORM_MAIL == 0.70
    for share, individual in ((0.699, True), (0.70, False)):
        found = quality(body="", message="", city="", jobs="", has_ask=False, overlap=share)
        assert found.individual is individual


def test_more_own_words_never_raise_the_share() -> None:
    shares = [shared(f"{COMMON} {' '.join(OWN.split()[:n])}", COMMON) for n in range(0, 200, 5)]
    assert shares == sorted(shares, reverse=True)


def test_six_things_are_looked_for_and_each_counts_once() -> None:
    whole = quality(
        body="In Kokomo, 340 people work with us.",
        message="In May we stopped 2 lines for want of magnets and sent forty people home.",
        city="Kokomo",
        jobs="340",
        has_ask=True,
        overlap=0.2,
    )
    assert whole.score == 6
    nothing = quality(body="", message="", city="Kokomo", jobs="", has_ask=False, overlap=0.9)
    assert nothing.score == 0
    assert not quality(body="x", message="x", city="", jobs="340", has_ask=True, overlap=0).jobs
