"""Reports about mail of ours: delivery notices (RFC 3464), prose bounces, complaints (RFC 5965).

Pure reading of one parsed mail. Whether a report may change anything is decided by its token, elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from enum import StrEnum

from campaign.channels.smtp.answers import enhanced_code, scrub
from campaign.channels.smtp.mime import clean, header, leaves, sender, text_of

_DAEMONS = frozenset(("mailer-daemon", "mailerdaemon", "mail-daemon", "postmaster", "maildaemon", "mdaemon"))
_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_COMPLAINTS = frozenset(("abuse", "fraud", "virus", "other"))  # not-spam and auth-failure complain of nothing

_BOTH_CODES = re.compile(r"(?<![\w.-])([45]\d\d)[ -]#?([45]\.\d{1,3}\.\d{1,3})(?![\w.-]*\d)")
_REPLY_CODE = re.compile(
    r"(?:^|said:?|answered:?|error:?|response:?|status:?|code:?)\W*([45]\d\d)(?:[ -]|$)", re.IGNORECASE
)
_FAILED = re.compile(
    r"undeliver|not (?:be )?deliver|delivery (?:has )?failed|returned (?:mail|to sender)|permanent|giving up|not reached"
    r"|did not (?:get|reach)|retry time ?(?:out)? exceeded|could not be (?:sent|delivered)|failure notice",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"(?:will|continue to|still) (?:keep )?(?:be )?(?:re)?try|not yet been delivered|delivery (?:is )?delayed"
    r"|warning: message .{0,40}delayed|no action is required",
    re.IGNORECASE,
)


class ReportKind(StrEnum):
    BOUNCE = "bounce"
    DELAY = "delay"
    DELIVERED = "delivered"
    COMPLAINT = "complaint"
    NOTICE = "notice"  # a read receipt, "not spam": of no consequence


@dataclass(frozen=True, slots=True)
class Report:
    kind: ReportKind
    code: str | None = None  # enhanced status
    detail: str = ""  # the server's own line, scrubbed
    original: str = ""  # what the report carries of our mail, for its token


def read_report(mail: Message) -> Report | None:
    """The report that this mail is, or None. Machine-readable parts first, prose of a mail daemon after."""
    parts = list(leaves(mail))
    status = next((part for part in parts if part.get_content_type() in _STATUS_TYPES), None)
    if status is not None and (report := _delivery_report(_fields_of(status), _original(parts))):
        return report
    feedback = next((part for part in parts if part.get_content_type() == "message/feedback-report"), None)
    if feedback is not None:
        return _complaint(_fields_of(feedback), _original(parts))
    if any(part.get_content_type() == "message/disposition-notification" for part in parts):
        return Report(ReportKind.NOTICE, detail="read receipt", original=_original(parts))
    return _prose(mail, _original(parts))


# delivery-status


def _delivery_report(blocks: list[dict[str, str]], original: str) -> Report | None:
    reports = [of_recipient(block) for block in blocks if "action" in block or "status" in block]
    envelope = " ".join(block.get("original-envelope-id", "") for block in blocks)
    for kind in (ReportKind.BOUNCE, ReportKind.DELAY, ReportKind.DELIVERED):
        for report in reports:
            if report.kind is kind:
                return Report(report.kind, report.code, report.detail, f"{envelope}\n{original}")
    return None


def of_recipient(block: dict[str, str]) -> Report:
    diagnostic = re.sub(r"^\s*[\w-]+\s*;\s*", "", block.get("diagnostic-code", ""))
    code = _best_code(enhanced_code(block.get("status", "")), diagnostic)
    action = block.get("action", "").strip().lower().partition(" ")[0]
    return Report(_report_kind(action, code), code, scrub(diagnostic or block.get("status", "")))


def _report_kind(action: str, code: str | None) -> ReportKind:
    kinds = {
        "failed": ReportKind.BOUNCE,  # also with 4.x.x: the time for trying is over
        "delayed": ReportKind.DELAY,
        "delivered": ReportKind.DELIVERED,
        "relayed": ReportKind.DELIVERED,
        "expanded": ReportKind.DELIVERED,
    }
    by_class = {"2": ReportKind.DELIVERED, "4": ReportKind.DELAY, "5": ReportKind.BOUNCE}
    return kinds.get(action) or by_class.get((code or "")[:1], ReportKind.NOTICE)


def _best_code(status: str | None, words: str) -> str | None:
    """The status; a missing or general one (x.0.0) yields to the code in the server's words, of the same class."""
    if status is not None and not status.endswith(".0.0"):
        return status
    both = _BOTH_CODES.search(words)  # also "550-5.1.1", as the first of several lines has it
    said = both[2] if both else enhanced_code(words)
    if said is None and (match := _REPLY_CODE.search(words)):
        said = f"{match[1][0]}.0.0"
    if said is not None and (status is None or said[0] == status[0]):
        return said
    return status


