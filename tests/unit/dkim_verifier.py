"""A DKIM verifier for tests, written from RFC 6376 (3.4.2, 3.4.4, 3.5, 3.7, 5.4.2) and RFC 8463 alone.

It shares no line with the signer, reads any relaxed/relaxed signature and is itself held against the mail that RFC 8463 prints.
"""

from __future__ import annotations

import base64
import hashlib
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

PublicKey = rsa.RSAPublicKey | ed25519.Ed25519PublicKey


def tags(value: str) -> dict[str, str]:
    """The tag list of a signature (3.2), blanks inside values removed."""
    pairs = (part.split("=", 1) for part in value.split(";") if part.strip())
    return {name.strip(): re.sub(r"\s+", "", text) for name, text in pairs}


def header_fields(mail: bytes) -> list[str]:
    """Whole fields with their names, still folded, in order."""
    head = mail.split(b"\r\n\r\n", 1)[0].decode("ascii")
    return re.split(r"\r\n(?![ \t])", head)


def relaxed_header(field: str) -> str:
    name, value = field.split(":", 1)
    value = re.sub(r"[ \t]+", " ", re.sub(r"\r\n(?=[ \t])", "", value))
    return f"{name.rstrip().lower()}:{value.strip(' ')}\r\n"


def relaxed_text(body: bytes) -> bytes:
    body = re.sub(rb"[ \t]+(?=\r\n|\Z)", b"", body)
    body = re.sub(rb"[ \t]+", b" ", body)
    body = re.sub(rb"(?:\r\n)+\Z", b"", body)
    return body + b"\r\n" if body else b""


def verify(mail: bytes, key: PublicKey) -> dict[str, str]:
    """The tags of the first signature. Raises InvalidSignature where it does not hold."""
    fields = header_fields(mail)
    own = next(field for field in fields if field.lower().startswith("dkim-signature"))
    told = tags(own.split(":", 1)[1])
    assert (told["v"], told["c"]) == ("1", "relaxed/relaxed")
    body = mail.split(b"\r\n\r\n", 1)[1]
    if base64.b64decode(told["bh"]) != hashlib.sha256(relaxed_text(body)).digest():
        raise InvalidSignature("body")
    _check(key, told, (_signed(fields, own, told) + _without_signature(own)).encode("ascii"))
    return told


def _signed(fields: list[str], own: str, told: dict[str, str]) -> str:
    """The named fields, each name taking the next one from the bottom; a name without one more stands for nothing."""
    left = [field for field in fields if field != own]
    chosen = []
    for name in told["h"].lower().split(":"):
        for at in range(len(left) - 1, -1, -1):
            if left[at].split(":", 1)[0].strip().lower() == name:
                chosen.append(relaxed_header(left.pop(at)))
                break
    return "".join(chosen)


def _without_signature(own: str) -> str:
    return relaxed_header(re.sub(r"([;\s]b\s*=)[^;]*", r"\1", own, count=1)).removesuffix("\r\n")


def _check(key: PublicKey, told: dict[str, str], data: bytes) -> None:
    signature = base64.b64decode(told["b"])
    if isinstance(key, rsa.RSAPublicKey):
        assert told["a"] == "rsa-sha256"
        key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    else:
        assert told["a"] == "ed25519-sha256"
        key.verify(signature, hashlib.sha256(data).digest())
