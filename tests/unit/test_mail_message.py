"""Mail that we write, held against the standard library's reader: what goes in comes out, and nothing else can get in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels.smtp.addresses import return_path, wire_address
from campaign.channels.smtp.inbox import read_message
from campaign.channels.smtp.message import build
from campaign.domain.errors import Refused
from campaign.domain.references import TokenKind, TokenSigner
from tests.unit.parcels import a_parcel

WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=300)
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=3000)
BAD = st.sampled_from(
    ["\r", "\n", "\r\n", "\x00", "\x07", "\x1f", "\x7f", "\x85", "\x9f", "\u2028", "\u2029", "\ud800"]
)


def _read(**changes: Any) -> Message:
    raw = build(a_parcel(**changes))
    lines = raw.split(b"\r\n")
    assert b"\n" not in b"".join(lines) and b"\r" not in b"".join(lines), "no lone CR or LF"
    assert all(len(line) <= 998 for line in lines)
    assert not any(line.startswith(b".") for line in lines), "no line that SMTP would have to stuff"
    return message_from_bytes(raw)


def _shown(value: str) -> str:
    return str(make_header(decode_header(value)))


@given(WORDS)
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    mail = _read(subject=subject)
    assert _shown(mail["Subject"]) == subject
    assert mail.keys().count("Subject") == 1
    assert all(len(line) <= 78 for line in build(a_parcel(subject=subject)).split(b"\r\n\r\n")[0].split(b"\r\n"))


@given(WORDS)
def test_a_name_is_read_as_it_was_written_and_the_address_stays_whole(name: str) -> None:
    mail = _read(from_name=name, to_name=name)
    for field, address in (("From", "letters@association.example"), ("To", "hin05@offices.example")):
        shown, found = parseaddr(mail[field].replace("\r\n", ""))
        assert found == address
        assert _shown(shown) == (name if name.strip() else "")


@given(TEXT, TEXT)
def test_a_text_is_read_as_it_was_signed(body: str, html: str) -> None:
    alone = _read(body=body).get_payload(decode=True)
    both = [part.get_payload(decode=True) for part in _read(body=body, html=html).walk() if not part.is_multipart()]
    assert [each.decode().replace("\r\n", "\n") for each in (alone, *both)] == [body, body, html]  # type: ignore[union-attr]


@given(
    st.sampled_from(["subject", "from_name", "to_name", "message_id", "to_address", "from_address", "reply_to"]),
    BAD,
    WORDS,
)
def test_no_header_takes_a_line_break_or_control_character(field: str, bad: str, rest: str) -> None:
    with pytest.raises(Refused):
        build(a_parcel(**{field: f"{rest[:20]}{bad}Bcc: all@others.example"}))


@given(BAD)
def test_no_extra_field_takes_one_either(bad: str) -> None:
    for headers in ((("X-Simulate", f"a{bad}b"),), ((f"X{bad}Y", "a"),)):
        with pytest.raises(Refused):
            build(a_parcel(headers=headers))


@pytest.mark.parametrize(
    "name", ["Bcc", "from", "CONTENT-TYPE", "Content-Disposition", "Resent-To", "", "X Y", "X:", "Ünder"]
)
def test_an_extra_field_cannot_replace_one_of_ours(name: str) -> None:
    with pytest.raises(Refused):
        build(a_parcel(headers=((name, "a"),)))


def test_one_click_unsubscribe_stands_as_the_standard_wants_it() -> None:
    url = "https://act.association.example/unsubscribe/" + "n0123456789abcdefghjkmnpqrstvwx" * 3
    mail = _read(unsubscribe_url=url, headers=(("Auto-Submitted", "auto-generated"),))
    assert mail["List-Unsubscribe"] == f"<{url}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    with pytest.raises(Refused):
        build(a_parcel(unsubscribe_url="https://a.example/>, <mailto:x@y.example"))


@given(st.integers(631_152_000, 3_786_912_000), st.integers(-12, 14))
def test_the_date_is_the_moment_of_writing(seconds: int, hours: int) -> None:
    written = datetime.fromtimestamp(seconds, timezone(timedelta(hours=hours)))
    assert parsedate_to_datetime(_read(written_at=written)["Date"]) == written


def test_a_naive_time_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="aware"):
        build(replace(a_parcel(), written_at=datetime(2026, 1, 1)))  # noqa: DTZ001 - what must be refused


def test_the_same_parcel_makes_the_same_bytes() -> None:
    assert build(a_parcel(html="<p>x</p>")) == build(a_parcel(html="<p>x</p>"))
    assert _read()["Message-ID"] == a_parcel().message_id


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("a@faß.example", "a@xn--fa-hia.example"),
        ("o'brien+x@Plant.example", "o'brien+x@Plant.example"),
        ("a@BÜRO.example", "a@xn--bro-hoa.example"),
    ],
)
def test_domains_are_written_in_their_own_ascii_form(address: str, wire: str) -> None:
    assert wire_address(address) == wire


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "a",
            "@x.example",
            "a@",
            "a@localhost",
            "a b@x.example",
            '"a b"@x.example',
            "a@[192.0.2.1]",
            "é@x.example",
        ),
        *(
            "a..b@x.example",
            ".a@x.example",
            "a@x..example",
            "a@-x.example",
            "a@x.example\n",
            "<a@x.example>",
            "a@x_y.example",
        ),
        f"{'a' * 65}@x.example",
        f"a@{'x.' * 130}example",
    ],
)
def test_an_address_that_mail_systems_do_not_carry_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        wire_address(address)


def test_a_return_path_fits_and_is_taken() -> None:
    path = return_path(TokenSigner("s"), TokenKind.LETTER, "0123456789abc", "bounces.association.example")
    assert wire_address(path) == path
    assert len(path.partition("@")[0]) == 32


@given(st.binary(max_size=2000))
def test_whatever_arrives_is_read_without_an_error(raw: bytes) -> None:
    signer = TokenSigner("s")
    for each in (
        raw,
        build(a_parcel()) + raw,
        b"Content-Type: multipart/report; boundary=b\n\n--b\n" + raw + b"\n--b--",
    ):
        message = read_message(each, signer)
        assert message.token is None
        message.text.encode()


@given(st.text("0123456789abcdefghjkmnpqrstvwxyzBM+@=-. ", max_size=400))
def test_no_guess_is_taken_for_a_token(text: str) -> None:
    raw = f"Delivered-To: {text}\nTo: b+b{text}\n\nhello".encode()
    assert read_message(raw, TokenSigner("s")).token is None
