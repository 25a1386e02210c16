"""What the simulated regulations.gov publishes of the comments it was given: after a while on its clock, each with a number."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from campaign.simulator.clock import Clock
from campaign.simulator.portal_answers import error, json_answer, one
from campaign.simulator.portal_store import PortalStore

POSTED_AFTER_S = 120.0
"""Real agencies take days or weeks, and post some comments never."""

NEVER = "9600"
"""A document whose id ends so publishes nothing."""


class Published:
    def __init__(self, store: PortalStore, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def all(self) -> dict[str, dict[str, Any]]:
        """By public number, which counts a document's comments from 1001 on."""
        now = self._clock.seconds()
        found: dict[str, dict[str, Any]] = {}
        counted: dict[str, int] = {}
        for each in self._store.comments():
            docket = each["document"][:-5]
            counted[docket] = counted.get(docket, 1000) + 1
            posted_at = each["received_at"] + POSTED_AFTER_S
            if posted_at <= now and not each["document"].endswith(NEVER):
                found[f"{docket}-{counted[docket]}"] = {
                    "trackingNbr": each["tracking"],
                    "comment": each["attributes"]["comment"],
                    "commentOnDocumentId": each["document"],
                    "receiveDate": _iso(each["received_at"]),
                    "postedDate": _iso(posted_at),
                    "withdrawn": False,
                }
        return found


def make_comments(published: Published) -> Blueprint:
    bp = Blueprint("portal_comments", __name__)

    @bp.get("/regulations/v4/comments")
    def search() -> ResponseReturnValue:
        """By full text, which holds the tracking number; rows without it, as the real list has them."""
        term = request.args.get("filter[searchTerm]", "").lower()
        rows = [
            {"id": number, "type": "comments", "attributes": {"postedDate": each["postedDate"], "withdrawn": False}}
            for number, each in published.all().items()
            if term and (term in each["trackingNbr"].lower() or term in each["comment"].lower())
        ]
        return json_answer({"data": rows[:250], "meta": {"totalElements": len(rows), "pageNumber": 1}})

    @bp.get("/regulations/v4/comments/<number>")
    def record(number: str) -> ResponseReturnValue:
        found = published.all().get(number)
        return one("comments", number, found) if found else error(404, "Not Found", "There is no such comment.")

    @bp.get("/regulations/comment/<number>")
    def page(number: str) -> ResponseReturnValue:
        found = published.all().get(number)
        if found is None:
            abort(404)
        return Response(render_template("public_comment.html", number=number, comment=found), mimetype="text/html")

    return bp


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
