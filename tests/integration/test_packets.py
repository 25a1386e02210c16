"""A member's comment on a docket: brackets, limits, notices, the packet, the number, and what remains after closing time."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from docx import Document
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy.orm import Session

from campaign.app import create_app
from campaign.channels.docket import comment
from campaign.database import transaction
from campaign.domain import brackets, docket_rules
from campaign.domain.channels import ChannelName
from campaign.domain.errors import Invalid, WrongState
from campaign.domain.statuses import Status
from campaign.domain.targeting import TargetKind
from campaign.domain.texts import digest
from campaign.extensions import db
from campaign.models import Base
from campaign.models.confidential import ConfidentialText
from campaign.models.delivery import Delivery, DeliveryChange
from campaign.models.docket import Docket, Portal
from campaign.models.letter import Letter
from campaign.models.template import LetterTemplateVersion
from campaign.services import confidential, decisions, deliveries, drafts, filings, invitations, previews, signing
from campaign.services.decisions import Decision
from campaign.unit_of_work import database_now
from tests import factories
from tests.factories import NOW, SET_UP

ACT = "/c/minerals/act"
SECRET = "We buy [412.5 tonnes] of copper a year from [Quiet Creek Mining]."
REASON = "It shows our needs, which competitors do not know."
SENTENCE = "This comment contains no confidential business information."


@dataclass
class Maya:
    """Came in by her door; the docket that she comments on is `docket`."""

    client: FlaskClient
    docket: int
    token: str = ""

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.headers.get("Location"))
        return self._read(answer.get_data(as_text=True))

    def raw(self, path: str) -> Any:
        answer = self.client.get(path)
        db.session.rollback()
        return answer

    def post(self, path: str, status: int = 303, **fields: object) -> str:
        answer = self.client.post(path, data={"csrf_token": self.token, **fields})
        text = answer.get_data(as_text=True)
        assert answer.status_code == status, (path, answer.status_code, _text(text)[:2000])
        page = self._read(text)
        return str(answer.headers["Location"]) if status == 303 else page

    def _read(self, page: str) -> str:
        db.session.rollback()
        db.session.expire_all()
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        self.token = found[1] if found else self.token
        return page

    # --- her steps ---

    def pick(self, story: str = "") -> str:
        self.get(f"{ACT}/pick")
        self.post(f"{ACT}/pick", choices=["I1"])
        self.get(f"{ACT}/facts")
        self.post(f"{ACT}/facts", jobs="340", story=story)
        return self.get(f"{ACT}/letters")

    def fields(self) -> dict[str, str]:
        """The edit page of the comment, as it stands."""
        page = self.get(f"{ACT}/letters/{self.target}/edit")
        found = re.findall(r'<textarea[^>]*name="(part_[^"]+)"[^>]*>\r?\n?(.*?)</textarea>', page, re.DOTALL)
        return {name: unescape(text) for name, text in found}

    def edit(self, status: int = 303, **changes: str) -> str:
        return self.post(f"{ACT}/letters/{self.target}/edit", status, **(self.fields() | changes))

    @property
    def target(self) -> str:
        return db.session.get_one(Docket, self.docket).target

    def sign(self, status: int = 303) -> Letter | str:
        shown = re.search(r'name="shown" type="hidden" value="([0-9a-f]{64})"', self.get(f"{ACT}/letters"))
        assert shown is not None
        page = self.post(f"{ACT}/letters", status, agree="y", name="Maya Lindqvist", shown=shown[1])
        return db.session.scalars(sa.select(Letter)).one() if status == 303 else page

    def signed(self, story: str = "") -> Letter:
        self.pick(story)
        found = self.sign()
        assert isinstance(found, Letter)
        return found

    def certify(self, letter: Letter, status: int = 303, **fields: str) -> str:
        self.get(f"/letters/{letter.reference}/file")
        given = {"reason": REASON, "certified": "y"} | fields
        return self.post(f"/letters/{letter.reference}/certify", status, **given)

    def close_docket(self) -> None:
        with transaction(db.session()) as session:
            session.execute(sa.update(Docket).values(closes_at=database_now() - timedelta(minutes=1)))


def _text(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def _world(app: Flask, **docket: Any) -> Iterator[Maya]:
    now = database_now()
    with transaction(db.session()) as session:
        values = {"opens_at": now - timedelta(days=5), "closes_at": now + timedelta(days=7), "portal_url": ""} | docket
        made = factories.docket(session, **values)
        card = factories.recommendation(session, "I1", made, title="Agree rules with partners")
        on = factories.campaign(
            session, card, slug="minerals", opens_at=now - timedelta(days=9), closes_at=now + timedelta(days=30)
        )
        for version in session.scalars(sa.select(LetterTemplateVersion)):
            frames = {who: dict(kinds) for who, kinds in version.frames.items()}
            frames["company"][TargetKind.AGENCY.value] = {
                **frames["company"][TargetKind.AGENCY.value],
                "nothing_confidential": SENTENCE,
                "heading": "RE: Docket No. {{ docket.number }}\nSubmitted by {{ member.company }}\nPUBLIC VERSION",
            }
            version.frames = frames
        company, _ = factories.company(session, "Halvorsen Magnetics & Söner")
        maya = factories.member(session, company, first="Maya", last="Lindqvist", email="maya@halvorsen.example")
        invitation = invitations.invite(session, maya, on, factories.ENVELOPE, now)
        door = invitations.door_url(invitation, factories.ENVELOPE).removeprefix("http://localhost:8000")
        number = made.id
    served = create_app(app.extensions["countersign"].settings)
    browser = Maya(served.test_client(), number)
    browser.get(door)
    browser.post(door)
    yield browser
    with served.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def maya(each_app: Flask) -> Iterator[Maya]:
    yield from _world(each_app)


@pytest.fixture
def online(each_app: Flask) -> Iterator[Maya]:
    """Her docket is one of regulations.gov, and she files there herself."""
    yield from _world(each_app, portal=Portal.REGULATIONS_GOV, number="BIS-2026-0025", document_id="BIS-2026-0025-0001")


# --- before signing -------------------------------------------------------------------------------------------------


def test_the_letters_step_says_that_it_is_public_until_when_and_how_to_bracket(maya: Maya) -> None:
    page = _text(maya.pick())
    assert "Your comment, your name and your company will be public." in page
    assert "square brackets" in page
    assert re.search(r"takes comments until \w{3}, \w+ \d+, \d+:\d\d [ap]m ET", page)
    assert "docketNumber=" in maya.get(f"{ACT}/letters")


def test_both_versions_stand_side_by_side_before_signing(maya: Maya) -> None:
    assert "Public version" not in _text(maya.pick())
    maya.pick(SECRET)
    page = _text(maya.get(f"{ACT}/letters"))
    assert "Both versions, side by side" in page
    assert "We buy [412.5 tonnes] of copper a year from [Quiet Creek Mining]." in page
    assert "We buy [***] of copper a year from [***]." in page


def test_the_closing_no_longer_says_that_nothing_is_confidential_once_a_passage_is_bracketed(maya: Maya) -> None:
    assert SENTENCE in _text(maya.pick())
    assert SENTENCE not in _text(maya.pick(SECRET))
    before = maya.fields()
    maya.edit()  # saved without a change
    assert maya.fields() == before
    assert SENTENCE in _text(maya.pick("Nothing secret here."))


@pytest.mark.parametrize(
    ("story", "words"),
    [
        ("We sell [1,200 tons to one buyer.", "not closed before the paragraph ends"),
        ("We sell [to [Acme] alone].", "opened inside another"),
        ("We sell to Acme].", "closed that was never opened"),
        ("We sell [ ] tons.", "nothing to hide"),
        ("We sell [1,200 tons]. It was 1200 last year too.", "figure that is confidential"),
        ("We buy from [Acme Mining]. We like ACME mining.", "Words that are confidential"),
    ],
)
def test_a_bracket_that_hides_nothing_is_shown_with_its_place_and_stops_the_signature(
    maya: Maya, story: str, words: str
) -> None:
    page = _text(maya.pick(story))
    assert words in page
    assert re.search(r"Line \d+: “", page)
    refused = _text(str(maya.sign(422)))
    assert words in refused
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Letter)) == 0


def test_an_edit_with_an_open_bracket_is_refused_and_what_was_typed_is_kept(maya: Maya) -> None:
    maya.pick("We buy copper.")
    page = maya.edit(422, part_story="We buy [412.5 tonnes of copper.")
    assert "not closed before the paragraph ends" in _text(page)
    assert "We buy [412.5 tonnes of copper." in unescape(page)
    assert maya.fields()["part_story"] == "We buy copper."


def test_the_digest_covers_the_full_text_as_signed(maya: Maya) -> None:
    letter = maya.signed(SECRET)
    assert "[412.5 tonnes]" in letter.body
    assert letter.digest == digest(letter.subject, letter.body)
    assert letter.digest[:16] in maya.get(f"/verify/{letter.reference}")


def test_brackets_in_a_letter_to_another_office_are_said_to_hide_nothing(maya: Maya) -> None:
    with transaction(db.session()) as session:
        card = factories.recommendation(session, "P1", title="Finish permitting reform")
        factories.staff_address(session)
        on = session.execute(sa.text("SELECT id FROM campaigns")).scalar_one()
        session.execute(
            sa.text("INSERT INTO campaign_recommendations (campaign_id, recommendation_id, rank) VALUES (:c, :r, 2)"),
            {"c": on, "r": card.id},
        )
    maya.get(f"{ACT}/pick")
    maya.post(f"{ACT}/pick", choices=["I1", "P1"])
    maya.get(f"{ACT}/facts")
    maya.post(f"{ACT}/facts", jobs="340", story=SECRET)
    page = _text(maya.get(f"{ACT}/letters"))
    assert re.search(r"Brackets hide nothing in the letter to Rep\. [^,]+, Sen\. [^,]+ and Sen\. ", page)


# --- limits of regulations.gov --------------------------------------------------------------------------------------


def test_its_notices_stand_on_the_page_where_the_comment_is_written(online: Maya) -> None:
    online.pick()
    for path in (f"{ACT}/letters", f"{ACT}/letters/{online.target}/edit"):
        page = online.get(path)
        assert 'href="https://www.regulations.gov/user-notice"' in page
        assert 'href="https://www.regulations.gov/privacy-notice"' in page
        assert 'href="https://www.regulations.gov/document/BIS-2026-0025-0001"' in page
        assert "5,000 of each fit." in page


def _five_thousand() -> str:
    """Forty line ends, as a browser sends them: 5,000 characters, 5,040 bytes on the wire."""
    lines = ["m" * 121] * 40 + ["n" * (5000 - 40 * 122)]
    assert len("\n".join(lines)) == 5000
    return "\r\n".join(lines)


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_f10_five_thousand_with_any_line_end_are_taken_and_one_more_is_refused_with_its_count(
    online: Maya, end: str
) -> None:
    online.pick("short")
    alone: dict[str, Any] = dict.fromkeys(online.fields(), "")
    text = _five_thousand().replace("\r\n", end)
    online.edit(**(alone | {"part_story": text}))
    page = online.get(f"{ACT}/letters")
    assert "5,000 characters in 5,000 bytes; 5,000 of each fit." in _text(page)
    over = online.post(f"{ACT}/letters/{online.target}/edit", 422, **(alone | {"part_story": f"{text}m"}))
    assert "5,001" in _text(over)


def test_f10_a_save_without_change_is_no_edit_and_the_signed_hash_is_that_of_the_page(online: Maya) -> None:
    online.pick("short")
    alone: dict[str, Any] = dict.fromkeys(online.fields(), "")
    online.edit(**(alone | {"part_story": _five_thousand()}))
    shown = re.search(r'name="shown" type="hidden" value="([0-9a-f]{64})"', online.get(f"{ACT}/letters"))
    online.edit()
    again = re.search(r'name="shown" type="hidden" value="([0-9a-f]{64})"', online.get(f"{ACT}/letters"))
    assert shown is not None
    assert again is not None
    assert shown[1] == again[1]
    letter = online.sign()
    assert isinstance(letter, Letter)
    assert letter.digest[:16] in online.get(f"/verify/{letter.reference}")
    filed = filings.of_letter(db.session(), letter.id).comment(ZoneInfo("UTC"))
    assert docket_rules.length(filed.text).most == 5000
    assert comment.problems(filed) == []


def test_bytes_count_too_and_what_is_longer_goes_as_a_file(online: Maya) -> None:
    online.pick("short")
    alone: dict[str, Any] = dict.fromkeys(online.fields(), "")
    online.edit(**(alone | {"part_story": "Très long. " + "é" * 2491}))
    page = _text(online.get(f"{ACT}/letters"))
    assert "2,502 characters in 4,994 bytes" in page
    online.edit(**(alone | {"part_story": "Très long. " + " ".join("é" * 4 for _ in range(600))}))
    page = _text(online.get(f"{ACT}/letters"))
    assert "3,010 characters in 5,411 bytes; 5,000 of each fit. It goes as an attached file." in page
    letter = online.sign()
    assert isinstance(letter, Letter)
    page = online.get(f"/letters/{letter.reference}/file")
    assert "Please see the attached comment of Halvorsen Magnetics & Söner." in unescape(page)
    assert f"/letters/{letter.reference}/comment-file" in page
    answer = online.raw(f"/letters/{letter.reference}/comment-file")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Comment_Halvorsen_Magnetics_Soner.pdf"'
    assert "Très long." in _content(answer.get_data(), "pdf")


def test_a_comment_that_fits_needs_no_file(online: Maya) -> None:
    letter = online.signed("We make magnets.")
    assert online.raw(f"/letters/{letter.reference}/comment-file").status_code == 404


@pytest.mark.parametrize(("story", "words"), [("Good \U0001f600", "emoji"), ("It is [secret].", "publishes the whole")])
def test_what_that_portal_does_not_take_is_refused_before_it_is_signed(online: Maya, story: str, words: str) -> None:
    online.pick(story)
    assert words in _text(str(online.sign(422)))


def test_a_comment_is_filed_by_hand_where_no_key_is_set(online: Maya) -> None:
    letter = online.signed("We make magnets.")
    page = online.get(f"/letters/{letter.reference}/file")
    assert 'href="https://www.regulations.gov/commenton/BIS-2026-0025-0001"' in page
    assert "Dear" not in unescape(re.findall(r"<textarea.*?</textarea>", page, re.DOTALL)[0])
    assert online.raw(f"/letters/{letter.reference}/packet.zip").status_code == 404


# --- the packet -----------------------------------------------------------------------------------------------------


def test_the_packet_page_leads_through_files_portal_check_and_number(maya: Maya) -> None:
    letter = maya.signed(SECRET)
    maya.certify(letter)
    page = maya.get(f"/letters/{letter.reference}/file")
    text = _text(page)
    for words in ("1. Take your files", "2. Open the portal", "3. Check before you submit", "4. Tell us"):
        assert words in text
    for name in ("BCI_Halvorsen_Magnetics_Soner.pdf", "P_Halvorsen_Magnetics_Soner.docx"):
        assert name in page
    number = db.session.get_one(Docket, letter.docket_id).number
    assert f"https://comments.ustr.gov/s/submit-new-comment?docketNumber={number}" in page
    assert f"would not customarily be released to the public. Reason: {REASON}" in text
    assert "You certified this on" in text
    assert re.search(r"Comments close \w{3}, .* ET\. \d+ days are left; in Washington it is \w{3}, ", text)
    assert "412.5" not in page  # what stands on the page goes into public boxes


def test_each_file_comes_under_its_name_and_the_public_ones_hold_no_secret(maya: Maya) -> None:
    letter = maya.signed(SECRET)
    maya.certify(letter)
    base = f"/letters/{letter.reference}/packet/"
    texts = {}
    for version in ("BCI", "P"):
        for kind in ("pdf", "docx"):
            name = f"{version}_Halvorsen_Magnetics_Soner.{kind}"
            answer = maya.raw(base + name)
            assert answer.status_code == 200
            assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
            texts[version, kind] = _content(answer.get_data(), kind)
    assert all("[412.5 tonnes]" in texts["BCI", kind] for kind in ("pdf", "docx"))
    assert all("BUSINESS CONFIDENTIAL" in texts["BCI", kind] for kind in ("pdf", "docx"))
    assert not any("412.5" in texts["P", kind] or "Quiet" in texts["P", kind] for kind in ("pdf", "docx"))
    assert all(texts["P", kind].count("PUBLIC VERSION") == 1 for kind in ("pdf", "docx"))
    assert all("PUBLIC VERSION" not in texts["BCI", kind] for kind in ("pdf", "docx"))


def _content(raw: bytes, kind: str) -> str:
    if kind == "pdf":
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(raw)).pages)
    document = Document(io.BytesIO(raw))
    head = [paragraph.text for section in document.sections for paragraph in section.header.paragraphs]
    return "\n".join([*head, *(paragraph.text for paragraph in document.paragraphs)])


def test_everything_comes_in_one_archive_and_without_passages_only_the_public_version(maya: Maya) -> None:
    letter = maya.signed("We make magnets.")
    answer = maya.raw(f"/letters/{letter.reference}/packet.zip")
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as archive:
        assert archive.namelist() == [
            "P_Halvorsen_Magnetics_Soner.pdf",
            "P_Halvorsen_Magnetics_Soner.docx",
            "Read_me_first.txt",
        ]
    assert "certifies" not in maya.get(f"/letters/{letter.reference}/file")


def test_a_file_of_no_packet_and_a_letter_of_somebody_else_are_not_found(maya: Maya, each_app: Flask) -> None:
    letter = maya.signed()
    assert maya.raw(f"/letters/{letter.reference}/packet/BCI_Halvorsen_Magnetics_Soner.pdf").status_code == 404
    assert maya.raw(f"/letters/{letter.reference}/packet/..%2Fpacket.py").status_code == 404
    assert maya.raw("/letters/0000000000000/packet.zip").status_code == 404
    del each_app


# --- certification and deletion -------------------------------------------------------------------------------------


def test_before_its_files_the_filer_certifies_what_is_in_brackets(maya: Maya) -> None:
    letter = maya.signed(SECRET)
    page = _text(maya.get(f"/letters/{letter.reference}/file"))
    assert "Certify what is confidential" in page
    assert "would not customarily be released to the public" in page
    assert "deleted here some time after you filed, at the latest on" in page
    assert "Take your files" not in page
    assert maya.raw(f"/letters/{letter.reference}/packet.zip").status_code == 409
    maya.certify(letter)
    kept = db.session.get_one(ConfidentialText, letter.id)
    assert (kept.reason, kept.certified_by) == (REASON, f"member:{letter.member_id}")
    assert kept.statement.startswith("Halvorsen Magnetics & Söner certifies")
    with zipfile.ZipFile(io.BytesIO(maya.raw(f"/letters/{letter.reference}/packet.zip").get_data())) as archive:
        assert REASON in archive.read("Read_me_first.txt").decode()


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"reason": " "}, "reason", "Say in a few words"),
        ({"reason": "x" * 301}, "reason", "Cut 1."),
        ({"reason": "We buy from Quiet Creek Mining alone."}, "reason", "repeats what is in brackets"),
        ({"reason": "We need 412.5 tonnes."}, "reason", "repeats what is in brackets"),
        ({"reason": "It is [secret]."}, "reason", "repeats what is in brackets"),
        ({"certified": ""}, "certified", "Tick the box"),
    ],
)
def test_a_certification_that_says_nothing_or_too_much_is_refused_beside_its_field(
    maya: Maya, fields: dict[str, str], field: str, words: str
) -> None:
    letter = maya.signed(SECRET)
    page = maya.certify(letter, 422, **fields)
    assert f'id="{field}-err"' in page
    assert words in _text(page)
    assert fields.get("reason", REASON).strip() in unescape(page)  # what was typed is kept
    assert db.session.get_one(ConfidentialText, letter.id).certified_at is None


def test_nothing_is_certified_where_nothing_is_hidden_or_once_the_docket_has_closed(maya: Maya) -> None:
    plain = maya.signed("We make magnets.")
    maya.get(f"/letters/{plain.reference}/file")
    maya.post(f"/letters/{plain.reference}/certify", 409, reason=REASON, certified="y")
    with transaction(db.session()) as session:
        session.add(ConfidentialText(letter_id=plain.id))
    maya.close_docket()
    maya.post(f"/letters/{plain.reference}/certify", 409, reason=REASON, certified="y")


def test_some_time_after_the_filing_only_the_public_version_is_left(maya: Maya) -> None:
    letter = maya.signed(SECRET)
    whole = letter.digest
    maya.certify(letter)
    maya.get(f"/letters/{letter.reference}/file")
    maya.post(f"/letters/{letter.reference}/filed", number="SIM-1234")
    assert "is kept here until" in _text(maya.get(f"/letters/{letter.reference}/file"))
    keep = timedelta(days=30)
    with transaction(db.session()) as session:
        assert confidential.delete_due(session, keep, database_now() + keep - timedelta(minutes=5)) == 0
        assert confidential.delete_due(session, keep, database_now() + keep + timedelta(minutes=5)) == 1
        assert confidential.delete_due(session, keep, database_now() + keep + timedelta(minutes=5)) == 0
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            assert "412.5" not in str(connection.execute(sa.select(table)).all()), table.name
    found = db.session.get_one(Letter, letter.id)
    assert "We buy [***] of copper a year from [***]." in found.body
    assert found.digest == whole
    page = _text(maya.get(f"/letters/{letter.reference}/file"))
    assert "What you put in brackets was deleted here on" in page
    assert "This is the public version" in _text(maya.get(f"/letters/{letter.reference}"))
    assert maya.raw(f"/letters/{letter.reference}/packet.zip").status_code == 410
    assert maya.raw(f"/letters/{letter.reference}/letter.pdf").status_code == 200
    assert whole[:16] in maya.get(f"/verify/{letter.reference}")


def test_what_was_never_filed_is_deleted_after_its_docket_has_closed_but_not_before_it_is_posted(maya: Maya) -> None:
    letter = maya.signed(SECRET)
    maya.close_docket()
    keep = timedelta(days=30)
    maya.get(f"/letters/{letter.reference}/file", 410)
    maya.post(f"/letters/{letter.reference}/post")
    later = database_now() + keep + timedelta(minutes=5)
    with transaction(db.session()) as session:
        assert confidential.delete_due(session, keep, later) == 0  # it waits to be printed
        way = deliveries.of_letter(session, letter.id)[-1]
        deliveries.done_by_hand(session, way.id, later, "user:1", "posted")
    with transaction(db.session()) as session:
        assert confidential.delete_due(session, keep, later) == 1
    assert "[***]" in db.session.get_one(Letter, letter.id).body


def test_what_was_signed_and_is_no_longer_here_is_neither_posted_nor_sent_again(maya: Maya) -> None:
    letter = maya.signed(SECRET)
    maya.close_docket()
    with transaction(db.session()) as session:
        assert confidential.delete_due(session, timedelta(days=30), database_now() + timedelta(days=31)) == 1
    page = _text(maya.get(f"/letters/{letter.reference}/file", 410))
    assert "so the letter is no longer posted" in page
    assert "stands as you signed it" not in page
    maya.post(f"/letters/{letter.reference}/post", 409)
    with pytest.raises(WrongState, match="no longer sent"), transaction(db.session()) as session:
        held = deliveries.of_letter(session, letter.id)[-1]
        deliveries.move(session, held, Status.HELD, NOW, "another holder", "system")
        decisions.decide(session, held.id, Decision.SEND_AGAIN, SET_UP, NOW, "", "user:1")


def test_words_carried_on_to_another_site_are_deleted_once_the_docket_has_closed(each_session: Session) -> None:
    keep = timedelta(days=30)
    with transaction(each_session) as session:
        row = factories.docket(session, closes_at=NOW + timedelta(days=60))
        on = factories.campaign(session, factories.recommendation(session, "I1", row), closes_at=None)
        company, _ = factories.company(session)
        second, who = factories.facility(session, company), factories.member(session, company)
        action = factories.draft(session, who, on, "I1", story=SECRET)
        shown = previews.preview(session, action, SET_UP, NOW).digest
        signing.sign(session, action.id, signing.Signature(who.name, shown, "test"), SET_UP, NOW)
        other = drafts.start(session, who, on, second.id, NOW)
        assert other.story == SECRET
        assert confidential.delete_due(session, keep, row.closes_at + keep - timedelta(seconds=1)) == 0
    with transaction(each_session) as session:
        assert confidential.delete_due(session, keep, row.closes_at + keep) == 1
    assert action.story == other.story == brackets.public(SECRET) != SECRET


def test_an_office_is_not_told_of_what_a_person_may_have_filed_or_is_to_be_posted_that_it_was_not_sent(
    maya: Maya,
) -> None:
    letter = maya.signed()
    maya.close_docket()
    with transaction(db.session()) as session:
        given_up = deliveries.of_letter(session, letter.id)[-1]
        deliveries.move(session, given_up, Status.EXPIRED, database_now(), "the docket has closed", "system")
    assert "This letter is genuine" in _text(maya.get(f"/verify/{letter.reference}"))
    maya.get(f"/letters/{letter.reference}/file", 410)
    maya.post(f"/letters/{letter.reference}/post")
    assert "This letter is genuine" in _text(maya.get(f"/verify/{letter.reference}"))


# --- the number -----------------------------------------------------------------------------------------------------


def _delivery(letter: Letter) -> Delivery:
    return db.session.scalars(sa.select(Delivery).where(Delivery.letter_id == letter.id).order_by(Delivery.id)).all()[0]


def test_the_number_is_recorded_as_the_members_word(maya: Maya) -> None:
    letter = maya.signed()
    maya.get(f"/letters/{letter.reference}/file")
    assert maya.post(f"/letters/{letter.reference}/filed", number=" SIM-0A1B2C3D ") == f"/letters/{letter.reference}"
    assert _delivery(letter).status is Status.DELIVERED
    page = _text(maya.get(f"/letters/{letter.reference}"))
    assert "you confirmed it" in page
    assert "Number SIM-0A1B2C3D." in page
    maya.post(f"/letters/{letter.reference}/filed", number="SIM-0A1B2C3D")
    made = db.session.scalars(sa.select(DeliveryChange).where(DeliveryChange.new == Status.DELIVERED)).all()
    assert len(made) == 1
    assert "You have filed this comment." in maya.get(f"/letters/{letter.reference}/file")


def test_of_a_comment_that_was_taken_back_nothing_is_to_be_filed(maya: Maya) -> None:
    letter = maya.signed()
    page = maya.get(f"/letters/{letter.reference}/file")
    (name, *_) = re.findall(rf"/letters/{letter.reference}/packet/([^\"]+)", page)
    maya.post(f"{ACT}/undo")
    assert maya.raw(f"/letters/{letter.reference}/file").headers["Location"] == f"/letters/{letter.reference}"
    assert "You took this letter back. Nothing is left to do here." in _text(maya.get(f"/letters/{letter.reference}"))
    for path in ("packet.zip", f"packet/{name}"):
        assert "nothing of it is to be filed" in _text(maya.get(f"/letters/{letter.reference}/{path}", 410))


@pytest.mark.parametrize("number", ["", "  ", "-", "n/a", "x", "9" * 101])
def test_what_is_no_number_is_refused_beside_its_field(maya: Maya, number: str) -> None:
    letter = maya.signed()
    maya.get(f"/letters/{letter.reference}/file")
    page = maya.post(f"/letters/{letter.reference}/filed", 422, number=number)
    assert 'id="number-err"' in page
    assert _delivery(letter).status is Status.QUEUED


# --- after closing time ---------------------------------------------------------------------------------------------


def test_after_closing_time_the_road_stops_and_a_plain_letter_remains(maya: Maya) -> None:
    letter = maya.signed(SECRET)
    maya.get(f"/letters/{letter.reference}/file")
    maya.close_docket()
    page = maya.get(f"/letters/{letter.reference}/file", 410)
    assert "This docket has closed" in page
    assert "Post it as a letter" in page
    assert maya.raw(f"/letters/{letter.reference}/packet.zip").status_code == 410
    maya.post(f"/letters/{letter.reference}/filed", 409, number="SIM-1234")
    assert _delivery(letter).status is Status.QUEUED
    for _ in range(2):
        maya.post(f"/letters/{letter.reference}/post")
    ways = db.session.scalars(sa.select(Delivery).where(Delivery.letter_id == letter.id).order_by(Delivery.id)).all()
    assert [(way.channel is ChannelName.PRINT, way.status) for way in ways] == [
        (False, Status.EXPIRED),
        (True, Status.QUEUED),
    ]
    assert "Waiting to be printed" in _text(maya.get(f"/letters/{letter.reference}"))


def test_who_filed_in_time_can_say_so_afterwards(maya: Maya) -> None:
    letter = maya.signed()
    maya.close_docket()
    maya.get(f"/letters/{letter.reference}/file", 410)
    maya.post(f"/letters/{letter.reference}/filed", number="SIM-1234", before_close="y")
    assert _delivery(letter).status is Status.DELIVERED
    assert "before it closed" in _text(maya.get(f"/letters/{letter.reference}"))
    maya.post(f"/letters/{letter.reference}/post", 409)  # filed is not posted, too


def test_while_the_docket_is_open_nothing_is_posted_instead(maya: Maya) -> None:
    letter = maya.signed()
    maya.get(f"/letters/{letter.reference}/file")
    maya.post(f"/letters/{letter.reference}/post", 409)
    assert _delivery(letter).status is Status.QUEUED


def test_f14_honolulu_files_until_the_end_of_the_day_in_washington_and_the_other_document_later(
    each_app: Flask,
) -> None:
    """Document 1 closes on December 1, document 2 on December 15; 18:30 in Honolulu is 23:30 in Washington."""
    before, after = datetime(2026, 12, 2, 4, 30, tzinfo=UTC), datetime(2026, 12, 2, 5, 30, tzinfo=UTC)
    with transaction(db.session()) as session:
        both = [
            factories.docket(
                session,
                number="BIS-2026-0025",
                document_id=f"BIS-2026-0025-000{n}",
                portal=Portal.REGULATIONS_GOV,
                opens_at=docket_rules.begin_of(date(2026, 10, 26)),
                closes_at=docket_rules.closing_of(ends),
            )
            for n, ends in ((1, "2026-12-02T04:59:59Z"), (2, "2026-12-16T04:59:59Z"))
        ]
        cards = [factories.recommendation(session, f"I{n}", row) for n, row in enumerate(both, 1)]
        on = factories.campaign(session, *cards, opens_at=None, closes_at=None, time_zone="Pacific/Honolulu")
        company, site = factories.company(session, "Aloha Copper", city="Honolulu", state="HI", zip="96813")
        who = factories.member(session, company)
        action = factories.draft(session, who, on, "I1", "I2", now=before)
        early = previews.preview(session, action, SET_UP, before)
        late = previews.preview(session, action, SET_UP, after)
    assert [each.target for each in early.going] == ["BIS-2026-0025-0001", "BIS-2026-0025-0002"]
    assert [(each.target, each.written.destination.docket_closed) for each in late.going] == [
        ("USTR", True),  # a plain letter to the agency
        ("BIS-2026-0025-0002", False),
    ]
    with transaction(db.session()) as session:
        letters = factories.signed(session, who, on, "I1", "I2", now=before)
        assert {letter.target for letter in letters} == {"BIS-2026-0025-0001", "BIS-2026-0025-0002"}
        first, second = sorted(letters, key=lambda letter: letter.target)
        with pytest.raises(WrongState):
            filings.filed(session, first.id, "SIM-1", after, "member:1")
        filings.filed(session, second.id, "SIM-2", after, "member:1")
        filings.post_instead(session, first.id, after, "member:1")
        assert site.state == "HI"
    del each_app


def test_what_was_taken_back_is_not_posted_instead(each_session: Session) -> None:
    with transaction(each_session) as session:
        row = factories.docket(session)
        on = factories.campaign(session, factories.recommendation(session, "I1", row))
        company, _ = factories.company(session)
        (letter,) = factories.signed(session, factories.member(session, company), on, "I1")
        signing.undo(session, letter.action_id, NOW)
    closed = row.closes_at + timedelta(seconds=1)
    with transaction(each_session) as session, pytest.raises(WrongState):
        filings.post_instead(session, letter.id, closed, "member:1")
    assert session.scalars(sa.select(Delivery.status)).all() == [Status.CANCELLED]


def test_what_the_portal_did_not_take_is_no_letter_that_may_have_been_filed(each_session: Session) -> None:
    with transaction(each_session) as session:
        row = factories.docket(
            session, portal=Portal.REGULATIONS_GOV, document_id="DEMO-2026-0001-0001", by_machine=True
        )
        on = factories.campaign(session, factories.recommendation(session, "I1", row))
        company, _ = factories.company(session)
        (letter,) = factories.signed(session, factories.member(session, company), on, "I1")
        delivery = deliveries.of_letter(session, letter.id)[-1]
        delivery.lease_owner, delivery.lease_until = "w", NOW
        deliveries.move(session, delivery, Status.SENDING, NOW, "", "w")
        deliveries.move(session, delivery, Status.REFUSED, NOW, "not taken", "w")
    closed = row.closes_at + timedelta(seconds=1)
    with transaction(each_session) as session, pytest.raises(WrongState, match="The portal did not take this letter"):
        filings.post_instead(session, letter.id, closed, "member:1")


def test_the_cargo_of_a_delivery_is_the_comment_of_its_letter(each_app: Flask) -> None:
    with transaction(db.session()) as session:
        row = factories.docket(
            session,
            portal=Portal.REGULATIONS_GOV,
            document_id="DEMO-2026-0001-0001",
            organization_type="Business or Trade Group",
        )
        usual = factories.docket(session)
        cards = [factories.recommendation(session, "I1", row), factories.recommendation(session, "I2", usual)]
        on = factories.campaign(session, *cards)
        company, _ = factories.company(session, "Acme")
        letters = factories.signed(session, factories.member(session, company), on, "I1", "I2")
        ids = list(session.scalars(sa.select(Delivery.id)))
        made = filings.comments(session, ids)
    assert len(letters) == 2
    (cargo,) = made.values()
    assert (cargo.document_id, cargo.organization) == ("DEMO-2026-0001-0001", "Acme")
    assert comment.attributes(cargo)["organizationType"] == "Business or Trade Group"
    assert comment.problems(cargo) == []
    assert not cargo.text.startswith("RE:")
    del each_app


def test_a_number_is_checked_whoever_calls() -> None:
    with pytest.raises(Invalid):
        filings.check_number("none given")
    assert filings.check_number(" a1b-2c3 \n") == "a1b-2c3"
