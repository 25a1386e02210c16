"""The desk: every number equals its rows, lists page without loss, and what a person decides is recorded once, with a name."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from contextvars import Context
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_security.utils import hash_password
from sqlalchemy import event

from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.domain.events import EventKind, ResponseKind
from campaign.domain.references import new_reference
from campaign.domain.statuses import CampaignStatus, Status
from campaign.extensions import db
from campaign.models.audit import AuditEntry
from campaign.models.campaign import Campaign
from campaign.models.delivery import Attempt, AttemptOutcome, Delivery, DeliveryChange, Worker
from campaign.models.event import Event
from campaign.models.invitation import Invitation
from campaign.models.letter import Letter
from campaign.models.response import Response
from campaign.models.user import User
from campaign.services import campaigns, cancellations, dashboard, decisions, deliveries, metrics, responses
from campaign.services.decisions import Decision
from campaign.unit_of_work import database_now
from tests import factories
from tests.factories import NOW, SET_UP

PASSWORD = "a horse and two batteries"
PAGES = ("", "/live", "/letters", "/letters.csv", "/attention", "/offices", "/sites", "/pause", "/resume", "/hours")


class Browser:
    """A signed-in person's browser: keeps cookies, and sends the token of the page on which it presses."""

    def __init__(self, app: Flask, email: str) -> None:
        self.client = app.test_client()
        with transaction(db.session()) as session:
            user = session.scalars(sa.select(User).where(User.email == email)).one()
            user.password = user.password or hash_password(PASSWORD)
        self.get("/account/login")
        assert self.post("/account/login", email=email, password=PASSWORD).status_code == 302

    def _open(self, path: str, **how: Any) -> Any:
        """In an empty context: with the test's own app context open, Flask would share its `g` over all requests."""
        answer = Context().run(lambda: self.client.open(path, buffered=True, **how))
        db.session.rollback()
        db.session.expire_all()
        return answer

    def get(self, path: str) -> Any:
        answer = self._open(path)
        page = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        self.token = token[1] if token else getattr(self, "token", "")
        return answer

    def text(self, path: str, status: int = 200) -> str:
        answer = self.get(path)
        assert answer.status_code == status, path
        return html.unescape(answer.get_data().decode())

    def post(self, path: str, **data: Any) -> Any:
        return self._open(path, method="POST", data={"csrf_token": self.token} | data)

    def references(self, path: str) -> list[str]:
        """The letters of a list, in its order."""
        found = re.findall(r'<th scope="row"><a href="[^"]*/letters/([0-9a-z]{13})"', self.text(path))
        return list(dict.fromkeys(found))

    def csv(self, path: str) -> list[dict[str, str]]:
        body = self.get(path).get_data().decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(body)))

    def walk(self, path: str) -> list[list[str]]:
        """All pages of a list, by its Next link."""
        pages = []
        while path:
            text = self.text(path)
            pages.append(self.references(path))
            following = re.search(r'href="([^"]+)" rel="next"', text)
            path = following[1] if following else ""
        return pages


def _organizers() -> None:
    with transaction(db.session()) as session:
        factories.user(session, "desk@association.example", "organizer", name="Priya Raman")
        factories.user(session, "second@association.example", "organizer", name="Jonas Whitfield")


@pytest.fixture
def desk(app: Flask) -> Browser:
    _organizers()
    return Browser(app, "desk@association.example")


def world(members: int = 1, **company: Any) -> tuple[str, list[Letter]]:
    """A live campaign in which each member writes by e-mail to one representative and two senators."""
    with transaction(db.session()) as session:
        factories.staff_address(session)
        made, _ = factories.company(session, **company)
        card = factories.recommendation(session)
        on = factories.campaign(session, card)
        letters = []
        for _ in range(members):
            who = factories.member(session, made)
            session.add(
                Invitation(
                    reference=new_reference(),
                    member_id=who.id,
                    campaign_id=on.id,
                    wave=1,
                    visits=1,
                    opened_at=NOW,
                    created_at=NOW,
                )
            )
            letters += factories.signed(session, who, on, card.key, story="We waited nine weeks for dysprosium.")
        return on.slug, letters


