"""What offices sent back: recorded from our inbox, by a member, or by an organizer."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.errors import Invalid, NotFound
from campaign.domain.events import ResponseKind
from campaign.domain.references import new_reference
from campaign.domain.statuses import RESPONSE_MOVES, ResponseState, Status, may_move
from campaign.domain.texts import tidy
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.response import Response
from campaign.services import audit, counts, deliveries

TEXT_LIMIT = 20_000
STATE_OF = {
    ResponseKind.ACKNOWLEDGEMENT: ResponseState.ACKNOWLEDGED,
    ResponseKind.FORM: ResponseState.REPLIED,
    ResponseKind.SUBSTANTIVE: ResponseState.REPLIED,
    ResponseKind.MEETING: ResponseState.REPLIED,
}


def record(
    session: Session,
    letter: Letter,
    kind: ResponseKind,
    *,
    received_at: datetime,
    now: datetime,
    by: str,
    source: str,
    source_id: str | None = None,
    text: str = "",
    written_at: datetime | None = None,
    event_id: int | None = None,
) -> Response:
    """Adds a response and raises the letter's state; whoever answers has received, so an unclear letter is settled too.

    The same source and id a second time returns the first row. Raises Invalid for a day before the letter was signed.
    """
    text = tidy(text)
    if len(text) > TEXT_LIMIT:
        raise Invalid(f"The answer takes {TEXT_LIMIT:,} characters. Cut {len(text) - TEXT_LIMIT:,}.", field="text")
    if received_at > now:
        raise Invalid("The day lies ahead. Enter the day on which the answer came.", field="received_on")
    if counts.day_of(session, received_at) < letter.signed_on:
        raise Invalid("The answer cannot have come before the letter was signed.", field="received_on")
    source_id = source_id or new_reference()
    existing = session.scalar(sa.select(Response).where(Response.source == source, Response.source_id == source_id))
    if existing is not None:
        return existing
    row = Response(
        letter_id=letter.id,
        source=source,
        source_id=source_id,
        kind=kind,
        received_at=received_at,
        written_at=written_at,
        text=text,
        event_id=event_id,
        recorded_by=by,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    _raise_state(session, letter, STATE_OF[kind], received_at)
    _settle(session, letter, now, by)
    return row


def _raise_state(session: Session, letter: Letter, new: ResponseState, at: datetime) -> None:
    old = letter.response
    if not may_move(RESPONSE_MOVES, old, new):
        return
    letter.response_becomes(new, at)
    delivery = deliveries.of_letter(session, letter.id)[-1]
    counts.responded(
        session,
        campaign_id=letter.campaign_id,
        office_id=letter.office_id,
        channel=delivery.channel,
        counted_on=letter.signed_on,
        old=old,
        new=new,
    )


def _settle(session: Session, letter: Letter, now: datetime, by: str) -> None:
    for delivery in deliveries.of_letter(session, letter.id):
        if delivery.status in (Status.ACCEPTED, Status.UNCLEAR):
            row = deliveries.locked(session, delivery.id)
            if row.status in (Status.ACCEPTED, Status.UNCLEAR):
                deliveries.move(session, row, Status.DELIVERED, now, "the office answered", by)


def judge(session: Session, response_id: int, kind: ResponseKind, at: datetime, by: str) -> Response:
    """A person says what an answer is, where the intake could only see that one came. Raises NotFound."""
    row = session.get(Response, response_id)
    if row is None:
        raise NotFound("There is no such answer.")
    audit.record(session, at=at, by=by, act=f"judged {kind}", subject=f"response:{row.id}", was=str(row.kind))
    row.kind = kind
    _raise_state(session, session.get_one(Letter, row.letter_id), STATE_OF[kind], row.received_at)
    return row


def of_letter(session: Session, letter_id: int) -> list[Response]:
    return list(
        session.scalars(
            sa.select(Response).where(Response.letter_id == letter_id).order_by(Response.received_at, Response.id)
        )
    )


def presume_no_reply(session: Session, before: datetime, now: datetime, limit: int = 500) -> int:
    """Letters delivered or accepted before `before` and never answered become `no_reply`; a late reply still wins."""
    rows = session.scalars(
        sa.select(Letter)
        .join(Delivery, Delivery.letter_id == Letter.id)
        .where(
            Letter.response.in_((ResponseState.NONE, ResponseState.ACKNOWLEDGED)),
            Delivery.status.in_((Status.ACCEPTED, Status.DELIVERED)),
            Delivery.changed_at < before,
        )
        .limit(limit)
    ).all()
    for letter in rows:
        _raise_state(session, letter, ResponseState.NO_REPLY, now)
    return len(rows)
