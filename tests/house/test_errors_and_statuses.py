"""Every error has a page, and every state a way in and a way on."""

from __future__ import annotations

import importlib
import pkgutil
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

import campaign
from campaign.domain import statuses
from campaign.domain.errors import CampaignError, ChannelError
from campaign.domain.events import MOVES_TO, EventKind
from campaign.domain.statuses import ActionStatus, BatchState, CampaignStatus, Moves, ResponseState, Status
from campaign.web.errors import SENTENCES, TITLES

MACHINES: dict[str, tuple[Moves[Any], StrEnum, frozenset[StrEnum]]] = {
    "campaign": (statuses.CAMPAIGN_MOVES, CampaignStatus.DRAFT, frozenset({CampaignStatus.ARCHIVED})),
    "action": (statuses.ACTION_MOVES, ActionStatus.DRAFT, frozenset()),
    "delivery": (statuses.DELIVERY_MOVES, Status.QUEUED, frozenset({Status.CANCELLED, Status.EXPIRED})),
    "response": (statuses.RESPONSE_MOVES, ResponseState.NONE, frozenset({ResponseState.REPLIED})),
    "print batch": (
        statuses.BATCH_MOVES,
        BatchState.MAKING,
        frozenset({BatchState.POSTED, BatchState.GIVEN_UP}),
    ),
}
"""For each machine: its table, the state that a new row has, and the states that nothing leaves."""


def _errors() -> list[type[CampaignError]]:
    for module in pkgutil.walk_packages(campaign.__path__, "campaign."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)

    def below(error: type[CampaignError]) -> list[type[CampaignError]]:
        return [error, *(each for child in error.__subclasses__() for each in below(child))]

    return below(CampaignError)


def test_every_error_class_says_its_status_and_that_status_has_a_page(root: Path) -> None:
    without = [
        error.__name__
        for error in _errors()
        if error is not CampaignError
        and not issubclass(error, ChannelError)  # of a worker; a page never meets one
        and not any("status" in vars(each) for each in error.__mro__ if each is not CampaignError)
    ]
    assert without == []
    drawn = {int(path.stem) for path in (root / "templates" / "errors").glob("[0-9]*.html")}
    assert {error.status for error in _errors()} <= drawn
    assert set(TITLES) == set(SENTENCES)
    assert set(TITLES) - {405} <= drawn  # 405 is drawn as 404


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_has_a_way_in_and_a_way_out_or_is_final(name: str) -> None:
    moves, first, final = MACHINES[name]
    states = set(type(first))
    assert set(moves) == states, "the table has a row for each state"
    assert {state for state, allowed in moves.items() if not allowed} == final
    assert all(state not in allowed for state, allowed in moves.items()), "a state does not move to itself"
    seen, waiting = {first}, [first]
    while waiting:
        for new in moves[waiting.pop()] - seen:
            seen.add(new)
            waiting.append(new)
    assert seen == states


def test_no_machine_may_send_again_what_may_have_arrived() -> None:
    """From `sending` back to `queued` is for a receiver that took nothing; `accepted` and `delivered` never go back."""
    for status in (Status.ACCEPTED, Status.DELIVERED):
        assert not statuses.DELIVERY_MOVES[status] & {Status.QUEUED, Status.SENDING, Status.HELD}
    assert statuses.sources(statuses.DELIVERY_MOVES, Status.SENDING) == {Status.QUEUED}
    assert {Status.UNCLEAR, Status.BOUNCED, Status.REFUSED, Status.FAILED} < statuses.NEEDS_A_PERSON


def test_every_event_kind_moves_a_letter_or_is_known_to_move_none() -> None:
    silent = {EventKind.DEFERRED, EventKind.PRINTING, EventKind.COMPLAINED, EventKind.AUTO_REPLY, EventKind.UNKNOWN}
    assert set(MOVES_TO) | silent == set(EventKind)
    assert not set(MOVES_TO) & silent
