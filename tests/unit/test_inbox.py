"""Raw mail, one file an expectation: what it is, whose it is, and that nothing unproven changes anything."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from campaign.channels.smtp.addresses import reply_address, return_path
from campaign.channels.smtp.inbox import InboundKind, InboundMessage, read_message
from campaign.channels.smtp.quotes import blocks, own_text, preview
from campaign.domain.references import Token, TokenKind, TokenSigner

MAILS = Path(__file__).resolve().parents[1] / "payloads" / "mail"
SIGNER = TokenSigner("a secret of the tests")
LETTER = Token(TokenKind.LETTER, "0123456789abc")
MAIL = Token(TokenKind.MAIL, "0123456789abd")
DOMAIN = "bounces.association.example"
RETURN_PATH = return_path(SIGNER, LETTER.kind, LETTER.reference, DOMAIN)
K = InboundKind


def filled(name: str, path: str = RETURN_PATH) -> bytes:
    places = {
        "RETURN_PATH_FOLDED": f"{path[:15]}\n {path[15:]}",
        "MAIL_RETURN_PATH": return_path(SIGNER, MAIL.kind, MAIL.reference, DOMAIN),
        "RETURN_PATH": path,
        "REPLY_TO": reply_address(SIGNER, LETTER.kind, LETTER.reference, DOMAIN),
        "MESSAGE_ID": "<0123456789abc@association.example>",
    }
    text = (MAILS / name).read_text()
    for place, value in places.items():
        text = text.replace(f"%%{place}%%", value)
    return text.encode()


def read(name: str, path: str = RETURN_PATH) -> InboundMessage:
    return read_message(filled(name, path), SIGNER)


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("bounce-no-such-person.eml", K.BOUNCE, "5.1.1"),
        ("bounce-general-status.eml", K.BOUNCE, "5.1.10"),
        ("bounce-reply-code-only.eml", K.BOUNCE, "5.0.0"),
        ("bounce-gave-up.eml", K.BOUNCE, "4.4.7"),
        ("bounce-policy.eml", K.BOUNCE, "5.7.1"),
        ("bounce-mailbox-full.eml", K.BOUNCE, "5.2.2"),
        ("bounce-lower-case-fields.eml", K.BOUNCE, "5.1.2"),
        ("bounce-base64-report.eml", K.BOUNCE, "5.1.1"),
        ("bounce-global.eml", K.BOUNCE, "5.1.1"),
        ("bounce-token-in-original.eml", K.BOUNCE, "5.1.1"),
        ("bounce-folded-token.eml", K.BOUNCE, "5.1.1"),
        ("bounce-two-recipients.eml", K.BOUNCE, "5.1.1"),
        ("bounce-prose.eml", K.BOUNCE, "5.5.0"),
        ("bounce-prose-qmail.eml", K.BOUNCE, "5.0.0"),
        ("bounce-failed-recipients.eml", K.BOUNCE, "5.1.1"),
        ("delay.eml", K.DELAY, "4.4.1"),
        ("delay-prose.eml", K.DELAY, None),
        ("delivered.eml", K.DELIVERED, "2.0.0"),
        ("relayed.eml", K.DELIVERED, "2.6.0"),
        ("acknowledgement.eml", K.ACKNOWLEDGEMENT, None),
        ("away.eml", K.AUTO_REPLY, None),
        ("away-suppress-only.eml", K.AUTO_REPLY, None),
        ("read-receipt.eml", K.AUTO_REPLY, None),
        ("reply-outlook.eml", K.REPLY, None),
        ("reply-inline-answers.eml", K.REPLY, None),
        ("meeting.eml", K.REPLY, None),
        ("meeting-cancelled.eml", K.REPLY, None),
    ],
)
def test_each_mail_is_what_it_is_and_names_its_letter(name: str, kind: InboundKind, code: str | None) -> None:
    message = read(name)
    assert (message.kind, message.code, message.token) == (kind, code, LETTER)


def test_a_complaint_names_the_mail_that_was_complained_about() -> None:
    message = read("complaint.eml")
    assert (message.kind, message.token, message.detail) == (K.COMPLAINT, MAIL, "abuse")


def test_an_automatic_answer_to_our_own_mail_acknowledges_no_letter() -> None:
    mail = return_path(SIGNER, MAIL.kind, MAIL.reference, DOMAIN)
    assert read("acknowledgement.eml", mail).kind is K.AUTO_REPLY


@pytest.mark.parametrize("name", ["bounce-no-such-person.eml", "bounce-prose.eml", "acknowledgement.eml", "delay.eml"])
def test_one_changed_character_of_the_token_leaves_everything_unmatched(name: str) -> None:
    last = "0" if RETURN_PATH.partition("@")[0][-1] != "0" else "1"
    message = read(name, f"{RETURN_PATH.partition('@')[0][:-1]}{last}@{DOMAIN}")
    assert (message.kind, message.token) == (K.UNMATCHED, None)
    assert message.looks_like is read(name).kind


def test_mail_without_any_token_is_unmatched() -> None:
    assert read("newsletter.eml").kind is K.UNMATCHED


@pytest.mark.parametrize(
    "mangled",
    [
        RETURN_PATH.upper(),
        f"SRS0=Ab1c=XY=association.example={RETURN_PATH.partition('@')[0]}@forwarder.example",
        f"prvs=123456789a={RETURN_PATH}",
        f"IMCEASMTP-{RETURN_PATH.partition('@')[0].replace('+', '+2B')}+40{DOMAIN}@office.example",
        f"x{RETURN_PATH.partition('+')[2].partition('@')[0]}9zz@office.example",
    ],
)
def test_a_token_survives_what_relays_do_to_return_paths(mangled: str) -> None:
    message = read("bounce-no-such-person.eml", mangled)
    assert (message.kind, message.token) == (K.BOUNCE, LETTER)


def test_the_servers_line_is_kept_without_addresses() -> None:
    assert read("bounce-no-such-person.eml").detail == (
        "550 5.1.1 [address]: Recipient address rejected: User unknown in relay recipient table"
    )
    assert read("bounce-prose.eml").detail.startswith("550 5.5.0 Requested action not taken: mailbox unavailable")
    for path in MAILS.iterdir():
        assert "@" not in read(path.name).detail


def test_an_invitation_without_words_is_a_meeting_at_the_right_hour() -> None:
    message = read("meeting.eml")
    assert (message.text, message.automatic) == ("", False)
    meeting = message.meeting
    assert meeting is not None
    assert (meeting.summary, meeting.organizer) == ("Magnets / minerals", "Ashlar, Trudy")
    assert meeting.place == "1 Demo House Office Building, room 12"
    # summer time begins two days before: 2 pm Eastern is 18:00 UTC
    assert meeting.starts_at == datetime(2027, 3, 16, 18, 0, tzinfo=UTC)
    assert (meeting.method, meeting.sequence, meeting.cancelled) == ("REQUEST", 0, False)


def test_a_cancelled_meeting_names_the_same_offer() -> None:
    offer, cancelled = read("meeting.eml").meeting, read("meeting-cancelled.eml").meeting
    assert offer is not None and cancelled is not None
    assert (cancelled.uid, cancelled.sequence, cancelled.cancelled) == (offer.uid, 1, True)


def test_answers_between_quoted_lines_stay_in_their_place() -> None:
    text = read("reply-inline-answers.eml").text
    assert [block.quoted for block in blocks(text)] == [True, False, True, False]
    assert preview(text) == "We signed on as a cosponsor yesterday."
    assert "cosponsor the bill" not in own_text(text)
    assert "Yes please" in own_text(text)


def test_a_reply_in_html_alone_is_read_as_text() -> None:
    assert read("reply-outlook.eml").text == "We share your view, Señor.\n\nCall us\nnext week."


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Tue, 04 Nov 2036 05:32:00 +0000", datetime(2036, 11, 4, 5, 32, tzinfo=UTC)),
        ("Tue, 24 Nov 2026 10:18:05 -0500 (EST)", datetime(2026, 11, 24, 15, 18, 5, tzinfo=UTC)),
        ("24 Nov 2026 15:18:05 -0000", datetime(2026, 11, 24, 15, 18, 5, tzinfo=UTC)),
        ("Thu 05 Nov 2026 09:15:00 +03:00", None),
        ("Tue, 24 Nov 2026 10:18:05 MESZ", None),
        ("yesterday", None),
    ],
)
def test_a_written_date_is_taken_only_with_a_zone_that_is_known(written: str, moment: datetime | None) -> None:
    raw = filled("reply-inline-answers.eml").replace(b"Tue, 24 Nov 2026 10:18:05 -0500", written.encode())
    message = read_message(raw, SIGNER)
    assert (message.written_at, message.date_text) == (moment, written)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff" * 1000,
        b"no header at all",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1000)),
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 500,
    ],
)
def test_what_cannot_be_read_is_said_to_be_unreadable_and_never_raises(raw: bytes) -> None:
    message = read_message(raw, SIGNER)
    assert message.kind in (K.UNREADABLE, K.UNMATCHED)
    assert message.token is None


def test_a_large_mail_is_read_by_its_beginning() -> None:
    raw = filled("reply-inline-answers.eml") + b"x" * 76 * 300_000
    assert read_message(raw, SIGNER).kind is K.REPLY


@pytest.mark.parametrize("charset", ["utf-8", "x-unknown", "us-ascii", "\x80"])
def test_a_wrong_charset_loses_no_word(charset: str) -> None:
    raw = filled("reply-inline-answers.eml").replace(b'charset="utf-8"', f'charset="{charset}"'.encode("latin-1"))
    assert "cosponsor yesterday" in read_message(raw, SIGNER).text


def test_text_holds_nothing_that_a_database_cannot_store() -> None:
    raw = filled("reply-inline-answers.eml").replace(b"yesterday", b"yester\x00day\xff\xed\xa0\x80")
    message = read_message(raw, SIGNER)
    assert "yesterday" in message.text
    message.text.encode()
    message.from_name.encode()
