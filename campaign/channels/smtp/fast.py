"""The short way for what comes back most: a plain delivery report (RFC 3464) about one recipient, sent to a return path of ours.

Every test here is for a form that the long way (bounces.py) reads the same; whatever is not of this form goes the long way.
A test holds both to one answer over all samples.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from campaign.channels.smtp.bounces import Report, ReportKind, of_recipient
from campaign.domain.references import Token, TokenKind, TokenSigner

LONGEST = 64 * 1024  # octets; longer ones are rare

_HEADER = re.compile(
    rb"^(to|delivered-to|x-original-to|envelope-to|x-delivered-to|cc|content-type|date|content-transfer-encoding)"
    rb":[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)\n",
    re.IGNORECASE | re.MULTILINE,
)
_BOUNDARY = re.compile(rb';\s*boundary="?([A-Za-z0-9\'()+_,./:=?-]{1,70})"?\s*(?:;|$)', re.IGNORECASE)
_TOKEN = re.compile(r"b\+([bm][0-9a-hjkmnp-tv-z]{29})(?=@|>|$)")
_FIELD = re.compile(
    r"^(action|status|diagnostic-code|original-envelope-id):[ \t]*(.*(?:\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE
)
_DATE = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d\d?) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4})"
    r" (\d\d):(\d\d):(\d\d) ([+-])(\d\d)([0-5]\d)(?: \([A-Z]{1,5}\))?",
    re.ASCII,
)
_MONTHS = {name: n + 1 for n, name in enumerate(re.findall("...", "JanFebMarAprMayJunJulAugSepOctNovDec"))}
_PART_START = b"\nContent-Type: message/delivery-status"
_DESCRIPTION = re.compile(rb"\nContent-Description:[^\n]*", re.IGNORECASE)
_FOLD = re.compile(r"\n[ \t]+")
_KINDS = (ReportKind.BOUNCE, ReportKind.DELAY, ReportKind.DELIVERED)


@dataclass(frozen=True, slots=True)
class Quick:
    kind: ReportKind
    token: Token
    code: str | None
    detail: str
    written_at: datetime | None


def read(raw: bytes, signer: TokenSigner) -> Quick | None:
    """None: not of the plain form, or not with a token of ours. Never raises for any bytes."""
    if len(raw) > LONGEST or raw.count(b"delivery-status") != 2:  # in the report's type, and of its one part
        return None
    if b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n")
        if b"\r" in raw:
            return None
    end = raw.find(b"\n\n")
    head = raw[: end + 1]
    if end < 0 or b"\0" in head or not raw[:1].isalpha():
        return None
    fields = _fields(head)
    token = _token(fields, signer) if fields else None
    if fields is None or token is None:
        return None
    report = _report(raw, end, fields["content-type"])
    if report is None or report.kind not in _KINDS:
        return None
    moment = _moment(fields.get("date", ""))
    return Quick(report.kind, token, report.code, report.detail, moment) if moment else None


def _fields(head: bytes) -> dict[str, str] | None:
    """The fields that decide, by name in lower case; None where one stands twice or the type is another."""
    found: dict[str, str] = {}
    for name, value in _HEADER.findall(head):
        key = name.decode().lower()
        if key in found or not value.isascii():
            return None
        found[key] = value.decode()
    kind = found.get("content-type", "")
    if kind[:16].lower() != "multipart/report" or "delivery-status" not in kind or "content-transfer-encoding" in found:
        return None
    return found


def _token(fields: dict[str, str], signer: TokenSigner) -> Token | None:
    """Of the first recipient field that the long way would look at; one of them must be a return path, as it was sent."""
    for name in ("delivered-to", "x-original-to", "envelope-to", "x-delivered-to", "to", "cc"):
        if (value := fields.get(name)) is None:
            continue
        match = _TOKEN.search(value)
        token = signer.read(match[1]) if match else None
        return token if token and token.kind in (TokenKind.LETTER, TokenKind.MAIL) else None
    return None


def _report(raw: bytes, end: int, content_type: str) -> Report | None:
    match = _BOUNDARY.search(content_type.encode())
    if match is None:
        return None
    line = b"\n--" + match[1]
    start = raw.find(_PART_START, end - 1)
    opened = raw.rfind(line, end - 1, start) if start >= 0 else -1
    between = raw[opened + len(line) : start]
    if opened < 0 or (between and _DESCRIPTION.fullmatch(between) is None):
        return None
    body = start + len(_PART_START)
    stop = raw.find(line, body)
    if stop < 0 or raw[body : body + 2] != b"\n\n" or not raw[body:stop].isascii():
        return None
    return _of_part(raw[body:stop].decode())


def _of_part(text: str) -> Report | None:
    block: dict[str, str] = {}
    for name, value in _FIELD.findall(text):
        key = name.lower()
        if key in block:
            return None
        block[key] = _FOLD.sub(" ", value) if "\n" in value else value
    if "action" not in block or "status" not in block:
        return None
    return of_recipient(block)


def _moment(text: str) -> datetime | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        zone = timezone(-offset if sign == "-" else offset)
        at = datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=zone)
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