def moved(letter: Letter, *steps: Status, why: str = "") -> int:
    """The letter's delivery taken through these states by a worker; returns its id."""
    with transaction(db.session()) as session:
        row = deliveries.of_letter(session, letter.id)[-1]
        at = NOW + timedelta(seconds=61)
        for step in steps:
            if step is Status.SENDING:
                row.lease_owner, row.lease_until, row.tries = "w", at + timedelta(minutes=1), row.tries + 1
                session.add(
                    Attempt(
                        delivery_id=row.id,
                        number=row.tries,
                        worker="w",
                        started_at=at,
                        finished_at=at,
                        outcome=AttemptOutcome.UNCLEAR,
                        answer="connection closed",
                    )
                )
            deliveries.move(session, row, step, at, why, "worker:w")
        return row.id


def status_of(letter: Letter) -> Status:
    db.session.rollback()
    return deliveries.of_letter(db.session(), letter.id)[-1].status


UNCLEAR = (Status.SENDING, Status.UNCLEAR)
ACCEPTED = (Status.SENDING, Status.ACCEPTED)


def mixed() -> tuple[str, list[Letter]]:
    """Twelve letters in all kinds of states, with notices and answers."""
    slug, letters = world(4)
    moved(letters[0], *ACCEPTED)
    moved(letters[1], *ACCEPTED, Status.DELIVERED)
    moved(letters[2], *ACCEPTED, Status.DELIVERED)
    moved(letters[3], *ACCEPTED, Status.BOUNCED, why="5.1.1 no such mailbox")
    moved(letters[4], Status.SENDING, Status.REFUSED, why="address outside the district")
    moved(letters[5], *UNCLEAR, why="the connection ended")
    moved(letters[6], Status.SENDING, Status.QUEUED, why="451 try later")
    moved(letters[7], Status.CANCELLED)
    moved(letters[8], Status.HELD, why="the office has another holder")
    with transaction(db.session()) as session:
        for letter, kind in ((letters[1], ResponseKind.SUBSTANTIVE), (letters[2], ResponseKind.ACKNOWLEDGEMENT)):
            row = session.get_one(Letter, letter.id)
            at = NOW + timedelta(days=3)
            responses.record(session, row, kind, received_at=at, now=at, by="system", source="inbox", text="Thank you.")
        delivery = deliveries.of_letter(session, letters[3].id)[-1]
        session.add(
            Event(
                source="inbox",
                source_id="1",
                kind=EventKind.BOUNCED,
                at=NOW,
                received_at=NOW,
                digest="0" * 64,
                code="5.1.1",
                delivery_id=delivery.id,
                campaign_id=delivery.campaign_id,
            )
        )
        session.add(Worker(name="w", kind="delivery", started_at=NOW, seen_at=NOW))
    return slug, letters


# --- who may ---------------------------------------------------------------------------------------------------------


def test_every_page_opens_on_both_databases_full_and_empty(each_app: Flask) -> None:
    _organizers()
    browser = Browser(each_app, "desk@association.example")
    assert "No campaign yet" in browser.text("/organize/")
    slug, letters = mixed()
    with transaction(db.session()) as session:
        empty = factories.campaign(session, factories.recommendation(session), status=CampaignStatus.DRAFT).slug
    assert slug in browser.text("/organize/")
    for page in PAGES:
        browser.text(f"/organize/c/{slug}{page}")
        browser.text(f"/organize/c/{empty}{page}")
    for letter in letters:
        for page in ("", "/cancel", "/answer"):
            browser.text(f"/organize/c/{slug}/letters/{letter.reference}{page}")
    paper = browser.get(f"/organize/c/{slug}/letters/{letters[0].reference}/letter.pdf")
    assert paper.get_data().startswith(b"%PDF-")
    browser.text(
        f"/organize/c/{slug}/letters?q=quillback&stage=accepted&status=delivered&channel=smtp&response=replied"
    )
    assert metrics.differences(db.session()) == []


def test_a_member_is_not_told_that_the_desk_exists(app: Flask) -> None:
    slug, letters = world()
    with transaction(db.session()) as session:
        address = session.scalars(sa.select(User.email).where(User.email.like("%company.example"))).first()
    browser = Browser(app, str(address))
    paths = ["/organize/", *(f"/organize/c/{slug}{page}" for page in PAGES)]
    for path in [*paths, f"/organize/c/{slug}/letters/{letters[0].reference}"]:
        assert browser.get(path).status_code == 404, path


def test_who_is_not_signed_in_is_led_to_the_sign_in(app: Flask) -> None:
    slug, _ = world()
    answer = app.test_client().get(f"/organize/c/{slug}/letters")
    assert answer.status_code == 302
    assert "/account/login" in answer.location


