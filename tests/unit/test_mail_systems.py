"""Bounces and replies as the mail systems of the world write them, and mail that was written to break a reader."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels.smtp import fast, inbox, mime
from campaign.channels.smtp.addresses import reply_address
from campaign.channels.smtp.inbox import InboundKind, InboundMessage, read_message
from campaign.channels.smtp.quotes import answers_inline, blocks, own_text, preview
from campaign.channels.smtp.raw import MAX_RAW, RawMail
from tests.unit.test_inbox import DOMAIN, LETTER, MAILS, SIGNER, filled, read

K = InboundKind
MB = 1024 * 1024


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("postfix-unknown.eml", K.BOUNCE, "5.1.1"),
        ("postfix-host-not-found.eml", K.BOUNCE, "5.4.4"),
        ("postfix-expired.eml", K.BOUNCE, "4.4.1"),
        ("postfix-delayed.eml", K.DELAY, "4.4.1"),
        ("postfix-relayed.eml", K.DELIVERED, "2.0.0"),
        ("exim-dsn.eml", K.BOUNCE, "5.1.1"),
        ("exim-unrouteable.eml", K.BOUNCE, None),
        ("exim-warning.eml", K.DELAY, "4.7.1"),
        ("sendmail-user-unknown.eml", K.BOUNCE, "5.1.1"),
        ("sendmail-warning.eml", K.DELAY, "4.4.7"),
        ("qmail-timeout.eml", K.BOUNCE, "5.1.3"),
        ("exchange-5.1.10.eml", K.BOUNCE, "5.1.10"),
        ("m365-access-denied.eml", K.BOUNCE, "5.4.1"),
        ("m365-restricted.eml", K.BOUNCE, "5.7.133"),
        ("m365-dmarc.eml", K.BOUNCE, "5.7.509"),
        ("m365-quota.eml", K.BOUNCE, "5.2.2"),
        ("gmail-no-account.eml", K.BOUNCE, "5.1.1"),
        ("gmail-too-large.eml", K.BOUNCE, "5.3.4"),
        ("gmail-delayed.eml", K.DELAY, "4.2.1"),
        ("yahoo-disabled.eml", K.BOUNCE, "5.2.1"),
        ("mimecast-policy.eml", K.BOUNCE, "5.7.1"),
        ("proofpoint-unknown.eml", K.BOUNCE, "5.1.1"),
        ("barracuda-no-such-domain.eml", K.BOUNCE, "5.1.2"),
        ("ses-dead.eml", K.BOUNCE, "5.1.1"),
        ("lotus-notes.eml", K.BOUNCE, "5.0.0"),
        ("groupwise-disabled.eml", K.BOUNCE, "5.2.1"),
        ("imail-no-status.eml", K.BOUNCE, "5.1.1"),
        ("iplanet-type-missing.eml", K.BOUNCE, "5.1.1"),
        ("courier-expanded.eml", K.DELIVERED, "2.0.0"),
        ("house-acknowledgement.eml", K.ACKNOWLEDGEMENT, None),
        ("senate-acknowledgement.eml", K.ACKNOWLEDGEMENT, None),
        ("exchange-away.eml", K.AUTO_REPLY, None),
        ("gmail-vacation.eml", K.AUTO_REPLY, None),
        ("left-the-office.eml", K.AUTO_REPLY, None),
        ("outlook-read-receipt.eml", K.AUTO_REPLY, None),
        ("form-letter.eml", K.REPLY, None),
        ("gmail-reply.eml", K.REPLY, None),
        ("apple-mail-reply.eml", K.REPLY, None),
        ("outlook-html-reply.eml", K.REPLY, None),
        ("subject-says-undeliverable.eml", K.REPLY, None),
        ("arf-abuse.eml", K.COMPLAINT, None),
        ("arf-virus.eml", K.COMPLAINT, None),
        ("arf-not-spam.eml", K.AUTO_REPLY, None),
        ("arf-auth-failure.eml", K.AUTO_REPLY, None),
    ],
)
def test_each_mail_system_is_understood(name: str, kind: InboundKind, code: str | None) -> None:
    message = read(name)
    assert (message.kind, message.code, message.token) == (kind, code, LETTER)
    assert "@" not in message.detail


def _long_way(raw: bytes) -> InboundMessage:
    mail = mime.parse(raw)
    return inbox._classified(mail, inbox._described(mail, RawMail.of(raw).digest), SIGNER)


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_the_short_way_says_what_the_long_way_says(ends: bytes) -> None:
    short = 0
    for path in sorted(MAILS.iterdir()):
        raw = filled(path.name).replace(b"\n", ends)
        if quick := fast.read(raw, SIGNER):
            long = _long_way(raw)
            assert (quick.token, quick.code, quick.detail, quick.written_at) == (
                long.token,
                long.code,
                long.detail,
                long.written_at,
            ), path.name
            assert inbox._REPORTS[quick.kind] is long.kind
            short += 1
    assert short > 20  # most reports of today's systems go it


@given(st.binary(max_size=2000))
def test_any_bytes_are_of_some_kind(raw: bytes) -> None:
    assert read_message(raw, SIGNER).kind in (K.UNREADABLE, K.UNMATCHED)


@given(st.sampled_from(sorted(path.name for path in MAILS.iterdir())), st.data())
def test_a_damaged_mail_is_of_some_kind_and_both_ways_agree(name: str, data: st.DataObject) -> None:
    raw = bytearray(filled(name))
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
        raw = raw or bytearray(b"x")
    message = read_message(bytes(raw), SIGNER)
    assert message.kind in set(K)
    message.text.encode()
    message.detail.encode()
    if quick := fast.read(bytes(raw), SIGNER):
        assert quick.token == LETTER or quick.token.reference.endswith("d")


def _nested(levels: int) -> bytes:
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(levels))


def _attached(levels: int) -> bytes:
    return b"From: a@b.example\n" + b"Content-Type: message/rfc822\n\n" * levels + b"Subject: x\n\nhi\n"


HOSTILE = {
    "nested 1,000 deep": _nested(1000),
    "attached 1,000 deep": _attached(1000),
    "10,000 parts": b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 10_000,
    "a header of 5 MB": b"From: a@b.example\nSubject: " + b"x " * (5 * MB // 2) + b"\n\nhi\n",
    "folded 100,000 times": b"From: a@b.example\nSubject: x" + b"\n y" * 100_000 + b"\n\nhi\n",
    "100,000 headers": b"From: a@b.example\n" + b"X-A: b\n" * 100_000 + b"\nhi\n",
    "a line of a million characters": b"From: a@b.example\nSubject: x\n\n" + b"on " * 333_333 + b"\n",
    "a million quotation marks": b"From: a@b.example\nSubject: x\n\n" + b">" * 1_000_000 + b"\n",
    "a million brackets in html": b"From: a@b.example\nContent-Type: text/html\n\n" + b"<" * 1_000_000,
    "a million open elements": b"From: a@b.example\nContent-Type: text/html\n\n" + b"<div>" * 200_000,
    "a comment without end": b"From: a@b.example\nDate: " + b"(" * 100_000 + b"\n\nhi\n",
    "a name without end": b'From: "' + b"\\" * 100_000 + b"\nSubject: x\n\nhi\n",
    "encoded words": b"From: a@b.example\nSubject: " + b"=?utf-8?q?x?= " * 20_000 + b"\n\nhi\n",
    "references": b"From: a@b.example\nReferences: " + b"<a@b> " * 50_000 + b"\n\nhi\n",
    "recipients": b"From: a@b.example\nTo: " + b"b+" + b"0" * 500_000 + b"@x.example\n\nhi\n",
    "a calendar": b"From: a@b.example\nContent-Type: text/calendar\n\nBEGIN:VEVENT\n" + b"A;B=" * 100_000 + b"\n",
    "a daemon's prose": b"From: mailer-daemon@b.example\nSubject: failed\n\n" + b"550 " * 200_000 + b"\n",
    "a boundary everywhere": b"From: a@b.example\nContent-Type: multipart/report; boundary=-\n\n" + b"---\n" * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_waits_for_a_person(name: str) -> None:
    message = read_message(HOSTILE[name], SIGNER)
    assert message.kind in (K.UNREADABLE, K.UNMATCHED)
    blocks(message.text)
    preview(message.text)


@pytest.mark.parametrize("name", ["reply-inline-answers.eml", "bounce-no-such-person.eml", "newsletter.eml"])
def test_a_mail_of_25_mb_takes_less_than_20_mb_to_read(tmp_path: Path, name: str) -> None:
    file = tmp_path / "large.eml"
    head = filled(name)
    with file.open("wb") as written:
        written.write(head)
        for _ in range((MAX_RAW - len(head)) // MB):
            written.write(b"\n" + b"QUJD" * (MB // 4))
    tracemalloc.start()
    try:
        raw = RawMail.read(file)
        message = read_message(raw, SIGNER)
        kept = sum(len(piece) for piece in raw.pieces())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept == raw.size == file.stat().st_size
    assert message.looks_like is read(name).looks_like
    assert peak < 20 * MB


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("gmail-reply.eml", "Thank you, we have read it with interest."),
        ("apple-mail-reply.eml", "Thanks for this. The Senator shares your view."),
        ("outlook-html-reply.eml", "We would like to hear more."),
    ],
)
def test_what_a_mail_program_quotes_below_an_answer_is_not_theirs(name: str, own: str) -> None:
    text = read(name).text
    assert preview(text) == own
    assert "plant manager" in text
    assert "plant manager" not in own_text(text)
    assert not answers_inline(text)


def test_answers_between_the_lines_are_told_from_an_answer_above_them() -> None:
    assert answers_inline(read("reply-inline-answers.eml").text)
    assert not answers_inline("Thanks.\n\n> one\n> two\n\n-- \nTrudy")
    assert not answers_inline("> one\n\nThanks.")


def test_our_own_mail_that_comes_back_is_no_answer() -> None:
    own = filled("form-letter.eml").replace(
        b"Message-ID: <form-letter.eml@office.example>", b"Message-ID: <0123456789abc@a.example>"
    )
    assert b"<0123456789abc@a.example>" in own
    assert read_message(own, SIGNER).kind is K.AUTO_REPLY
    path = reply_address(SIGNER, LETTER.kind, LETTER.reference, DOMAIN)
    from_us = filled("form-letter.eml").replace(
        b"From: Trudy Ashlar <trudy@office.example>", f"From: <{path}>".encode()
    )
    assert read_message(from_us, SIGNER).kind is K.AUTO_REPLY
