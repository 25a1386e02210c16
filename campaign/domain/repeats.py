"""Whether what a passage hides stands in clear elsewhere in the text: figures by value, words by their letters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from campaign.domain.texts import fold

# 1,200  1 200 (also with a narrow or fixed blank)  1200.50  .5 ; then a scale: thousand, k, million, m, bn, billion
_FIGURE = re.compile(
    r"(?<![\w.])(?P<digits>\d{1,3}(?:[,'\u2019\u00a0\u2009\u202f ]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:[ \u00a0\u202f-]?(?P<scale>thousand|million|billion|trillion|bn|k|m)\b)?",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[^\W_]+(?:['’‘`´][^\W_]+)*|%|\|+")
_NAME = re.compile(r"\b[^\W\d_a-z][^\W_]*(?:[ \n-][^\W\d_a-z][^\W_]*)+")
_SCALES = {"thousand": 3, "k": 3, "million": 6, "m": 6, "billion": 9, "bn": 9, "trillion": 12}
_SAME = {"%": "percent", "pct": "percent", "per cent": "percent"}


@dataclass(frozen=True, slots=True)
class _Token:
    at: int
    word: str
    figure: bool = False


def in_clear(hidden: str, after: str, clear: str) -> Iterator[tuple[str, int]]:
    """("figure" or "phrase", place in `clear`) for each thing that `hidden` says and `clear` says too.

    `after` is the text behind the passage: its first word may be the unit of a figure at the passage's end. In `clear` the
    passages are bars. What is looked for: the passage as a whole; each figure of it, small ones (under 100) and years only
    with the word that follows them, unless they are all that is hidden; each name of two words or more.
    """
    here = _tokens(clear)
    words = _tokens(hidden)
    if not words:
        return
    alone = len(words) == 1
    yield from _found("figure" if alone and words[0].figure else "phrase", [each.word for each in words], here)
    next_word = [each.word for each in _tokens(after[:80])[:1]]
    for place, token in enumerate(words):
        if not token.figure or alone:
            continue
        unit = [each.word for each in words[place + 1 : place + 2]] or next_word
        wanted = [token.word, *unit] if _is_common(token.word) else [token.word]
        if len(wanted) > 1 or not _is_common(token.word):
            yield from _found("figure", wanted, here)
    for match in _NAME.finditer(hidden):
        yield from _found("phrase", [each.word for each in _tokens(match[0])], here)


def _found(code: str, wanted: Sequence[str], here: Sequence[_Token]) -> Iterator[tuple[str, int]]:
    size = len(wanted)
    for start in range(len(here) - size + 1):
        if all(here[start + i].word == word for i, word in enumerate(wanted)):
            yield code, here[start].at


def _is_common(figure: str) -> bool:
    """Whether a figure says little by itself: under 100, or a year."""
    value = Decimal(figure.removeprefix("#"))
    whole = value == value.to_integral_value()
    return whole and (value < 100 or 1900 <= value <= 2099)


def _tokens(text: str) -> list[_Token]:
    """Words in their folded form and figures as "#" and their value, each with its place."""
    made: list[_Token] = []
    at = 0
    for match in _FIGURE.finditer(text):
        made += _words(text, at, match.start())
        made.append(_Token(match.start(), f"#{_value(match)}", figure=True))
        at = match.end()
    return made + _words(text, at, len(text))


def _words(text: str, start: int, end: int) -> list[_Token]:
    found = ((match.start(), fold(match[0])) for match in _TOKEN.finditer(text, start, end))
    return [_Token(at, _SAME.get(word, word)) for at, word in found if word]


def _value(match: re.Match[str]) -> str:
    digits = re.sub(r"[^\d.]", "", match["digits"])
    value = Decimal(digits).scaleb(_SCALES.get((match["scale"] or "").lower(), 0))
    return f"{value.normalize():f}"
