"""What comes back by mail moves letters by the table, once, and only with a token that we signed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.memory import MemoryChannel
from campaign.channels.smtp.inbox import read_message
from campaign.channels.smtp.raw import RawMail
from campaign.database import transaction
from campaign.domain.errors import Unclear
from campaign.domain.events import EventKind, ResponseKind
from campaign.domain.references import TokenKind
from campaign.domain.statuses import ResponseState, Status
from campaign.models.delivery import Delivery
from campaign.models.event import Event, EventBody
from campaign.models.invitation import Invitation
from campaign.models.letter import Letter
from campaign.models.mail import MemberMail
from campaign.models.response import Response
from campaign.models.suppression import Suppression, SuppressionReason
from campaign.services import events, invitations, metrics, outbox, responses, waiting
from campaign.services.events import Taken
from tests import factories
from tests.factories import ENVELOPE, NOW

MAILS = Path(__file__).resolve().parents[1] / "payloads" / "mail"
CAME = NOW + timedelta(hours=2)


def sent_letter(session: Session, channel: MemoryChannel | None = None) -> Letter:
    """One letter to HIN05, handed over; the other offices' letters are handed over too."""
    with transaction(session):
        factories.staff_address(session)
        company, _ = factories.company(session)
        who = factories.member(session, company)
        card = factories.recommendation(session)
        factories.signed(session, who, factories.campaign(session, card), card.key)
    later = NOW + timedelta(minutes=2)
    loop = outbox.Loop(channel or MemoryChannel(), ENVELOPE, lambda: later, factories.journal(), jitter=lambda: 0.5)
    outbox.send_due(session, loop)
    return session.scalars(sa.select(Letter).where(Letter.target == "HIN05")).one()


def mail(name: str, letter: Letter, path: str | None = None) -> bytes:
    text = (MAILS / name).read_text()
    for place, value in {
        "MAIL_RETURN_PATH": path or ENVELOPE.return_path(TokenKind.LETTER, letter.reference),
        "RETURN_PATH": path or ENVELOPE.return_path(TokenKind.LETTER, letter.reference),
        "REPLY_TO": ENVELOPE.reply_address(letter.reference),
        "MESSAGE_ID": ENVELOPE.message_id(letter.reference),
    }.items():
        text = text.replace(f"%%{place}%%", value)
    return text.encode()


def take(session: Session, raw: bytes, source_id: str = "mail-1", now: datetime = CAME) -> Taken:
    with transaction(session):
        return events.take(session, source_id, RawMail.of(raw), read_message(raw, ENVELOPE.signer), now)


def standing(session: Session, letter: Letter) -> tuple[Status, ResponseState]:
    session.expire_all()
    row = session.scalars(sa.select(Delivery).where(Delivery.letter_id == letter.id)).one()
    return row.status, session.get_one(Letter, letter.id).response


