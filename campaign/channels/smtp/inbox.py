"""One raw mail -> what it is and whose. Pure, and it never raises: what cannot be read is said to be unreadable.

The order of reading matters: a report first, then a mail daemon's prose, then an automatic answer (daemons send
Auto-Submitted too), then a reply. Only a token that we signed ties a mail to a letter; everything else is `unmatched` and
changes nothing, whatever it claims to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import Message
from enum import StrEnum

from campaign.channels.smtp import fast, mime
from campaign.channels.smtp.bounces import Report, ReportKind, read_report
from campaign.channels.smtp.calendar import Meeting, read_meeting
from campaign.channels.smtp.raw import RawMail
from campaign.domain.references import Token, TokenKind, TokenSigner

_RECIPIENT_FIELDS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Delivered-To", "To", "Cc")
_TOKEN_AT = re.compile(r"\ba\+([0-9a-z]{20,60})@")
_OURS = frozenset((TokenKind.LETTER, TokenKind.MAIL))
_MESSAGE_ID = re.compile(r"(?i:^message-id:)\s*(<[^<>\s]{3,248}>)", re.MULTILINE)
_AUTOMATIC_PRECEDENCE = frozenset(("bulk", "junk", "list", "auto_reply"))
_AUTOMATIC_SUBJECT = re.compile(
    r"\s*(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office)\b", re.IGNORECASE
)
_AWAY = re.compile(
    r"out of (?:the )?office|\bon (?:\w+ )?(?:leave|vacation|holidays?)\b|\bi (?:will|shall) (?:be back|return)\b"
    r"|\b(?:am|be|is) away\b|away (?:from (?:my|the)|until)|limited access to (?:my )?e-?mail"
    r"|\bno longer (?:with|works?|working|employed)",
    re.IGNORECASE,
)


_AWAY_HINTS = ("out of", "leave", "vacation", "holiday", "i will", "i shall", "away", "access", "no longer")
"""Each match of the pattern holds one of them; looking for these first is ten times as fast."""


class InboundKind(StrEnum):
    BOUNCE = "bounce"
    DELAY = "delay"
    DELIVERED = "delivered"  # a positive receipt
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto_reply"  # away, moved, a read receipt: changes nothing
    ACKNOWLEDGEMENT = "acknowledgement"  # an office's automatic receipt for a letter
    REPLY = "reply"
    UNREADABLE = "unreadable"
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """`token` names a letter or a mail of ours, verified. `looks_like` is what an unmatched mail would have been.

    `code` is an enhanced status, `detail` the server's own line without addresses. Name and address of the sender stand
    apart, for storage that can forget them. Of a plain report to a return path of ours only kind, token, code, detail and
    moment are read (fast.py). `written_at` is the sender's own claim, None where it cannot be read.
    """

    kind: InboundKind
    digest: str  # SHA-256 of the raw bytes, in hex
    looks_like: InboundKind
    token: Token | None = None
    code: str | None = None
    detail: str = ""
    automatic: bool = False
    from_name: str = ""
    from_address: str = ""
    subject: str = ""
    text: str = ""
    written_at: datetime | None = None
    date_text: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()  # newest last; evidence, not proof
    meeting: Meeting | None = None


def read_message(raw: RawMail | bytes, signer: TokenSigner) -> InboundMessage:
    raw = RawMail.of(raw) if isinstance(raw, bytes) else raw
    try:
        if quick := fast.read(raw.head, signer):
            return _of_quick(quick, raw)
        mail = mime.parse(raw.head)
        message = _described(mail, raw.digest)
        return _classified(mail, message, signer)
    except mime.Unreadable as error:
        return _unreadable(raw.digest, str(error))
    except Exception as error:  # noqa: BLE001 - anybody may send anything; the raw mail is kept for a person
        return _unreadable(raw.digest, type(error).__name__)


def _of_quick(quick: fast.Quick, raw: RawMail) -> InboundMessage:
    kind = _REPORTS[quick.kind]
    return InboundMessage(
        kind, raw.digest, kind, quick.token, quick.code, quick.detail, automatic=True, written_at=quick.written_at
    )


def _unreadable(digest: str, why: str) -> InboundMessage:
    return InboundMessage(InboundKind.UNREADABLE, digest, InboundKind.UNREADABLE, detail=why)


def _described(mail: Message, digest: str) -> InboundMessage:
    name, address = mime.sender(mail)
    return InboundMessage(
        kind=InboundKind.REPLY,
        digest=digest,
        looks_like=InboundKind.REPLY,
        automatic=_automatic(mail),
        from_name=name,
        from_address=address,
        subject=mime.header(mail, "Subject")[:500],
        text=mime.text_of(mail),
        written_at=mime.date(mail),
        date_text=mime.header(mail, "Date")[:100],
        message_id=mime.header(mail, "Message-ID")[:250],
        in_reply_to=mime.header(mail, "In-Reply-To")[:250],
        references=tuple(re.findall(r"<[^<>\s]{3,248}>", mime.header(mail, "References"))[-20:]),
        meeting=_meeting(mail),
    )


def _classified(mail: Message, message: InboundMessage, signer: TokenSigner) -> InboundMessage:
    report = read_report(mail)
    token = _token(mail, report, signer)
    if report is not None:
        kind = _REPORTS[report.kind]
        ours = tuple(_MESSAGE_ID.findall(report.original[:20_000])[-20:])  # which mail of ours it tells of
        message = replace(
            message, code=report.code, detail=report.detail, automatic=True, references=message.references + ours
        )
    elif _is_ours(message, token, signer):
        kind = InboundKind.AUTO_REPLY
        message = replace(message, automatic=True, detail="our own mail came back")
    elif message.automatic and token is not None and _is_acknowledgement_address(mail, token):
        kind = (
            InboundKind.DELIVERED
        )  # a gateway's own word that the office's system has the letter; no word of the office
    elif message.automatic:
        kind = _automatic_kind(message, token)
    else:
        kind = InboundKind.REPLY
    return replace(message, kind=kind if token else InboundKind.UNMATCHED, looks_like=kind, token=token)


_REPORTS = {
    ReportKind.BOUNCE: InboundKind.BOUNCE,
    ReportKind.DELAY: InboundKind.DELAY,
    ReportKind.DELIVERED: InboundKind.DELIVERED,
    ReportKind.COMPLAINT: InboundKind.COMPLAINT,
    ReportKind.NOTICE: InboundKind.AUTO_REPLY,
}


def _is_ours(message: InboundMessage, token: Token | None, signer: TokenSigner) -> bool:
    """A letter or mail of ours that a rule at the other side sent back as it was, or one that claims to come from a return
    path: no answer to anything, and nothing to be answered."""
    if token is not None and message.message_id.startswith(f"<{token.reference}@"):
        return True
    return any(each.kind in _OURS for each in signer.find(message.from_address))


def _is_acknowledgement_address(mail: Message, token: Token) -> bool:
    """Whether it was sent to where gateways acknowledge, an address of its own for each letter (services/envelope.py)."""
    fields = "\n".join(mime.raw_values(mail, _RECIPIENT_FIELDS)).lower()
    return token.kind is TokenKind.LETTER and _TOKEN_AT.search(fields) is not None


def _automatic_kind(message: InboundMessage, token: Token | None) -> InboundKind:
    """An office's machine that says "received" acknowledges; one that says "away" tells nothing of the letter."""
    said = f"{message.subject}\n{message.text[:1500]}".lower()
    away = any(hint in said for hint in _AWAY_HINTS) and _AWAY.search(said)
    if away or (token is not None and token.kind is TokenKind.MAIL):
        return InboundKind.AUTO_REPLY
    return InboundKind.ACKNOWLEDGEMENT


