"""Has the agency published a comment? Asked of regulations.gov by the tracking number; "not yet" is an answer, too."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from campaign.channels.docket.regulations import Access, asked
from campaign.channels.http import Http
from campaign.domain.errors import Refused

CALLS = 2
"""A look-up is a search and, where it finds something, one comment's own record."""


@dataclass(frozen=True, slots=True)
class Published:
    """`id` is the public comment's, "BIS-2026-0025-0117"; `posted_on` as the portal writes it, possibly empty."""

    id: str
    posted_on: str


def published(access: Access, tracking: str, http: Http) -> Published | None:
    """None while it is not public. Raises Misconfigured or TryLater.

    The search is over full text, so what it finds counts only when its own record names this tracking number. A comment that
    was withdrawn is not public.
    """
    found = _data(asked(access, http, "/comments", {"filter[searchTerm]": tracking, "page[size]": "5"}))
    if not isinstance(found, list) or not found or not isinstance(found[0], dict):
        return None
    number = str(found[0].get("id") or "")
    try:
        record = _data(asked(access, http, f"/comments/{quote(number, safe='')}"))
    except Refused:  # taken away between the two calls
        return None
    said = record.get("attributes") if isinstance(record, dict) else None
    if not isinstance(said, dict) or said.get("withdrawn") is True:
        return None
    if str(said.get("trackingNbr") or "").lower() != tracking.lower():
        return None
    return Published(number[:100], str(said.get("postedDate") or "")[:40])


def _data(body: str) -> Any:
    """None for what cannot be read: the next look may find it."""
    try:
        return json.loads(body)["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
