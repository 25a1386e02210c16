"""The shapes in which the simulated regulations.gov and the gateway before it answer, and the faults they can be asked for."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import Any

from flask import Response, current_app, jsonify, make_response, request

JSON_API = "application/vnd.api+json"


def early(fault: str) -> Response | None:
    """Faults after which nothing was stored."""
    match fault:
        case "400":
            return error(400, "Bad Request", "It is refused (simulation).")
        case "404":
            return error(404, "Not Found", "The document was not found (simulation).")
        case "403":
            return gateway(403, "API_KEY_UNAUTHORIZED", "The api_key may not post (simulation).")
        case "429":
            return gateway(429, "OVER_RATE_LIMIT", "You have exceeded your rate limit (simulation).", retry=90)
        case "503":
            return gateway(503, "SERVICE_UNAVAILABLE", "The portal rests (simulation).")
        case "cut":
            return _cut()
    return None


def late(fault: str) -> Response | None:
    """Faults after the comment was stored."""
    match fault:
        case "500":
            return error(500, "Internal Server Error", "Something broke (simulation).")
        case "502":
            return gateway(502, "BAD_GATEWAY", "No good answer came (simulation).")
        case "drop":
            return _cut()
        case "mute":
            return json_answer({"data": {"type": "comments"}}, 201)
    return None


def _cut() -> Response:
    """The line goes without an answer."""
    line = request.environ.get("werkzeug.socket")
    if line is not None:
        line.shutdown(socket.SHUT_RDWR)
    return current_app.make_response(("", 500))


def json_answer(body: dict[str, Any], status: int = 200) -> Response:
    response = make_response(jsonify(body), status)
    response.headers["Content-Type"] = JSON_API
    response.headers["X-Simulation"] = "yes"
    return response


def one(kind: str, number: str, attributes: dict[str, Any]) -> Response:
    return json_answer({"data": {"id": number, "type": kind, "attributes": attributes}})


def made(kind: str, number: str, **attributes: Any) -> Response:
    return json_answer({"data": {"id": number, "type": kind, "attributes": attributes}}, 201)


def error(status: int, title: str, detail: str) -> Response:
    return json_answer({"errors": [{"status": str(status), "title": title, "detail": detail}]}, status)


def gateway(status: int, code: str, message: str, *, retry: int | None = None) -> Response:
    response = json_answer({"error": {"code": code, "message": message}}, status)
    response.headers["Content-Type"] = "application/json"
    if retry is not None:
        response.headers["Retry-After"] = str(retry)
    return response


def iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
