"""What becomes of letters in hand: the class of the outcome decides, and a whole window is written in a few statements."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import structlog
from sqlalchemy.orm import Session

from campaign.domain import schedule
from campaign.domain.channels import ChannelName
from campaign.domain.errors import IN_DOUBT, ChannelError, Misconfigured, Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Receipt
from campaign.domain.statuses import Status
from campaign.models.delivery import AttemptOutcome
from campaign.services import counts, deliveries, doubts, fall_through
from campaign.services.outbox import bulk

log = structlog.get_logger()

_KINDS: dict[type[Outcome], AttemptOutcome] = {
    Receipt: AttemptOutcome.RECEIPT,
    TryLater: AttemptOutcome.TRY_LATER,
    Refused: AttemptOutcome.REFUSED,
    Unclear: AttemptOutcome.UNCLEAR,
}
NOT_BEGUN = "not begun"
_UNKEPT = re.compile(r"[\x00\ud800-\udfff]")


class InHand(counts.Counted, Protocol):
    """What an outcome needs of its letter."""

    @property
    def tries(self) -> int: ...
    @property
    def give_up_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of one letter in hand. `outcome` None: the try was not begun, or cost nothing, and is given back."""

    key: int
    status: Status
    why: str
    number: int
    tries: int
    outcome: AttemptOutcome | None
    due_at: datetime | None = None
    provider_id: str | None = None
    code: str | None = None
    answer: str = ""
    falls_through: bool = False


def settle(key: int, letter: InHand, outcome: Outcome | None, now: datetime, jitter: float) -> Settled:
    """`outcome` None: it was marked and not begun. An error of no known class is treated as unclear."""
    tries = letter.tries
    match outcome:
        case None:
            return Settled(key, Status.QUEUED, NOT_BEGUN, tries, tries - 1, None, due_at=now)
        case Receipt(answer=answer, provider_id=provider_id):
            return Settled(
                key, Status.ACCEPTED, "", tries, tries, AttemptOutcome.RECEIPT, provider_id=provider_id, answer=answer
            )
        case Misconfigured():
            return Settled(key, Status.QUEUED, str(outcome), tries, tries - 1, None, due_at=now)
        case TryLater():
            due_at = schedule.next_try(tries, now, jitter, outcome.retry_after_s)
            if due_at >= letter.give_up_at and outcome.code == IN_DOUBT:
                return _ended(key, tries, Status.UNCLEAR, f"given up: {outcome}", outcome)
            if due_at >= letter.give_up_at:
                return _ended(key, tries, Status.FAILED, f"given up: {outcome}", outcome)
            return Settled(
                key,
                Status.QUEUED,
                str(outcome),
                tries,
                tries if outcome.used_a_try else tries - 1,
                AttemptOutcome.TRY_LATER if outcome.used_a_try else None,
                due_at=due_at,
                code=outcome.code,
                answer=outcome.answer,
            )
        case Refused():
            return _ended(key, tries, Status.REFUSED, str(outcome), outcome)
        case _:
            return _ended(key, tries, Status.UNCLEAR, str(outcome), outcome)


def _ended(key: int, tries: int, status: Status, why: str, outcome: ChannelError) -> Settled:
    kind = _KINDS.get(type(outcome), AttemptOutcome.UNCLEAR)
    falls = isinstance(outcome, Refused) and outcome.falls_through
    return Settled(key, status, why, tries, tries, kind, code=outcome.code, answer=outcome.answer, falls_through=falls)


def write(
    session: Session,
    owner: str,
    channel: ChannelName,
    settled: Sequence[Settled],
    in_hand: Mapping[int, InHand],
    set_up: Collection[ChannelName],
    now: datetime,
) -> int:
    """Writes outcomes for rows that are still ours; how many were. The others were swept, and stay as they are.

    What its channel does not take goes on by one that is `set_up` here, unless an earlier try may have arrived.

    Does not commit.
    """
    if not settled:
        return 0
    settled = _with_doubts(session, settled)
    mine = {
        row.id for row in bulk.run(session, "settle", [_row(session, each) for each in settled], owner=owner, now=now)
    }
    ours = [each for each in settled if each.key in mine]
    tried = [_attempt(each) for each in ours if each.outcome is not None]
    if tried:
        bulk.run(session, "finish", tried, now=now)
    unbegun = [{"id": each.key, "number": each.number} for each in ours if each.outcome is None]
    if unbegun:
        bulk.run(session, "unbegun", unbegun)
    keep_history(session, owner, [(each.key, Status.SENDING, each.status, each.why) for each in ours], now)
    counts.moved_together(session, channel, ((in_hand[each.key], Status.SENDING, each.status) for each in ours), now)
    falling = [each.key for each in ours if each.falls_through]
    doubted = doubts.among_these(session, falling)
    for key in falling:
        if key not in doubted:
            fall_through.go_on(session, deliveries.locked(session, key), set_up, now, f"worker:{owner}")
    if ours:
        log.info("outcomes", channel=str(channel), **Counter(str(each.status) for each in ours))
    return len(ours)


def _with_doubts(session: Session, settled: Sequence[Settled]) -> Sequence[Settled]:
    """What would be given up, and may have arrived by an earlier try, is for a person."""
    doubted = doubts.among_these(session, [each.key for each in settled if each.status is Status.FAILED])
    return [replace(each, status=Status.UNCLEAR) if each.key in doubted else each for each in settled]


def _row(session: Session, each: Settled) -> dict[str, Any]:
    return {
        "id": each.key,
        "status": each.status,
        "reason": "" if each.why == NOT_BEGUN else _kept(each.why),
        "due_at": bulk.moment(session, each.due_at) if each.due_at else None,
        "tries": each.tries,
        "provider_id": each.provider_id,
    }


def _attempt(each: Settled) -> dict[str, Any]:
    return {
        "id": each.key,
        "number": each.number,
        "outcome": each.outcome,
        "code": each.code and _kept(each.code),
        "answer": _kept(each.answer),
    }


def _kept(text: str) -> str:
    """Without what PostgreSQL keeps in no text: a receiver's words may hold anything."""
    return _UNKEPT.sub("", text)


def keep_history(session: Session, owner: str, moves: Sequence[tuple[int, Status, Status, str]], now: datetime) -> None:
    if moves:
        rows = [{"id": key, "old": old, "new": new, "why": _kept(why)} for key, old, new, why in moves]
        bulk.run(session, "history", rows, now=now, by=f"worker:{owner}")
