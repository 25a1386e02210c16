"""Bracketed passages: each fault with its place, and a public version that never tells."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.domain import brackets
from campaign.domain.texts import fold

CASES = [
    # an open, nested, stray or empty bracket
    ("We sell [1,200 tons to one buyer.", "open", 1, "[1,200"),
    ("Line one.\nWe sell [1,200 tons.", "open", 2, "[1,200"),
    ("We sell [1,200 tons.\n\nThen more] text.", "open", 1, "[1,200"),
    ("We sell [to [Acme] and others].", "nested", 1, "[Acme]"),
    ("We sell to Acme] alone.", "stray", 1, "] alone"),
    ("One.\n\nTwo ] three.", "stray", 3, "] three"),
    ("We sell [] tons.", "empty", 1, "[] tons"),
    ("We sell [ ] tons.", "empty", 1, "[ ] tons"),
    ("We sell [***] tons.", "empty", 1, "[***]"),
    ("We sell ［1,200］ tons.", "other_sign", 1, "［1,200］"),
    ("We sell 【1,200】 tons.", "other_sign", 1, "【1,200】"),
    # a figure in clear elsewhere, however it is written
    ("We sell [1,200 tons]. It was 1200 pounds.", "figure", 1, "1200"),
    ("We sell [1200] tons. It was 1,200.", "figure", 1, "1,200"),
    ("We sell [1 200 tons].\n\nIt was 1,200 pounds.", "figure", 3, "1,200"),
    ("We pay [$1.2 million] a year, $1,200,000.", "figure", 1, "1,200,000"),
    ("We pay [1.2 million] dollars, 1200 thousand.", "figure", 1, "1200"),
    ("We pay [45.50] for a pound, 45.5 in all.", "figure", 1, "45.5"),
    ("We have [12] customers. The 12 are loyal.", "figure", 1, "12 are"),
    ("It fell by [45 percent last year]. It was 45% at most.", "figure", 1, "45%"),
    ("It fell by [nearly 45]% here. It was 45 percent at most.", "figure", 1, "45 percent"),
    ("We begin in [2028]. In 2028 we build.", "figure", 1, "2028"),
    # words in clear elsewhere, in other letters
    ("We buy from [Acme Mining]. Then ACME MINING closed.", "phrase", 1, "ACME"),
    ("We buy from [our friends at Acme Mining in Perth]. Then Acme  Mining closed.", "phrase", 1, "Acme"),
    ("We buy from [Núñez Metales]. Then nunez metales closed.", "phrase", 1, "nunez"),
    ("Our [second line] stood still.\n\nThe second\nline is old.", "phrase", 3, "second"),
    ("We buy [O’Brien] parts; O'Brien is good.", "phrase", 1, "O'Brien"),
]


@pytest.mark.parametrize(("text", "code", "line", "words"), CASES)
def test_what_would_tell_the_secret_is_refused_with_its_place(text: str, code: str, line: int, words: str) -> None:
    found = brackets.faults(text)
    assert [(each.code, each.line) for each in found][:1] == [(code, line)]
    assert words in found[0].words
    assert not any(character.isdigit() for character in found[0].message)  # the message itself tells nothing


@pytest.mark.parametrize(
    "text",
    [
        "We make magnets.",
        "We sell [1,200 tons] to [Acme Mining] each year.",
        "We sell [1,200 tons]. Others sell 12,000 tons, 1,201 tons and 200 tons.",
        "We began in [2025 with 12 people]. In 2025, 12 towns voted.",  # a year, and a small figure with another unit
        "Our [Peru mine] is old. Peru is far.",
        "[All of this is confidential.]",
        "We ship [600 tons] from 12 Demo Way.",
    ],
)
def test_what_tells_nothing_is_taken(text: str) -> None:
    assert brackets.faults(text) == []


def test_the_public_version_says_that_something_was_deleted_and_not_how_much() -> None:
    text = "We sell [1,200 tons] to [a buyer whose name is long and would show]."
    assert brackets.public(text) == "We sell [***] to [***]."


def test_several_faults_come_in_the_order_of_the_text() -> None:
    found = brackets.faults("a ] b\n\n[ ]\n\n[open")
    assert [(each.code, each.line) for each in found] == [("stray", 1), ("empty", 3), ("open", 5)]


def test_a_figure_repeated_many_times_is_named_at_each_place() -> None:
    found = brackets.faults("We sell [1,200] tons.\n1200.\n1,200.")
    assert [each.line for each in found] == [2, 3]


def test_a_long_text_is_read_in_reasonable_steps() -> None:
    text = " ".join(f"[{n},{n % 900 + 100} tons of stuff {n}]" for n in range(1, 200)) + " word" * 2000
    assert len(brackets.passages(text)) == 199
    brackets.faults(text)


_WORDS = st.text(alphabet="abcdefghij", min_size=1, max_size=8)
_CLEAR = st.lists(_WORDS, min_size=0, max_size=12).map(" ".join)
_SECRET = st.lists(st.text(alphabet="QRSTUVWX", min_size=4, max_size=9), min_size=1, max_size=4).map(" ".join)


@given(st.lists(st.tuples(_CLEAR, _SECRET), max_size=6), _CLEAR)
def test_the_public_version_never_holds_a_confidential_word(pairs: list[tuple[str, str]], end: str) -> None:
    text = "\n\n".join([*(f"{clear} [{secret}]" for clear, secret in pairs), end])
    assert brackets.faults(text) == []
    public = brackets.public(text)
    for _, secret in pairs:
        assert not set(secret.split()) & set(re.findall(r"\w+", public))


@given(st.text(alphabet=st.characters(exclude_characters="[]［］【】⟦⟧〔〕", exclude_categories=["Cs"])))
def test_text_without_brackets_is_its_own_public_version(text: str) -> None:
    assert brackets.public(text) == text
    assert brackets.faults(text) == []
    assert not brackets.has_passages(text)


@given(st.text(alphabet="ab1,2[] \n", max_size=60))
def test_whatever_is_typed_what_passes_keeps_its_secret_and_what_does_not_has_a_place(text: str) -> None:
    found = brackets.faults(text)
    assert all(1 <= each.line <= text.count("\n") + 1 for each in found)
    if found:
        return
    hidden = [fold(passage.text) for passage in brackets.passages(text)]
    left = re.findall(r"\w+", fold(brackets.public(text).replace(brackets.DELETED, " | ")))
    assert not any(each in left for each in hidden if re.fullmatch(r"[ab]+", each))
