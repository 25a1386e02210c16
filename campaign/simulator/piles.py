"""An inbox as a staffer sorts it: letters of one campaign together, and then those that share most of their text.

The share is the one that members are shown while they write (`domain.overlap`): offices file together what agrees in about 70 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from campaign.domain.overlap import FORM_MAIL, shared


class Sorted(Protocol):
    """What a pile is made of. `campaign_id` is the gateway's; mail has none."""

    @property
    def campaign_id(self) -> str: ...
    @property
    def body(self) -> str: ...


L = TypeVar("L", bound=Sorted)


@dataclass(slots=True)
class Pile(Generic[L]):
    """Letters that share most of their text with the first. A pile of one is a letter that is read by itself."""

    letters: list[L] = field(default_factory=list)

    @property
    def is_form_mail(self) -> bool:
        return len(self.letters) > 1


@dataclass(slots=True)
class Topic(Generic[L]):
    campaign_id: str
    piles: list[Pile[L]]

    @property
    def letters(self) -> int:
        return sum(len(pile.letters) for pile in self.piles)


def topics(letters: Sequence[L]) -> list[Topic[L]]:
    """Biggest campaign first, in each the biggest pile first. Compares each letter with the first of each pile: for an inbox
    page, not for a million."""
    by_campaign: dict[str, list[L]] = {}
    for letter in letters:
        by_campaign.setdefault(letter.campaign_id, []).append(letter)
    found = [Topic(campaign_id, _piles(each)) for campaign_id, each in by_campaign.items()]
    return sorted(found, key=lambda topic: -topic.letters)


def _piles(letters: Sequence[L]) -> list[Pile[L]]:
    piles: list[Pile[L]] = []
    for letter in letters:
        home = next((pile for pile in piles if shared(letter.body, pile.letters[0].body) >= FORM_MAIL), None)
        if home is None:
            piles.append(home := Pile())
        home.letters.append(letter)
    return sorted(piles, key=lambda pile: -len(pile.letters))