def test_a_letter_is_found_only_under_its_own_campaign(desk: Browser) -> None:
    slug, letters = world()
    with transaction(db.session()) as session:
        other = factories.campaign(session, factories.recommendation(session)).slug
    reference = letters[0].reference
    desk.text(f"/organize/c/{slug}/letters/{reference}")
    for path in ("", "/cancel", "/answer", "/letter.pdf"):
        desk.text(f"/organize/c/{other}/letters/{reference}{path}", 404)
    for path in ("/cancel", "/decide", "/posted", "/answer"):
        assert desk.post(f"/organize/c/{other}/letters/{reference}{path}").status_code == 404
    desk.text(f"/organize/c/{slug}/letters/0000000000000", 404)
    desk.text("/organize/c/no-such-campaign", 404)
    assert status_of(letters[0]) is Status.QUEUED


# --- numbers and lists -----------------------------------------------------------------------------------------------


class _Links(HTMLParser):
    """(address, number) of each link to a filtered list whose words are a number."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, int]] = []
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._href = dict(attrs).get("href") or ""

    def handle_data(self, data: str) -> None:
        number = re.match(r"\s*([\d,]+)\b", data)
        if number and "/letters" in self._href:
            self.found.append((self._href, int(number[1].replace(",", ""))))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = ""


def test_each_number_of_the_dashboard_equals_the_list_that_it_opens(desk: Browser) -> None:
    slug, _ = mixed()
    parser = _Links()
    parser.feed(desk.get(f"/organize/c/{slug}").get_data(as_text=True))
    assert len(parser.found) >= 15
    for path, number in parser.found:
        assert len(desk.references(path)) == number, path


def test_the_list_of_campaigns_opens_its_numbers_too(desk: Browser) -> None:
    mixed()
    parser = _Links()
    parser.feed(desk.get("/organize/").get_data(as_text=True))
    assert [number for _, number in parser.found] == [12, 4, 3, 2]
    for path, number in parser.found:
        assert len(desk.references(path)) == number, path


def test_what_a_member_says_is_not_added_to_what_a_machine_confirmed(desk: Browser) -> None:
    with transaction(db.session()) as session:
        made, _ = factories.company(session)
        card = factories.recommendation(session)
        on = factories.campaign(session, card, channels=["handoff"])
        who = factories.member(session, made)
        letters = factories.signed(session, who, on, card.key)
        slug, campaign_id = on.slug, on.id
        by_hand = [each for each in letters if deliveries.of_letter(session, each.id)[-1].channel == "handoff"]
        deliveries.done_by_hand(session, deliveries.of_letter(session, by_hand[0].id)[-1].id, NOW, f"member:{who.id}")
    grades = dashboard.Grades.of(metrics.figures(db.session(), campaign_id).by_channel)
    assert (grades.accepted, grades.confirmed, grades.member) == (0, 0, 1)
    assert desk.references(f"/organize/c/{slug}/letters?stage=member") == [by_hand[0].reference]
    assert desk.references(f"/organize/c/{slug}/letters?stage=accepted") == []


def test_paging_over_120_letters_shows_each_once_newest_first(desk: Browser) -> None:
    slug, letters = world(40)
    pages = desk.walk(f"/organize/c/{slug}/letters")
    assert [len(page) for page in pages] == [50, 50, 20]
    assert [reference for page in pages for reference in page] == [each.reference for each in reversed(letters)]
    last = desk.text(f"/organize/c/{slug}/letters?before={letters[20].id}")
    back = re.search(r'href="([^"]+)" rel="prev"', last)
    assert back is not None
    assert desk.references(back[1]) == pages[1]


def test_a_filter_stays_while_one_pages(desk: Browser) -> None:
    slug, letters = world(40)
    moved(letters[3], *ACCEPTED)
    pages = desk.walk(f"/organize/c/{slug}/letters?status=queued")
    assert [len(page) for page in pages] == [50, 50, 19]
    assert letters[3].reference not in {reference for page in pages for reference in page}


def test_a_letter_is_found_by_what_its_answer_says_and_not_by_what_that_quotes(desk: Browser) -> None:
    slug, letters = world()
    with transaction(db.session()) as session:
        for word in ("Péronne", "Darby"):
            responses.record(
                session,
                session.get_one(Letter, letters[1].id),
                ResponseKind.FORM,
                received_at=NOW + timedelta(days=1),
                now=NOW + timedelta(days=1),
                by="user:1",
                source="organizer",
                text=f"We thank you for your words on {word}.\n\n> You wrote of kohlrabi.",
            )
    for found in ("peronne", "DARBY", letters[1].addressee):
        assert desk.references(f"/organize/c/{slug}/letters?q={found}") == [letters[1].reference]
    assert desk.references(f"/organize/c/{slug}/letters?q=kohlrabi") == []
    assert [row["letter"] for row in desk.csv(f"/organize/c/{slug}/letters.csv?q=darby")] == [letters[1].reference]


def test_search_finds_names_without_case_and_accents_and_no_match_offers_a_way_back(desk: Browser) -> None:
    slug, letters = world(2, name="Ñandú O’Brien Metals")
    assert len(desk.references(f"/organize/c/{slug}/letters?q=NANDU+obrien")) == len(letters)
    assert desk.references(f"/organize/c/{slug}/letters?q=%25") == []
    text = desk.text(f"/organize/c/{slug}/letters?q=nobody")
    assert "No letter matches" in text
    assert "Clear filters" in text


@pytest.mark.parametrize(
    "query", ["", "?stage=accepted", "?status=refused", "?response=replied", "?q=quillback", "?channel=print"]
)
def test_the_file_holds_the_letters_of_the_list(desk: Browser, query: str) -> None:
    slug, _ = mixed()
    listed = desk.references(f"/organize/c/{slug}/letters{query}")
    assert [row["letter"] for row in desk.csv(f"/organize/c/{slug}/letters.csv{query}")] == listed[::-1]


def test_a_cell_of_the_file_is_never_a_formula(desk: Browser) -> None:
    slug, _ = world(1, name="=HYPERLINK(0)")
    with transaction(db.session()) as session:
        for delivery in session.scalars(sa.select(Delivery)):
            deliveries.move(session, delivery, Status.HELD, NOW, "+1 202 555 0142 called", "system")
    rows = desk.csv(f"/organize/c/{slug}/letters.csv")
    assert {row["company"] for row in rows} == {"'=HYPERLINK(0)"}
    assert {row["reason"] for row in rows} == {"'+1 202 555 0142 called"}


def test_names_are_text_and_never_markup(desk: Browser) -> None:
    slug, letters = world(1, name="<script>alert(1)</script>")
    moved(letters[0], *UNCLEAR, why="<b>bold</b>")
    for path in ("", "/letters", "/attention", "/sites", f"/letters/{letters[0].reference}"):
        page = desk.get(f"/organize/c/{slug}{path}").get_data(as_text=True)
        assert "<script>alert" not in page
        assert "<b>bold" not in page


def statements(app: Flask) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture
def reads(app: Flask) -> Iterator[list[str]]:
    yield from statements(app)


SHELL = 9  # user with roles, session, actor, organization, campaign, the rail's count; workers, breakers, whether letters are due


def test_a_page_makes_a_fixed_number_of_statements_whatever_the_number_of_letters(
    desk: Browser, reads: list[str]
) -> None:
    slug, letters = world(20)
    moved(letters[0], *UNCLEAR)
    limits = {"": 12, "/letters": 7, "/attention": 10}
    for page, limit in limits.items():
        reads.clear()
        desk.get(f"/organize/c/{slug}{page}")
        assert len(reads) <= SHELL + limit, (page, len(reads), "\n".join(reads))


def test_the_live_part_is_elements_with_ids_and_holds_no_form(desk: Browser) -> None:
    slug, _ = mixed()
    page = desk.get(f"/organize/c/{slug}/live").get_data(as_text=True)
    assert "<form" not in page
    assert "<html" not in page
    ids = set(re.findall(r'^<(?:div|section|p)[^>]* id="([a-z-]+)"', page, re.MULTILINE))
    assert {"poll", "numbers", "row-flow", "row-map", "row-counts", "by-office"} <= ids


def test_silent_workers_are_told_together_with_what_it_means(desk: Browser) -> None:
    slug, _ = mixed()
    pages = ("/organize/", f"/organize/c/{slug}", f"/organize/c/{slug}/live", f"/organize/c/{slug}/letters")
    assert all("none is lost" in desk.text(page) for page in pages)
    with transaction(db.session()) as session:
        session.execute(sa.update(Worker).values(seen_at=database_now()))
    assert not any("none is lost" in desk.text(page) for page in pages)


# --- pause and resume ------------------------------------------------------------------------------------------------


def test_pause_asks_first_and_resume_lets_go_on(desk: Browser) -> None:
    slug, letters = world()
    page = f"/organize/c/{slug}"

    def status() -> CampaignStatus:
        db.session.rollback()
        return db.session().scalars(sa.select(Campaign.status).where(Campaign.slug == slug)).one()

    assert "Keep sending" in desk.text(f"{page}/pause")
    assert status() is CampaignStatus.LIVE
    assert desk.post(f"{page}/pause").status_code == 303
    assert status() is CampaignStatus.PAUSED
    assert "Sending is paused." in desk.text(page)
    assert desk.post(f"{page}/pause").status_code == 303
    assert f"{len(letters)} letters that wait leave" in desk.text(f"{page}/resume")
    assert desk.post(f"{page}/resume").status_code == 303
    assert status() is CampaignStatus.LIVE
    assert {status_of(each) for each in letters} == {Status.QUEUED}


def test_what_is_paused_already_leads_to_resuming_and_what_is_live_is_not_resumed(desk: Browser) -> None:
    slug, letters = world()
    page = f"/organize/c/{slug}"
    assert "is not paused" in desk.text(f"{page}/resume")
    assert "Keep it paused" not in desk.text(f"{page}/resume")
    assert desk.post(f"{page}/resume").status_code == 303
    assert "Sending was not paused." in desk.text(page)
    desk.post(f"{page}/pause")
    asked = desk.get(f"{page}/pause").get_data(as_text=True)
    assert "is paused already" in asked
    assert f'href="{page}/resume"' in asked
    assert "Pausing…" not in asked
    desk.post(f"{page}/resume")
    assert f"Resumed. {len(letters)} letters that wait leave now, the longest waiting first." in desk.text(page)
    with transaction(db.session()) as session:
        cancellations.cancel_many(session, session.scalars(sa.select(Delivery.id)).all(), NOW, "user:1", "")
    desk.post(f"{page}/pause")
    desk.post(f"{page}/resume")
    assert "Resumed. No letter waits now; what is signed from here on leaves as usual." in desk.text(page)


def test_resuming_launches_nothing(desk: Browser) -> None:
    slug, _ = world()
    with transaction(db.session()) as session:
        session.execute(sa.update(Campaign).where(Campaign.slug == slug).values(status=CampaignStatus.SCHEDULED))
    desk.get(f"/organize/c/{slug}/resume")
    assert desk.post(f"/organize/c/{slug}/resume").status_code == 409
    assert (
        db.session().scalars(sa.select(Campaign.status).where(Campaign.slug == slug)).one() is CampaignStatus.SCHEDULED
    )


@pytest.mark.parametrize("question", ["pause", "resume"])
def test_what_is_over_is_neither_paused_nor_resumed(desk: Browser, question: str) -> None:
    slug, _ = world()
    with transaction(db.session()) as session:
        session.execute(sa.update(Campaign).where(Campaign.slug == slug).values(status=CampaignStatus.CLOSED))
    page = desk.get(f"/organize/c/{slug}/{question}").get_data(as_text=True)
    assert "Only a campaign that is" in page
    assert "data-busy" not in page.partition("data-confirm-body")[2]


def test_a_press_without_the_pages_token_changes_nothing(desk: Browser) -> None:
    slug, _ = world()
    assert desk._open(f"/organize/c/{slug}/pause", method="POST").status_code == 400
    assert db.session().scalars(sa.select(Campaign.status).where(Campaign.slug == slug)).one() is CampaignStatus.LIVE


# --- what needs a person ---------------------------------------------------------------------------------------------


def three_unclear() -> tuple[str, list[Letter]]:
    slug, letters = world()
    for letter in letters:
        moved(letter, *UNCLEAR, why="the connection ended")
    return slug, letters


def test_nothing_that_waits_says_so_with_the_time(desk: Browser) -> None:
    slug, _ = world()
    assert "Nothing needs you" in desk.text(f"/organize/c/{slug}/attention")


def test_causes_are_told_apart_and_counted(desk: Browser) -> None:
    slug, letters = mixed()
    text = desk.text(f"/organize/c/{slug}/attention")
    assert "4 letters" in text
    assert "Refused: address outside the district" in text
    chosen = desk.text(f"/organize/c/{slug}/attention?status=bounced&reason=5.1.1 no such mailbox")
    assert letters[3].reference in chosen
    assert letters[5].reference not in chosen


def test_a_decision_is_recorded_with_name_and_note_and_leads_to_the_next(desk: Browser) -> None:
    slug, letters = three_unclear()
    page = f"/organize/c/{slug}/attention"
    desk.text(page)
    answer = desk.post(page, letter=letters[0].reference, decision="arrived", note="Their office called.")
    assert answer.status_code == 303
    assert f'name="letter" value="{letters[1].reference}"' in desk.text(answer.location)
    assert [status_of(each) for each in letters] == [Status.ACCEPTED, Status.UNCLEAR, Status.UNCLEAR]
    change = db.session().scalars(sa.select(DeliveryChange).order_by(DeliveryChange.id.desc())).first()
    assert change is not None
    assert (change.why, change.by.split(":")[0]) == ("Their office called.", "user")
    assert "by Priya Raman" in desk.text(f"/organize/c/{slug}/letters/{letters[0].reference}")


def test_one_decision_can_settle_all_letters_of_a_cause(desk: Browser) -> None:
    slug, letters = three_unclear()
    page = f"/organize/c/{slug}/attention"
    assert "Apply to all 3" in desk.text(page)
    ids = db.session().scalars(sa.select(Delivery.id).order_by(Delivery.id)).all()
    answer = desk.post(page, letter=letters[0].reference, decision="send_again", scope="all", delivery=ids)
    assert answer.status_code == 303
    assert {status_of(each) for each in letters} == {Status.QUEUED}


def test_letters_of_another_campaign_in_a_forged_form_are_refused_and_nothing_changes(desk: Browser) -> None:
    slug, letters = three_unclear()
    with transaction(db.session()) as session:
        card = factories.recommendation(session)
        on = factories.campaign(session, card)
        foreign = factories.signed(session, factories.member(session, factories.company(session)[0]), on, card.key)
    stolen = moved(foreign[0], *UNCLEAR)
    page = f"/organize/c/{slug}/attention"
    desk.text(page)
    answer = desk.post(page, letter=letters[0].reference, decision="give_up", scope="all", delivery=[stolen])
    assert answer.status_code == 404
    assert status_of(foreign[0]) is Status.UNCLEAR
    assert status_of(letters[0]) is Status.UNCLEAR
    assert desk.post(page, letter=foreign[0].reference, decision="give_up").status_code == 404


def test_no_choice_is_an_error_that_says_what_to_do_and_keeps_the_note(desk: Browser) -> None:
    slug, letters = three_unclear()
    page = f"/organize/c/{slug}/attention"
    desk.text(page)
    answer = desk.post(page, letter=letters[1].reference, note="Asked them")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "<title>Error:" in text
    assert text.count("Choose what should happen.") == 2
    assert 'value="Asked them"' in text
    assert status_of(letters[1]) is Status.UNCLEAR


def test_who_decides_second_is_told_who_was_first(app: Flask, desk: Browser) -> None:
    slug, letters = three_unclear()
    second = Browser(app, "second@association.example")
    page = f"/organize/c/{slug}/attention"
    desk.text(page)
    second.text(page)
    assert second.post(page, letter=letters[0].reference, decision="give_up").status_code == 303
    answer = desk.post(page, letter=letters[0].reference, decision="send_again")
    assert answer.status_code == 409
    assert "Jonas Whitfield was faster: the letter is cancelled now." in answer.get_data(as_text=True)
    assert status_of(letters[0]) is Status.CANCELLED
    desk.text(f"/organize/c/{slug}/letters/{letters[1].reference}")
    assert second.post(page, letter=letters[1].reference, decision="arrived").status_code == 303
    late = desk.post(f"/organize/c/{slug}/letters/{letters[1].reference}/decide", decision="give_up")
    assert late.status_code == 409
    assert "Jonas Whitfield was faster" in late.get_data(as_text=True)
    assert status_of(letters[1]) is Status.ACCEPTED


def test_what_was_decided_meanwhile_and_what_may_not_be_decided_so_are_told_apart(desk: Browser) -> None:
    """Three came back for one reason; one of them was posted by a print provider, which would not print it twice."""
    slug, letters = world()
    ids = [moved(each, Status.SENDING, Status.ACCEPTED, Status.BOUNCED, why="no such address") for each in letters]
    with transaction(db.session()) as session:
        session.get_one(Delivery, ids[1]).channel = ChannelName.PRINT_PROVIDER
    page = f"/organize/c/{slug}/attention"
    desk.text(page)
    with transaction(db.session()) as session:
        decisions.decide(session, ids[2], Decision.GIVE_UP, SET_UP, NOW, "", "user:2")
    answer = desk.post(page, letter=letters[0].reference, decision="send_again", scope="all", delivery=ids)
    assert answer.status_code == 303
    told = desk.text(page)
    assert "Recorded for 1 of 3, with your name. 1 had been decided meanwhile and were left alone." in told
    assert "1 cannot be decided so, and still wait: open them one by one." in told
    assert [status_of(each) for each in letters] == [Status.QUEUED, Status.BOUNCED, Status.CANCELLED]


def test_a_closed_campaign_does_not_offer_to_send_again(desk: Browser) -> None:
    slug, letters = three_unclear()
    with transaction(db.session()) as session:
        found = session.scalars(sa.select(Campaign).where(Campaign.slug == slug)).one()
        campaigns.move(session, found.id, CampaignStatus.CLOSING, NOW, "over", "system")
        campaigns.move(session, found.id, CampaignStatus.CLOSED, NOW, "over", "system")
    page = f"/organize/c/{slug}/attention"
    assert "send once more" not in desk.text(page)
    assert desk.post(page, letter=letters[0].reference, decision="send_again").status_code == 422
    assert status_of(letters[0]) is Status.UNCLEAR


def test_a_letter_that_no_longer_waits_leads_to_its_own_page(desk: Browser) -> None:
    slug, letters = three_unclear()
    moved(letters[0], Status.DELIVERED)
    answer = desk.get(f"/organize/c/{slug}/attention?letter={letters[0].reference}")
    assert answer.status_code == 303
    assert answer.location.endswith(f"/letters/{letters[0].reference}")


# --- one letter ------------------------------------------------------------------------------------------------------


def test_a_letters_page_tells_its_whole_story(desk: Browser) -> None:
    slug, letters = mixed()
    text = desk.text(f"/organize/c/{slug}/letters/{letters[1].reference}")
    for word in (
        letters[1].digest,
        "We waited nine weeks for dysprosium.",
        "Answer to what was written",
        "Thank you.",
        "Kokomo",
    ):
        assert word in text
    assert "connection closed" in text  # of the try
    assert "Cancel the letter" not in text
    assert "Record the decision" not in text
    refused = desk.text(f"/organize/c/{slug}/letters/{letters[4].reference}")
    assert "address outside the district" in refused
    assert "Record the decision" in refused


def test_cancelling_asks_and_a_letter_that_left_meanwhile_is_told_truthfully(desk: Browser) -> None:
    slug, letters = world()
    first, second = (f"/organize/c/{slug}/letters/{each.reference}" for each in letters[:2])
    assert "Keep it" in desk.text(f"{first}/cancel")
    assert status_of(letters[0]) is Status.QUEUED
    assert desk.post(f"{first}/cancel").status_code == 303
    assert status_of(letters[0]) is Status.CANCELLED
    desk.text(f"{second}/cancel")
    moved(letters[1], Status.SENDING)
    late = desk.post(f"{second}/cancel")
    assert late.status_code == 409
    assert "Too late" in late.get_data(as_text=True)
    assert status_of(letters[1]) is Status.SENDING
    assert "can no longer be cancelled" in desk.text(f"{second}/cancel")


def test_an_answer_that_came_by_post_raises_the_letter(desk: Browser) -> None:
    slug, letters = world()
    moved(letters[0], *ACCEPTED)
    page = f"/organize/c/{slug}/letters/{letters[0].reference}/answer"
    desk.text(page)
    day = (NOW + timedelta(days=4)).date().isoformat()
    assert desk.post(page, kind="form", received_on=day, text="Thank you for writing.").status_code == 303
    row = db.session().scalars(sa.select(Response)).one()
    assert (row.kind, row.source, row.text) == (ResponseKind.FORM, "organizer", "Thank you for writing.")
    assert desk.references(f"/organize/c/{slug}/letters?response=replied") == [letters[0].reference]
    assert metrics.differences(db.session()) == []


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("2026-06-01", "The answer cannot have come before the letter was signed."),
        ("2199-01-01", "The day lies ahead."),
        ("soon", "Enter the day as year-month-day, like 2026-03-12."),
        ("", "Enter the day, like 2026-03-12."),
    ],
)
def test_a_day_that_cannot_be_is_told_beside_the_field(desk: Browser, day: str, sentence: str) -> None:
    slug, letters = world()
    page = f"/organize/c/{slug}/letters/{letters[0].reference}/answer"
    desk.text(page)
    answer = desk.post(page, kind="form", received_on=day, text="kept words")
    text = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert sentence in text
    assert "kept words" in text
    assert db.session().scalars(sa.select(Response)).all() == []


def test_a_printed_letter_is_posted_once(desk: Browser) -> None:
    with transaction(db.session()) as session:
        card = factories.recommendation(session)
        on = factories.campaign(session, card, channels=["print"])
        letters = factories.signed(session, factories.member(session, factories.company(session)[0]), on, card.key)
        slug = on.slug
    page = f"/organize/c/{slug}/letters/{letters[0].reference}"
    assert "Record as posted" in desk.text(page)
    assert desk.post(f"{page}/posted").status_code == 303
    assert desk.post(f"{page}/posted").status_code == 303
    assert status_of(letters[0]) is Status.ACCEPTED
    assert len(db.session().scalars(sa.select(Attempt)).all()) == 1
    assert "Record as posted" not in desk.text(page)


@pytest.mark.parametrize("channel", ["smtp", "handoff", "print"])
def test_each_number_by_channel_and_office_opens_as_many_letters(desk: Browser, channel: str) -> None:
    with transaction(db.session()) as session:
        factories.staff_address(session)
        card = factories.recommendation(session)
        on = factories.campaign(session, card, channels=[channel])
        letters = factories.signed(session, factories.member(session, factories.company(session)[0]), on, card.key)
        slug = on.slug
    if channel == "handoff":
        with transaction(db.session()) as session:
            deliveries.done_by_hand(session, deliveries.of_letter(session, letters[0].id)[0].id, NOW, "member:1")
    page = desk.text(f"/organize/c/{slug}").partition('id="by-channel"')[2]
    numbers = re.findall(r'<td[^>]*class="num"><a href="([^"]+)">([\d,]+)</a>', page)
    waiting = {"smtp": "moving", "handoff": "by_hand", "print": "by_hand"}[channel]
    assert any(f"stage={waiting}" in html.unescape(url) for url, _ in numbers)
    for url, number in numbers:
        rows = desk.text(html.unescape(url).replace("/letters?", "/letters.csv?")).strip().splitlines()[1:]
        assert len(rows) == int(number), url


def test_sites_behind_the_letters_count_once(desk: Browser) -> None:
    slug, _ = world(3, jobs=340)
    campaign_id = db.session().scalars(sa.select(Campaign.id).where(Campaign.slug == slug)).one()
    assert dashboard.behind(db.session(), campaign_id) == dashboard.Behind(jobs=340, companies=1, sites=1)
    assert "340 jobs at 1 site of 1 company." in desk.text(f"/organize/c/{slug}/sites")


def test_a_campaign_pauses_by_whom_the_page_says(desk: Browser) -> None:
    slug, _ = world()
    with transaction(db.session()) as session:
        found = session.scalars(sa.select(Campaign).where(Campaign.slug == slug)).one()
        campaigns.pause(session, found.id, NOW, "system")
    assert "3 letters wait; none is lost." in desk.text(f"/organize/c/{slug}")


@pytest.mark.parametrize(
    ("opens", "closes", "said"),
    [
        ("08:00", "", "Give both hours, or neither."),
        ("18:00", "08:00", "Sending must end later on the day than it begins."),
        ("morning", "18:00", "Enter the hour as 08:00 or 17:30."),
    ],
)
def test_bad_hours_are_said_beside_the_field_and_what_was_typed_stays(
    desk: Browser, opens: str, closes: str, said: str
) -> None:
    slug, _ = world()
    desk.get(f"/organize/c/{slug}/hours")
    page = desk.post(f"/organize/c/{slug}/hours", opens=opens, closes=closes)
    assert page.status_code == 422
    assert said in page.text
    assert f'value="{opens}"' in page.text


def test_an_organizer_sets_the_hours_and_the_record_says_so(desk: Browser) -> None:
    slug, _ = world()
    desk.get(f"/organize/c/{slug}/hours")
    done = desk.post(f"/organize/c/{slug}/hours", opens="08:00", closes="18:00")
    assert (done.status_code, done.location) == (303, f"/organize/c/{slug}")
    assert "08:00–18:00, Mon–Fri" in desk.text(f"/organize/c/{slug}")
    assert db.session.scalar(sa.select(sa.func.count()).where(AuditEntry.act == "sending hours")) == 1
    desk.post(f"/organize/c/{slug}/hours", opens="", closes="")
    assert "at all hours" in desk.text(f"/organize/c/{slug}")
