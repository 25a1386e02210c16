"""Reading mail that anybody may have sent: bounded in size, parts and depth, and never trusting what it claims.

`compat32` parses ten times as fast as the newer policy and raises less; what it leaves undecoded is decoded here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any

PARSED = 1024 * 1024  # octets; the rest of a large mail is attachments, which stay in the raw copy
LONGEST_FIELD = 20_000  # characters of one header field that are read
MAX_PARTS = 100
MAX_DEPTH = 20
MAX_TEXT = 200_000  # characters of text that are kept

_CONTAINER = re.compile(rb"^content-type:\s*(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_PLAIN_SENDER = re.compile(
    r"""\s*(?:"([^"\\\r\n]*)"|([\w '=?!#$&*+/{|}~-]*?))\s*<([\w.!#$&*+/=?^{|}~-]+@[\w.-]+)>\s*""", re.ASCII
)
_COMMENT = re.compile(r"\([^()]*\)")


class Unreadable(Exception):
    """The mail goes beyond a limit or cannot be parsed; its raw bytes are kept."""


class Mail(Message):
    """The library's message walks through all fields for each that is asked for, and a mail is asked for thirty."""

    def __init__(self) -> None:
        super().__init__()
        self._places: dict[str, Any] = {}
        self._counted = -1
        self.parts: list[Message] | None = None  # kept by `leaves`

    def get(self, name: str, failobj: Any = None) -> Any:
        fields = self._headers  # type: ignore[attr-defined]  # the library's own list of pairs
        if self._counted != len(fields):
            self._counted = len(fields)
            self._places = {key.lower(): (key, value) for key, value in reversed(fields)}  # the first one stays
        found = self._places.get(name.lower())
        return failobj if found is None else self.policy.header_fetch_parse(*found)

    def get_all(self, name: str, failobj: Any = None) -> Any:
        return failobj if self.get(name) is None else super().get_all(name, failobj)


def parse(raw: bytes) -> Message:
    """Raises Unreadable. Only the first megabyte is looked at."""
    head = raw[:PARSED] if len(raw) > PARSED else raw
    # counted before parsing: the parser answers a thousand levels with RecursionError
    if len(_CONTAINER.findall(head)) > MAX_PARTS:
        raise Unreadable("too many parts")
    try:
        mail = message_from_bytes(head, _class=Mail)
        _check_parts(mail)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise Unreadable("broken structure") from error
    if not mail.keys():
        raise Unreadable("no header")
    return mail


def _check_parts(mail: Message) -> None:
    waiting = [(mail, 1)]
    count = 0
    while waiting:
        part, depth = waiting.pop()
        count += 1
        if count > MAX_PARTS or depth > MAX_DEPTH:
            raise Unreadable("too many parts")
        payload = part.get_payload()
        if isinstance(payload, list):
            waiting += [(each, depth + 1) for each in payload if isinstance(each, Message)]


def header(mail: Message, name: str) -> str:
    """A field's value on one line, encoded words decoded, control characters gone; empty where there is none."""
    value = mail.get(name)
    return "" if value is None else _decoded(str(value)[:LONGEST_FIELD])


def _decoded(value: str) -> str:
    if "=?" in value:
        with suppress(HeaderParseError, LookupError, ValueError):  # else it is shown as it came
            value = str(make_header(decode_header(value)))
    return clean(" ".join(value.split()))


def raw_values(mail: Message, names: tuple[str, ...]) -> Iterator[str]:
    """Values as they came, unfolded without a blank: a token may have been broken over two lines."""
    for name in names:
        for value in mail.get_all(name, []):
            yield re.sub(r"\r?\n[ \t]*", "", str(value))


def sender(mail: Message) -> tuple[str, str]:
    """Name and address of From, either may be empty. The name is decoded after the address was cut off."""
    written = str(mail.get("From", ""))
    if match := _PLAIN_SENDER.fullmatch(written[:1000]):  # as most are
        return _decoded(match[1] or match[2] or "")[:200], clean(match[3])[:254]
    name, address = parseaddr(re.sub(r"\r?\n[ \t]*", " ", written[:LONGEST_FIELD]))
    return _decoded(name)[:200], clean(address)[:254]


def date(mail: Message) -> datetime | None:
    """The written Date in UTC; None where it cannot be read or names no known zone, which would be hours wrong."""
    text = _COMMENT.sub("", str(mail.get("Date", ""))).strip()
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            # RFC 5322, 3.3: -0000 is a time in UTC of an unknown place
            return moment.replace(tzinfo=UTC) if text.endswith("-0000") else None
        return moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def leaves(mail: Message) -> Iterator[Message]:
    """Every part that is no multipart, in order, without going into attached messages."""
    if not isinstance(mail, Mail):
        return _leaves(mail)
    if mail.parts is None:
        mail.parts = list(_leaves(mail))
    return iter(mail.parts)


def _leaves(mail: Message) -> Iterator[Message]:
    waiting = [mail]
    while waiting:
        part = waiting.pop(0)
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting = [each for each in payload if isinstance(each, Message)] + waiting
        else:
            yield part


def text_of(mail: Message) -> str:
    """What a person reads: the plain parts, or the first HTML part without its marks. LF line ends."""
    plain, html = [], ""
    for part in leaves(mail):
        if part.get_content_disposition() == "attachment":
            continue
        if part.get_content_type() == "text/plain":
            plain.append(decoded_text(part))
        elif part.get_content_type() == "text/html" and not html:
            html = decoded_text(part)
    text = "\n\n".join(each.strip("\n") for each in plain if each.strip())
    return (text or _without_marks(html))[:MAX_TEXT]


def decoded_text(part: Message) -> str:
    """One part's text. A charset that is missing, unknown or untrue: UTF-8 where it fits, else Windows-1252."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    for charset in (part.get_content_charset(), "utf-8"):
        try:
            return clean(data.decode(charset or "utf-8"))
        except (LookupError, UnicodeDecodeError):
            continue
    return clean(data.decode("cp1252", "replace"))


def clean(text: str) -> str:
    """Without what a database or a page cannot hold: NUL, other controls, halves of characters."""
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class _Words(HTMLParser):
    _BLOCKS = frozenset(("p", "br", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table"))
    _SILENT = frozenset(("style", "script", "head", "title"))

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._silent += tag in self._SILENT
        if tag in self._BLOCKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self._SILENT and self._silent > 0
        if tag in self._BLOCKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(re.sub(r"\s+", " ", data))


def _without_marks(html: str) -> str:
    reader = _Words()
    reader.feed(html[:MAX_TEXT])
    reader.close()
    lines = [line.strip() for line in "".join(reader.words).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
