"""The simulated regulations.gov (interface v4, at /regulations/v4) and a portal of the Trade Representative's kind (at /ustr).

Faults are asked for by the header X-Simulate, or by the last four digits of a document's id (FAULTS). As the real one, it has
no key against doubles: the same comment twice is two comments, and both are kept for tests to see.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from campaign.simulator import portal_answers as answers
from campaign.simulator import portal_comments, portal_pages
from campaign.simulator import portal_rules as rules
from campaign.simulator.clock import Clock
from campaign.simulator.portal_store import PortalStore

MOST_UPLOAD = 10 * 1024 * 1024
FAULTS = {
    "9400": "400",  # refused
    "9403": "403",  # by the gateway: the key
    "9404": "404",
    "9410": "closed",
    "9411": "withdrawn",
    "9412": "late",  # closed, but late comments are allowed
    "9429": "429",
    "9500": "500",  # the portal's own error, after it stored the comment
    "9502": "502",  # the gateway's, after the portal stored it
    "9503": "503",  # the gateway's: the portal never saw it
    "9408": "drop",  # stored, and the line is cut without an answer
    "9409": "cut",  # the line is cut, and nothing is stored
    "9499": "mute",  # stored, answered 201 without a tracking number
}
_ANY = re.compile(r"DEMO-\d{4}-\d{4}-\d{4}")


class Portal:
    """`per_minute` and `per_hour` are limits of POSTs for each key."""

    def __init__(self, store: PortalStore, clock: Clock, *, per_minute: int = 50, per_hour: int = 500) -> None:
        self.store, self.clock = store, clock
        self.limits = ((60.0, per_minute), (3600.0, per_hour))

    # --- before anything else ---

    def gate(self) -> Response | None:
        """The gateway's no, in its own shape: key and limit."""
        key = request.headers.get("X-Api-Key", "")
        if not key:
            return answers.gateway(403, "API_KEY_MISSING", "No api_key was supplied.")
        if key.startswith("bad") or (key == "DEMO_KEY" and request.method == "POST"):
            return answers.gateway(403, "API_KEY_INVALID", f"An invalid api_key was supplied: {key}")
        if request.method != "POST":
            return None
        caller = hashlib.sha256(key.encode()).hexdigest()[:16]
        for span, most in self.limits:
            if self.store.calls_of(caller, time.time() - span) >= most:
                return answers.gateway(429, "OVER_RATE_LIMIT", "You have exceeded your rate limit.", retry=round(span))
        self.store.call(caller)
        if request.mimetype != answers.JSON_API:
            return answers.error(400, "Bad Request", f"The content type must be {answers.JSON_API}")
        return None

    def document(self, number: str) -> dict[str, Any] | None:
        """One that was put here; else, for a number of the demonstration, one that is open for 60 days, or 74."""
        found = self.store.document(number)
        if found is not None or not _ANY.fullmatch(number):
            return found
        fault, now = FAULTS.get(number[-4:], ""), self.clock.now()
        days = -2 if fault in ("closed", "late") else 74 if number.endswith("-0002") else 60
        end = (now + timedelta(days=days)).replace(hour=4, minute=59, second=59, microsecond=0)
        return {
            "docketId": number[:-5],
            "title": "Simulated notice: request for comments (simulation)",
            "objectId": f"0900006{number[-4:]}",
            "documentType": "Notice",
            "openForComment": fault != "closed",
            "withdrawn": fault == "withdrawn",
            "allowLateComments": fault == "late",
            "commentStartDate": f"{now - timedelta(days=20):%Y-%m-%d}T04:00:00Z",
            "commentEndDate": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        }

    def documents(self, docket: str) -> dict[str, dict[str, Any]]:
        """Those that were put here; else two for a number of the demonstration."""
        found = self.store.documents(docket)
        if not found and _ANY.fullmatch(f"{docket}-0001"):
            numbers = (f"{docket}-0001", f"{docket}-0002")
            found = {number: each for number in numbers if (each := self.document(number)) is not None}
        return found

    # --- the calls ---

    def file(self, attributes: Any) -> ResponseReturnValue:
        if not isinstance(attributes, dict):
            return answers.error(400, "Bad Request", "data.attributes is missing")
        number = str(attributes.get("commentOnDocumentId") or "")
        fault = request.headers.get("X-Simulate") or FAULTS.get(number[-4:], "")
        if (refusal := answers.early(fault)) is not None:
            return refusal
        document = self.document(number)
        if document is None:
            return answers.error(404, "Not Found", f"The document {number[:60]} was not found.")
        if words := rules.comment_fault(attributes, self.store):
            return answers.error(400, "Bad Request", words)
        if not _open(document, self.clock.now()):
            return answers.error(400, "Bad Request", "The document is not open for comment.")
        tracking = "-".join(secrets.token_hex(2)[:n] for n in (3, 4, 4))
        self.store.add_comment(tracking, number, attributes, self.clock.seconds())
        return answers.late(fault) or answers.made("comments", tracking, receiveDate=answers.iso(self.clock.now()))

    def upload_url(self, attributes: Any) -> ResponseReturnValue:
        wanted = attributes if isinstance(attributes, dict) else {}
        name, key = str(wanted.get("fileName") or ""), str(wanted.get("submissionKey") or "")
        if not name or not self.store.knows_key(key):
            return answers.error(400, "Bad Request", "fileName and a submissionKey of ours are needed")
        token = secrets.token_urlsafe(16)
        self.store.add_upload(token, key, name, str(wanted.get("contentType") or ""))
        return answers.made(
            "file-upload-urls", f"{request.host_url}regulations/uploads/{token}?X-Amz-Signature=simulated"
        )

    def put(self, token: str) -> ResponseReturnValue:
        """Another host's in reality: our key must never come here."""
        if "X-Api-Key" in request.headers or "api_key" in request.args:
            self.store.note("a key came with an upload")
        wanted = self.store.upload(token)
        if wanted is None:
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, mimetype="application/xml")
        content = request.get_data()
        if request.mimetype != wanted["content_type"] or not 0 < len(content) <= MOST_UPLOAD:
            return Response("<Error><Code>SignatureDoesNotMatch</Code></Error>", 403, mimetype="application/xml")
        self.store.uploaded(token, content)
        return Response(status=200)


