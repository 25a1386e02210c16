"""The states of campaigns, actions, deliveries and responses: one table of allowed moves for each.

A row's status changes only through `check_move` (in `Delivery.become` and its sisters, and in the guarded statements that
move many rows at once), so that a move outside these tables cannot be written.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from campaign.domain.errors import WrongState


class CampaignStatus(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    SCHEDULED = "scheduled"
    LIVE = "live"
    PAUSED = "paused"
    CLOSING = "closing"
    CLOSED = "closed"
    ARCHIVED = "archived"


class ActionStatus(StrEnum):
    DRAFT = "draft"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    AWAITING_COUNTERSIGNATURE = "awaiting_countersignature"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    DECLINED = "declined"


class Status(StrEnum):
    """Of a delivery."""

    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class BatchState(StrEnum):
    """Of a batch of letters on paper."""

    MAKING = "making"
    STOPPED = "stopped"
    READY = "ready"
    POSTED = "posted"
    GIVEN_UP = "given_up"


class ResponseState(StrEnum):
    """Of a letter: how far the office itself has answered."""

    NONE = "none"
    ACKNOWLEDGED = "acknowledged"
    REPLIED = "replied"
    NO_REPLY = "no_reply"


S = TypeVar("S", bound=StrEnum)
Moves = Mapping[S, frozenset[S]]

_C, _A, _R = CampaignStatus, ActionStatus, ResponseState

CAMPAIGN_MOVES: Moves[CampaignStatus] = {
    _C.DRAFT: frozenset({_C.IN_REVIEW}),
    _C.IN_REVIEW: frozenset({_C.DRAFT, _C.SCHEDULED}),
    _C.SCHEDULED: frozenset({_C.LIVE, _C.DRAFT}),
    _C.LIVE: frozenset({_C.PAUSED, _C.CLOSING}),
    _C.PAUSED: frozenset({_C.LIVE, _C.CLOSING}),
    _C.CLOSING: frozenset({_C.CLOSED}),
    _C.CLOSED: frozenset({_C.ARCHIVED}),
    _C.ARCHIVED: frozenset(),
}

_WAITING = frozenset({_A.AWAITING_CONFIRMATION, _A.AWAITING_COUNTERSIGNATURE, _A.IN_REVIEW})
ACTION_MOVES: Moves[ActionStatus] = {
    _A.DRAFT: _WAITING | {_A.APPROVED},
    _A.AWAITING_CONFIRMATION: frozenset(
        {_A.DRAFT, _A.AWAITING_COUNTERSIGNATURE, _A.IN_REVIEW, _A.APPROVED, _A.DECLINED}
    ),
    _A.AWAITING_COUNTERSIGNATURE: frozenset({_A.DRAFT, _A.IN_REVIEW, _A.APPROVED, _A.DECLINED}),
    _A.IN_REVIEW: frozenset({_A.DRAFT, _A.APPROVED, _A.DECLINED}),
    _A.APPROVED: frozenset({_A.DRAFT}),  # undo
    _A.DECLINED: frozenset({_A.DRAFT}),  # change and send again
}

ENDED = frozenset({Status.CANCELLED, Status.EXPIRED})
DELIVERY_MOVES: Moves[Status] = {
    Status.HELD: ENDED | {Status.QUEUED},
    # a by-hand channel goes from queued straight to delivered, on the member's word
    Status.QUEUED: ENDED | {Status.HELD, Status.SENDING, Status.DELIVERED},
    Status.SENDING: frozenset(
        {Status.ACCEPTED, Status.DELIVERED, Status.REFUSED, Status.UNCLEAR, Status.FAILED, Status.QUEUED}
    ),
    Status.ACCEPTED: frozenset({Status.DELIVERED, Status.BOUNCED}),
    Status.DELIVERED: frozenset({Status.BOUNCED}),
    # a late positive notice wins over what was presumed
    Status.BOUNCED: frozenset({Status.DELIVERED, Status.QUEUED, Status.CANCELLED}),
    # by a person, or by the provider's own answer
    Status.UNCLEAR: frozenset({Status.ACCEPTED, Status.DELIVERED, Status.BOUNCED, Status.QUEUED, Status.CANCELLED}),
    Status.REFUSED: frozenset({Status.QUEUED, Status.DELIVERED, Status.CANCELLED}),
    Status.FAILED: frozenset({Status.QUEUED, Status.DELIVERED, Status.CANCELLED}),
    Status.CANCELLED: frozenset(),
    Status.EXPIRED: frozenset(),
}

BATCH_MOVES: Moves[BatchState] = {
    BatchState.MAKING: frozenset({BatchState.STOPPED, BatchState.READY, BatchState.GIVEN_UP}),
    BatchState.STOPPED: frozenset({BatchState.MAKING, BatchState.GIVEN_UP}),
    BatchState.READY: frozenset({BatchState.POSTED, BatchState.GIVEN_UP}),
    BatchState.POSTED: frozenset(),
    BatchState.GIVEN_UP: frozenset(),
}

RESPONSE_MOVES: Moves[ResponseState] = {
    _R.NONE: frozenset({_R.ACKNOWLEDGED, _R.REPLIED, _R.NO_REPLY}),
    _R.ACKNOWLEDGED: frozenset({_R.REPLIED, _R.NO_REPLY}),
    _R.NO_REPLY: frozenset({_R.ACKNOWLEDGED, _R.REPLIED}),
    _R.REPLIED: frozenset(),
}

OVER = frozenset({CampaignStatus.CLOSED, CampaignStatus.ARCHIVED})
"""Nothing of such a campaign is signed or sent any more."""

NEEDS_A_PERSON = frozenset({Status.HELD, Status.UNCLEAR, Status.BOUNCED, Status.REFUSED, Status.FAILED})
"""A delivery here waits for a decision that no machine may take."""

NOT_LEFT = frozenset({Status.HELD, Status.QUEUED})
"""Nothing of the letter has left: it can still be cancelled."""

WITH_THE_OFFICE = frozenset({Status.ACCEPTED, Status.DELIVERED})

UNANSWERED = frozenset({ResponseState.NONE, ResponseState.ACKNOWLEDGED})
"""No answer of substance yet, and none given up."""


def may_move(moves: Moves[S], old: S, new: S) -> bool:
    return new in moves[old]


def check_move(moves: Moves[S], old: S, new: S) -> None:
    """Raises WrongState where the table does not have the move; `old` to itself is no move and is refused too."""
    if not may_move(moves, old, new):
        raise WrongState(f"{_words(old)} cannot become {_words(new)}")


def sources(moves: Moves[S], new: S) -> frozenset[S]:
    """The states from which `new` can be reached: what a guarded bulk statement puts into its WHERE."""
    return frozenset(old for old, allowed in moves.items() if new in allowed)


def _words(status: StrEnum) -> str:
    return str(status).replace("_", " ")
