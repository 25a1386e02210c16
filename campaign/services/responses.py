"""What offices sent back: recorded from our inbox, by a member, or by an organizer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.smtp.inbox import InboundKind
from campaign.channels.smtp.quotes import own_text
from campaign.domain.errors import Invalid, NotFound
from campaign.domain.events import ResponseKind
from campaign.domain.references import new_reference
from campaign.domain.statuses import RESPONSE_MOVES, UNANSWERED, ResponseState, Status, may_move
from campaign.domain.texts import fold, like, tidy
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.response import Response
from campaign.services import audit, counts, deliveries, stories

TEXT_LIMIT = 20_000
BY_MAIL = frozenset({InboundKind.ACKNOWLEDGEMENT, InboundKind.REPLY})
"""Kinds of mail that answer a letter."""
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
    postmarked_on: date | None = None,
    event_id: int | None = None,
) -> Response:
    """Adds a response and raises the letter's state; whoever answers has received, so an unclear letter is settled too.

    The same source and id a second time returns the first row. Raises Invalid for a day before the letter was signed, and for
    what is entered by hand about a letter that never left.
    When it came counts, for reply times and for order; when it was written or postmarked is only kept beside it.
    A mail's kind is a proposal until a person judges it; what a person records is judged.
    The letter is ours until the end of the transaction, so that two answers at once count one state.
    """
    ways = _locked(session, letter)
    text = tidy(text)
    if len(text) > TEXT_LIMIT:
        raise Invalid(f"The answer takes {TEXT_LIMIT:,} characters. Cut {len(text) - TEXT_LIMIT:,}.", field="text")
    if event_id is None and stories.never_left(session, letter):
        raise Invalid("This letter never left, so no office can have answered it. Open the letter that they answer.")
    if received_at > now:
        raise Invalid("The day lies ahead. Enter the day on which the answer came.", field="received_on")
    if counts.day_of(session, received_at) < letter.signed_on:
        raise Invalid("The answer cannot have come before the letter was signed.", field="received_on")
    received_at = max(
        received_at, letter.signed_at
    )  # a day is recorded as its noon, which may lie before a signing of that day
    if postmarked_on is not None and postmarked_on > counts.day_of(session, received_at):
        raise Invalid("The postmark cannot be later than the day on which it came.", field="postmarked_on")
    source_id = source_id or new_reference()
    judged = not by.startswith("event:")
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
        postmarked_on=postmarked_on,
        judged_at=now if judged else None,
        judged_by=by if judged else None,
        search=fold(own_text(text)),
        recorded_by=by,
        recorded_at=now,
    )
    session.add(row)
    letter.search = f"{letter.search} {row.search}".rstrip()
    session.flush()
    _raise_state(session, letter, ways, STATE_OF[kind], received_at)
    for delivery in ways:
        if delivery.status in (Status.ACCEPTED, Status.UNCLEAR):
            deliveries.move(session, delivery, Status.DELIVERED, now, "the office answered", by)
    return row


def _locked(session: Session, letter: Letter) -> Sequence[Delivery]:
    """The letter's deliveries, locked and fresh, and the letter fresh after them: whoever changes how far a letter is
    answered holds its deliveries first, as a notice does."""
    ways = deliveries.locked_of_letter(session, letter.id)
    session.refresh(letter)
    return ways


def _raise_state(session: Session, letter: Letter, ways: Sequence[Delivery], new: ResponseState, at: datetime) -> None:
    old = letter.response
    if not may_move(RESPONSE_MOVES, old, new):
        return
    letter.response_becomes(new, at)
    counts.responded(
        session,
        campaign_id=letter.campaign_id,
        office_id=letter.office_id,
        channel=ways[-1].channel,
        counted_on=letter.signed_on,
        old=old,
        new=new,
    )


def judge(session: Session, response_id: int, kind: ResponseKind, at: datetime, by: str) -> Response:
    """A person says what an answer is, where the intake could only see that one came. Raises NotFound."""
    row = session.get(Response, response_id)
    if row is None:
        raise NotFound("There is no such answer.")
    letter = session.get_one(Letter, row.letter_id)
    ways = _locked(session, letter)
    audit.record(session, at=at, by=by, act=f"judged {kind}", subject=f"response:{row.id}", was=str(row.kind))
    row.kind, row.judged_at, row.judged_by = kind, at, by
    _raise_state(session, letter, ways, STATE_OF[kind], row.received_at)
    return row


def listed(campaign_id: int, search: str = "", *, proposed: bool = False) -> sa.Select[Response]:
    """Of a campaign; `search` in their own words, not in what they quote. `proposed`: those that nobody has judged."""
    query = sa.select(Response).join(Letter, Letter.id == Response.letter_id).where(Letter.campaign_id == campaign_id)
    if search:
        query = query.where(Response.search.like(like(search), escape="\\"))
    return query.where(Response.judged_at.is_(None)) if proposed else query


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
        .where(
            Letter.response.in_(UNANSWERED),
            Letter.signed_at < before,
            sa.exists().where(
                Delivery.letter_id == Letter.id,
                Delivery.status.in_((Status.ACCEPTED, Status.DELIVERED)),
                Delivery.changed_at < before,
            ),
        )
        .order_by(Letter.signed_at)
        .limit(limit)
    ).all()
    presumed = 0
    for letter in sorted(rows, key=lambda row: row.id):
        ways = _locked(session, letter)  # an answer may have come since the list was read
        if letter.response in UNANSWERED:
            _raise_state(session, letter, ways, ResponseState.NO_REPLY, now)
            presumed += 1
    return presumed
