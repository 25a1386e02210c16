"""The meter: how much of a letter is text that others send too, by the rule that offices group mail with.

Offices compare incoming letters and file those together that share about 70 % of their text. Compared here are runs of
five words: the share of a letter's runs that also stand in the association's wording of the same letter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from campaign.domain.texts import fold, words

FORM_MAIL = 0.70
RUN = 5


@dataclass(frozen=True, slots=True)
class Quality:
    """Six things that staff look for, each there or not; advice, never a gate."""

    place: bool
    jobs: bool
    ask: bool
    own_words: bool
    figure: bool
    individual: bool

    @property
    def score(self) -> int:
        return sum((self.place, self.jobs, self.ask, self.own_words, self.figure, self.individual))


def shared(text: str, common: str) -> float:
    """0..1: the share of the runs of `text` that stand in `common` too. An empty text shares nothing."""
    flat = words(fold(text))
    size = min(RUN, len(flat))  # a text of three words is compared by runs of three
    mine, theirs = _runs(flat, size), set(_runs(words(fold(common)), size))
    if not mine:
        return 0.0
    return sum(run in theirs for run in mine) / len(mine)


def _runs(flat: list[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(flat[i : i + size]) for i in range(len(flat) - size + 1)] if size else []


def quality(*, body: str, message: str, city: str, jobs: str, has_ask: bool, overlap: float) -> Quality:
    flat = fold(body)
    return Quality(
        place=bool(city) and fold(city) in flat,
        jobs=bool(jobs) and jobs in body,
        ask=has_ask,
        own_words=len(words(message)) >= 12,
        figure=re.search(r"\d", message) is not None,
        individual=overlap < FORM_MAIL,
    )
