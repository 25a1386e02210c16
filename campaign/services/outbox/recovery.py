"""After a death: what a journal proves, and what nobody can prove any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from campaign import journal
from campaign.database import transaction
from campaign.domain.channels import BY_HAND, ChannelName
from campaign.domain.errors import IN_DOUBT, ChannelError, Misconfigured, Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Receipt
from campaign.domain.statuses import Status
from campaign.journal import Journal, Kind
from campaign.models.delivery import Attempt, AttemptOutcome, Delivery
from campaign.services import deliveries
from campaign.services.outbox import bulk, outcomes

log = structlog.get_logger()

_ERRORS: dict[Kind, type[ChannelError]] = {Kind.MISCONFIGURED: Misconfigured, Kind.REFUSED: Refused}
_NOBODY_KNOWS = "the worker stopped in the middle; it may have arrived"


def settle_own(
    session: Session,
    own: Journal,
    clock: Callable[[], datetime],
    repeatable: Collection[ChannelName] = (),
    set_up: Collection[ChannelName] = BY_HAND,
) -> None:
    """What this process's own journal still holds open: the database was away when its outcomes were to be written.

    `repeatable`: channels whose receiver knows a letter that comes twice. `set_up`: those that this installation has. Commits.
    """
    entries = own.entries()
    if entries:
        now = clock()
        with transaction(session):
            _settle(session, own.owner, entries, now, repeatable, set_up)
        own.forget()


def recover(
    session: Session,
    folder: Path,
    clock: Callable[[], datetime],
    repeatable: Collection[ChannelName] = (),
    set_up: Collection[ChannelName] = BY_HAND,
) -> int:
    """Settles what dead processes of this machine had in their hands; how many letters. Commits, one journal at a time.

    What was begun on a channel whose receiver knows a letter that comes twice (`repeatable`) is sent once more: its answer
    tells whether it had arrived. Safe at any moment and in many processes at once: a journal's lock is held while it is settled.
    """
    settled = 0
    for left in journal.left_behind(folder):
        if left.same_boot:
            now = clock()
            with transaction(session):
                settled += _settle(session, left.owner, left.entries, now, repeatable, set_up)
            log.warning("a worker had died", worker=left.owner, letters=len(left.entries))
        left.path.unlink(missing_ok=True)
    return settled


def _settle(
    session: Session,
    owner: str,
    entries: Sequence[journal.Entry],
    now: datetime,
    repeatable: Collection[ChannelName],
    set_up: Collection[ChannelName],
) -> int:
    rows = session.execute(
        sa.select(*bulk.IN_HAND, Delivery.channel)
        .where(Delivery.status == Status.SENDING, Delivery.lease_owner == owner)
        .with_for_update()
    ).all()
    told = {entry.delivery_id: entry for entry in entries}
    in_hand = {row.id: row for row in rows}
    settled: dict[ChannelName, list[outcomes.Settled]] = defaultdict(list)
    for row in rows:
        outcome = _proved(told.get(row.id))
        if isinstance(outcome, Unclear) and row.channel in repeatable:
            outcome = TryLater(f"{outcome}; the same letter is sent once more", code=IN_DOUBT)
        settled[row.channel].append(outcomes.settle(row.id, row, outcome, now, 0.5))
    return sum(outcomes.write(session, owner, channel, each, in_hand, set_up, now) for channel, each in settled.items())


def _proved(entry: journal.Entry | None) -> Outcome | None:
    """What a journal proves about a row that was left `sending`. A row that it does not know is unclear."""
    if entry is None:
        return Unclear(_NOBODY_KNOWS)
    if entry.state is journal.State.UNTOUCHED:
        return None
    if entry.state is journal.State.BEGUN:
        return Unclear("the worker stopped while its last byte was being written; it may have arrived")
    if entry.kind is Kind.RECEIPT:
        return _receipt(entry.answer)
    if entry.kind in (Kind.TRY_LATER, Kind.TRY_LATER_FREE):
        used = entry.kind is Kind.TRY_LATER
        return TryLater(entry.answer, code=entry.code, answer=entry.answer, used_a_try=used)
    if entry.kind is Kind.FALLS_THROUGH:
        return Refused(entry.answer, code=entry.code, answer=entry.answer, falls_through=True)
    return _ERRORS.get(entry.kind, Unclear)(entry.answer, code=entry.code, answer=entry.answer)


def receipt_line(receipt: Receipt) -> str:
    """A receipt as the journal keeps it: the receiver's own id first, since it may be all that a comment can be found by."""
    return f"{receipt.provider_id or ''}\n{receipt.answer}"


def _receipt(line: str) -> Receipt:
    provider_id, parted, answer = line.partition("\n")
    return Receipt(answer, provider_id or None) if parted else Receipt(line)


def sweep_leases(session: Session, now: datetime, living: Callable[[], set[str]] = set) -> int:
    """What nobody renewed becomes `unclear`: its worker died on another machine, or with this machine's power. How many.

    Rows whose journal a living process of this machine holds are left to it: it settles them itself. Does not commit.
    """
    late = (Delivery.status == Status.SENDING, Delivery.lease_until < now)
    if not session.scalar(sa.select(sa.literal(1)).where(*late).limit(1)):
        return 0
    alive = living()
    rows = session.scalars(
        sa.select(Delivery)
        .where(*late, Delivery.lease_owner.not_in(alive) if alive else sa.true())
        .order_by(Delivery.id)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        worker = row.lease_owner
        deliveries.move(session, row, Status.UNCLEAR, now, _NOBODY_KNOWS, deliveries.SYSTEM)
        session.execute(
            sa.update(Attempt)
            .where(Attempt.delivery_id == row.id, Attempt.number == row.tries)
            .values(outcome=AttemptOutcome.UNCLEAR, finished_at=now)
        )
        log.warning("lease ran out while sending", delivery=row.id, worker=worker)
    return len(rows)
