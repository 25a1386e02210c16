"""A portal of the Trade Representative's kind: a form that a person fills in, and a confirmation number."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from campaign.simulator.clock import Clock
from campaign.simulator.portal_store import PortalStore

SENSITIVITIES = ("Public document", "Business confidential")
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)


def make_pages(store: PortalStore, clock: Clock) -> Blueprint:
    bp = Blueprint("ustr", __name__, url_prefix="/ustr")

    @bp.get("")
    @bp.get("/s/docket")
    def docket() -> ResponseReturnValue:
        number = request.args.get("docketNumber", "")
        return render_template("ustr_docket.html", number=number, filings=store.filings(number or None))

    @bp.route("/s/submit-new-comment", methods=["GET", "POST"])
    def form() -> ResponseReturnValue:
        number = (request.args if request.method == "GET" else request.form).get("docketNumber", "")
        if request.method == "GET":
            return render_template("ustr_form.html", number=number, fault="", said={}, kinds=SENSITIVITIES)
        _own_page_only()
        names = [each.filename or "" for each in request.files.getlist("file")]
        kinds = request.form.getlist("sensitivity")
        pairs = [(name, kind) for name, kind in zip(names, kinds, strict=False) if name]
        if fault := _fault(number, pairs):
            page = render_template("ustr_form.html", number=number, fault=fault, said=request.form, kinds=SENSITIVITIES)
            return page, 422
        confirmation = f"SIM-{secrets.token_hex(4).upper()}"
        who = request.form.get("organization") or request.form.get("first", "")
        store.add_filing(
            confirmation, number, who, request.form.get("comment", ""), [n for n, _ in pairs], clock.seconds()
        )
        return render_template("ustr_done.html", number=number, confirmation=confirmation)

    bp.after_request(_may_send)
    return bp


def make_notices(document: Callable[[str], dict[str, Any] | None], store: PortalStore, clock: Clock) -> Blueprint:
    """A document of the simulated regulations.gov, where a person comments without a key."""
    bp = Blueprint("notices", __name__, url_prefix="/regulations/document")

    @bp.route("/<number>", methods=["GET", "POST"])
    def notice(number: str) -> ResponseReturnValue:
        found = document(number)
        if found is None:
            abort(404)
        tracking, text = "", " ".join(request.form.get("comment", "").split())
        if request.method == "POST" and text:
            _own_page_only()
            tracking = f"sim-{secrets.token_hex(2)}-{secrets.token_hex(2)}"
            store.add_comment(tracking, number, {"comment": request.form["comment"], "by": "hand"}, clock.seconds())
        return render_template("notice.html", number=number, document=found, tracking=tracking)

    bp.after_request(_may_send)
    return bp


def _may_send(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _own_page_only() -> None:
    """A page of another site may not file here."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        abort(403)


def _fault(number: str, pairs: list[tuple[str, str]]) -> str:
    if not number.strip():
        return "The docket number is missing."
    if not request.form.get("first", "").strip() or not request.form.get("last", "").strip():
        return "Give your first and last name."
    if "@" not in request.form.get("email", ""):
        return "Give an e-mail address."
    if not pairs and not request.form.get("comment", "").strip():
        return "Write a comment, or attach a file."
    confidential = [name for name, kind in pairs if kind == SENSITIVITIES[1]]
    public = [name for name, kind in pairs if kind == SENSITIVITIES[0]]
    if any(not name.startswith("BCI") for name in confidential):
        return "The name of a business confidential file begins with BCI."
    if any(name.startswith("BCI") for name in public):
        return "A file whose name begins with BCI is business confidential: say so."
    if confidential and not any(name.startswith("P") for name in public):
        return "A business confidential file needs a public version, whose name begins with P."
    return ""
