"""The paths of the simulated gateways, and two of their own for tests. Loopback only, as the whole simulation."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from campaign.channels.cwc import checker, seats, windows, xml
from campaign.channels.cwc.problems import Problem
from campaign.domain.districts import Chamber
from campaign.domain.errors import Invalid
from campaign.simulator.clock import Clock
from campaign.simulator.gateways import wording
from campaign.simulator.gateways.rules import HEADER, Bucket, Fault, Rules
from campaign.simulator.gateways.store import Filed, GatewayStore
from campaign.simulator.offices import OFFICE_DOMAIN, AnswerKind, Behavior, Planned, Script
from campaign.simulator.store import NewMessage

_ANSWERED = frozenset({Behavior.ACK, Behavior.FORM, Behavior.REPLY, Behavior.MEETING})
_FIRST = frozenset({Fault.TOO_MANY, Fault.OUTAGE, Fault.LOST, Fault.EMPTY, Fault.HTML})
"""Faults that keep a gateway from reading anything."""


@dataclass(slots=True)
class Gateways:
    """Both chambers: what they keep, how they behave now, and how their offices answer. `at_start`: before any change."""

    store: GatewayStore
    clock: Clock
    script: Script
    at_start: Rules = field(default_factory=Rules)
    rules: Rules = field(init=False)
    bucket: Bucket = field(default_factory=Bucket)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.rules = self.at_start.with_changes(self.store.changed_rules())

    def change(self, changes: Any) -> None:
        """Some rules, over a restart; the others stay. Raises Invalid, and nothing is changed."""
        with self.lock:
            self.rules = self.rules.with_changes(changes)
            self.store.keep_rules(changes)

    def change_back(self) -> None:
        """The rules of the start."""
        with self.lock:
            self.store.forget_rules()
            self.rules = self.at_start

    def take(self, chamber: Chamber, *, validates: bool = False) -> Response:
        """A message in the request's body, in the order in which a gateway looks at it."""
        rules, raw = self.rules, request.get_data()
        refused = self._before_reading(chamber, rules) or self._type(chamber)
        if refused is not None:
            return refused
        try:
            root = xml.parse(raw)
        except Invalid:
            return _text(400, "XML Parse Error")
        office = checker.value(root, "Recipient/MemberOffice")
        fault = _fault(rules, office)
        if fault in _FIRST:
            return _failing(fault)
        refused = self._wrong(chamber, rules, raw, root, office, fault, validates=validates)
        if refused is not None:
            return refused
        answer = _text(200, "Message Validated") if validates else self._keep(chamber, rules, raw, root, office, fault)
        if request.mimetype != "application/xml":  # the House takes it all the same
            answer.headers["Warning"] = '199 - "send application/xml (simulation)"'
        return answer

    def _before_reading(self, chamber: Chamber, rules: Rules) -> Response | None:
        key = request.args.get("apikey", "")
        if rules.keys.get(key, (None, ""))[0] is not chamber:
            return _text(401, "Unauthorized: the API key is missing or unknown (simulation)")
        now = rules.at(self.clock.now)
        if windows.closed_until(windows.read(rules.maintenance), chamber, now) is not None:
            return _text(503, "The service is temporarily unavailable (simulation)")
        if rules.per_second and not self.bucket.take(key, rules.per_second, time.monotonic()):
            return _text(429, "Too many requests (simulation)", {"Retry-After": "1"})
        return None

    def _type(self, chamber: Chamber) -> Response | None:
        if chamber is Chamber.SENATE and request.mimetype != "application/xml":
            return _text(415, "Unsupported content-type (simulation)")
        return None

    def _wrong(
        self,
        chamber: Chamber,
        rules: Rules,
        raw: bytes,
        root: Any,
        office: str,
        fault: Fault | None,
        *,
        validates: bool,
    ) -> Response | None:
        agent = rules.keys[request.args["apikey"]][1]
        if checker.value(root, "Delivery/DeliveryAgent") != agent:
            return _xml(
                400, wording.document(["The DeliveryAgent does not match the name that is registered for the key"])
            )
        problems = checker.errors(checker.check(raw))
        if fault is Fault.REFUSE:
            problems = [Problem("Constituent/Email", "bad_format", "")]
        if problems:
            return _xml(400, wording.errors(problems, root, rules.wording, twice=rules.repeats_errors))
        strict = not (validates and chamber is Chamber.SENATE)  # the Senate's test endpoint takes all 100
        if (strict and office not in rules.active) or seats.chamber_of(office) is not chamber:
            return _text(400, f"Message delivery is not enabled for {office}")
        if self.store.knows(str(chamber), checker.value(root, "Delivery/DeliveryId")):
            return _text(409, "A message with this DeliveryId was received already (simulation)")
        return None

    def _keep(
        self, chamber: Chamber, rules: Rules, raw: bytes, root: Any, office: str, fault: Fault | None
    ) -> Response:
        now = self.clock.seconds()
        filed = Filed(
            str(chamber),
            checker.value(root, "Delivery/DeliveryId"),
            checker.value(root, "Delivery/CampaignId"),
            office,
            raw,
            now,
        )
        shown = _shown(root, filed)
        if not self.store.keep(filed, shown, self._answers(rules, shown)):
            return _text(409, "A message with this DeliveryId was received already (simulation)")
        if fault is Fault.CUT:
            return _cut()
        if fault is Fault.SLOW:
            time.sleep(rules.slow_s)
        return _text(201 if chamber is Chamber.SENATE else 200, "Message Accepted")

    def _answers(self, rules: Rules, shown: NewMessage) -> list[Planned]:
        """The gateway's own acknowledgement to the agent, where it gives any, and what the office sends the constituent."""
        behavior = self.script.decide(shown.envelope_to, shown.message_id)
        planned = self.script.plan(behavior, shown.envelope_to, shown.message_id) if behavior in _ANSWERED else []
        replies = [each for each in planned if each.kind is not AnswerKind.ACKNOWLEDGEMENT]
        return [*([Planned(AnswerKind.ACKNOWLEDGEMENT, 5.0)] if rules.acknowledges else []), *replies]


