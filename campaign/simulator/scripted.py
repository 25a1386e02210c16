"""The mails of simulated offices and mail systems, as raw bytes: the same bytes for the same arguments.

What comes from an office that exists says that it was not written by it. Replies of substance and offers to meet come from
stand-ins alone, whose names end in "(demo)".
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from campaign.channels.smtp.message import mailbox, unstructured
from campaign.domain.errors import Invalid

NOT_THEIRS = "Simulated reply. Not written by this office."
STAND_IN = "(demo)"
_HOST = "simulation.offices.example"


@dataclass(frozen=True, slots=True)
class Original:
    """What an answer needs to know of the letter that it answers."""

    message_id: str
    subject: str
    return_path: str  # carries the token; bounces and automatic answers go here
    reply_to: str  # replies go here
    office_address: str  # whom the letter went to, and who answers
    office_name: str

    @property
    def stand_in(self) -> bool:
        return self.office_name.endswith(STAND_IN)


def bounce(
    original: Original, at: datetime, code: str = "5.1.1", answer: str = "550 5.1.1 no such person (simulation)"
) -> bytes:
    """A delivery status notification of failure (RFC 3464), from the null sender to the return path."""
    words = "This is a simulation. Your message could not be delivered to the recipient below."
    return _report(original, at, "failed", code, answer, "Undelivered mail returned to sender (simulation)", words)


def delay(original: Original, at: datetime) -> bytes:
    """A notification that delivery is still being tried."""
    words = "This is a simulation. Your message has not been delivered yet. It will be tried for four more days."
    answer = "451 4.4.1 no answer from host (simulation)"
    return _report(original, at, "delayed", "4.4.1", answer, "Delayed mail, still being tried (simulation)", words)


def receipt(original: Original, at: datetime) -> bytes:
    """A notification that the letter reached the office's mailbox (RFC 3464, "delivered")."""
    words = "This is a simulation. Your message was delivered to the recipient below."
    answer = "250 2.1.5 delivered (simulation)"
    return _report(original, at, "delivered", "2.1.5", answer, "Delivery notification (simulation)", words)


def acknowledgement(original: Original, at: datetime) -> bytes:
    """An office's automatic receipt (RFC 3834: to the return path, Auto-Submitted)."""
    text = (
        f"{_opening(original)}\n\nThank you for contacting the office. Your message has been received and will be read."
        " This answer is automatic; please do not reply to it.\n"
    )
    return _from_office(
        original,
        at,
        "acknowledgement",
        original.return_path,
        f"Automatic reply: {original.subject} (simulation)",
        text,
        extra=["Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All", "Precedence: auto_reply"],
    )


def form_reply(original: Original, at: datetime) -> bytes:
    """A form letter, sent as a person would send it."""
    text = (
        f"{_opening(original)}\n\nThank you for writing about this important matter. Hearing from the people of our"
        " state and district helps the office to represent them. Your views will be kept in mind should related"
        " legislation come to a vote.\n\nPlease do not hesitate to contact the office again.\n"
    )
    return _from_office(original, at, "form", original.reply_to, f"Re: {original.subject} (simulation)", text)


def substantive_reply(original: Original, at: datetime, text: str, staffer: str = "Legislative staff") -> bytes:
    """A reply about the matter itself. Raises Invalid for an office that is no stand-in."""
    _stand_ins_only(original)
    body = f"{_opening(original)}\n\n{text.strip()}\n\n{staffer}\n{original.office_name}\n"
    return _from_office(original, at, "substantive", original.reply_to, f"Re: {original.subject} (simulation)", body)


def meeting_offer(
    original: Original, at: datetime, starts_at: datetime, text: str, place: str = "1 Demo House Office Building"
) -> bytes:
    """An offer to meet for half an hour, with its calendar part. Raises Invalid for an office that is no stand-in."""
    _stand_ins_only(original)
    subject = f"Meeting: {original.subject} (simulation)"
    calendar = "\r\n".join(_calendar(original, at, starts_at, subject, place))
    boundary = f"=_{_number(original, 'meeting')}"
    content = [
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        "",
        f"--{boundary}",
        *_text(f"{_opening(original)}\n\n{text.strip()}\n"),
        f"--{boundary}",
        'Content-Type: text/calendar; charset="utf-8"; method=REQUEST',
        "Content-Transfer-Encoding: base64",
        "",
        *_base64(calendar),
        f"--{boundary}--",
        "",
    ]
    head = _head_from_office(original, at, "meeting", original.reply_to, subject)
    return _bytes([*head, "MIME-Version: 1.0", *content])


