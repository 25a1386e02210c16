"""Batches of letters on paper: chosen, set file by file, posted or given up. Rows only; `campaign.printshop` makes the files.

A letter stands in one batch at a time. What is printed is the text that was signed; whether it still may be is looked at again
when its file is set, and once more when the batch is posted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.printing.letter import PrintedLetter
from campaign.channels.printing.options import MAX_BATCH, Options
from campaign.domain.channels import ChannelName
from campaign.domain.errors import NotFound, WrongState
from campaign.domain.references import new_reference
from campaign.domain.statuses import BatchState, CampaignStatus, Status
from campaign.models.campaign import Campaign
from campaign.models.delivery import Attempt, Delivery
from campaign.models.letter import Letter
from campaign.models.organization import Organization
from campaign.models.printing import PrintBatch, PrintedRow
from campaign.services import audit, counts, deliveries, on_paper
from campaign.services.envelope import Envelope

MOST = 10_000
"""Letters in a batch: two hundred reams of paper are carried in more than one go."""

NOT_NOW = frozenset({CampaignStatus.PAUSED})


def _waiting(campaign_id: int, now: datetime) -> sa.Select[Any]:
    """Printed letters that can be undone no more, that nobody holds, and that are in no batch."""
    held = sa.exists().where(PrintedRow.delivery_id == Delivery.id, PrintedRow.holds)
    return (
        sa.select(Delivery.id)
        .join(Letter, Letter.id == Delivery.letter_id)
        .where(
            Delivery.campaign_id == campaign_id,
            Delivery.channel == ChannelName.PRINT,
            Delivery.status == Status.QUEUED,
            Delivery.due_at <= now,
            ~held,
        )
    )


def waiting(session: Session, campaign_id: int, now: datetime) -> int:
    found = _waiting(campaign_id, now).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(found)) or 0


def make(session: Session, campaign_id: int, options: Options, now: datetime, by: str) -> PrintBatch:
    """A batch of what waits, those of one office together; at most MOST. Raises WrongState where nothing waits or the campaign
    is paused. Two at once: one gets the letters, and the other fails on the unique index. Does not commit.
    """
    on = session.scalars(sa.select(Campaign).where(Campaign.id == campaign_id).with_for_update()).one()
    if on.status in NOT_NOW:
        raise WrongState("This campaign is paused. Resume it first, then print.")
    chosen = session.scalars(
        _waiting(campaign_id, now).order_by(Letter.target, Letter.id).limit(MOST).with_for_update(of=Delivery)
    ).all()
    if not chosen:
        raise WrongState("No printed letter waits that is not in a batch already.")
    batch = PrintBatch(
        reference=new_reference(),
        campaign_id=campaign_id,
        state=BatchState.MAKING,
        letters=len(chosen),
        files=-(-len(chosen) // MAX_BATCH),
        duplex=options.duplex,
        marks=options.marks,
        made_by=by,
        created_at=now,
        changed_at=now,
        told="",
    )
    session.add(batch)
    session.flush()
    session.execute(
        sa.insert(PrintedRow),
        [
            {
                "batch_id": batch.id,
                "position": n + 1,
                "file": n // MAX_BATCH + 1,
                "delivery_id": key,
                "holds": True,
                "pages": None,
                "left_out": "",
            }
            for n, key in enumerate(chosen)
        ],
    )
    _record(session, batch, "print batch made", now, by, letters=len(chosen))
    return batch


@dataclass(frozen=True, slots=True)
class File:
    """What goes into one document: the letters that may, and by reference why others may not."""

    number: int
    letters: list[PrintedLetter]
    gone: dict[str, str]


def next_file(session: Session, batch_id: int, after: int = 0) -> int | None:
    """The first file above `after` with a letter that has neither been set nor left out."""
    return session.scalar(
        sa.select(sa.func.min(PrintedRow.file)).where(
            PrintedRow.batch_id == batch_id,
            PrintedRow.file > after,
            PrintedRow.pages.is_(None),
            PrintedRow.left_out == "",
        )
    )


def file(session: Session, batch_id: int, number: int, envelope: Envelope) -> File:
    """Read when it is set: what was cancelled, held or posted since the batch was made is left out."""
    organization = session.get_one(Organization, 1)
    zone = counts.zone(session)
    found = File(number, [], {})
    rows = session.execute(
        sa.select(Letter, Delivery.status)
        .join(Delivery, Delivery.letter_id == Letter.id)
        .join(PrintedRow, PrintedRow.delivery_id == Delivery.id)
        .where(PrintedRow.batch_id == batch_id, PrintedRow.file == number)
        .order_by(PrintedRow.position)
    )
    for letter, status in rows:
        if status is Status.QUEUED:
            day = on_paper.long_day(letter.signed_at.astimezone(zone))
            found.letters.append(on_paper.printed(letter, organization, day, envelope))
        else:
            found.gone[letter.reference] = f"{status} since the batch was made"
    return found


def set_file(
    session: Session, batch_id: int, number: int, pages: Mapping[str, int], left_out: Mapping[str, str]
) -> None:
    """Keeps what a file holds, by reference of the letters. Twice is once. What is left out is free for another batch."""
    rows = session.execute(
        sa.select(PrintedRow, Letter.reference)
        .join(Delivery, Delivery.id == PrintedRow.delivery_id)
        .join(Letter, Letter.id == Delivery.letter_id)
        .where(PrintedRow.batch_id == batch_id, PrintedRow.file == number)
    )
    for row, reference in rows:
        row.pages = pages.get(reference)
        row.left_out = "" if row.pages else left_out.get(reference, "not in the file")
        row.holds = row.holds and row.pages is not None
    session.flush()


def locked(session: Session, batch_id: int) -> PrintBatch:
    """As it is now, ours until the end of the transaction."""
    found = session.scalar(
        sa.select(PrintBatch)
        .where(PrintBatch.id == batch_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is no such batch.")
    return found


def in_making(session: Session) -> Sequence[int]:
    """Batches that somebody should work at, oldest first."""
    return session.scalars(
        sa.select(PrintBatch.id).where(PrintBatch.state == BatchState.MAKING).order_by(PrintBatch.id)
    ).all()


def ready(session: Session, batch_id: int, now: datetime) -> None:
    """Every file is there. Changes nothing where it was stopped or given up meanwhile."""
    batch = locked(session, batch_id)
    if batch.state is BatchState.MAKING:
        batch.becomes(BatchState.READY, now)


def stop(session: Session, batch_id: int, now: datetime, by: str, told: str = "stopped by an organizer") -> None:
    """After the file in hand nothing more is set. Stopping what is stopped changes nothing."""
    batch = locked(session, batch_id)
    if batch.state is not BatchState.STOPPED:
        batch.becomes(BatchState.STOPPED, now, told)
        _record(session, batch, "print batch stopped", now, by, why=told)


def go_on(session: Session, batch_id: int, now: datetime, by: str) -> None:
    """What has been set stays as it is. Twice is once."""
    batch = locked(session, batch_id)
    if batch.state is not BatchState.MAKING:
        batch.becomes(BatchState.MAKING, now)
        _record(session, batch, "print batch continued", now, by)


@dataclass(frozen=True, slots=True)
class Posted:
    """`gone`: the references of letters that were printed and may not be posted; their sheets come out of the pile."""

    posted: int
    gone: list[str]


def posted(session: Session, batch_id: int, now: datetime, by: str) -> Posted:
    """The whole batch went to the mail: its letters are accepted, as by `deliveries.done_by_hand`. Those that were cancelled or
    held meanwhile stay as they are. Posting twice changes nothing and says so. Does not commit.
    """
    batch = locked(session, batch_id)
    if batch.state is BatchState.POSTED:
        raise WrongState("This batch is recorded as posted already.")
    keys = session.scalars(
        sa.select(PrintedRow.delivery_id)
        .where(PrintedRow.batch_id == batch_id, PrintedRow.pages.is_not(None))
        .order_by(PrintedRow.delivery_id)
    ).all()
    batch.becomes(BatchState.POSTED, now)
    proof = f"posted with batch {batch.reference}"
    done = deliveries.post_many(session, keys, now, by, proof)
    ours = sa.exists().where(Attempt.delivery_id == PrintedRow.delivery_id, Attempt.answer == proof)
    gone = session.scalars(
        sa.select(Letter.reference)
        .join(Delivery, Delivery.letter_id == Letter.id)
        .join(PrintedRow, PrintedRow.delivery_id == Delivery.id)
        .where(PrintedRow.batch_id == batch_id, PrintedRow.pages.is_not(None), ~ours)
        .order_by(PrintedRow.position)
    ).all()
    _free(session, batch_id)
    _record(session, batch, "print batch posted", now, by, letters=done, not_posted=len(gone))
    return Posted(done, list(gone))


def give_up(session: Session, batch_id: int, now: datetime, by: str) -> int:
    """Frees its letters for another batch; how many. The caller removes the files after the commit."""
    batch = locked(session, batch_id)
    if batch.state is BatchState.GIVEN_UP:
        return 0
    batch.becomes(BatchState.GIVEN_UP, now)
    freed = _free(session, batch_id)
    _record(session, batch, "print batch given up", now, by, letters=freed)
    return freed


def _free(session: Session, batch_id: int) -> int:
    freed = session.execute(
        sa.update(PrintedRow)
        .where(PrintedRow.batch_id == batch_id, PrintedRow.holds)
        .values(holds=False)
        .execution_options(synchronize_session=False)
    )
    return int(freed.rowcount)  # type: ignore[attr-defined]


def _record(session: Session, batch: PrintBatch, act: str, now: datetime, by: str, **detail: Any) -> None:
    subject = f"campaign:{batch.campaign_id}"
    audit.record(session, at=now, by=by, act=act, subject=subject, batch=batch.reference, **detail)


def no_longer_needed(session: Session, references: Sequence[str], before: datetime) -> Sequence[str]:
    """Of these batches: those that were given up, and those that were posted before then."""
    return session.scalars(
        sa.select(PrintBatch.reference).where(
            PrintBatch.reference.in_(references),
            sa.or_(
                PrintBatch.state == BatchState.GIVEN_UP,
                sa.and_(PrintBatch.state == BatchState.POSTED, PrintBatch.changed_at < before),
            ),
        )
    ).all()