def _fields_of(part: Message) -> list[dict[str, str]]:
    """The blocks of a report part, field names in lower case, folded lines joined."""
    blocks = re.split(r"\n[ \t]*\n", _report_text(part).replace("\r\n", "\n"))
    return [fields for fields in map(_fields, blocks) if fields]


def _fields(block: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in re.sub(r"\n[ \t]+", " ", block).split("\n"):
        name, colon, value = line.partition(":")
        if colon and re.fullmatch(r"[A-Za-z][A-Za-z-]*", name.strip()):
            found.setdefault(name.strip().lower(), value.strip())
    return found


def _report_text(part: Message) -> str:
    """The text of a report part. The library reads it as headers before it is decoded: put it together and decode."""
    payload = part.get_payload()
    text = "\n\n".join(str(each).strip() for each in payload) if isinstance(payload, list) else str(payload)
    match str(part.get("Content-Transfer-Encoding", "")).strip().lower():
        case "base64":
            try:
                return clean(base64.b64decode("".join(text.split())).decode("utf-8", "replace"))
            except (binascii.Error, ValueError):
                return ""
        case "quoted-printable":
            return clean(quopri.decodestring(text.encode("utf-8", "replace")).decode("utf-8", "replace"))
    return clean(text)


def _original(parts: list[Message]) -> str:
    """What was returned of our mail: its headers, or the whole, as text to look for a token in."""
    found = [
        str(part)
        for part in parts
        if part.get_content_type()
        in ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
    ]
    return "\n".join(found)[:100_000]


# complaints


def _complaint(blocks: list[dict[str, str]], original: str) -> Report:
    fields = {name: value for block in reversed(blocks) for name, value in block.items()}
    kind = fields.get("feedback-type", "").lower()
    traces = "\n".join(fields.get(name, "") for name in ("original-mail-from", "original-envelope-id"))
    if kind in _COMPLAINTS:
        return Report(ReportKind.COMPLAINT, None, kind, f"{traces}\n{original}")
    return Report(ReportKind.NOTICE, None, scrub(kind), f"{traces}\n{original}")


# prose


def _prose(mail: Message, original: str) -> Report | None:
    local = sender(mail)[1].lower().partition("@")[0]
    if local not in _DAEMONS and not header(mail, "X-Failed-Recipients"):
        return None
    text = text_of(mail)
    code, line = _code_in_prose(text)
    words = f"{header(mail, 'Subject')}\n{text[:5000]}"
    failed, delayed = _FAILED.search(words) is not None, _DELAYED.search(words) is not None
    if delayed and (code is None or code[0] == "4"):
        kind = ReportKind.DELAY
    elif failed or (code is not None and code[0] == "5") or header(mail, "X-Failed-Recipients"):
        kind = ReportKind.BOUNCE
    elif code is not None:
        kind = ReportKind.DELAY
    else:
        return None
    return Report(kind, code, scrub(line), f"{original}\n{text}")


def _code_in_prose(text: str) -> tuple[str | None, str]:
    """The first code and the line from it on. A reply code beside it is the surest sign; a date is none."""
    for pattern, group in ((_BOTH_CODES, 2), (_REPLY_CODE, 1)):
        for line in _lines(text):
            if match := pattern.search(line):
                code = enhanced_code(match[group]) or f"{match[1][0]}.0.0"
                return code, line[match.start(1) :]
    for line in _lines(text):
        if re.search(r"status|code|error|reason|diagnostic|said", line, re.IGNORECASE) and (
            said := enhanced_code(line)
        ):
            return said, line
    return None, ""


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in text[:20_000].split("\n"))
