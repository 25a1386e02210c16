"""An office's inbox as a staffer sorts it."""

from __future__ import annotations

from dataclasses import dataclass

from campaign.simulator.piles import topics

COMMON = (
    "Permits for processing plants take longer here than anywhere else that we sell to, and each year of waiting sends"
    " another contract abroad. Please cosponsor the bill and ask the committee for a hearing before the recess."
)


@dataclass(frozen=True)
class Letter:
    body: str
    campaign_id: str = ""


def test_form_mail_lies_in_one_pile_and_an_own_letter_alone() -> None:
    own = "Our furnace in Kokomo stood cold for nine weeks in March because no dysprosium came, and forty people went home."
    letters = [Letter(COMMON), Letter(own), Letter(f"{COMMON} Yours, Ada"), Letter(f"Dear Senator, {COMMON}")]
    (topic,) = topics(letters)
    assert [len(pile.letters) for pile in topic.piles] == [3, 1]
    assert [pile.is_form_mail for pile in topic.piles] == [True, False]
    assert topic.piles[1].letters == [letters[1]]


def test_a_letter_that_begins_with_own_words_for_most_of_it_is_read_by_itself() -> None:
    own = " ".join(f"word{n} of ours" for n in range(60))
    (topic,) = topics([Letter(COMMON), Letter(f"{own} {COMMON}")])
    assert [len(pile.letters) for pile in topic.piles] == [1, 1]


def test_campaigns_lie_apart_the_biggest_first() -> None:
    letters = [Letter(COMMON, "a" * 64), *[Letter(COMMON, "b" * 64)] * 2, Letter(COMMON)]
    found = topics(letters)
    assert [(topic.campaign_id[:1], topic.letters) for topic in found] == [("b", 2), ("a", 1), ("", 1)]


def test_an_empty_inbox_has_no_topics() -> None:
    assert topics(list[Letter]()) == []
