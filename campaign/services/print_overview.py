"""Print batches as people look at them: their figures, the manifest of their sheets, what is to be taken out. Read-only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.statuses import BatchState, Status
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.printing import PrintBatch, PrintedRow


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one batch. `set` letters are in files; `stale` of those may not be posted any more."""

    set: int = 0
    left_out: int = 0
    pages: int = 0
    sheets: int = 0
    files: int = 0
    stale: int = 0


def figures(session: Session, batches: Sequence[PrintBatch]) -> dict[int, Figures]:
    """By batch id. One statement."""
    done, out = PrintedRow.pages.is_not(None), PrintedRow.left_out != ""
    pages = sa.func.coalesce(PrintedRow.pages, 0)
    sheets = sa.case((PrintBatch.duplex, (pages + 1) // 2), else_=pages)
    rows = session.execute(
        sa.select(
            PrintedRow.batch_id,
            _sum(done),
            _sum(out),
            sa.func.sum(pages),
            sa.func.sum(sheets),
            sa.func.count(sa.distinct(sa.case((done, PrintedRow.file)))),
            _sum(sa.and_(done, PrintBatch.state == BatchState.READY, Delivery.status != Status.QUEUED)),
        )
        .join(PrintBatch, PrintBatch.id == PrintedRow.batch_id)
        .join(Delivery, Delivery.id == PrintedRow.delivery_id)
        .where(PrintedRow.batch_id.in_([batch.id for batch in batches]))
        .group_by(PrintedRow.batch_id)
    )
    return {key: Figures(*(int(value or 0) for value in values)) for key, *values in rows}


def _sum(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the manifest. `status` is the delivery's own, now."""

    position: int
    reference: str
    addressee: str
    target: str
    file: int
    pages: int
    sheets: int
    left_out: str
    status: Status


def manifest(session: Session, batch: PrintBatch) -> Iterator[Line]:
    """In the order of the sheets, streamed."""
    rows = session.execute(
        sa.select(PrintedRow, Letter.reference, Letter.addressee, Letter.target, Delivery.status)
        .join(Delivery, Delivery.id == PrintedRow.delivery_id)
        .join(Letter, Letter.id == Delivery.letter_id)
        .where(PrintedRow.batch_id == batch.id)
        .order_by(PrintedRow.position)
        .execution_options(yield_per=500)
    )
    for row, reference, addressee, target, status in rows:
        pages = row.pages or 0
        sheets = (pages + 1) // 2 if batch.duplex else pages
        yield Line(row.position, reference, addressee, target, row.file, pages, sheets, row.left_out, status)


def to_take_out(session: Session, batch: PrintBatch, limit: int = 100) -> list[Any]:
    """Rows of (position, reference, addressee, file, why): printed and not to be posted, or never printed."""
    stale = sa.and_(PrintedRow.pages.is_not(None), Delivery.status != Status.QUEUED)
    out = PrintedRow.left_out != ""
    wanted = sa.or_(out, stale) if batch.state is BatchState.READY else out
    rows = session.execute(
        sa.select(PrintedRow, Letter.reference, Letter.addressee, Delivery.status)
        .join(Delivery, Delivery.id == PrintedRow.delivery_id)
        .join(Letter, Letter.id == Delivery.letter_id)
        .where(PrintedRow.batch_id == batch.id, wanted)
        .order_by(PrintedRow.position)
        .limit(limit)
    )
    return [
        (row.position, reference, addressee, row.file, row.left_out or f"printed, and {status} since: take it out")
        for row, reference, addressee, status in rows
    ]
