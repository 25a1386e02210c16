"""The simulated print provider: takes letters, prints nothing, and tells by and by that they were mailed and delivered.

Faults by the header X-Simulate or by a name of the addressee that holds "simulate-WORD": a status ("429", "500", "401", "422"),
"once-500" for the first try only, "lost" (takes it and answers 500 once, as when an answer is lost on its way), "returned".
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, Flask, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from campaign.channels.http import Http
from campaign.channels.printing.house_events import signature
from campaign.domain.errors import ChannelError
from campaign.simulator.clock import Clock
from campaign.simulator.printer_store import DueEvent, PrinterStore, Taken

NOTE = "nothing is printed (simulation)"
_NEEDED = ("to[name]", "to[address_line1]", "to[address_city]", "to[address_state]", "to[address_zip]", "from[name]")
_ZIP = re.compile(r"\d{5}(-\d{4})?")
_FAULT = re.compile(r"simulate-([a-z0-9-]+)", re.IGNORECASE)
_DAY = 86_400.0
LARGEST = 5 * 1024 * 1024


def add_printer(app: Flask, store: PrinterStore, clock: Clock) -> None:
    """Its API below /v1, and a page /printer that lists what it was given."""
    bp = Blueprint("printer", __name__)

    @bp.before_request
    def key() -> ResponseReturnValue | None:
        if request.path.startswith("/v1/") and not _key(request.headers.get("Authorization", "")):
            return _refused(401, "unauthorized")
        return None

    @bp.post("/v1/letters")
    def take() -> ResponseReturnValue:
        return _take(store, clock.seconds())

    @bp.get("/v1/letters")
    def search() -> ResponseReturnValue:
        found = store.by_mark(request.args.get("metadata[letter]", ""))
        return jsonify({"data": [_shown(each) for each in found], "simulation": NOTE})

    @bp.get("/v1/letters/<number>")
    def one(number: str) -> ResponseReturnValue:
        found = store.letter(number)
        return jsonify(_shown(found)) if found else _refused(404, "not_found")

    @bp.delete("/v1/letters/<number>")
    def cancel(number: str) -> ResponseReturnValue:
        if store.letter(number) is None:
            return _refused(404, "not_found")
        if not store.cancel(number, clock.seconds()):
            return _refused(422, "letter_not_cancelable")
        return jsonify({"id": number, "deleted": True, "simulation": NOTE})

    @bp.get("/v1/events")
    def events() -> ResponseReturnValue:
        return jsonify({"data": [as_event(each) for each in store.happened(clock.seconds())], "simulation": NOTE})

    @bp.get("/printer")
    def page() -> ResponseReturnValue:
        rows = Markup("").join(
            Markup("<tr><td>{}</td><td>{}</td><td>{}</td></tr>").format(
                each.id, each.to_name, "cancelled" if each.cancelled else "taken"
            )
            for each in store.letters()
        )
        text = Markup(
            "<!doctype html><html lang=en><meta charset=utf-8><title>Print provider (simulation)</title>"
            "<h1>Print provider (simulation)</h1><p>{}</p><table><tr><th>Letter<th>To<th>State</tr>{}</table>"
        ).format(NOTE.capitalize(), rows)
        return Response(text, mimetype="text/html")

    app.register_blueprint(bp)


def _key(header: str) -> str:
    kind, _, value = header.partition(" ")
    try:
        return b64decode(value, validate=True).decode().partition(":")[0] if kind.lower() == "basic" else ""
    except ValueError:
        return ""


def _take(store: PrinterStore, now: float) -> ResponseReturnValue:
    if (request.content_length or 0) > LARGEST:
        abort(413)
    fields = {name: value for name, value in request.form.items() if isinstance(value, str)}
    upload = request.files.get("file")
    pdf = upload.read() if upload else b""
    key = request.headers.get("Idempotency-Key", "")[:256]
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode() + pdf).hexdigest()
    fault = _fault(fields)
    if fault and (status := _status_of(fault, store, key)):
        return _refused(status, f"simulated_{status}", {"Retry-After": "7"} if status == 429 else {})
    faults = _faults(fields, pdf)
    if faults:
        return _refused(422, faults)
    known = store.by_key(key) if key else None
    if known is None:
        plan = _plan(now, "returned" in fault)
        try:
            known = store.keep(key, digest, fields, pdf, now, plan)
        except sqlite3.IntegrityError:
            return _refused(409, "idempotency_in_progress")
        if fault == "lost":
            return _refused(500, "answer_lost")
        return jsonify(_shown(known)), 201
    if known.digest != digest:
        return _refused(422, "idempotency_key_reused")
    return jsonify(_shown(known)), 200


def _fault(fields: dict[str, str]) -> str:
    named = _FAULT.search(fields.get("to[name]", ""))
    return (request.headers.get("X-Simulate") or (named[1] if named else "")).lower()


def _status_of(fault: str, store: PrinterStore, key: str) -> int:
    if fault.startswith("once-"):
        fault = fault.removeprefix("once-") if store.faulty(f"{fault} {key}") == 1 else ""
    return int(fault) if fault.isdigit() and 400 <= int(fault) < 600 else 0


def _faults(fields: dict[str, str], pdf: bytes) -> str:
    """The code of the first thing that is wrong."""
    missing = next((name for name in _NEEDED if not fields.get(name, "").strip()), "")
    if missing:
        return f"missing_{re.sub(r'[^a-z0-9]+', '_', missing).strip('_')}"
    if not _ZIP.fullmatch(fields["to[address_zip]"]):
        return "invalid_zip"
    if any(len(fields.get(name, "")) > 64 for name in ("to[address_line1]", "to[address_line2]")):
        return "address_line_too_long"
    return "" if pdf.startswith(b"%PDF-") else "file_is_no_pdf"


def _plan(now: float, returned: bool) -> list[tuple[str, float]]:
    last = ("letter.returned_to_sender", 12.0) if returned else ("letter.delivered", 9.0)
    words = (("letter.created", 0.0), ("letter.mailed", 1.0), ("letter.in_transit", 2.0), last)
    return [(word, now + days * _DAY) for word, days in words]


def _shown(letter: Taken) -> dict[str, object]:
    return {
        "id": letter.id,
        "object": "letter",
        "metadata": {"letter": letter.mark},
        "expected_delivery_date": _at(letter.taken_at + 9 * _DAY)[:10],
        "deleted": letter.cancelled,
        "simulation": NOTE,
    }


def _refused(status: int, code: str, headers: dict[str, str] | None = None) -> ResponseReturnValue:
    body = {"error": {"message": f"{code}: {NOTE}", "status_code": status, "code": code}}
    return jsonify(body), status, headers or {}


def as_event(event: DueEvent) -> dict[str, object]:
    return {
        "id": event.id,
        "date_created": _at(event.due_at),
        "event_type": {"id": event.word},
        "body": {"id": event.letter, "metadata": {"letter": event.mark}},
        "simulation": NOTE,
    }


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def tell_due(store: PrinterStore, now: float, hook: str, secret: str, real: Callable[[], float]) -> int:
    """Posts what is due to our hook, signed; what is not taken with 2xx is told again next time. How many were taken."""
    http, done = Http(), 0
    try:
        for event in store.due(now):
            body = json.dumps(as_event(event)).encode()
            stamp = str(int(real()))
            headers = {
                "Content-Type": "application/json",
                "Lob-Signature-Timestamp": stamp,
                "Lob-Signature": signature(secret, stamp, body),
            }
            try:
                answer = http.ask("POST", hook, headers=headers, content=body)
            except ChannelError:
                return done
            if not answer.ok:
                return done
            store.told(event, now)
            done += 1
    finally:
        http.close()
    return done
