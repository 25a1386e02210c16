"""The client of regulations.gov against the simulated portal, over real sockets."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from docx import Document
from pypdf import PdfReader

from campaign.channels.base import Channel
from campaign.channels.docket import comment
from campaign.channels.docket.comment import Comment, File, Submitter
from campaign.channels.docket.documents import documents
from campaign.channels.docket.regulations import Access, RegulationsChannel, read_documents
from campaign.channels.http import Http
from campaign.domain.errors import Misconfigured, Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Parcel, Receipt
from tests.integration.portals import KEY, Served, portal
from tests.unit import channel_contract
from tests.unit.channel_contract import MachineChannel
from tests.unit.parcels import a_parcel
from tests.unit.test_docket_channel import FILING
from tests.unit.watchers import Notes

OPEN = "DEMO-2026-0009-0001"
COMMENT = Comment(OPEN, "We make magnets.", Submitter.ORGANIZATION, organization="Acme", organization_type="Company")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with portal(tmp_path) as made:
        yield made


def _with_comment(number: int = 1, *, body: str = "We make magnets.", **changes: object) -> Parcel:
    return replace(a_parcel(number, body=body, **changes), cargo=replace(COMMENT, text=body))


class TestRegulations(MachineChannel):
    """The contract of every channel, with parcels that carry a comment."""

    @pytest.fixture
    def channel(self, served: Served, monkeypatch: pytest.MonkeyPatch) -> Channel:
        monkeypatch.setattr(channel_contract, "a_parcel", _with_comment)
        return RegulationsChannel(served.access)


def _send(served: Served, *comments: Comment, access: Access | None = None) -> tuple[list[Outcome], Notes, bool]:
    line, notes = RegulationsChannel(access or served.access).open(), Notes()
    line.send([replace(a_parcel(n), cargo=cargo) for n, cargo in enumerate(comments, 1)], notes)
    usable = line.usable
    line.close()
    return [notes.outcomes[key] for key in sorted(notes.outcomes)], notes, usable


def test_a_comment_is_filed_once_and_its_tracking_number_is_the_reference(served: Served) -> None:
    (receipt,), _, _ = _send(served, COMMENT)
    (stored,) = served.store.comments()
    assert isinstance(receipt, Receipt)
    assert receipt.provider_id == stored["tracking"]
    assert stored["attributes"] == {
        "commentOnDocumentId": OPEN,
        "comment": "We make magnets.",
        "submissionType": "API",
        "submitterType": "ORGANIZATION",
        "organization": "Acme",
        "organizationType": "Company",
        "sendEmailReceipt": False,
    }


def test_files_go_under_a_submission_key_and_without_our_key(served: Served) -> None:
    files = (File("P_Acme.pdf", b"%PDF-1.7 one"), File("Annex.pdf", b"%PDF-1.7 two"))
    (receipt,), _, _ = _send(served, replace(COMMENT, files=files))
    (stored,) = served.store.comments()
    assert isinstance(receipt, Receipt)
    assert stored["attributes"]["files"] == ["P_Acme.pdf", "Annex.pdf"]
    assert set(served.store.files(stored["attributes"]["submissionKey"])) == {"P_Acme.pdf", "Annex.pdf"}
    assert served.store.notes() == []


LONG = "\n\n".join(f"Paragraph {n}. " + "We make magnets and say so at length. " * 30 for n in range(9))


def _long(document: str = OPEN, last: str = "The last word is neodymium.") -> Comment:
    texts = (*LONG.split("\n\n"), last)
    letter = replace(FILING, docket=document[:-5], paragraphs=texts, marked=False, reason="")
    return replace(COMMENT, document_id=document, text="\n\n".join(texts), letter=letter)


def test_what_is_longer_than_the_box_goes_as_a_file_and_the_box_says_so(served: Served) -> None:
    cargo = _long()
    assert comment.problems(cargo) == []
    (receipt,), _, _ = _send(served, cargo)
    assert isinstance(receipt, Receipt)
    (stored,) = served.store.comments()
    assert stored["attributes"]["comment"] == "Please see the attached comment of Acme."
    assert stored["attributes"]["files"] == ["Comment_Coqui_Norte_Sons_Inc.pdf"]
    (content,) = served.store.files(stored["attributes"]["submissionKey"]).values()
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    assert "Paragraph 0." in text
    assert "The last word is neodymium." in text
    assert "PUBLIC VERSION" not in text  # this portal publishes everything: there is no other version


def test_a_character_that_the_pdf_has_no_glyph_for_goes_in_a_word_file(served: Served) -> None:
    (receipt,), _, _ = _send(served, _long(last="漢字"))
    assert isinstance(receipt, Receipt)
    (stored,) = served.store.comments()
    (name,) = stored["attributes"]["files"]
    assert name.endswith(".docx")
    content = served.store.files(stored["attributes"]["submissionKey"])[name]
    assert Document(io.BytesIO(content)).paragraphs[-3].text == "漢字"


def test_a_long_comment_hides_no_passage_either() -> None:
    assert "publishes the whole" in " ".join(comment.problems(_long(last="We need [412.5 tonnes].")))


def test_a_long_comment_without_its_file_is_refused_before_anything_is_sent(served: Served) -> None:
    (outcome,), _, _ = _send(served, replace(_long(), letter=None))
    assert isinstance(outcome, Refused)
    assert served.store.comments() == []


@pytest.mark.parametrize(
    ("fault", "kind", "stored"),
    [("9408", Unclear, 1), ("9502", Unclear, 1), ("9400", Refused, 0), ("9503", TryLater, 0)],
)
def test_a_filing_with_a_file_is_no_more_repeated_than_one_without(
    served: Served, fault: str, kind: type[Exception], stored: int
) -> None:
    (outcome,), _, _ = _send(served, _long(f"DEMO-2026-0001-{fault}"))
    assert type(outcome) is kind
    assert len(served.store.comments()) == stored


def test_two_filings_of_one_file_are_seen_as_doubles_and_two_files_are_not(served: Served) -> None:
    _send(served, _long(), _long(last="Another last word."))
    assert served.store.doubles() == 0
    _send(served, _long())
    assert served.store.doubles() == 1


@pytest.mark.parametrize(
    ("fault", "kind", "begins", "stored"),
    [
        ("9400", Refused, True, 0),
        ("9403", Misconfigured, True, 0),
        ("9404", Refused, True, 0),
        ("9429", TryLater, True, 0),
        ("9500", Unclear, True, 1),
        ("9502", Unclear, True, 1),
        ("9503", TryLater, True, 0),
        ("9408", Unclear, True, 1),
        ("9409", Unclear, True, 0),
        ("9499", Unclear, True, 1),
        ("9410", Refused, False, 0),
        ("9411", Refused, False, 0),
    ],
)
def test_each_answer_has_its_outcome_and_nothing_is_repeated(
    served: Served, fault: str, kind: type[Exception], begins: bool, stored: int
) -> None:
    (outcome,), notes, _ = _send(served, replace(COMMENT, document_id=f"DEMO-2026-0001-{fault}"))
    assert type(outcome) is kind
    assert ("begins", 1) in notes.told if begins else ("begins", 1) not in notes.told
    assert len(served.store.comments()) == stored
    assert served.store.doubles() == 0


def test_a_closed_document_leaves_the_way_to_a_plain_letter(served: Served) -> None:
    (outcome,), _, _ = _send(served, replace(COMMENT, document_id="DEMO-2026-0001-9410"))
    assert isinstance(outcome, Refused)
    assert outcome.falls_through
    assert outcome.code == "closed"


def test_late_comments_go_where_they_are_allowed(served: Served) -> None:
    (outcome,), _, _ = _send(served, replace(COMMENT, document_id="DEMO-2026-0001-9412"))
    assert isinstance(outcome, Receipt)


def test_a_document_that_nobody_knows_is_refused_before_anything_is_filed(served: Served) -> None:
    (outcome,), notes, _ = _send(served, replace(COMMENT, document_id="BIS-2026-0001-0001"))
    assert isinstance(outcome, Refused)
    assert ("begins", 1) not in notes.told


def test_a_limit_says_when_and_stops_the_line_for_the_others(served: Served) -> None:
    outcomes, _, usable = _send(served, replace(COMMENT, document_id="DEMO-2026-0001-9429"), COMMENT)
    assert len(outcomes) == 1
    assert isinstance(outcomes[0], TryLater)
    assert (outcomes[0].retry_after_s, outcomes[0].used_a_try, usable) == (90.0, False, False)


def test_the_portal_counts_fifty_a_minute_over_all_lines(tmp_path: Path) -> None:
    with portal(tmp_path, per_minute=3) as served:
        outcomes = [each for _ in range(5) for each in _send(served, COMMENT)[0]]
    assert [type(each) for each in outcomes] == [Receipt] * 3 + [TryLater] * 2


def test_a_refusal_in_the_middle_stops_nobody_else(served: Served) -> None:
    outcomes, _, _ = _send(served, COMMENT, replace(COMMENT, document_id="DEMO-2026-0001-9400"), COMMENT)
    assert [type(each) for each in outcomes] == [Receipt, Refused, Receipt]


def test_the_key_is_in_no_error_and_no_name_of_a_thing(served: Served) -> None:
    bad = Access(served.access.url, f"bad-{KEY}")
    (outcome,), _, _ = _send(served, COMMENT, access=bad)
    assert isinstance(outcome, Misconfigured)
    said = f"{outcome} {outcome.answer} {outcome.code} {bad!r} {RegulationsChannel(bad)!r}"
    assert KEY not in said
    assert "(removed)" in outcome.answer  # the portal repeats the key, and it is taken out


def test_a_key_travels_neither_in_clear_nor_empty() -> None:
    for access in (Access("http://api.regulations.example/v4", KEY), Access("https://api.regulations.example/v4", "")):
        with pytest.raises(Misconfigured):
            RegulationsChannel(access).open()


def test_a_portal_that_cannot_be_reached_has_nothing(tmp_path: Path) -> None:
    with portal(tmp_path) as served:
        access = served.access
    (outcome,), notes, _ = _send(served, COMMENT, access=access)
    assert isinstance(outcome, TryLater)
    assert ("begins", 1) not in notes.told


def test_what_is_no_comment_is_never_sent(served: Served) -> None:
    line, notes = RegulationsChannel(served.access).open(), Notes()
    line.send([a_parcel(1)], notes)
    line.close()
    assert isinstance(notes.outcomes[1], Refused)


def test_the_simulated_portal_takes_a_double_so_that_a_test_would_see_one(served: Served) -> None:
    body = {"data": {"type": "comments", "attributes": _attributes()}}
    assert [served.post("/comments", body).status_code for _ in range(2)] == [201, 201]
    assert served.store.doubles() == 1


def _attributes() -> dict[str, object]:
    return {
        "commentOnDocumentId": OPEN,
        "comment": "We make magnets.",
        "submissionType": "API",
        "submitterType": "ANONYMOUS",
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"comment": "a" * 5001}, "at most 5000"),
        ({"comment": "é" * 2501}, "at most 5000"),
        ({"comment": ""}, "comment is required"),
        ({"comment": "\U0001f600"}, "emoji"),
        ({"submissionType": "WEB"}, "submissionType"),
        ({"submitterType": "Individual"}, "submitterType"),
        ({"submitterType": "INDIVIDUAL", "firstName": "A"}, "lastName is required"),
        ({"submitterType": "ORGANIZATION", "organization": "A"}, "organizationType is required"),
        ({"sendEmailReceipt": True}, "email is required"),
        ({"zip": "12345678901"}, "zip"),
        ({"files": ["a.pdf"]}, "uploaded"),
        ({"colour": "red"}, "not known"),
        ({"commentOnDocumentId": "DEMO-2026-0001-9410"}, "not open"),
    ],
)
def test_the_simulated_portal_refuses_what_the_real_one_would(
    served: Served, change: dict[str, object], words: str
) -> None:
    answer = served.post("/comments", {"data": {"type": "comments", "attributes": _attributes() | change}})
    assert answer.status_code == 400
    assert words in answer.json()["errors"][0]["detail"]


def test_the_simulated_portal_wants_its_own_content_type_and_a_key(served: Served) -> None:
    assert served.post("/comments", {}, **{"Content-Type": "application/json"}).status_code == 400
    assert served.post("/comments", {}, **{"X-Api-Key": ""}).json()["error"]["code"] == "API_KEY_MISSING"
    assert served.post("/comments", {"data": None}).status_code == 400


# --- documents ------------------------------------------------------------------------------------------------------


def _document(number: str, ends: str, **more: object) -> dict[str, object]:
    said = {"docketId": "DEMO-2026-0007", "title": "A notice", "openForComment": True, "withdrawn": False}
    return {
        "id": number,
        "type": "documents",
        "attributes": {**said, "commentStartDate": "2026-10-26T04:00:00Z", "commentEndDate": ends, **more},
    }


@pytest.mark.parametrize("ends", ["2026-12-02T04:59:59Z", "2026-12-01", "2026-12-01T23:59:59-05:00"])
def test_f14_a_closing_date_of_the_portal_is_the_end_of_that_day_eastern(ends: str) -> None:
    (found,) = documents(json.dumps({"data": [_document("DEMO-2026-0007-0001", ends)]}))
    assert found.closes_at is not None
    assert found.closes_at.astimezone(UTC) == datetime(2026, 12, 2, 4, 59, 59, tzinfo=UTC)
    assert found.takes_comments(datetime(2026, 12, 2, 4, 30, tzinfo=UTC))  # 18:30 in Honolulu
    assert not found.takes_comments(datetime(2026, 12, 2, 5, 30, tzinfo=UTC))  # 19:30


def test_the_documents_of_a_docket_are_read_with_their_own_deadlines(served: Served) -> None:
    now = datetime.now(UTC)
    for number, days in (("0001", 5), ("0002", 20)):
        made = _document(f"DEMO-2026-0007-{number}", f"{now + timedelta(days=days):%Y-%m-%d}T04:59:59Z")
        served.put_document(str(made["id"]), made["attributes"])  # type: ignore[arg-type]
    http = Http()
    try:
        first, second = read_documents(served.access, "DEMO-2026-0007", http)
    finally:
        http.close()
    assert first.closes_at is not None
    assert second.closes_at is not None
    assert (second.closes_at - first.closes_at).days in (14, 15)


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"data": [1]}', '{"data": {"id": 1}}', "[" * 5000])
def test_an_answer_that_is_none_is_said_and_never_guessed(body: str) -> None:
    with pytest.raises(Exception, match="cannot be read"):
        documents(body)
