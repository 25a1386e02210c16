"""A relay's answers: their codes, their outcome, and their words without addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from campaign.domain.errors import Misconfigured, Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Receipt

MAX_WORDS = 300  # characters of an answer that are kept

_ADDRESS = re.compile(r"""<[^<>]*@[^<>]*>|"[^"\n]*"@[^\s<>]+|[^\s<>()\[\]:;,"'`]+@[^\s<>()\[\]:;,"'`]+""")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# RFC 3463: class, subject and detail without leading zeros; no further digit or dot on either side, so that neither an
# address of four numbers nor a date such as 5.5.2027 is taken for one.
_ENHANCED = re.compile(r"(?<![\w.-])([245])\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})(?![\w-]|\.\d)")
_QUEUED_AS = re.compile(r"\b(?:queued as|id=|queue id:?)\s*([A-Za-z0-9._-]{4,64})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer: three digits and its text, lines joined by line feeds."""

    code: int
    text: str

    @property
    def ok(self) -> bool:
        return 200 <= self.code <= 299

    @property
    def words(self) -> str:
        return scrub(f"{self.code} {self.text}")


def scrub(text: str) -> str:
    """A receiver's words as they may be kept and shown: one line, no address, at most MAX_WORDS characters."""
    if not text.isprintable():
        text = _CONTROL.sub(" ", text)
    return (_ADDRESS.sub("[address]", text) if "@" in text else text).strip()[:MAX_WORDS]


def enhanced_code(text: str) -> str | None:
    """The first enhanced status code (RFC 3463) in a text, as "5.1.1"; None where there is none."""
    match = _ENHANCED.search(text)
    return match[0] if match else None


def before_body(reply: Reply) -> TryLater | Refused:
    """What an answer means that stopped a parcel before its text had left; never Unclear."""
    if 500 <= reply.code <= 599:
        return Refused("the relay refused the letter", code=str(reply.code), answer=reply.words)
    return TryLater("the relay asks to try later", code=str(reply.code), answer=reply.words)


def before_letters(reply: Reply) -> TryLater | Misconfigured:
    """What a no means to something that concerns no letter: a greeting, a login, the sender that all letters have."""
    if 500 <= reply.code <= 599:
        return Misconfigured("the relay does not take mail from us", code=str(reply.code), answer=reply.words)
    return TryLater("the relay asks to try later", code=str(reply.code), answer=reply.words)


def after_body(reply: Reply) -> Outcome:
    """What the answer to the final dot means. After it only 4xx and 5xx prove that nothing was taken."""
    if reply.ok:
        match = _QUEUED_AS.search(reply.text)
        return Receipt(reply.words, match[1] if match else None)
    if 400 <= reply.code <= 599:
        return before_body(reply)
    return Unclear("the relay's answer makes no sense", code=str(reply.code), answer=reply.words)
