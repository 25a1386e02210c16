"""The list of offices that take letters by a gateway now. Closed where it cannot be read: no list is never "all"."""

from __future__ import annotations

import json
from typing import Any

from campaign.channels.cwc import seats
from campaign.channels.cwc.gateway import Gateway
from campaign.channels.http import Answer, Http
from campaign.domain.errors import Misconfigured, TryLater, Unclear

_NAMES = ("office_code", "code", "MemberOffice")


def fetch(gateway: Gateway, http: Http) -> frozenset[str]:
    """Seats of the chamber, never empty. Raises TryLater or Misconfigured; nothing of an old list is given."""
    faults = gateway.faults()
    if faults:
        raise Misconfigured("; ".join(faults))
    if not gateway.offices_url:
        raise Misconfigured(f"{gateway.words} has no address for its list of offices")
    try:
        answer = http.ask(
            "GET", gateway.offices_url, params={"apikey": gateway.key}, headers={"Accept": "application/json"}
        )
    except Unclear as error:  # a question may be asked twice
        raise TryLater(f"the list of offices did not come whole ({gateway.words})") from error
    if answer.status in (401, 403, 404):
        raise Misconfigured(f"{gateway.words} does not give its list of offices", code=str(answer.status))
    if not answer.ok:
        raise TryLater(f"{gateway.words} does not give its list of offices now", code=str(answer.status))
    return _codes(answer, gateway)


def _codes(answer: Answer, gateway: Gateway) -> frozenset[str]:
    try:
        items = json.loads(answer.body)
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list):
        raise TryLater(f"the list of offices cannot be read ({gateway.words})")
    codes = {_code(item) for item in items}
    found = frozenset(code for code in codes if code in seats.CODES and seats.chamber_of(code) is gateway.chamber)
    if not found:
        raise TryLater(f"the list of offices names none of the chamber ({gateway.words})")
    return found


def _code(item: Any) -> str:
    """Of a text, or of an object in any of the shapes that were seen."""
    if isinstance(item, dict):
        item = next((item[name] for name in _NAMES if name in item), "")
    return item.strip().upper() if isinstance(item, str) else ""
