"""DKIM signatures (RFC 6376; ed25519: RFC 8463), relaxed/relaxed, over what `message` builds.

Written by hand over `cryptography`: a signer in pure Python takes twenty-five times as long as the raw signature.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from campaign.domain.errors import CannotStart

Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

# what a reader sees or a mailbox acts on (RFC 6376, 5.4.1; RFC 8058, 4 for the list fields), where the mail has it
_SIGNED = (
    *("from", "to", "reply-to", "subject", "date", "message-id", "in-reply-to", "references", "auto-submitted"),
    *("list-id", "list-unsubscribe", "list-unsubscribe-post", "mime-version", "content-type"),
    "content-transfer-encoding",
)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_BLANKS = re.compile(rb" {2,}")
MIN_BITS = 2048  # RFC 8301 asks for 1024 and recommends this


class Signer:
    """One key in memory; `sign` may be called by any thread. Equal mails get equal signatures: there is no time in them."""

    def __init__(self, key: Key, selector: str, domain: str) -> None:
        if not (_NAME.fullmatch(selector) and _NAME.fullmatch(domain)):
            raise CannotStart("CAMPAIGN_DKIM_SELECTOR and CAMPAIGN_DKIM_DOMAIN: give names as they stand in the DNS")
        if isinstance(key, rsa.RSAPrivateKey) and key.key_size < MIN_BITS:
            raise CannotStart(f"CAMPAIGN_DKIM_KEY_FILE: an RSA key needs {MIN_BITS} bits or more")
        self._key = key
        self.domain, self.selector = domain, selector
        algorithm = "rsa-sha256" if isinstance(key, rsa.RSAPrivateKey) else "ed25519-sha256"
        self._who = f"v=1; a={algorithm}; c=relaxed/relaxed;\r\n d={domain};\r\n s={selector};"

    @classmethod
    def from_file(cls, path: Path, selector: str, domain: str) -> Signer:
        """An unencrypted PEM file. Raises CannotStart where there is no such key."""
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise CannotStart("CAMPAIGN_DKIM_KEY_FILE: no private key in PEM can be read there") from error
        if not isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
            raise CannotStart("CAMPAIGN_DKIM_KEY_FILE: DKIM knows RSA and ed25519 keys")
        return cls(key, selector, domain)

    def published(self) -> tuple[str, str]:
        """The kind of the key and its public half in base64, as the DNS holds them (RFC 6376, 3.6.1; RFC 8463, 4)."""
        public = self._key.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            encoding, form, kind = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo, "rsa"
        else:
            encoding, form, kind = serialization.Encoding.Raw, serialization.PublicFormat.Raw, "ed25519"
        return kind, b64encode(public.public_bytes(encoding, form)).decode("ascii")

    def sign(self, mail: bytes) -> bytes:
        """The mail with its signature on top."""
        head, _, body = mail.partition(b"\r\n\r\n")
        fields = dict(relaxed_fields(head + b"\r\n"))  # of equal ones the last, as 5.4.2 wants
        names = tuple(name for name in _SIGNED if name.encode() in fields)
        digest = b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode("ascii")
        value = f"{self._who}{_names(names)}\r\n bh={digest};\r\n b="
        own = b"dkim-signature:" + value.replace("\r\n", "").encode()
        signature = self._signature(b"".join(fields[name.encode()] for name in names) + own)
        lines = "\r\n ".join(signature[at : at + 72] for at in range(0, len(signature), 72))
        return f"DKIM-Signature: {value}{lines}\r\n".encode("ascii") + mail

    def _signature(self, data: bytes) -> str:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return b64encode(self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())).decode("ascii")
        # ed25519 signs the hash, not the data (RFC 8463, 3)
        return b64encode(self._key.sign(hashlib.sha256(data).digest())).decode("ascii")


def relaxed_fields(head: bytes) -> list[tuple[bytes, bytes]]:
    """Each header field's name in lower case and its canonical line (RFC 6376, 3.4.2), in order."""
    fields = []
    for line in head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            name = name.rstrip(b" \t").lower()
            fields.append((name, name + b":" + _single(value).strip(b" ") + b"\r\n"))
    return fields


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376, 3.4.4: blanks at the ends of lines and empty lines at the end do not count."""
    body = b"\r\n".join(line.rstrip(b" ") for line in _single(body).split(b"\r\n")) if _has_blanks(body) else body
    body = body.rstrip(b"\r\n")  # lone ones do not cross: `message` writes pairs
    return body + b"\r\n" if body else b""


def _has_blanks(body: bytes) -> bool:
    """Base64 has none, and most bodies are nothing else: plain searches take a tenth of a pattern's time."""
    return b" " in body or b"\t" in body


def _single(text: bytes) -> bytes:
    """Each run of blanks as one."""
    text = text.replace(b"\t", b" ")
    return _BLANKS.sub(b" ", text) if b"  " in text else text


@lru_cache(64)
def _names(names: tuple[str, ...]) -> str:
    """The h= tag, folded. `from` once more than it is there, so that none can be added (RFC 6376, 8.15)."""
    lines = [" h=from"]
    for name in names:
        if len(lines[-1]) + len(name) > 70:
            lines[-1] += ":"
            lines.append(f" {name}")
        else:
            lines[-1] += f":{name}"
    return "\r\n" + "\r\n".join(lines) + ";"
