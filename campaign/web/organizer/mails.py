"""Mail as it came, handed to a person: always a file to save or plain text, never something that a browser runs."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, stream_with_context

from campaign.domain.errors import NotFound
from campaign.extensions import db
from campaign.services import mailroom


def saved(event_id: int) -> Response:
    """The raw mail as a file, streamed. Raises NotFound when it is no longer kept."""
    if not mailroom.has_body(db.session(), event_id):
        raise NotFound("The mail itself is no longer kept; what it said stands on its page.")

    def pieces() -> Iterator[bytes]:
        yield from mailroom.body(db.session(), event_id)

    # no message/rfc822: a browser that knew it would show what stands inside
    return attachment(stream_with_context(pieces()), f"mail-{event_id}.eml", "application/octet-stream")


def attachment(content: Iterator[bytes] | str, name: str, kind: str) -> Response:
    answer = Response(content, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
