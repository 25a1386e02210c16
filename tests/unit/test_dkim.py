"""Signatures of our mail: held by a verifier of their own, over the bytes that leave."""

from __future__ import annotations

import base64
from pathlib import Path

import dkim as dkimpy
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from campaign.bench import keys
from campaign.channels.smtp.client import SmtpChannel
from campaign.channels.smtp.dkim import Signer, relaxed_body, relaxed_fields
from campaign.channels.smtp.message import build
from campaign.domain.errors import CannotStart
from tests.unit.dkim_verifier import header_fields, relaxed_header, relaxed_text, verify
from tests.unit.parcels import a_parcel

RSA = rsa.generate_private_key(65537, 2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()
KEYS = [pytest.param(RSA, id="rsa"), pytest.param(ED25519, id="ed25519")]
Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

# RFC 8463, appendix A
RFC_PUBLIC = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
RFC_MAIL = b"""\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
""".replace(b"\n", b"\r\n")


def _signed(key: Key, **changes: object) -> bytes:
    return Signer(key, "fall26", "association.example").sign(build(a_parcel(1, **changes)))


def test_the_verifier_holds_the_mail_that_the_rfc_prints() -> None:
    told = verify(RFC_MAIL, ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(RFC_PUBLIC)))
    assert told["d"] == "football.example.com"
    with pytest.raises(InvalidSignature):
        verify(
            RFC_MAIL.replace(b"dinner", b"supper"),
            ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(RFC_PUBLIC)),
        )


def test_canonical_forms_are_those_of_the_rfc() -> None:
    # RFC 6376, 3.4.5
    assert relaxed_fields(b"A: X\r\nB : Y\t\r\n\tZ  \r\n") == [(b"a", b"a:X\r\n"), (b"b", b"b:Y Z\r\n")]
    assert relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"
    # 3.4.4: an empty body stays empty, and a last line gets its end
    assert (relaxed_body(b""), relaxed_body(b"\r\n\r\n"), relaxed_body(b"x")) == (b"", b"", b"x\r\n")


@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"a", b"B", b"="]), max_size=30).map(b"".join))
def test_bodies_are_canonical_as_the_verifier_sees_them(body: bytes) -> None:
    assert relaxed_body(body) == relaxed_text(body)


@given(st.lists(st.sampled_from([" ", "\t", "\r\n ", "\r\n\t", "a", "B", ":"]), max_size=20).map("".join))
def test_header_fields_are_canonical_as_the_verifier_sees_them(value: str) -> None:
    field = f"Subject:{value}"
    assert relaxed_fields(field.encode() + b"\r\n") == [(b"subject", relaxed_header(field).encode())]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"body": ""},
        {"body": "  two  blanks \t\n\n\n", "subject": "S  with   blanks"},
        {"html": "<p>Hello  </p>\n\n", "body": ""},
        {"from_name": "Ada Łukasik, Plant “Manager”", "subject": "Magnets № 1 " * 12},
        {"reply_to": "r+x@bounces.example.org", "unsubscribe_url": "https://act.example.org/u/abc"},
        {"headers": (("Auto-Submitted", "auto-generated"), ("X-Own", "1"))},
    ],
)
def test_every_mail_that_is_built_verifies(key: Key, changes: dict[str, object]) -> None:
    mail = _signed(key, **changes)
    told = verify(mail, key.public_key())
    assert (told["d"], told["s"]) == ("association.example", "fall26")
    assert mail.endswith(build(a_parcel(1, **changes)))
    assert all(len(line) <= 78 for line in header_fields(mail)[0].split("\r\n"))
    assert not any(line.startswith(b".") for line in mail.split(b"\r\n")), "no line needs a second dot"


@pytest.mark.parametrize("key", KEYS)
def test_a_changed_mail_does_not_verify(key: Key) -> None:
    mail = _signed(key, unsubscribe_url="https://act.example.org/u/abc")
    for old, new in (
        (b"Magnets", b"Lamps"),
        (b"Ada Quillback", b"Bea Quillback"),
        (b"/u/abc", b"/u/abd"),
        (b"One-Click", b"Two-Click"),
        (b"RGVhci", b"RGVhcj"),
        (b"MIME-Version", b"From: Mallory <m@evil.example>\r\nMIME-Version"),
    ):
        assert old in mail
        with pytest.raises(InvalidSignature):
            verify(mail.replace(old, new), key.public_key())


def test_from_is_named_once_more_than_it_stands_there_and_list_fields_are_signed() -> None:
    told = verify(_signed(ED25519, unsubscribe_url="https://act.example.org/u/abc"), ED25519.public_key())
    names = told["h"].split(":")
    assert names.count("from") == 2
    assert {"list-unsubscribe", "list-unsubscribe-post", "to", "subject", "date", "message-id"} <= set(names)
    assert "reply-to" not in names


def test_equal_letters_get_equal_signatures() -> None:
    assert _signed(RSA) == _signed(RSA)


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_channel_signs_what_it_sends_with_the_key_of_a_file(kind: str, tmp_path: Path) -> None:
    path = keys.signing_key(tmp_path, kind)
    private = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(private, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey)
    channel = SmtpChannel("127.0.0.1", 25, signer=Signer.from_file(path, "fall26", "association.example"))
    verify(channel._letter(a_parcel(1)).mail, private.public_key())
    assert path.stat().st_mode & 0o077 == 0


def test_a_key_that_cannot_sign_is_named_at_the_start(tmp_path: Path) -> None:
    def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> bytes:
        hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)

    path = tmp_path / "key.pem"
    for content in (
        None,
        b"no key",
        pem(RSA, b"secret"),
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(rsa.generate_private_key(65537, 1024)),  # noqa: S505 - it is the refusal that is tested
    ):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(CannotStart, match="CAMPAIGN_DKIM_KEY_FILE"):
            Signer.from_file(path, "fall26", "association.example")
    for selector, domain in (("a b", "association.example"), ("fall26", "x\r\ny"), ("", "x.example")):
        with pytest.raises(CannotStart, match="CAMPAIGN_DKIM_SELECTOR"):
            Signer(ED25519, selector, domain)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"body": "漢字 and ñ\n\n \tblanks  \n.\n\n"},
        {"unsubscribe_url": "https://act.example.org/u/abc", "html": "<p>Hello</p>"},
        {"subject": "Ünïcode " * 30},
    ],
    ids=["plain", "odd text", "member mail", "long subject"],
)
def test_a_verifier_of_others_takes_our_signatures_too(changes: dict[str, object]) -> None:
    """RSA, which all receivers check; for ed25519 it would need a further library."""
    kind, public = Signer(RSA, "fall26", "association.example").published()

    def asked(name: bytes, **_: object) -> bytes:
        assert name == b"fall26._domainkey.association.example."
        return f"v=DKIM1; k={kind}; p={public}".encode()

    mail = _signed(RSA, **changes)
    assert dkimpy.verify(mail, dnsfunc=asked)
    assert not dkimpy.verify(mail.replace(b"From: ", b"From: x", 1), dnsfunc=asked)
