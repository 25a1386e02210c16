"""Moves of states: the tables and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.domain import statuses
from campaign.domain.errors import WrongState
from campaign.domain.statuses import CampaignStatus, ResponseState, Status, check_move, may_move, sources
from campaign.models.action import Action
from campaign.models.campaign import Campaign
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter

NOW = datetime(2026, 6, 15, 14, tzinfo=UTC)
TABLES: list[statuses.Moves[Any]] = [
    statuses.CAMPAIGN_MOVES,
    statuses.ACTION_MOVES,
    statuses.DELIVERY_MOVES,
    statuses.RESPONSE_MOVES,
]
PAIRS = [(table, old, new) for table in TABLES for old in table for new in table]


@pytest.mark.parametrize(
    ("table", "old", "new"), PAIRS, ids=lambda value: str(value) if isinstance(value, StrEnum) else ""
)
def test_a_move_is_made_if_and_only_if_its_table_has_it(table: statuses.Moves[Any], old: StrEnum, new: StrEnum) -> None:
    if new in table[old]:
        check_move(table, old, new)
        assert old in sources(table, new)
    else:
        with pytest.raises(WrongState, match="cannot become"):
            check_move(table, old, new)
        assert old not in sources(table, new)


@given(st.lists(st.sampled_from(list(Status)), max_size=30))
def test_no_walk_brings_a_delivered_letter_back_into_the_queue_without_its_coming_back(wishes: list[Status]) -> None:
    """Whoever asks for what, in whatever order: `delivered` leads to `queued` only through `bounced`."""
    row = Delivery(id=1, status=Status.QUEUED)
    history = [Status.QUEUED]
    for wish in wishes:
        if may_move(statuses.DELIVERY_MOVES, row.status, wish):
            row.become(wish, NOW, "asked for", "test")
            history.append(wish)
        else:
            with pytest.raises(WrongState):
                row.become(wish, NOW, "asked for", "test")
    for before, after in pairwise(history):
        if after is Status.SENDING:
            assert before is Status.QUEUED
        if before in (Status.ACCEPTED, Status.DELIVERED):
            assert after in (Status.DELIVERED, Status.BOUNCED)
        assert before not in (Status.CANCELLED, Status.EXPIRED)


def test_a_move_gives_back_its_history_and_ends_the_lease() -> None:
    row = Delivery(id=7, status=Status.SENDING, lease_owner="worker-a", lease_until=NOW + timedelta(seconds=60))
    change = row.become(Status.ACCEPTED, NOW, "250 taken", "worker-a")
    assert (change.delivery_id, change.old, change.new) == (7, Status.SENDING, Status.ACCEPTED)
    assert (change.at, change.why, change.by) == (NOW, "250 taken", "worker-a")
    assert (row.lease_owner, row.lease_until, row.reason) == (None, None, "250 taken")


@pytest.mark.parametrize(
    "refused",
    [
        lambda: Campaign(id=1, status=CampaignStatus.DRAFT).become(CampaignStatus.LIVE, NOW, "", ""),
        lambda: Action(id=1, status=statuses.ActionStatus.APPROVED).become(
            statuses.ActionStatus.IN_REVIEW, NOW, "", ""
        ),
        lambda: Letter(id=1, response=ResponseState.REPLIED).response_becomes(ResponseState.NO_REPLY, NOW),
        lambda: Delivery(id=1, status=Status.CANCELLED).become(Status.QUEUED, NOW, "", ""),
    ],
    ids=["campaign", "action", "letter", "delivery"],
)
def test_every_row_that_has_a_state_asks_its_table(refused: Callable[[], object]) -> None:
    with pytest.raises(WrongState):
        refused()


def test_the_words_of_a_refusal_are_for_people() -> None:
    with pytest.raises(WrongState, match=r"^no reply cannot become none$"):
        check_move(statuses.RESPONSE_MOVES, ResponseState.NO_REPLY, ResponseState.NONE)