def register(
    app: Flask, path: Path, clock: Clock, script: Script | None = None, rules: Rules | None = None
) -> Gateways:
    """Adds the paths; `path` is the simulator's file. Rules that were changed there before stand over those given."""
    gateways = Gateways(GatewayStore(path), clock, script or Script(), rules or Rules())
    bp = Blueprint("gateways", __name__)
    _add_real_paths(bp, gateways)
    _add_inspection(bp, gateways)
    app.register_blueprint(bp)
    app.extensions["gateways"] = gateways
    return gateways


def _add_real_paths(bp: Blueprint, gateways: Gateways) -> None:
    @bp.post("/v2/message")
    def house_message() -> ResponseReturnValue:
        return gateways.take(Chamber.HOUSE)

    @bp.post("/v2/validate")
    def house_validate() -> ResponseReturnValue:
        return gateways.take(Chamber.HOUSE, validates=True)

    @bp.post("/senate/message")
    def senate_message() -> ResponseReturnValue:
        return gateways.take(Chamber.SENATE)

    @bp.post("/senate/test")
    def senate_test() -> ResponseReturnValue:
        return gateways.take(Chamber.SENATE, validates=True)

    @bp.get("/v2/offices")
    @bp.get("/offices")
    def house_offices() -> ResponseReturnValue:
        if gateways.rules.keys.get(request.args.get("apikey", ""), (None,))[0] is not Chamber.HOUSE:
            return _text(401, "Unauthorized (simulation)")
        return jsonify(sorted(code for code in gateways.rules.active if code.startswith("H")))

    @bp.get("/api/active_offices")
    @bp.get("/api/active_offices.json")
    def senate_offices() -> ResponseReturnValue:
        codes = sorted(code for code in gateways.rules.active if code.startswith("S"))
        return jsonify([{"office_code": code, "name": f"Office of {code} (simulation)"} for code in codes])


