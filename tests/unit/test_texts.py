"""One form for text."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.domain.texts import digest, enumerated, fold, is_placeholder, like, stable_hash, tidy, tidy_line, words

TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("\r\n\t \u00a0\u2028\u0301\u200b\x00e")), max_size=60)


@given(TEXTS)
def test_tidying_twice_is_tidying_once(text: str) -> None:
    once = tidy(text)
    assert tidy(once) == once
    assert tidy_line(tidy_line(text)) == tidy_line(text)


@given(TEXTS)
def test_tidy_text_can_be_stored_and_printed(text: str) -> None:
    clean = tidy(text)
    assert not re.search("[\r\x00-\x08\x0b-\x1f\x7f\u2028\u2029\ufeff\ud800-\udfff]|\n{3}|[ \t]$", clean)
    clean.encode()
    assert "\n" not in tidy_line(text)


@given(st.lists(st.text("abc é.", max_size=8), max_size=6))
def test_f10_the_kind_of_line_end_changes_nothing(lines: list[str]) -> None:
    """Counted, stored and hashed alike, whatever the browser sent."""
    forms = {tidy(end.join(lines)) for end in ("\n", "\r\n", "\r", "\u2028")}
    assert len(forms) == 1
    assert len({digest("subject", form) for form in forms}) == 1


def test_f10_a_text_is_counted_after_its_line_ends_have_one_form() -> None:
    text = "\r\n".join("x" * 49 for _ in range(40))
    assert len(text) == 40 * 49 + 39 * 2
    assert len(tidy(text)) == 40 * 49 + 39


def test_accents_typed_in_two_ways_are_one_text() -> None:
    assert tidy("Muñoz") == tidy("Mun\u0303oz")
    assert digest(tidy("Muñoz")) == digest(tidy("Mun\u0303oz"))


@pytest.mark.parametrize(
    ("written", "searched"),
    [
        ("O'Brien", "o’brien"),
        ("O‘Brien", "OBRIEN"),
        ("O`Brien", "o'brien"),
        ("Muñoz", "munoz"),
        ("Wałęsa", "walesa"),
        ("Łódź", "lodz"),
        ("Søren Ærø", "soren aero"),
        ("Straße", "STRASSE"),
        ("İzmir", "izmir"),
        ("Teal\u00a0 Mills", "teal mills"),
        ("ﬁne", "fine"),
    ],
)
def test_a_name_is_found_however_it_is_typed(written: str, searched: str) -> None:
    assert fold(written) == fold(searched)


@given(TEXTS)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def _matches(pattern: str, text: str) -> bool:
    """What LIKE ... ESCAPE '\\' does."""
    out = ""
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            out += re.escape(next(characters))
        else:
            out += {"%": ".*", "_": "."}.get(character, re.escape(character))
    return re.fullmatch(out, text, re.DOTALL) is not None


@pytest.mark.parametrize("term", ["100%", "a_b", "back\\slash", "%", "_", "\\%"])
def test_the_wildcards_of_a_search_stand_for_themselves(term: str) -> None:
    assert _matches(like(term), f"before {term} after")
    assert not _matches(like(term), "something else entirely")


@given(st.text("ab%_\\", max_size=6), st.text("ab%_\\", max_size=12))
def test_a_pattern_finds_exactly_the_texts_that_hold_its_term(term: str, text: str) -> None:
    assert _matches(like(term), fold(text)) == (fold(term) in fold(text))


@pytest.mark.parametrize("text", ["N/A", "n/a", "-", "NULL", "#N/A", "TBD", "", " ", "\u00a0", "na", "None", " tbd "])
def test_f08_what_spreadsheets_put_into_empty_cells_is_a_placeholder(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize("text", ["plant manager", "chemist", "VP, N/A region", "Nan", "X-ray technician", "Tbdson"])
def test_f08_real_titles_are_none(text: str) -> None:
    assert not is_placeholder(text)


def test_words_are_counted_as_people_count_them() -> None:
    assert words("We don’t make 340 low-alloy parts—yet.") == [
        "We", "don’t", "make", "340", "low-alloy", "parts", "yet",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], ""),
        (["nickel"], "nickel"),
        (["nickel", "copper"], "nickel and copper"),
        (("nickel", "copper", "cobalt"), "nickel, copper and cobalt"),
    ],
)
def test_words_in_a_row_read_as_in_a_sentence(words: Sequence[str], text: str) -> None:
    assert enumerated(words) == text


def test_hashes_are_the_same_in_every_process() -> None:
    assert stable_hash("ada@company.example", "HIN05") == 15211830031029177153
    assert stable_hash("ab", "c") != stable_hash("a", "bc")
