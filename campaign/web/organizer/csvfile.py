"""CSV that spreadsheet programs open right and cannot be made to calculate."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

_TRIGGER = re.compile(r"^\s*['\"]?\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"^[+-]?\d+(?:\.\d+)?$")


def cell(value: Any) -> str:
    """Text that starts like a formula gets an apostrophe before it; plain numbers stay numbers."""
    text = "" if value is None else str(value)
    return f"'{text}" if _TRIGGER.match(text) and not _NUMBER.match(text) else text


def stream(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Line by line, with the byte-order mark that tells Excel the encoding."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    yield "\ufeff"
    writer.writerow(head)
    for row in rows:
        writer.writerow([cell(value) for value in row])
        if buffer.tell() > 32_000:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


LETTERS = (
    "letter",
    "signed",
    "member",
    "company",
    "office",
    "addressee",
    "subject",
    "channel",
    "by way of",
    "status",
    "reason",
    "tries",
    "changed",
    "response",
    "response received",
    "overlap percent",
    "digest",
)


def letters(rows: Iterable[Any]) -> Iterator[str]:
    """Of `letter_filter.export`. Moments are UTC, as ISO 8601."""
    return stream(LETTERS, (_letter(*row) for row in rows))


def _letter(letter: Any, delivery: Any, code: str, member: Any, company: str | None) -> Sequence[Any]:
    return (
        letter.reference,
        letter.signed_at.isoformat(),
        member.name,
        company or "",
        code,
        letter.addressee,
        letter.subject,
        delivery.channel.kind,
        delivery.channel,
        delivery.status,
        delivery.reason,
        delivery.tries,
        delivery.changed_at.isoformat(),
        letter.response,
        letter.response_at.isoformat() if letter.response_at else "",
        round(letter.overlap * 100),
        letter.digest,
    )


MANIFEST = ("position", "file", "reference", "addressee", "office", "pages", "sheets", "left out because")


def manifest(lines: Iterable[Any]) -> Iterator[str]:
    """Of `print_overview.manifest`; the last row adds up letters, pages and sheets."""

    def rows() -> Iterator[Sequence[Any]]:
        letters = pages = sheets = 0
        for line in lines:
            out = bool(line.left_out)
            letters, pages, sheets = letters + (not out and line.pages > 0), pages + line.pages, sheets + line.sheets
            name = "" if out else f"part-{line.file:03}.pdf"
            yield (
                line.position,
                name,
                line.reference,
                line.addressee,
                line.target,
                line.pages,
                line.sheets,
                line.left_out,
            )
        yield ("total", "", f"{letters} letters", "", "", pages, sheets, "")

    return stream(MANIFEST, rows())


BATCHES = (
    "batch",
    "made",
    "state",
    "changed",
    "letters chosen",
    "letters printed",
    "left out",
    "pages",
    "sheets",
    "both sides",
    "fold marks",
)


def batches(rows: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    """Of batches with their figures. Moments are UTC, as ISO 8601."""
    return stream(
        BATCHES,
        (
            (
                batch.reference,
                batch.created_at.isoformat(),
                batch.state,
                batch.changed_at.isoformat(),
                batch.letters,
                of.set,
                of.left_out,
                of.pages,
                of.sheets,
                "yes" if batch.duplex else "no",
                "yes" if batch.marks else "no",
            )
            for batch, of in rows
        ),
    )


ANSWERS = (
    "answer",
    "letter",
    "addressee",
    "kind",
    "judged",
    "received",
    "written",
    "postmarked",
    "known from",
    "text",
)
WAITING = ("mail", "received", "looks like", "sender", "address", "subject", "date as written", "code", "size", "text")


def answer(letter: Any, response: Any) -> Sequence[Any]:
    return (
        response.id,
        letter.reference,
        letter.addressee,
        response.kind,
        response.judged_at.isoformat() if response.judged_at else "",
        response.received_at.isoformat(),
        response.written_at.isoformat() if response.written_at else "",
        response.postmarked_on.isoformat() if response.postmarked_on else "",
        response.source,
        response.text,
    )


def waiting(event: Any, facts: Any) -> Sequence[Any]:
    """`facts` is None for a mail that could not be stored as it was read."""
    said = (
        (facts.looks_like, facts.from_name, facts.from_address, facts.subject, facts.date_text) if facts else ("",) * 5
    )
    size, text = (facts.size, facts.text) if facts else ("", "")
    return (event.id, event.received_at.isoformat(), *said, event.code or "", size, text)