def _add_inspection(bp: Blueprint, gateways: Gateways) -> None:
    @bp.get("/gateways/messages.json")
    def kept() -> ResponseReturnValue:
        """What was stored, oldest first, at most 1,000; of one campaign with ?campaign=ID."""
        found = gateways.store.messages(request.args.get("campaign", ""))
        return jsonify(
            {
                "simulation": True,
                "campaigns": gateways.store.campaigns(),
                "repeats": gateways.store.repeats(),
                "messages": [_as_data(each) for each in found],
            }
        )

    @bp.get("/gateways/rules.json")
    def rules() -> ResponseReturnValue:
        return jsonify({"simulation": True, **gateways.rules.as_json()})

    @bp.post("/gateways/rules.json")
    def change() -> ResponseReturnValue:
        """Some rules in JSON alone, which no foreign page can send unasked; the others stay."""
        try:
            gateways.change(request.get_json())
        except Invalid as error:
            return jsonify({"simulation": True, "error": str(error)}), 422
        return jsonify({"simulation": True, **gateways.rules.as_json()})

    @bp.delete("/gateways/rules.json")
    def change_back() -> ResponseReturnValue:
        """The rules of the start again."""
        gateways.change_back()
        return jsonify({"simulation": True, **gateways.rules.as_json()})


def _as_data(each: Filed) -> dict[str, object]:
    return {
        "chamber": each.chamber,
        "delivery_id": each.delivery_id,
        "campaign_id": each.campaign_id,
        "office": each.office,
        "received_at": datetime.fromtimestamp(each.received_at, UTC).isoformat(),
        "xml": each.raw.decode("utf-8", "replace"),
    }


def _shown(root: Any, filed: Filed) -> NewMessage:
    """As the office's inbox lists it: from the constituent, with statement and message as the text."""

    def text(path: str) -> str:
        return checker.value(root, path)

    name = f"{text('Constituent/FirstName')} {text('Constituent/LastName')}"
    sender = f"{name} <{text('Constituent/Email')}>"
    texts = (root.findtext("Message/ConstituentMessage"), root.findtext("Message/OrganizationStatement"))
    return NewMessage(
        message_id=f"<{filed.delivery_id}@gateway.example>",
        envelope_from=text("Delivery/DeliveryAgentAckEmailAddress"),
        envelope_to=f"{filed.office.lower()}@{OFFICE_DOMAIN}",
        office=filed.office,
        from_header=sender,
        to_header=f"Office {filed.office} <{filed.office.lower()}@{OFFICE_DOMAIN}>",
        reply_to=sender,
        subject=text("Message/Subject"),
        body="\n\n".join(each for each in texts if each),
        raw=filed.raw,
        received_at=filed.received_at,
        outcome="taken",
    )


def _fault(rules: Rules, office: str) -> Fault | None:
    told = request.headers.get(HEADER, "").strip().lower()
    with suppress(ValueError):
        return Fault(told)
    return rules.faults.get(office)


def _failing(fault: Fault) -> Response:
    match fault:
        case Fault.TOO_MANY:
            return _text(429, "Too many requests (simulation)", {"Retry-After": "2"})
        case Fault.EMPTY:
            return _text(503, "")
        case Fault.HTML:
            page = "<!DOCTYPE html><html><body><h1>502 Bad Gateway (simulation)</h1></body></html>"
            return Response(page, 502, mimetype="text/html")
        case Fault.LOST:
            return _cut()
        case _:
            return _text(503, "The service is temporarily unavailable (simulation)")


def _cut() -> Response:
    """Ends the line without an answer; where no socket is known, an answer that says so."""
    line = request.environ.get("werkzeug.socket")
    if line is None:
        return _text(504, "Here the line would be cut (simulation)")
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    return _text(504, "")


def _text(status: int, words: str, headers: dict[str, str] | None = None) -> Response:
    return Response(words, status, headers, mimetype="text/plain")


def _xml(status: int, document: bytes) -> Response:
    return Response(document, status, mimetype="application/xml")
