"""Mail without a letter waits for a person, answers are shown with the lines they answer, and a person says what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from campaign.channels.memory import MemoryChannel
from campaign.channels.smtp.inbox import read_message
from campaign.channels.smtp.raw import RawMail
from campaign.database import transaction
from campaign.domain.errors import Invalid, WrongState
from campaign.domain.events import EventKind, ResponseKind
from campaign.domain.references import TokenKind
from campaign.domain.statuses import ResponseState, Status
from campaign.extensions import db
from campaign.models.audit import AuditEntry
from campaign.models.delivery import Delivery
from campaign.models.event import Event, EventBody, MailDecision, MailFacts
from campaign.models.letter import Letter
from campaign.models.response import Meeting, Response
from campaign.models.suppression import Suppression
from campaign.services import dashboard, events, health, mailroom, meetings, metrics, responses, waiting
from campaign.web.organizer import queries
from tests.factories import ENVELOPE, NOW
from tests.integration.test_inbound import CAME, count, mail, sent_letter, standing, take
from tests.integration.test_organizer_pages import Browser, _organizers

LATER = CAME + timedelta(minutes=5)


@pytest.fixture
def desk(each_app: Flask) -> Browser:
    _organizers()
    return Browser(each_app, "desk@association.example")


@pytest.fixture(autouse=True)
def figures_agree(each_session: Session) -> Iterator[None]:
    yield
    each_session.expire_all()
    assert metrics.differences(each_session) == []


def lost(session: Session, letter: Letter, name: str = "reply-outlook.eml", source_id: str = "lost-1") -> Event:
    """A mail whose token was spoiled; its thread ids are left."""
    good = ENVELOPE.return_path(TokenKind.LETTER, letter.reference)
    raw = mail(name, letter, good.replace("b+", "x+")[:-3]).replace(
        ENVELOPE.reply_address(letter.reference).encode(), b"office-answers@bounces.example"
    )
    assert take(session, raw, source_id).kind == "unmatched"
    return session.scalars(sa.select(Event).where(Event.source_id == source_id)).one()


def slug(session: Session, letter: Letter) -> str:
    found = queries.slug_of_letter(session, letter.id)
    session.rollback()
    return found


# --- the waiting room ----------------------------------------------------------------------------------------------------


def test_thread_ids_without_a_token_are_evidence_and_no_proof(each_session: Session) -> None:
    session = each_session
    letter = sent_letter(session)
    event = lost(session, letter)
    assert standing(session, letter) == (Status.ACCEPTED, ResponseState.NONE)
    first = waiting.candidates(session, event, mailroom.facts(session, event.id))[0]
    assert first.letter.id == letter.id
    assert "it answers a mail of ours" in first.reasons


def test_the_office_and_the_subject_suggest_letters_too(each_session: Session) -> None:
    session = each_session
    letter = sent_letter(session)
    raw = f"From: Staff <anybody@offices.example>\nSubject: Re: {letter.subject}\n\nThank you.\n".encode()
    take(session, raw, "lost")
    event = session.scalars(sa.select(Event)).one()
    found = waiting.candidates(session, event, mailroom.facts(session, event.id))
    this = next(each for each in found if each.letter.id == letter.id)
    assert this.reasons == ("it comes from the office’s domain", "it has the letter’s subject")


def test_an_attached_mail_answers_its_letter_once_and_the_event_stays_as_it_came(each_session: Session) -> None:
    session = each_session
    letter = sent_letter(session)
    event_id = lost(session, letter).id
    with transaction(session):
        waiting.attach(session, event_id, letter.id, ResponseKind.SUBSTANTIVE, LATER, "user:1")
    answer = session.scalars(sa.select(Response)).one()
    assert (answer.kind, answer.received_at, answer.judged_by) == (ResponseKind.SUBSTANTIVE, CAME, "user:1")
    assert "We share your view" in answer.text
    assert standing(session, letter) == (Status.DELIVERED, ResponseState.REPLIED)
    assert session.get_one(Event, event_id).delivery_id is None
    assert session.scalars(waiting.listed()).all() == []
    assert health.unmatched(session) == (0, None)
    with pytest.raises(WrongState), transaction(session):
        waiting.set_aside(session, event_id, "spam", LATER, "user:2")
    acts = session.scalars(sa.select(AuditEntry.act).where(AuditEntry.subject == f"event:{event_id}")).all()
    assert acts == ["attached mail as substantive"]


def test_a_mail_is_set_aside_with_a_reason_only(each_session: Session) -> None:
    session = each_session
    event_id = lost(session, sent_letter(session)).id
    with pytest.raises(Invalid), transaction(session):
        waiting.set_aside(session, event_id, "  ", LATER, "user:1")
    with transaction(session):
        waiting.set_aside(session, event_id, "A newsletter", LATER, "user:1")
    assert session.get_one(MailDecision, event_id).why == "A newsletter"
    assert count(session, Response) == 0


def test_the_page_attaches_and_the_second_person_is_told(each_app: Flask, desk: Browser) -> None:
    session = db.session()
    assert "No mail waits" in desk.text("/organize/waiting")
    letter = sent_letter(session)
    reference, event_id = letter.reference, lost(session, letter).id
    session.rollback()
    listed = desk.text("/organize/waiting")
    assert "We share your view" in listed
    assert "Looks like an answer" in listed
    page = desk.text(f"/organize/waiting/{event_id}")
    assert f"Reference {reference}" in page
    path = f"/organize/waiting/{event_id}/attach"
    assert desk.post(path, kind="substantive").status_code == 422
    assert desk.post(path, kind="substantive", reference="nonsense").status_code == 422
    assert desk.post(path, kind="substantive", candidate=reference).status_code == 303
    assert desk.post(path, kind="form", candidate=reference).status_code == 409
    assert desk.post(f"/organize/waiting/{event_id}/aside", why="spam").status_code == 409
    assert "Attached" in desk.text(f"/organize/waiting/{event_id}")
    assert "No mail waits" in desk.text("/organize/waiting")


def test_the_list_is_paged_searched_and_exported(each_app: Flask, desk: Browser) -> None:
    session = db.session()
    with transaction(session):
        for number in range(53):
            raw = f"From: Ann <ann{number}@x.example>\nSubject: =2+2 number {number}\n\nHello {number}.\n".encode()
            events.take(session, f"lost-{number}", RawMail.of(raw), read_message(raw, ENVELOPE.signer), CAME)
    pages, path = [], "/organize/waiting"
    while path:
        text = desk.text(path)
        pages.append(re.findall(r'<th scope="row"><a href="/organize/waiting/(\d+)"', text))
        following = re.search(r'href="([^"]+)" rel="next"', text)
        path = following[1] if following else ""
    assert [len(page) for page in pages] == [50, 3]
    assert len({event for page in pages for event in page}) == 53
    rows = desk.csv("/organize/waiting.csv")
    assert len(rows) == 53
    assert rows[0]["subject"] == "'=2+2 number 0"  # no spreadsheet calculates it
    assert len(desk.csv("/organize/waiting.csv?q=number+51")) == 1
    assert "No mail matches" in desk.text("/organize/waiting?q=nothing+of+the+kind")


def test_hostile_mail_is_shown_as_words_and_saved_as_a_file(each_app: Flask, desk: Browser) -> None:
    session = db.session()
    raw = (
        b"From: <script>alert(1)</script> <a@x.example>\nSubject: <img src=x onerror=alert(2)>\n"
        b"Content-Type: text/html\n\n<p>Hi</p><script>alert(3)</script>&lt;b&gt;bold\n"
    )
    take(session, raw, "lost")
    event_id = session.scalars(sa.select(Event.id)).one()
    session.rollback()
    for path in ("/organize/waiting", f"/organize/waiting/{event_id}"):
        page = desk.get(path).get_data(as_text=True)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>bold" not in page
    answer = desk.get(f"/organize/waiting/{event_id}/mail.eml")
    assert answer.get_data() == raw
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_nobody_but_organizers_sees_what_waits(each_app: Flask) -> None:
    client = each_app.test_client()
    for path in ("/organize/waiting", "/organize/waiting/1", "/organize/waiting.csv", "/organize/waiting/1/mail.eml"):
        assert client.get(path).status_code == 302


# --- field cases ---------------------------------------------------------------------------------------------------------


def test_f16_a_bounce_in_prose_stands_under_needs_a_person(each_app: Flask, desk: Browser) -> None:
    session = db.session()
    letter = sent_letter(session)
    taken = take(session, mail("bounce-prose.eml", letter))
    session.rollback()
    assert (taken.kind, taken.code, taken.moved) == ("bounce", "5.5.0", Status.BOUNCED)
    assert count(session, Suppression) == count(session, Response) == 0
    session.rollback()
    assert "5.5.0" in desk.text(f"/organize/c/{slug(session, letter)}/attention")


def test_f19_an_invitation_without_words_is_an_offer_that_a_person_confirms(each_app: Flask, desk: Browser) -> None:
    session = db.session()
    letter = sent_letter(session)
    taken = take(session, mail("meeting.eml", letter))
    assert taken.kind == "reply"
    answer, offer = session.scalars(sa.select(Response)).one(), session.scalars(sa.select(Meeting)).one()
    assert (answer.kind, answer.judged_at, answer.text) == (ResponseKind.MEETING, None, "")
    assert offer.starts_at == datetime(2027, 3, 16, 18, 0, tzinfo=UTC)
    path = f"/organize/c/{slug(session, letter)}/answers/{answer.id}"
    reference = letter.reference
    session.rollback()
    page = desk.text(path)
    for words in (
        "Tue, March 16, 2027, 2:00 pm ET",
        "Ashlar, Trudy",
        "1 Demo House Office Building, room 12",
        "Nothing was accepted",
    ):
        assert words in page
    assert "Proposed" in desk.text(f"/organize/c/{slug(session, letter)}/letters/{reference}")
    saved = desk.get(f"{path}/meeting.ics")
    assert saved.mimetype == "text/calendar"
    assert saved.get_data(as_text=True).startswith("BEGIN:VCALENDAR")
    assert desk.post(path, kind="meeting").status_code == 303
    session.rollback()
    assert session.scalars(sa.select(Response.judged_by)).one() is not None


def test_f19_a_cancellation_changes_the_same_offer(each_session: Session) -> None:
    session = each_session
    letter = sent_letter(session)
    take(session, mail("meeting.eml", letter), "mail-1")
    take(session, mail("meeting-cancelled.eml", letter), "mail-2")
    offer = session.scalars(sa.select(Meeting)).one()
    assert (offer.cancelled, offer.sequence) == (True, 1)
    assert offer.starts_at == datetime(2027, 3, 16, 18, 0, tzinfo=UTC)
    assert count(session, Response) == 1


def test_f19_an_invitation_that_comes_after_its_cancellation_does_not_revive_it(each_session: Session) -> None:
    session = each_session
    letter = sent_letter(session)
    take(session, mail("meeting-cancelled.eml", letter), "mail-1")
    take(session, mail("meeting.eml", letter), "mail-2")
    assert session.scalars(sa.select(Meeting.cancelled)).all() == [True]
    assert count(session, Response) == 1


def test_f19_nothing_is_mailed_for_an_invitation(each_session: Session) -> None:
    session = each_session
    letter = sent_letter(session)
    before = count(session, Delivery)
    take(session, mail("meeting.eml", letter))
    assert count(session, Delivery) == before


def test_f20_answers_between_quoted_lines_are_shown_found_and_proposed_as_substance(
    each_app: Flask, desk: Browser
) -> None:
    session = db.session()
    letter = sent_letter(session)
    take(session, mail("reply-inline-answers.eml", letter))
    answer = session.scalars(sa.select(Response)).one()
    assert (answer.kind, answer.judged_at) == (ResponseKind.SUBSTANTIVE, None)
    path, reference = f"/organize/c/{slug(session, letter)}/answers/{answer.id}", letter.reference
    session.rollback()
    listed = desk.text(f"/organize/c/{slug(session, letter)}/answers")
    assert "We signed on as a cosponsor yesterday." in listed
    assert "Would you cosponsor the bill" not in listed
    for words in ("cosponsor", "add+yours"):
        assert path in desk.text(f"/organize/c/{slug(session, letter)}/answers?q={words}")
    assert "No answer matches" in desk.text(
        f"/organize/c/{slug(session, letter)}/answers?q=would+you+cosponsor"
    )  # our words, quoted
    page = desk.text(path)
    asked, answered = page.index("Would you cosponsor the bill?"), page.index("We signed on as a cosponsor")
    asked_again, last = page.index("If it would help"), page.index("Yes please, we would add yours")
    assert asked < answered < asked_again < last
    assert b"We signed on as a cosponsor" in desk.get(f"{path}/mail.eml").get_data()
    assert "add yours" in desk.text(f"/organize/c/{slug(session, letter)}/letters/{reference}")
    assert len(desk.csv(f"/organize/c/{slug(session, letter)}/answers.csv?q=cosponsor")) == 1


@pytest.mark.parametrize(
    "written", ["Tue, 04 Nov 2036 05:32:00 +0000", "Thu 05 Nov 2026 09:15:00 +03:00", "Mon, 03 Feb 2014 09:00:00 +0000"]
)
def test_f22_the_moment_of_receipt_counts_where_the_date_cannot_be_believed(
    each_app: Flask, desk: Browser, written: str
) -> None:
    session = db.session()
    letter = sent_letter(session)
    raw = mail("reply-inline-answers.eml", letter).replace(b"Tue, 24 Nov 2026 10:18:05 -0500", written.encode())
    assert written.encode() in raw
    take(session, raw)
    answer = session.scalars(sa.select(Response)).one()
    assert answer.received_at == CAME
    assert session.scalars(sa.select(Event.at)).one() == CAME
    session.refresh(letter)
    assert letter.response_at == CAME
    path = f"/organize/c/{slug(session, letter)}/answers/{answer.id}"
    session.rollback()
    assert written in desk.text(path)


def test_f22_of_a_paper_reply_the_day_of_receipt_counts_and_the_postmark_is_kept_apart(
    each_app: Flask, desk: Browser
) -> None:
    session = db.session()
    letter = sent_letter(session)
    reference, letter_id, signed = letter.reference, letter.id, letter.signed_on
    session.rollback()
    path = f"/organize/c/{slug(session, letter)}/letters/{reference}/answer"
    desk.text(path)
    received = signed + timedelta(days=9)
    fields = {"kind": "form", "received_on": received.isoformat()}
    assert desk.post(path, **fields, postmarked_on=(received + timedelta(days=1)).isoformat()).status_code == 422
    assert desk.post(path, **fields, postmarked_on=signed.isoformat(), text="First").status_code == 303
    assert desk.post(path, **fields, text="Second").status_code == 303
    rows = responses.of_letter(session, letter_id)
    assert [row.text for row in rows] == ["First", "Second"]  # one day: as they were entered
    assert rows[0].postmarked_on == signed
    assert rows[0].received_at == rows[1].received_at
    first = rows[0].id
    session.rollback()
    page = desk.text(f"/organize/c/{slug(session, letter)}/answers/{first}")
    assert "Postmark" in page
    assert "The day on which it came counts" in page


def test_f22_no_reply_time_is_negative(each_session: Session) -> None:
    """A day is recorded as its noon; the letter was signed later that day."""
    session = each_session
    letter = sent_letter(session)
    with transaction(session):
        row = responses.record(
            session,
            letter,
            ResponseKind.FORM,
            received_at=letter.signed_at - timedelta(minutes=30),
            now=LATER,
            by="user:1",
            source="organizer",
        )
        assert row.received_at == letter.signed_at
    assert dashboard.medians(session, letter.campaign_id).to_answer == 0


# --- bounces -------------------------------------------------------------------------------------------------------------


def test_a_bounce_by_policy_bars_no_address_and_is_a_problem_for_the_operator(each_session: Session) -> None:
    session = each_session
    letter = sent_letter(session)
    take(session, mail("bounce-policy.eml", letter))
    assert session.scalars(sa.select(Event.kind)).all() == [EventKind.REFUSED]
    assert standing(session, letter)[0] is Status.BOUNCED
    assert count(session, Suppression) == 0
    problems = health.report(session, (), None, LATER).problems
    assert [each.words for each in problems if each.part is health.Part.MAIL] == [
        "1 letters and mails of the last day came back as refused by policy (5.7)."
    ]


def test_a_third_soft_bounce_within_thirty_days_bars_the_address(each_session: Session) -> None:
    session = each_session
    letter = sent_letter(session)
    for number, (days, barred) in enumerate(((0, 0), (40, 0), (50, 0), (60, 1))):
        raw = mail("bounce-mailbox-full.eml", letter).replace(b"Subject: ", f"Subject: {number} ".encode())
        take(session, raw, f"mail-{number}", CAME + timedelta(days=days))
        assert count(session, Suppression) == barred, days


# --- keeping -------------------------------------------------------------------------------------------------------------


def test_a_raw_mail_is_forgotten_after_its_time_and_its_facts_stay(each_session: Session) -> None:
    session = each_session
    letter = sent_letter(session)
    for number, days in enumerate((0, 1, 40)):
        raw = mail("reply-outlook.eml", letter).replace(b"Subject: ", f"Subject: {number} ".encode())
        take(session, raw, f"mail-{number}", CAME + timedelta(days=days))
    for _ in range(2):
        with transaction(session):
            mailroom.forget_bodies(session, CAME + timedelta(days=10))
    assert count(session, EventBody) == 1
    assert count(session, Event) == count(session, MailFacts) == count(session, Response) == 3


def test_a_large_mail_is_kept_in_pieces_and_given_back_whole(each_session: Session) -> None:
    session = each_session
    letter = sent_letter(session)
    raw = mail("reply-inline-answers.eml", letter) + bytes(range(256)) * 10_000
    assert take(session, raw).kind == "reply"
    event_id = session.scalars(sa.select(Event.id)).one()
    assert count(session, EventBody) == 3
    assert b"".join(mailroom.body(session, event_id)) == raw


def test_an_answer_by_mail_is_a_proposal_and_one_by_hand_is_judged(each_session: Session) -> None:
    session = each_session
    letter = sent_letter(session, MemoryChannel())
    take(session, mail("reply-outlook.eml", letter))
    with transaction(session):
        responses.record(
            session, letter, ResponseKind.FORM, received_at=LATER, now=LATER, by="user:1", source="organizer", text="x"
        )
    rows = session.scalars(sa.select(Response).order_by(Response.id)).all()
    assert [row.judged_by for row in rows] == [None, "user:1"]
    assert meetings.of_responses(session, [row.id for row in rows]) == {}
    assert NOW < CAME