def _stand_ins_only(original: Original) -> None:
    if not original.stand_in:
        raise Invalid("only a stand-in may say something of its own in the simulation")


def _opening(original: Original) -> str:
    return "This is a simulation." if original.stand_in else f"{NOT_THEIRS} This is a simulation."


def _from_office(
    original: Original,
    at: datetime,
    kind: str,
    to: str,
    subject: str,
    text: str,
    extra: Sequence[str] = (),
) -> bytes:
    head = _head_from_office(original, at, kind, to, subject)
    return _bytes([*head, *extra, "MIME-Version: 1.0", *_text(text)])


def _head_from_office(original: Original, at: datetime, kind: str, to: str, subject: str) -> list[str]:
    sender = "" if kind == "acknowledgement" else original.office_address
    return [
        *_envelope(sender, to, at, _number(original, kind)),
        mailbox("From", f"{original.office_name} - simulation", original.office_address),
        f"To: <{to}>",
        unstructured("Subject", subject),
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{_number(original, kind)}@{_HOST}>",
        f"In-Reply-To: {original.message_id}",
        f"References: {original.message_id}",
    ]


def _report(original: Original, at: datetime, action: str, code: str, answer: str, subject: str, words: str) -> bytes:
    number = _number(original, action)
    boundary = f"=_{number}"
    lines = [
        *_envelope("", original.return_path, at, number),
        f"From: Mail delivery simulation <mailer-daemon@{_HOST}>",
        f"To: <{original.return_path}>",
        f"Subject: {subject}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{number}@{_HOST}>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        words,
        "",
        f"--{boundary}",
        "Content-Type: message/delivery-status",
        "",
        f"Reporting-MTA: dns; {_HOST}",
        f"Arrival-Date: {format_datetime(at)}",
        "",
        f"Final-Recipient: rfc822; {original.office_address}",
        f"Action: {action}",
        f"Status: {code}",
        f"Diagnostic-Code: smtp; {answer}",
        "",
        f"--{boundary}",
        "Content-Type: text/rfc822-headers",
        "",
        unstructured("Subject", original.subject),
        f"Message-ID: {original.message_id}",
        "",
        f"--{boundary}--",
        "",
    ]
    return _bytes(lines)


def _envelope(sender: str, to: str, at: datetime, number: str) -> list[str]:
    return [
        f"Return-Path: <{sender}>",
        f"Delivered-To: {to}",
        f"Received: from {_HOST} by inbox.simulation.example with ESMTP id {number}; {format_datetime(at)}",
        "X-Simulation: yes",
    ]


def _calendar(original: Original, at: datetime, starts_at: datetime, subject: str, place: str) -> list[str]:
    ends_at = starts_at + timedelta(minutes=30)
    return [
        "BEGIN:VCALENDAR",
        "METHOD:REQUEST",
        "PRODID:Countersign simulation",
        "VERSION:2.0",
        "BEGIN:VEVENT",
        f"UID:{_number(original, 'meeting')}@{_HOST}",
        f"SUMMARY:{_calendar_text(subject)}",
        f"DTSTAMP:{_utc(at)}",
        f"DTSTART:{_utc(starts_at)}",
        f"DTEND:{_utc(ends_at)}",
        f"LOCATION:{_calendar_text(place)}",
        f'ORGANIZER;CN="{original.office_name}":mailto:{original.office_address}',
        "SEQUENCE:0",
        "STATUS:CONFIRMED",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def _calendar_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _utc(moment: datetime) -> str:
    return (moment - (moment.utcoffset() or timedelta(0))).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> list[str]:
    return [
        'Content-Type: text/plain; charset="utf-8"',
        "Content-Transfer-Encoding: base64",
        "",
        *_base64(text.replace("\n", "\r\n")),
    ]


def _base64(text: str) -> list[str]:
    encoded = b64encode(text.encode()).decode("ascii")
    return [encoded[at : at + 76] for at in range(0, len(encoded), 76)]


def _number(original: Original, kind: str) -> str:
    return hashlib.sha256(f"{original.message_id}\n{original.office_address}\n{kind}".encode()).hexdigest()[:24]


def _bytes(lines: Sequence[str]) -> bytes:
    # a Maildir holds LF line ends; folded header lines come with CRLF
    return "\n".join(lines).replace("\r\n", "\n").encode("ascii")