def count(session: Session, table: type) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.fixture(autouse=True)
def figures_agree(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test did, the rollups still equal their rows."""
    name = "each_session" if "each_session" in request.fixturenames else "session"
    session: Session = request.getfixturevalue(name)
    yield
    assert metrics.differences(session) == []


@pytest.mark.parametrize(
    ("name", "status", "response"),
    [
        ("bounce-no-such-person.eml", Status.BOUNCED, ResponseState.NONE),
        ("bounce-policy.eml", Status.BOUNCED, ResponseState.NONE),
        ("delay.eml", Status.ACCEPTED, ResponseState.NONE),
        ("delivered.eml", Status.DELIVERED, ResponseState.NONE),
        ("acknowledgement.eml", Status.DELIVERED, ResponseState.ACKNOWLEDGED),
        ("reply-inline-answers.eml", Status.DELIVERED, ResponseState.REPLIED),
        ("meeting.eml", Status.DELIVERED, ResponseState.REPLIED),
        ("away.eml", Status.ACCEPTED, ResponseState.NONE),
        ("complaint.eml", Status.ACCEPTED, ResponseState.NONE),
    ],
)
def test_each_kind_of_mail_moves_what_it_should(
    session: Session, name: str, status: Status, response: ResponseState
) -> None:
    letter = sent_letter(session)
    taken = take(session, mail(name, letter))
    assert standing(session, letter) == (status, response)
    assert taken.letter == letter.reference
    assert taken.moved == (status if status is not Status.ACCEPTED else None)
    others = session.scalars(sa.select(Delivery.status).where(Delivery.letter_id != letter.id)).all()
    assert set(others) == {Status.ACCEPTED}


@pytest.mark.parametrize("again", ["mail-1", "mail-2"])
def test_the_same_mail_twice_is_one_event(each_session: Session, again: str) -> None:
    """Under the same name, or the same bytes under another."""
    session = each_session
    letter = sent_letter(session)
    raw = mail("acknowledgement.eml", letter)
    take(session, raw)
    assert take(session, raw, again).kind == "duplicate"
    assert (count(session, Event), count(session, EventBody), count(session, Response)) == (1, 1, 1)


def test_a_receipt_that_comes_after_a_bounce_wins(session: Session) -> None:
    letter = sent_letter(session)
    take(session, mail("bounce-gave-up.eml", letter), "mail-1")
    assert standing(session, letter)[0] is Status.BOUNCED
    take(session, mail("delivered.eml", letter), "mail-2")
    assert standing(session, letter)[0] is Status.DELIVERED


def test_a_bounce_after_delivery_shows_and_suppresses_the_address(session: Session) -> None:
    letter = sent_letter(session)
    take(session, mail("delivered.eml", letter), "mail-1")
    take(session, mail("bounce-no-such-person.eml", letter), "mail-2")
    assert standing(session, letter)[0] is Status.BOUNCED
    assert session.scalars(sa.select(Suppression.address)).all() == ["hin05@offices.example"]


def test_a_reply_settles_a_letter_that_was_unclear(each_session: Session) -> None:
    session = each_session
    letter = sent_letter(session, MemoryChannel(answers=[Unclear("silence")] * 3))
    assert standing(session, letter)[0] is Status.UNCLEAR
    take(session, mail("reply-outlook.eml", letter))
    assert standing(session, letter) == (Status.DELIVERED, ResponseState.REPLIED)


def test_an_automatic_answer_settles_nothing(session: Session) -> None:
    letter = sent_letter(session, MemoryChannel(answers=[Unclear("silence")] * 3))
    take(session, mail("away.eml", letter))
    assert standing(session, letter) == (Status.UNCLEAR, ResponseState.NONE)
    assert count(session, Response) == 0


@pytest.mark.parametrize("name", ["bounce-no-such-person.eml", "delivered.eml", "reply-outlook.eml", "complaint.eml"])
def test_f16_a_forged_or_spoiled_token_changes_nothing(session: Session, name: str) -> None:
    letter = sent_letter(session)
    good = ENVELOPE.return_path(TokenKind.LETTER, letter.reference)
    place = good.index("@") - 3
    spoiled = good[:place] + ("0" if good[place] != "0" else "1") + good[place + 1 :]
    raw = mail(name, letter, spoiled).replace(
        ENVELOPE.reply_address(letter.reference).encode(), spoiled.replace("b+", "r+").encode()
    )
    taken = take(session, raw)
    assert (taken.kind, taken.letter, taken.moved) == ("unmatched", None, None)
    assert standing(session, letter) == (Status.ACCEPTED, ResponseState.NONE)
    assert count(session, Response) == count(session, Suppression) == 0
    assert [row.delivery_id for row in session.scalars(waiting.listed())] == [None]


def test_f16_a_bounce_in_prose_moves_the_letter_and_bars_no_address(each_session: Session) -> None:
    """5.5.0 says nothing of the mailbox: a person looks at the contact."""
    session = each_session
    letter = sent_letter(session)
    raw = mail("bounce-prose.eml", letter)
    taken = take(session, raw)
    assert (taken.kind, taken.code, taken.moved) == ("bounce", "5.5.0", Status.BOUNCED)
    row = session.scalars(sa.select(Delivery).where(Delivery.letter_id == letter.id)).one()
    assert "5.5.0" in row.reason
    assert "550" in row.reason
    assert "offices.example" not in row.reason
    assert count(session, Suppression) == count(session, Response) == 0
    assert take(session, raw, "mail-2").kind == "duplicate"
    assert count(session, Event) == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bounce-no-such-person.eml", SuppressionReason.BOUNCED),
        ("bounce-general-status.eml", SuppressionReason.BOUNCED),
        ("complaint.eml", SuppressionReason.COMPLAINED),
        ("bounce-policy.eml", None),
        ("bounce-mailbox-full.eml", None),
        ("bounce-gave-up.eml", None),
    ],
)
def test_only_a_dead_mailbox_and_a_complaint_bar_an_address(
    session: Session, name: str, reason: SuppressionReason | None
) -> None:
    letter = sent_letter(session)
    take(session, mail(name, letter))
    assert session.scalars(sa.select(Suppression.reason)).all() == ([reason] if reason else [])


def test_an_offer_to_meet_is_seen_as_one_and_judged_by_a_person(session: Session) -> None:
    letter = sent_letter(session)
    take(session, mail("meeting.eml", letter), "mail-1")
    take(session, mail("reply-outlook.eml", letter), "mail-2")
    kinds = session.execute(sa.select(Response.id, Response.kind).order_by(Response.id)).all()
    assert [row.kind for row in kinds] == [ResponseKind.MEETING, ResponseKind.FORM]
    with transaction(session):
        responses.judge(session, kinds[1].id, ResponseKind.SUBSTANTIVE, CAME, "user:1")
    assert session.scalars(sa.select(Response.kind).order_by(Response.id)).all()[1] is ResponseKind.SUBSTANTIVE


def test_a_date_in_the_future_or_before_the_letter_is_not_believed(session: Session) -> None:
    letter = sent_letter(session)
    raw = mail("delivered.eml", letter)
    for number, year in enumerate((b"2016", b"2036")):
        take(session, raw.replace(b"2026", year), f"mail-{number}")
    assert session.scalars(sa.select(Event.at)).all() == [CAME, CAME]


def test_an_invitation_that_bounces_shows_on_its_row(session: Session) -> None:
    with transaction(session):
        company, _ = factories.company(session)
        who = factories.member(session, company)
        invitations.invite(session, who, factories.campaign(session, factories.recommendation(session)), ENVELOPE, NOW)
    outbox.send_due(session, outbox.Loop(MemoryChannel(), ENVELOPE, lambda: NOW, factories.journal()))
    delivery = session.scalars(sa.select(Delivery)).one()
    assert delivery.status is Status.ACCEPTED
    reference = session.scalars(sa.select(MemberMail.reference)).one()
    text = (MAILS / "bounce-no-such-person.eml").read_text()
    raw = text.replace("%%RETURN_PATH%%", ENVELOPE.return_path(TokenKind.MAIL, reference)).encode()
    taken = take(session, raw)
    assert (taken.letter, taken.moved) == (None, Status.BOUNCED)
    assert session.scalars(sa.select(Invitation.bounced_at)).all() == [CAME]
    assert session.scalars(sa.select(Suppression.address)).all() == [who.email]


def test_what_cannot_be_read_waits_for_a_person(session: Session) -> None:
    letter = sent_letter(session)
    for number, raw in enumerate((b"", b"\x00\xff" * 50, b"Subject: " + b"x" * 5_000)):
        taken = take(session, raw, f"mail-{number}")
        assert taken.kind in ("unreadable", "unmatched")
    assert standing(session, letter) == (Status.ACCEPTED, ResponseState.NONE)
    assert session.scalars(sa.select(Event.kind)).all() == [EventKind.UNKNOWN] * 3


def test_a_gateways_acknowledgement_delivers_a_letter_and_is_no_word_of_the_office(each_session: Session) -> None:
    session = each_session
    letter = sent_letter(session)
    raw = mail("acknowledgement.eml", letter).decode()
    address = ENVELOPE.acknowledgement_address(letter.reference)
    raw = re.sub(r"^(To|Delivered-To|X-Original-To):.*$", rf"\1: {address}", raw, flags=re.MULTILINE)
    taken = take(session, raw.encode())
    assert (taken.kind, taken.moved) == ("delivered", Status.DELIVERED)
    assert standing(session, letter) == (Status.DELIVERED, ResponseState.NONE)
    spoiled = raw.replace(address[2:8], "zzzzzz")
    assert take(session, spoiled.encode(), "mail-2").kind == "unmatched"
