"""The pages of the simulated Congress: what each office and each member finds in their inbox. Loopback only, read-only."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes

from flask import Flask, Response, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from campaign.simulator import gateways, portal
from campaign.simulator.clock import Clock
from campaign.simulator.gateways.rules import Rules
from campaign.simulator.offices import Script
from campaign.simulator.piles import topics
from campaign.simulator.printer import add_printer
from campaign.simulator.printer_store import PrinterStore
from campaign.simulator.store import Message, Store

PRINTER_FILE = "simulated-printer.sqlite3"  # beside the simulator's own
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)


def make_pages(store: Store, clock: Clock, script: Script | None = None, rules: Rules | None = None) -> Flask:
    app = Flask(__name__)
    # a page of another site must not reach this one through a name that it lets point to 127.0.0.1
    app.config["TRUSTED_HOSTS"] = ["localhost", "127.0.0.1", "[::1]"]
    app.jinja_env.filters.update(moment=_moment, linked=_linked)
    _add_pages(app, store, clock)
    _add_data(app, store, clock)
    gateways.register(app, store.path, clock, script, rules)
    add_printer(app, PrinterStore(store.path.with_name(PRINTER_FILE)), clock)
    portal.register(app, store.path, clock)
    app.after_request(_with_headers)
    return app


def _add_pages(app: Flask, store: Store, clock: Clock) -> None:
    @app.get("/")
    def overview() -> ResponseReturnValue:
        return render_template(
            "overview.html",
            offices=store.offices(),
            mailboxes=store.mailboxes(),
            outcomes=sorted(store.outcomes().items()),
            doubles=len(store.doubles()),
            waiting=store.waiting(),
            now=clock.seconds(),
        )

    @app.get("/offices/<code>")
    def office(code: str) -> ResponseReturnValue:
        messages = store.inbox(code.upper())
        return render_template("office.html", code=code.upper(), letters=len(messages), topics=topics(messages))

    @app.get("/members/<address>")
    def member(address: str) -> ResponseReturnValue:
        messages = store.mailbox(address.lower())
        return render_template("inbox.html", title=f"Mailbox of {address.lower()}", messages=messages)

    @app.get("/messages/<int:number>")
    def message(number: int) -> ResponseReturnValue:
        found = _found(store, number)
        by_gateway = found.raw.startswith(b"<?xml")
        headers = [] if by_gateway else message_from_bytes(found.raw).items()
        return render_template("message.html", message=found, headers=headers)

    @app.get("/messages/<int:number>.eml")
    def raw(number: int) -> ResponseReturnValue:
        return Response(_found(store, number).raw, mimetype="text/plain")


def _add_data(app: Flask, store: Store, clock: Clock) -> None:
    @app.get("/messages.json")
    def messages() -> ResponseReturnValue:
        """What came after the message `since`, oldest first, at most 1,000; `doubles` must stay empty."""
        found = store.messages(request.args.get("since", 0, type=int))
        return jsonify(
            {
                "simulation": True,
                "messages": [_as_data(each) for each in found],
                "counts": store.outcomes(),
                "doubles": store.doubles(),
                "waiting": store.waiting(),
                "last": found[-1].id if found else None,
            }
        )

    @app.post("/clock.json")
    def lead() -> ResponseReturnValue:
        """Leads the offices' clock: {"lead_seconds": n}. JSON alone, which no foreign page can send unasked."""
        body = request.get_json()
        seconds = body.get("lead_seconds") if isinstance(body, dict) else None
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds <= 10**8:
            abort(422)
        clock.lead(timedelta(seconds=seconds))
        store.set_anchor(clock.anchor)
        return jsonify({"simulation": True, "now": clock.now().isoformat()})


def _as_data(message: Message) -> dict[str, object]:
    return {
        "id": message.id,
        "message_id": message.message_id,
        "to": message.envelope_to,
        "office": message.office,
        "subject": message.subject,
        "outcome": message.outcome,
        "received_at": datetime.fromtimestamp(message.received_at, UTC).isoformat(),
    }


def _found(store: Store, number: int) -> Message:
    found = store.message(number) if number < 2**63 else None
    if found is None:
        abort(404)
    return found


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%a, %b %d, %Y, %H:%M:%S UTC").replace(" 0", " ")


def _linked(text: str) -> Markup:
    """A mail's text with its web addresses as links; all else escaped."""
    parts, at = [], 0
    for match in _LINK.finditer(text):
        parts += [
            escape(text[at : match.start()]),
            Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(match[0]),
        ]
        at = match.end()
    return Markup("").join([*parts, escape(text[at:])])


def _with_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
