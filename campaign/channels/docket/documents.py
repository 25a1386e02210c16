"""What regulations.gov says about the documents of a docket: read, never guessed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaign.domain import docket_rules
from campaign.domain.errors import Invalid, Refused


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a docket. `closes_at` is the end of its last day, Eastern; None where it takes no comments."""

    id: str
    docket: str
    title: str
    opens_at: datetime | None
    closes_at: datetime | None
    open_for_comment: bool
    withdrawn: bool
    allows_late: bool

    def takes_comments(self, now: datetime) -> bool:
        if self.withdrawn or not self.open_for_comment:
            return False
        return self.allows_late or (self.closes_at is not None and now <= self.closes_at)


def documents(body: str) -> list[Document]:
    """Of `GET /documents?filter[docketId]=...`, or of one document. Raises Invalid for what is no such answer."""
    try:
        data = json.loads(body)["data"]
        return [_document(each) for each in (data if isinstance(data, list) else [data])]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Invalid("The portal's answer cannot be read.") from None


def _document(row: Mapping[str, Any]) -> Document:
    said = row["attributes"]
    opens, closes = said.get("commentStartDate"), said.get("commentEndDate")
    return Document(
        id=str(row["id"]),
        docket=str(said.get("docketId") or ""),
        title=" ".join(str(said.get("title") or "").split()),
        opens_at=docket_rules.opening_of(str(opens)) if opens else None,
        closes_at=docket_rules.closing_of(str(closes)) if closes else None,
        open_for_comment=said.get("openForComment") is True,
        withdrawn=said.get("withdrawn") is True,
        allows_late=said.get("allowLateComments") is True,
    )


def closed(document: Document) -> Refused:
    """Certainly nothing was sent, and a plain letter may go instead."""
    if document.withdrawn:
        return Refused("the agency has withdrawn the document", code="withdrawn", falls_through=True)
    return Refused("the docket takes no more comments", code="closed", falls_through=True)
