"""What a comment and a packet may hold, without network: limits, files' names, marks, texts."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from campaign.channels.base import Channel
from campaign.channels.docket import comment, packet
from campaign.channels.docket.answers import before_comment, of_comment, said
from campaign.channels.docket.comment import Comment, File, Submitter
from campaign.channels.docket.filing import Filing, Version, file_name, heading_lines
from campaign.channels.docket.filing import Submitter as Filer
from campaign.channels.docket.packet import PacketChannel
from campaign.channels.http import Answer
from campaign.domain import docket_rules
from campaign.domain.errors import Invalid, Misconfigured, Refused, TryLater, Unclear, WrongState
from tests.unit.channel_contract import ByHandChannel
from tests.unit.parcels import a_parcel

CLOSES = docket_rules.end_of(date(2026, 12, 1))
COMMENT = Comment("DEMO-2026-0001-0001", "We make magnets.", Submitter.ORGANIZATION, organization="Acme")
FILING = Filing(
    reference="0000000000001",
    docket="DEMO-2026-0001",
    docket_title="Demonstration docket",
    agency="USTR",
    portal_url="http://localhost:8026/ustr",
    closes_at=CLOSES,
    submitter=Filer("Coquí Norte & Sons, Inc.", "Ileana", "Coquí", "plant manager", "ileana@coqui.example"),
    date="November 24, 2026",
    to_lines=("The Honorable Jamieson Greer", "600 17th Street NW", "Washington, DC 20508"),
    subject="Comments of Coquí Norte on DEMO-2026-0001",
    heading=("RE: Docket No. DEMO-2026-0001, Demonstration docket", "Submitted by Coquí Norte"),
    salutation="Dear Ambassador Greer:",
    paragraphs=("We make wire.", "We buy [412.5 tonnes] a year from [Quiet Creek Mining].", "Thank you."),
    closing="Respectfully submitted,",
    signature=("Ileana Coquí", "Plant manager"),
    reason="It shows our needs",
)
OPEN_TEXT = replace(FILING, paragraphs=("We make wire.", "Thank you."), reason="")


class TestPacketChannel(ByHandChannel):
    @pytest.fixture
    def channel(self) -> Channel:
        return PacketChannel()

    def test_it_says_the_line_of_a_bracket_that_hides_nothing(self, channel: Channel) -> None:
        (words,) = channel.problems(a_parcel(body="One.\n\nTwo [three."))
        assert words.startswith("Line 3: ")
        assert "three" not in words


# --- limits ---------------------------------------------------------------------------------------------------------


def test_f10_five_thousand_fit_and_one_more_is_said_with_its_count() -> None:
    text = "a" * 119 + "\n"
    whole = (text * 42)[:5000]
    assert docket_rules.length(whole).most == 5000
    assert comment.problems(replace(COMMENT, text=whole)) == []
    assert not replace(COMMENT, text=whole).is_attached
    longer = replace(COMMENT, text=f"{whole}b")
    assert comment.problems(longer) == []
    assert longer.is_attached
    assert comment.attributes(longer)["comment"] == "Please see the attached comment of Acme."


def test_bytes_count_as_characters_do() -> None:
    assert replace(COMMENT, text="é" * 2501).is_attached
    assert not replace(COMMENT, text="é" * 2500).is_attached


@pytest.mark.parametrize(
    ("name", "limit"), [(name, limit) for name, limit in comment.LIMITS.items() if name != "comment"]
)
def test_each_limit_holds_in_characters_and_bytes(name: str, limit: int) -> None:
    fits: dict[str, Any] = {name: "a" * limit}
    long: dict[str, Any] = {name: "a" * (limit + 1)}
    wide: dict[str, Any] = {name: "é" * (limit // 2 + 1)}
    assert comment.problems(replace(COMMENT, **fits)) == []
    assert len(comment.problems(replace(COMMENT, **long))) == 1
    assert len(comment.problems(replace(COMMENT, **wide))) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": " \n"}, "no text"),
        ({"document_id": ""}, "no document"),
        ({"text": "Good \U0001f600"}, "U+1F600"),
        ({"text": "Good \u2764\ufe0f"}, "U+2764"),
        ({"text": "We sell [1,200] tons."}, "brackets"),
        ({"text": "a\r\nb"}, "line ends"),
        ({"organization": ""}, "its name"),
        ({"submitter": Submitter.INDIVIDUAL}, "first and a last name"),
        ({"send_receipt": True}, "e-mail"),
        ({"files": (File("a.pdf", b"x"), File("a.pdf", b"y"))}, "same name"),
        ({"files": (File("../a.pdf", b"x"),)}, "file's name"),
        ({"files": (File("a.pdf", b""),)}, "empty"),
        ({"files": tuple(File(f"{n}.pdf", b"x") for n in range(21))}, "At most 20"),
    ],
)
def test_what_the_portal_would_refuse_is_said_before(change: dict[str, Any], words: str) -> None:
    found = comment.problems(replace(COMMENT, **change))
    assert len(found) == 1
    assert words in found[0]


@pytest.mark.parametrize("text", ["© ® ™ – “quotes” § 232", "naïve café", "→ 5 × 3 = 15"])
def test_signs_that_are_no_emoji_pass(text: str) -> None:
    assert comment.problems(replace(COMMENT, text=text)) == []


def test_a_company_sends_no_persons_place() -> None:
    sent = comment.attributes(replace(COMMENT, first_name="Ada", city="Kokomo", zip="46902"))
    assert not {"firstName", "city", "zip"} & set(sent)


# --- answers --------------------------------------------------------------------------------------------------------

PORTALS = '{"errors":[{"status":"500","title":"Oops","detail":"it broke for ada@quillback.example"}]}'
GATEWAYS = '{"error":{"code":"API_KEY_INVALID","message":"An invalid api_key: abcdefghijklmnopqrstuvwxyz0123456789"}}'


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, PORTALS, Refused),
        (404, "", Refused),
        (401, GATEWAYS, Misconfigured),
        (403, GATEWAYS, Misconfigured),
        (429, GATEWAYS, TryLater),
        (500, PORTALS, Unclear),
        (500, GATEWAYS, TryLater),
        (502, GATEWAYS, Unclear),
        (503, GATEWAYS, TryLater),
        (503, "<html>", Unclear),
        (504, GATEWAYS, Unclear),
        (408, "", Unclear),
        (302, "", Unclear),
    ],
)
def test_an_answer_to_the_comment_means_what_is_certain(status: int, body: str, kind: type[Exception]) -> None:
    assert type(of_comment(Answer(status, body))) is kind


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 302])
def test_before_the_comment_every_trouble_of_the_server_is_only_a_delay(status: int) -> None:
    assert isinstance(before_comment(Answer(status, PORTALS)), TryLater)


def test_words_of_an_answer_hold_no_address_and_no_key() -> None:
    assert said(Answer(500, PORTALS)).words == "Oops: it broke for (address)"
    assert "(removed)" in said(Answer(403, GATEWAYS)).words
    assert said(Answer(403, GATEWAYS)).gateway


# --- the packet -----------------------------------------------------------------------------------------------------


def test_a_pair_is_made_where_passages_are_bracketed_and_one_public_version_else() -> None:
    assert [each.name for each in packet.packet(FILING).pieces] == [
        "BCI_Coqui_Norte_Sons_Inc.pdf",
        "BCI_Coqui_Norte_Sons_Inc.docx",
        "P_Coqui_Norte_Sons_Inc.pdf",
        "P_Coqui_Norte_Sons_Inc.docx",
    ]
    alone = packet.packet(OPEN_TEXT)
    assert {each.version for each in alone.pieces} == {Version.PUBLIC}
    assert alone.certification == ""


@given(st.text(max_size=80))
def test_the_name_of_a_file_is_safe_whatever_the_submitter_is_called(name: str) -> None:
    made = file_name(Version.CONFIDENTIAL, name, "pdf")
    assert made.startswith("BCI_")
    assert made.endswith(".pdf")
    assert made.isascii()
    assert not set(made) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.")


def _pages(filing: Filing, version: Version) -> list[str]:
    piece = next(each for each in packet.packet(filing).pieces if (each.version, each.kind) == (version, "pdf"))
    return [page.extract_text() for page in PdfReader(io.BytesIO(packet.make(filing, piece))).pages]


def _word(filing: Filing, version: Version) -> Any:
    piece = next(each for each in packet.packet(filing).pieces if (each.version, each.kind) == (version, "docx"))
    return Document(io.BytesIO(packet.make(filing, piece)))


LONG = replace(FILING, paragraphs=(*FILING.paragraphs, *["A sentence about trade rules that fills a page. " * 14] * 9))


def test_each_page_of_a_pdf_says_which_version_it_is() -> None:
    for version in Version:
        pages = _pages(LONG, version)
        assert len(pages) > 1
        assert all(page.strip().startswith(version.mark) for page in pages)
    public = "\n".join(_pages(LONG, Version.PUBLIC))
    assert not any(word in public for word in ("412.5", "Quiet Creek", "BUSINESS CONFIDENTIAL"))
    assert "[***] a year from [***]" in public
    assert "[412.5 tonnes]" in "\n".join(_pages(LONG, Version.CONFIDENTIAL))


def test_the_word_files_have_the_mark_in_the_head_of_each_page() -> None:
    for version in Version:
        document = _word(FILING, version)
        assert [section.header.paragraphs[0].text for section in document.sections] == [version.mark]
        assert document.paragraphs[2].text == "RE: Docket No. DEMO-2026-0001, Demonstration docket"
        assert document.core_properties.author == "Coquí Norte & Sons, Inc."
    text = "\n".join(paragraph.text for paragraph in _word(FILING, Version.PUBLIC).paragraphs)
    assert "[***] a year from [***]" in text
    assert "412.5" not in text


def test_nothing_confidential_hides_in_the_public_word_file() -> None:
    """Not in a property, a comment or a left-over part either."""
    piece = next(p for p in packet.packet(FILING).pieces if (p.version, p.kind) == (Version.PUBLIC, "docx"))
    with zipfile.ZipFile(io.BytesIO(packet.make(FILING, piece))) as archive:
        parts = b"".join(archive.read(name) for name in archive.namelist())
    assert b"412.5" not in parts
    assert b"Quiet Creek" not in parts


def test_a_pdf_is_tagged_and_its_fonts_are_in_it() -> None:
    piece = packet.packet(FILING).pieces[0]
    reader = PdfReader(io.BytesIO(packet.make(FILING, piece)))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    resources: list[Any] = [page["/Resources"] for page in reader.pages]
    fonts = [font.get_object() for each in resources for font in each["/Font"].values()]
    below = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]
    assert below
    assert all({"/FontFile3", "/FontFile2"} & set(each) for each in below)


def test_the_same_filing_makes_the_same_bytes() -> None:
    for piece in packet.packet(FILING).pieces:
        if piece.kind == "pdf":
            assert packet.make(FILING, piece) == packet.make(FILING, piece)


def test_the_archive_holds_every_file_and_what_to_do_with_it() -> None:
    made = packet.packet(FILING)
    with zipfile.ZipFile(io.BytesIO(packet.zipped(FILING, made))) as archive:
        assert archive.namelist() == [*(piece.name for piece in made.pieces), "Read_me_first.txt"]
        words = archive.read("Read_me_first.txt").decode()
    assert "DEMO-2026-0001" in words
    assert "ileana@coqui.example" in words
    assert "412.5" not in words


def test_a_packet_whose_brackets_tell_is_not_made() -> None:
    with pytest.raises(Invalid, match="Line 3: ") as caught:
        packet.packet(replace(FILING, paragraphs=("We buy [412.5 tonnes].", "It was 412.5 again.")))
    assert "412.5" not in str(caught.value)


def test_the_link_leads_to_the_form_of_the_docket() -> None:
    form = "/s/submit-new-comment?docketNumber=DEMO-2026-0001"
    assert packet.link(FILING) == f"http://localhost:8026/ustr{form}"
    assert packet.link(replace(FILING, portal_url="")) == f"https://comments.ustr.gov{form}"
    own = "https://portal.example/form?id=7"
    assert packet.link(replace(FILING, portal_url=own)) == own


def test_the_comment_box_text_is_short_and_certifies_what_is_bracketed() -> None:
    made = packet.packet(FILING)
    assert len(made.comment) < 500
    assert made.certification.endswith("would not customarily be released to the public. Reason: It shows our needs.")
    assert made.certification in made.comment


def test_no_packet_is_made_of_passages_that_nobody_certified() -> None:
    with pytest.raises(WrongState):
        packet.packet(replace(FILING, reason=""))
    assert packet.packet(OPEN_TEXT).certification == ""


def test_a_mark_in_the_signed_heading_gives_way_to_that_of_the_version() -> None:
    assert heading_lines("RE: Docket\nSubmitted by Acme\nPUBLIC VERSION") == ("RE: Docket", "Submitted by Acme")


def test_a_word_that_no_font_has_is_said_and_nothing_is_boxed() -> None:
    with pytest.raises(Invalid):
        packet.make(replace(FILING, paragraphs=("漢字",)), packet.packet(FILING).pieces[0])


# --- numbers and days -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("portal", "number", "taken"),
    [
        ("ustr", "USTR-2026-0034", True),
        ("ustr", "USTR-2026-0034-Hearing", True),
        ("ustr", "USTR-26-0034", False),
        ("ustr", "USTR-2026-00345", False),
        ("ustr", "ustr-2026-0034", False),
        ("ustr", "USTR-2026-0034-hearing", False),
        ("ustr", "USTR-2026-0034 ", False),
        ("ustr", "BIS-2025-0025", False),
        ("ustr", "DEMO-2026-0001", False),
        ("regulations_gov", "BIS-2025-0025", True),
        ("regulations_gov", "EPA-HQ-OAR-2021-0317", True),
        ("regulations_gov", "FDA-2013-S-0610", True),
        ("regulations_gov", "USTR-2024-0002", True),
        ("regulations_gov", "BIS-2025-0025-0001-0002", False),
        ("regulations_gov", "DEMO-2026-0001", False),
        ("regulations_gov", "", False),
    ],
)
def test_a_number_is_one_of_its_portal_outside_the_demonstration(portal: str, number: str, taken: bool) -> None:
    if taken:
        docket_rules.check_number(portal, number, demonstration=False)
        with pytest.raises(Invalid):
            docket_rules.check_number(portal, number, demonstration=True)
    else:
        with pytest.raises(Invalid):
            docket_rules.check_number(portal, number, demonstration=False)


def test_numbers_of_the_demonstration_are_taken_there_alone() -> None:
    docket_rules.check_number("ustr", "DEMO-2026-0003", demonstration=True)
    with pytest.raises(Invalid, match="demonstration only"):
        docket_rules.check_number("ustr", "DEMO-2026-0003", demonstration=False)


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        (date(2026, 12, 1), datetime(2026, 12, 2, 4, 59, 59, tzinfo=UTC)),
        (date(2026, 7, 1), datetime(2026, 7, 2, 3, 59, 59, tzinfo=UTC)),
        (date(2026, 11, 1), datetime(2026, 11, 2, 4, 59, 59, tzinfo=UTC)),  # the clock goes back that night
        (date(2027, 3, 14), datetime(2027, 3, 15, 3, 59, 59, tzinfo=UTC)),  # and forward
    ],
)
def test_f14_a_day_is_open_until_its_end_in_washington(day: date, utc: datetime) -> None:
    assert docket_rules.end_of(day).astimezone(UTC) == utc


@pytest.mark.parametrize("written", ["", "tomorrow", "2026-13-01", "2026-12-01T10:00:00", "2026-12-01T", "0"])
def test_a_date_that_cannot_be_read_is_not_guessed(written: str) -> None:
    with pytest.raises(Invalid):
        docket_rules.closing_of(written)
