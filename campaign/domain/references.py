"""Public references and the signed tokens made of them.

A reference is 64 random bits as 13 characters of Crockford's base 32 in lower case: it names a letter, a mail or a link
without telling how many there are. A token is a letter for its kind, a reference, and 16 characters (80 bits) of an HMAC
over both. Every character is a lower-case letter or a digit, so a token survives case folding, quoted-printable and a mail
program that leaves a last dash or dot out of a link; its 30 characters keep a return path under 64 octets (RFC 5321,
4.5.3.1.1).
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford: no i, l, o, u
REFERENCE_LENGTH = 13
MAC_LENGTH = 16
TOKEN_LENGTH = 1 + REFERENCE_LENGTH + MAC_LENGTH

_REFERENCE = re.compile(f"[{ALPHABET}]{{{REFERENCE_LENGTH}}}")
_CANDIDATE = re.compile(rf"(?=([a-z][{ALPHABET}]{{{TOKEN_LENGTH - 1}}}))")


class TokenKind(StrEnum):
    """What a token is good for; a token of one kind never passes for another."""

    INVITATION = "d"  # the door of one member's journey in one campaign
    SIGN_IN = "s"
    TRACKER = "t"  # from a copy of the letters to their tracker
    UNSUBSCRIBE = "n"
    LETTER = "b"  # return path and reply address of a letter
    MAIL = "m"  # return path of our own mail


@dataclass(frozen=True, slots=True)
class Token:
    kind: TokenKind
    reference: str


def new_reference() -> str:
    return _encode(secrets.randbits(64), REFERENCE_LENGTH)


def is_reference(text: str) -> bool:
    return _REFERENCE.fullmatch(text) is not None


class TokenSigner:
    """Makes and checks tokens with keys derived from the installation's secret; `old_secrets` still verify."""

    def __init__(self, secret: str, old_secrets: tuple[str, ...] = ()) -> None:
        self._keys = tuple(
            hmac.digest(each.encode(), b"countersign token 1", "sha256") for each in (secret, *old_secrets)
        )

    def __repr__(self) -> str:
        return "TokenSigner(...)"

    def sign(self, kind: TokenKind, reference: str) -> str:
        """Twice the same: a reminder carries the link of the invitation."""
        return f"{kind}{reference}{_mac(self._keys[0], kind, reference)}"

    def read(self, text: str) -> Token | None:
        """The token, or None for anything that we did not make; upper case is folded."""
        text = text.lower()
        if (
            len(text) != TOKEN_LENGTH
            or text[0] not in _KINDS
            or not _REFERENCE.fullmatch(text, 1, 1 + REFERENCE_LENGTH)
        ):
            return None
        kind, reference, mac = TokenKind(text[0]), text[1 : 1 + REFERENCE_LENGTH], text[1 + REFERENCE_LENGTH :]
        for key in self._keys:
            if hmac.compare_digest(_mac(key, kind, reference).encode(), mac.encode("ascii", "replace")):
                return Token(kind, reference)
        return None

    def find(self, text: str) -> Iterator[Token]:
        """Every genuine token in a longer text, in order: rewritten return paths (SRS, prvs, BATV) keep it inside them.

        Overlapping places are looked at, and the MAC decides.
        """
        for match in _CANDIDATE.finditer(text.lower()):
            if token := self.read(match[1]):
                yield token


_KINDS = frozenset(TokenKind)
_TO_OURS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.encode("ascii"))


def _mac(key: bytes, kind: TokenKind, reference: str) -> str:
    digest = hmac.digest(key, f"{kind}{reference}".encode(), "sha256")
    return b32encode(digest[:10]).translate(_TO_OURS).decode("ascii")  # 80 bits are 16 digits of five


def _encode(number: int, length: int) -> str:
    """Fixed width, most significant first; `length` 5-bit digits must hold the number."""
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(5 * (length - 1), -1, -5))
