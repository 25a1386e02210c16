"""The life of one delivery outside the send loop: made, moved, done by hand, held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain import schedule
from campaign.domain.channels import BY_HAND, ChannelName
from campaign.domain.errors import NotFound, WrongState
from campaign.domain.statuses import DELIVERY_MOVES, Status, check_move
from campaign.models.delivery import Attempt, AttemptOutcome, Delivery, DeliveryChange
from campaign.models.letter import Letter
from campaign.models.mail import MemberMail
from campaign.services import counts, wakes
from campaign.services.many import among
from campaign.services.routes import Route

PRIORITY_ONE_OFF = 1  # a person waits for it: sign-in links, copies
PRIORITY_LETTER = 5
PRIORITY_BULK = 9  # invitations, reminders
SYSTEM = "system"


def enqueue_letters(
    session: Session, ways: Sequence[tuple[Letter, Route]], *, due_at: datetime, now: datetime, by: str
) -> None:
    """Queues signed letters, due at `due_at`. Unique by letter and channel: twice raises IntegrityError."""
    _add(session, [_row(letter, way, due_at) for letter, way in ways], now, "signed", by)


def enqueue_instead(session: Session, letter: Letter, way: Route, now: datetime, why: str, by: str) -> Delivery:
    """Queues a letter that another channel did not send (`services.fall_through`)."""
    (delivery,) = _add(session, [_row(letter, way, now)], now, why, by)
    return delivery


def _row(letter: Letter, way: Route, due_at: datetime) -> dict[str, Any]:
    return {
        "letter_id": letter.id,
        "consent_id": letter.consent_id,
        "campaign_id": letter.campaign_id,
        "office_id": letter.office_id,
        "channel": way.channel,
        "to_address": way.to_address,
        "priority": PRIORITY_LETTER,
        "due_at": due_at,
        "give_up_at": due_at + schedule.GIVE_UP_AFTER,
        "counted_on": letter.signed_on,
    }


def enqueue_mail(
    session: Session, mail: MemberMail, to_address: str, *, priority: int, now: datetime, by: str = SYSTEM
) -> Delivery:
    row = {
        "mail_id": mail.id,
        "campaign_id": mail.campaign_id,
        "channel": ChannelName.SMTP,
        "to_address": to_address,
        "priority": priority,
        "due_at": now,
        "give_up_at": now + schedule.GIVE_UP_AFTER,
        "counted_on": counts.day_of(session, now),
    }
    (delivery,) = _add(session, [row], now, "signed", by)
    wakes.wake(session, ChannelName.SMTP)
    return delivery


def _add(session: Session, rows: Sequence[dict[str, Any]], now: datetime, why: str, by: str) -> Sequence[Delivery]:
    """Two statements, whatever the number of rows: SQLite would insert objects one by one."""
    fixed = {"status": Status.QUEUED, "created_at": now, "changed_at": now}
    made = session.scalars(sa.insert(Delivery).returning(Delivery), [row | fixed for row in rows]).all()
    change = {"at": now, "old": None, "new": Status.QUEUED, "why": why, "by": by}
    session.execute(sa.insert(DeliveryChange), [change | {"delivery_id": row.id} for row in made])
    for row in made:
        _count(session, row, None, now)
    return made


def move(session: Session, delivery: Delivery, new: Status, at: datetime, why: str, by: str) -> None:
    """Moves one delivery: status, history, counts. Raises WrongState where the table has no such move, and for one that was
    superseded: it stays as it ended.

    The caller holds the row's lock (`locked`) or is the only one who could move it.
    """
    if delivery.superseded:
        raise WrongState("This letter went on another way; what became of this one does not change any more.")
    old = delivery.status
    session.add(delivery.become(new, at, why, by))
    _count(session, delivery, old, at)


def _count(session: Session, delivery: Delivery, old: Status | None, at: datetime) -> None:
    counts.moved(
        session,
        campaign_id=delivery.campaign_id,
        office_id=delivery.office_id,
        channel=delivery.channel,
        counted_on=delivery.counted_on,
        old=old,
        new=delivery.status,
        at=at,
    )


def locked(session: Session, delivery_id: int) -> Delivery:
    """The row as it is now, ours until the end of the transaction."""
    found = session.scalar(
        sa.select(Delivery)
        .where(Delivery.id == delivery_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is no such letter.")
    return found


def of_letter(session: Session, letter_id: int) -> Sequence[Delivery]:
    """Oldest first."""
    return session.scalars(sa.select(Delivery).where(Delivery.letter_id == letter_id).order_by(Delivery.id)).all()


def locked_of_letter(session: Session, letter_id: int) -> Sequence[Delivery]:
    """All of a letter, oldest first, as they are now and ours until the end of the transaction."""
    return locked_of_letters(session, [letter_id])


def locked_of_letters(session: Session, letter_ids: Iterable[int]) -> Sequence[Delivery]:
    """As `locked_of_letter`, of several letters by one statement."""
    return session.scalars(
        sa.select(Delivery)
        .where(Delivery.letter_id.in_(list(letter_ids)))
        .order_by(Delivery.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def done_by_hand(session: Session, delivery_id: int, at: datetime, by: str, proof: str = "") -> Delivery:
    """A member filed it, or somebody posted it. Safe twice: the second time changes nothing."""
    delivery = locked(session, delivery_id)
    if delivery.channel not in BY_HAND:
        raise WrongState("This letter is sent by the system; nobody has to send it by hand.")
    if delivery.status in (Status.ACCEPTED, Status.DELIVERED):
        return delivery
    if delivery.status is not Status.QUEUED:
        raise WrongState(f"This letter is {delivery.status} and cannot be filed any more.")
    if delivery.channel is ChannelName.PRINT:
        _post(session, delivery, at, by, proof)
    else:
        move(session, delivery, Status.DELIVERED, at, proof or "the member says it was sent", by)
    return delivery


def _post(session: Session, delivery: Delivery, at: datetime, by: str, proof: str) -> None:
    """A posted letter was handed to the mail, which is a hand-over and no proof of arrival: accepted."""
    delivery.tries += 1
    delivery.lease_owner, delivery.lease_until = by, at + timedelta(seconds=1)
    move(session, delivery, Status.SENDING, at, "posted", by)
    session.add(
        Attempt(
            delivery_id=delivery.id,
            number=delivery.tries,
            worker=by,
            started_at=at,
            finished_at=at,
            outcome=AttemptOutcome.RECEIPT,
            answer=proof,
        )
    )
    move(session, delivery, Status.ACCEPTED, at, proof or "posted", by)


def post_many(session: Session, ids: Sequence[int], at: datetime, by: str, proof: str) -> int:
    """As `done_by_hand` for printed letters that wait, in one statement each for rows, tries, history and counts; how many.

    Those that wait no more stay as they are. Safe twice. Does not commit.
    """
    rows = session.execute(
        sa.select(
            Delivery.id, Delivery.campaign_id, Delivery.office_id, Delivery.counted_on, Delivery.channel, Delivery.tries
        )
        .where(
            among(session, Delivery.id, ids), Delivery.status == Status.QUEUED, Delivery.channel == ChannelName.PRINT
        )
        .order_by(Delivery.id)
        .with_for_update()
    ).all()
    if not rows:
        return 0
    steps = ((Status.QUEUED, Status.SENDING, "posted"), (Status.SENDING, Status.ACCEPTED, proof))
    session.execute(
        sa.update(Delivery)
        .where(among(session, Delivery.id, [row.id for row in rows]))
        .values(status=Status.ACCEPTED, reason=proof, changed_at=at, tries=Delivery.tries + 1)
        .execution_options(synchronize_session=False)
    )
    receipt = {
        "worker": by,
        "started_at": at,
        "finished_at": at,
        "outcome": AttemptOutcome.RECEIPT,
        "code": None,
        "answer": proof,
    }
    session.execute(sa.insert(Attempt), [receipt | {"delivery_id": row.id, "number": row.tries + 1} for row in rows])
    for old, new, why in steps:
        check_move(DELIVERY_MOVES, old, new)
        change = {"at": at, "old": old, "new": new, "why": why, "by": by}
        session.execute(sa.insert(DeliveryChange), [change | {"delivery_id": row.id} for row in rows])
        counts.moved_together(session, ChannelName.PRINT, ((row, old, new) for row in rows), at)
    return len(rows)


def hold_for_offices(session: Session, office_ids: Iterable[int], at: datetime, why: str) -> int:
    """The holder of these offices changed: what has not left waits for a person. Returns how many."""
    rows = session.scalars(
        sa.select(Delivery)
        .where(Delivery.office_id.in_(list(office_ids)), Delivery.status == Status.QUEUED)
        .order_by(Delivery.id)
        .with_for_update()
    ).all()
    for row in rows:
        move(session, row, Status.HELD, at, why, SYSTEM)
    return len(rows)