def _automatic(mail: Message) -> bool:
    """RFC 3834 and the headers in use beside it. X-Auto-Response-Suppress alone stands on ordinary mail too."""
    submitted = mime.header(mail, "Auto-Submitted").lower().partition(";")[0].strip()
    if submitted not in ("", "no"):
        return True
    if mime.header(mail, "Return-Path") == "<>":
        return True
    if mime.header(mail, "Precedence").lower() in _AUTOMATIC_PRECEDENCE:
        return True
    if any(mail.get(name) is not None for name in ("X-Autoreply", "X-Autorespond", "List-Id")):
        return True
    if mail.get("X-Auto-Response-Suppress") is not None and _AUTOMATIC_SUBJECT.match(mime.header(mail, "Subject")):
        return True
    return mail.get_content_type() == "multipart/report"


def _token(mail: Message, report: Report | None, signer: TokenSigner) -> Token | None:
    """The first genuine one: where the mail was sent to, then, for a report, in what it carries of our mail."""
    for text in _places(mail, report):
        for token in signer.find(text):
            if token.kind in _OURS:
                return token
    return None


def _places(mail: Message, report: Report | None) -> Iterator[str]:
    for value in mime.raw_values(mail, _RECIPIENT_FIELDS):
        yield value
        yield value.replace("=\n", "")
    if report is not None:
        # quoted-printable breaks a line with "=", folding with a blank: neither is part of a token
        yield re.sub(r"=\r?\n|\r?\n[ \t]+", "", report.original)
        yield report.original


def _meeting(mail: Message) -> Meeting | None:
    for part in mime.leaves(mail):
        if part.get_content_type() == "text/calendar":
            return read_meeting(mime.decoded_text(part), str(part.get_param("method") or ""))
    return None
