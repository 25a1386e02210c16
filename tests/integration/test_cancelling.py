"""Cancelling many: what has left stays, what has not left never leaves, and the numbers told are those of the rows."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from campaign.channels.memory import MemoryChannel
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.errors import IN_DOUBT
from campaign.domain.references import new_reference
from campaign.domain.statuses import NOT_LEFT, Status
from campaign.extensions import db
from campaign.models.audit import AuditEntry
from campaign.models.campaign import Campaign
from campaign.models.delivery import Attempt, AttemptOutcome, Delivery, DeliveryChange
from campaign.models.letter import Letter
from campaign.services import audit, cancellations, deliveries, metrics, signing
from campaign.services.cancellations import Cancellation, Cancelled
from campaign.services.outbox import Loop, send_due
from campaign.services.routes import Route
from campaign.web.organizer import cancelling
from tests import factories
from tests.factories import NOW
from tests.integration.test_organizer_pages import Browser

DUE = NOW + timedelta(minutes=2)


def letters(session: Session, number: int) -> list[int]:
    """Deliveries by e-mail, due at DUE: one member signs, and the rest are copies of what came of it."""
    with transaction(session):
        factories.staff_address(session)
        card = factories.recommendation(session)
        on = factories.campaign(session, card)
        company, _ = factories.company(session)
        made = factories.signed(session, factories.member(session, company), on, card.key)
        first = session.scalars(sa.select(Delivery).where(Delivery.letter_id == made[0].id)).one()
        _copies(session, made[0], first, number - len(made))
    ids = list(session.scalars(sa.select(Delivery.id).order_by(Delivery.id)))
    session.rollback()
    assert len(ids) == number
    return ids


def _copies(session: Session, letter: Letter, delivery: Delivery, number: int) -> None:
    """More letters of the same signing, each to a target of its own."""
    columns = [column.key for column in sa.inspect(Letter).column_attrs if column.key != "id"]
    plain = {key: getattr(letter, key) for key in columns}
    for n in range(number):
        copy = Letter(**plain | {"reference": new_reference(), "target": f"{letter.target}-{n}"})
        session.add(copy)
        session.flush()
        way = Route(ChannelName.SMTP, delivery.to_address)
        deliveries.enqueue_letters(session, [(copy, way)], due_at=delivery.due_at, now=NOW, by="member:1")


def statuses(session: Session) -> Counter[Status]:
    session.rollback()
    return Counter(session.scalars(sa.select(Delivery.status)))


def test_many_are_cancelled_with_history_counts_and_one_entry(each_app: Flask) -> None:
    session = db.session()
    ids = letters(session, 12)
    with transaction(session):
        row = deliveries.locked(session, ids[0])
        row.lease_owner, row.lease_until = "w", DUE
        deliveries.move(session, row, Status.SENDING, DUE, "", "w")
        deliveries.move(session, deliveries.locked(session, ids[1]), Status.HELD, DUE, "excluded", "system")
        deliveries.move(session, deliveries.locked(session, ids[2]), Status.EXPIRED, DUE, "too late", "system")
    with transaction(session):
        done = cancellations.cancel_many(session, ids, DUE, "cancelled by an organizer", "user:1")
    assert done == Cancellation(cancelled=10, left=1, ended=1)
    assert statuses(session) == {Status.CANCELLED: 10, Status.SENDING: 1, Status.EXPIRED: 1}
    moves = session.scalars(sa.select(DeliveryChange).where(DeliveryChange.new == Status.CANCELLED)).all()
    assert sorted(move.delivery_id for move in moves) == [ids[1], *ids[3:]]
    assert {(move.old, move.by, move.why) for move in moves} == {
        (Status.QUEUED, "user:1", "cancelled by an organizer"),
        (Status.HELD, "user:1", "cancelled by an organizer"),
    }
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.act == "letters cancelled")).one()
    assert entry.detail == {"number": 10}
    assert metrics.differences(session) == []
    with transaction(session):
        again = cancellations.cancel_many(session, ids, DUE, "cancelled by an organizer", "user:1")
    assert again == Cancellation(cancelled=0, left=1, ended=11)
    assert audit.first_broken(session) is None


def test_a_stop_leaves_whole_pieces_and_says_what_is_still_to_do(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancelling, "BATCH", 4)
    session = db.session()
    ids = letters(session, 10)
    answers = iter([False, True])
    done, undone = cancelling.cancel_all(ids, "user:1", lambda: next(answers))
    assert (done, undone) == (Cancellation(cancelled=8), 2)
    assert statuses(session) == {Status.CANCELLED: 8, Status.QUEUED: 2}
    assert cancelling.told(done, undone, 0) == "Cancelled 8 letters. 2 are still to do: press again, or keep them."


def _together(app: Flask, *works: Callable[[], None]) -> None:
    barrier, errors = threading.Barrier(len(works)), list[BaseException]()

    def one(work: Callable[[], None]) -> None:
        with app.app_context():
            try:
                barrier.wait(10)
                work()
            except BaseException as error:  # noqa: BLE001 - raised below, in the test's own thread
                errors.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if errors:
        raise errors[0]


@pytest.mark.parametrize("order", ["same way", "from the other end"])
def test_a_thousand_letters_cancelled_while_they_are_claimed_are_each_sent_once_or_cancelled(
    postgres_app: Flask, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    """Small pieces and windows, so that both sides meet often."""
    monkeypatch.setattr(cancelling, "BATCH", 20)
    session = db.session()
    ids = letters(session, 1000)
    if order == "from the other end":
        with transaction(session):
            for key in ids:
                session.execute(
                    sa.update(Delivery).where(Delivery.id == key).values(due_at=DUE - timedelta(milliseconds=key))
                )
    channel = MemoryChannel()
    told: list[tuple[Cancellation, int]] = []

    def sends() -> None:
        send_due(db.session(), Loop(channel, factories.ENVELOPE, lambda: DUE, factories.journal(), window=25))

    def cancels() -> None:
        told.append(cancelling.cancel_all(ids, "user:1", lambda: False))

    _together(postgres_app, sends, sends, cancels)
    ((done, undone),) = told
    sent = Counter(channel.numbers())
    found = statuses(session)
    cancelled = set(session.scalars(sa.select(Delivery.id).where(Delivery.status == Status.CANCELLED)))
    assert set(sent.values()) <= {1}, "none twice"
    assert not cancelled & set(sent), "none both"
    assert cancelled | set(sent) == set(ids), "none neither"
    assert found == {Status.ACCEPTED: len(sent), Status.CANCELLED: len(cancelled)}
    assert (done.cancelled, done.left, done.ended, undone) == (len(cancelled), len(sent), 0, 0)
    assert sent, "the race had two sides"
    assert cancelled, "the race had two sides"
    assert metrics.differences(session) == []
    assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == len(sent)
    assert audit.first_broken(session) is None


def slug(session: Session) -> str:
    found = session.scalars(sa.select(Campaign.slug)).one()
    session.rollback()
    return found


def _desk(session: Session, app: Flask) -> tuple[Browser, str]:
    with transaction(session):
        factories.user(session, "desk@association.example", "organizer", name="Priya Raman")
    return Browser(app, "desk@association.example"), f"/organize/c/{slug(session)}"


def test_an_organizer_cancels_what_the_filter_shows_and_nothing_else(app: Flask) -> None:
    session = db.session()
    ids = letters(session, 6)
    desk, page = _desk(session, app)
    with transaction(session):
        deliveries.move(session, deliveries.locked(session, ids[0]), Status.HELD, DUE, "excluded", "system")
        deliveries.move(session, deliveries.locked(session, ids[1]), Status.EXPIRED, DUE, "too late", "system")
    assert "Cancel all 5 letters that have not left" in desk.text(f"{page}/letters")
    assert "Cancel these 1 letter that has not left" in desk.text(f"{page}/letters?status=held")
    assert "that have not left</a>" not in desk.text(f"{page}/letters?status=expired")
    question = desk.text(f"{page}/letters/cancel?status=queued")
    assert "Cancel 4 letters that have not left?" in question
    assert statuses(session)[Status.CANCELLED] == 0
    answer = desk.post(f"{page}/letters/cancel?status=queued", seen="4", upto=str(ids[-1]))
    assert answer.status_code == 303
    assert answer.location.endswith("/letters?status=queued")
    assert "Cancelled 4 letters." in desk.text(f"{page}/letters?status=queued")
    assert statuses(session) == {Status.CANCELLED: 4, Status.HELD: 1, Status.EXPIRED: 1}
    assert "1 letter of this list" not in desk.text(f"{page}/letters/cancel?status=held")
    assert "5 letters of this list stay" in desk.text(f"{page}/letters/cancel")


def test_letters_signed_after_the_question_are_not_touched_and_those_that_left_meanwhile_are_told(app: Flask) -> None:
    session = db.session()
    ids = letters(session, 6)
    desk, page = _desk(session, app)
    desk.text(f"{page}/letters/cancel")
    with transaction(session):
        row = deliveries.locked(session, ids[0])
        row.lease_owner, row.lease_until = "w", DUE
        deliveries.move(session, row, Status.SENDING, DUE, "", "w")
    desk.post(f"{page}/letters/cancel", seen="5", upto=str(ids[-2]))
    assert "1 of those you saw had left or ended before you pressed." in desk.text(f"{page}/letters")
    assert statuses(session) == {Status.CANCELLED: 4, Status.SENDING: 1, Status.QUEUED: 1}
    assert session.get_one(Delivery, ids[-1]).status in NOT_LEFT


def test_who_is_no_organizer_cancels_nothing(app: Flask) -> None:
    session = db.session()
    letters(session, 3)
    answer = app.test_client().get(f"/organize/c/{slug(session)}/letters/cancel")
    assert answer.status_code == 302
    assert "login" in answer.location


# --- an earlier try may have arrived ------------------------------------------------------------------------------------


def doubted(session: Session, ids: list[int]) -> None:
    """Each of these was tried once, and nobody heard the end of it; it is to be tried again."""
    with transaction(session):
        for key in ids:
            session.get_one(Delivery, key).tries = 1
            session.add(
                Attempt(
                    delivery_id=key,
                    number=1,
                    worker="w",
                    started_at=NOW,
                    finished_at=NOW,
                    outcome=AttemptOutcome.TRY_LATER,
                    code=IN_DOUBT,
                )
            )


def test_of_what_may_have_arrived_nobody_says_that_nothing_left(each_session: Session) -> None:
    session = each_session
    ids = letters(session, 4)
    doubted(session, ids[:2])
    with transaction(session):
        assert cancellations.cancel(session, ids[0], DUE, "cancelled", "user:1") is Cancelled.IN_DOUBT
        done = cancellations.cancel_many(session, ids, DUE, "cancelled", "user:1")
    assert done == Cancellation(cancelled=3, ended=1, in_doubt=1)
    reasons = session.scalars(sa.select(Delivery.reason).order_by(Delivery.id)).all()
    assert reasons == ["cancelled; an earlier try may have arrived"] * 2 + ["cancelled"] * 2
    assert metrics.differences(session) == []


def test_the_pages_say_that_it_may_have_arrived(app: Flask, session: Session) -> None:
    ids = letters(session, 3)
    doubted(session, ids[:2])
    with transaction(session):
        factories.user(session, "desk@association.example", "organizer", name="Priya Raman")
        letter = session.scalars(sa.select(Letter).join(Delivery).where(Delivery.id == ids[0])).one()
        slug, reference = session.get_one(Campaign, letter.campaign_id).slug, letter.reference
        deliveries.move(session, deliveries.locked(session, ids[0]), Status.HELD, NOW, "another holder", "system")
    desk = Browser(app, "desk@association.example")
    page = f"/organize/c/{slug}/letters"
    assert "An earlier try may have arrived all the same." in desk.text(f"/organize/c/{slug}/attention")
    assert "2 letters may have arrived by an earlier try" in desk.text(f"{page}/cancel")
    assert "An earlier try may have arrived:" in desk.text(f"{page}/{reference}/cancel")
    assert desk.post(f"{page}/{reference}/cancel").status_code == 303
    assert "It is not sent again, but an earlier try may have arrived." in desk.text(f"{page}/{reference}")
    desk.text(f"{page}/cancel")
    assert desk.post(f"{page}/cancel", seen=2, upto=ids[-1]).status_code == 303
    assert "Cancelled 2 letters. 1 of them may have arrived by an earlier try." in desk.text(page)


def test_an_undo_takes_back_only_what_has_certainly_not_arrived(session: Session) -> None:
    ids = letters(session, 3)
    doubted(session, ids[:1])
    with transaction(session):
        action_id = session.scalars(sa.select(Letter.action_id).distinct()).one()
        undone = signing.undo(session, action_id, DUE)
    assert (undone.cancelled, len(undone.left)) == (2, 1)
    assert statuses(session) == {Status.CANCELLED: 2, Status.QUEUED: 1}
