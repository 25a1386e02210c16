"""What people see of a letter's stored states: one word, the family that says who acts next, and an icon.

Every page, fragment and export takes its state words from here, through the macros of components/status.html, so that no
two of them call one thing by two names.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from campaign.domain.channels import BY_HAND, ChannelKind, ChannelName
from campaign.domain.statuses import (
    NOT_LEFT,
    WITH_THE_OFFICE,
    ActionStatus,
    CampaignStatus,
    ResponseState,
    Status,
)


@dataclass(frozen=True, slots=True)
class State:
    """`family` is one of you, move, there, stuck, done; `solid` marks the one filled badge, Replied."""

    word: str
    family: str
    icon: str
    solid: bool = False


DRAFT = State("Draft", "you", "pen")
AWAITING = State("Awaiting confirmation", "you", "envelope_open")
IN_REVIEW = State("In review", "you", "eye")
BY_HAND_NOW = State("Yours to send", "you", "pen")
QUEUED = State("Queued", "move", "clock")
RETRY = State("Waiting to retry", "move", "retry")
ACKNOWLEDGED = State("Acknowledged", "there", "envelope_tick")
REPLIED = State("Replied", "there", "speech", solid=True)
NO_REPLY = State("No reply", "done", "ring_bar")
REJECTED = State("Rejected", "done", "ring_slash")

OF_DELIVERY: dict[Status, State] = {
    Status.HELD: State("Held", "stuck", "held"),
    Status.QUEUED: QUEUED,
    Status.SENDING: State("Sending", "move", "plane"),
    Status.ACCEPTED: State("Sent", "there", "tick"),
    Status.DELIVERED: State("Delivered", "there", "ticks"),
    Status.BOUNCED: State("Undelivered", "stuck", "returned"),
    Status.REFUSED: State("Failed", "stuck", "alert"),
    Status.UNCLEAR: State("Unclear", "stuck", "unclear"),
    Status.FAILED: State("Failed", "stuck", "alert"),
    Status.CANCELLED: State("Cancelled", "done", "box_x"),
    Status.EXPIRED: State("Expired", "done", "hourglass"),
}

OF_ACTION: dict[ActionStatus, State] = {
    ActionStatus.DRAFT: DRAFT,
    ActionStatus.AWAITING_CONFIRMATION: AWAITING,
    ActionStatus.AWAITING_COUNTERSIGNATURE: AWAITING,
    ActionStatus.IN_REVIEW: IN_REVIEW,
    ActionStatus.APPROVED: QUEUED,
    ActionStatus.DECLINED: REJECTED,
}

SOFTER = {
    "Undelivered": "Came back",
    "Unclear": "Checking with the office",
    "Failed": "Did not go out",
    "Held": "On hold",
    "In review": "Quick check by staff",
    "Rejected": "Returned to you",
}
"""What a member reads instead; icon and family stay."""

OF_CAMPAIGN: dict[CampaignStatus, tuple[str, str]] = {
    CampaignStatus.DRAFT: ("Draft", ""),
    CampaignStatus.IN_REVIEW: ("In review", ""),
    CampaignStatus.SCHEDULED: ("Scheduled", "pri"),
    CampaignStatus.LIVE: ("Live", "good"),
    CampaignStatus.PAUSED: ("Paused", "warn"),
    CampaignStatus.CLOSING: ("Closing", "warn"),
    CampaignStatus.CLOSED: ("Closed", ""),
    CampaignStatus.ARCHIVED: ("Archived", ""),
}
"""Word and chip class."""

FAMILIES = {
    "you": ("You", "Not sent yet. The writer, or a reviewer, acts next."),
    "move": ("Moving", "The system acts next. Nobody needs to do anything."),
    "there": ("With the office", "The office acts next."),
    "stuck": ("Needs a person", "Someone on the team decides. No machine goes on alone."),
    "done": ("Closed", "Nobody acts. Kept for the record."),
}


def letter_state(
    status: Status | str | None = None,
    *,
    channel: ChannelName | str | None = None,
    attempts: int | None = 0,
    response: ResponseState | str | None = None,
    action: ActionStatus | str | None = None,
    member: bool = False,
) -> State:
    """The one state of a letter: `status` is its delivery's, None before there is one.

    `member` softens the word. Raises ValueError for a stored value that no table knows.
    """
    way = ChannelName(channel) if channel else None
    state = _state(
        Status(status) if status else None,
        way in BY_HAND,
        attempts or 0,
        ResponseState(response) if response else ResponseState.NONE,
        ActionStatus(action) if action else ActionStatus.DRAFT,
    )
    return replace(state, word=_member_word(state, way)) if member else state


def campaign_word(status: CampaignStatus | str) -> tuple[str, str]:
    return OF_CAMPAIGN[CampaignStatus(status)]


def _state(status: Status | None, by_hand: bool, attempts: int, response: ResponseState, action: ActionStatus) -> State:
    if response is ResponseState.REPLIED:
        return REPLIED
    if action is ActionStatus.DECLINED and (status is None or status in NOT_LEFT):
        return REJECTED
    if status is None:
        return OF_ACTION[action]
    if status in WITH_THE_OFFICE and response is ResponseState.ACKNOWLEDGED:
        return ACKNOWLEDGED
    if status in WITH_THE_OFFICE and response is ResponseState.NO_REPLY:
        return NO_REPLY
    if status is Status.QUEUED and by_hand:
        return BY_HAND_NOW
    if status is Status.QUEUED and attempts:
        return RETRY
    return OF_DELIVERY[status]


def _member_word(state: State, channel: ChannelName | None) -> str:
    if state is BY_HAND_NOW and channel is ChannelName.PRINT:
        return "Waiting to be printed"  # staff print it; nothing for the member to do
    if state is OF_DELIVERY[Status.ACCEPTED] and channel is not None:
        return {ChannelKind.DOCKET: "Filed", ChannelKind.PRINT: "Posted"}.get(channel.kind, state.word)
    return SOFTER.get(state.word, state.word)