def register(app: Flask, path: Path, clock: Clock) -> None:
    """Both portals, with their tables in this file."""
    store = PortalStore(path)
    portal = Portal(store, clock)
    app.register_blueprint(make_blueprint(portal))
    app.register_blueprint(portal_comments.make_comments(portal_comments.Published(store, clock)))
    app.register_blueprint(portal_pages.make_pages(store, clock))
    app.register_blueprint(portal_pages.make_notices(portal.document, store, clock))


def make_blueprint(portal: Portal) -> Blueprint:
    bp = Blueprint("portal", __name__)

    @bp.before_app_request
    def gate() -> Response | None:
        return portal.gate() if request.path.startswith("/regulations/v4/") else None

    @bp.get("/regulations/v4/documents/<number>")
    def document(number: str) -> ResponseReturnValue:
        found = portal.document(number)
        return (
            answers.one("documents", number, found)
            if found
            else answers.error(404, "Not Found", "There is no such document.")
        )

    @bp.get("/regulations/v4/documents")
    def documents() -> ResponseReturnValue:
        found = portal.documents(request.args.get("filter[docketId]", ""))
        rows = [{"id": number, "type": "documents", "attributes": each} for number, each in found.items()]
        return answers.json_answer(
            {"data": rows, "meta": {"totalElements": len(rows), "pageNumber": 1, "totalPages": 1}}
        )

    @bp.post("/regulations/v4/submission-keys")
    def key() -> ResponseReturnValue:
        made = secrets.token_hex(8)
        portal.store.add_key(made)
        return answers.made("submission-keys", made)

    @bp.post("/regulations/v4/file-upload-urls")
    def upload_url() -> ResponseReturnValue:
        return portal.upload_url(_attributes())

    @bp.put("/regulations/uploads/<token>")
    def put(token: str) -> ResponseReturnValue:
        return portal.put(token)

    @bp.post("/regulations/v4/comments")
    def file() -> ResponseReturnValue:
        return portal.file(_attributes())

    _add_inspection(bp, portal)
    return bp


def _add_inspection(bp: Blueprint, portal: Portal) -> None:
    @bp.put("/regulations/simulation/documents/<number>")
    def put_document(number: str) -> ResponseReturnValue:
        """Puts a document here, as the portal would answer it. JSON alone, which no foreign page can send unasked."""
        body = request.get_json()
        if not isinstance(body, dict):
            return answers.error(400, "Bad Request", "an object is needed")
        portal.store.put_document(number, body)
        return jsonify({"simulation": True})

    @bp.get("/regulations/simulation.json")
    def inspection() -> ResponseReturnValue:
        """What has come: `doubles` must stay 0 and `leaks` empty."""
        store = portal.store
        return jsonify(
            {
                "simulation": True,
                "comments": store.comments(),
                "doubles": store.doubles(),
                "leaks": store.notes(),
                "filings": store.filings(),
            }
        )


def _attributes() -> Any:
    body = request.get_json(silent=True, force=True)
    data = body.get("data") if isinstance(body, dict) else None
    return data.get("attributes") if isinstance(data, dict) else None


def _open(document: dict[str, Any], now: datetime) -> bool:
    if document.get("withdrawn"):
        return False
    ends = str(document.get("commentEndDate") or "")
    over = bool(ends) and ends[:19] < f"{now:%Y-%m-%dT%H:%M:%S}" and len(ends) > 10
    return bool(document.get("allowLateComments")) or (bool(document.get("openForComment")) and not over)
