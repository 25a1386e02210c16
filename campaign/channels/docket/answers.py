"""What an answer of regulations.gov means. Two shapes of errors: the portal's own, and that of the gateway before it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from campaign.channels.http import Answer
from campaign.domain.errors import ChannelError, Misconfigured, Refused, TryLater, Unclear

MOST_WORDS = 300  # characters of an answer that are kept
LIMIT_S = 60.0  # when a limit is over and the answer does not say for how long

_ADDRESS = re.compile(r"[^\s<>\"']+@[^\s<>\"']+")
_LONG = re.compile(r"[A-Za-z0-9_-]{28,}")  # what may be a key or a signature


@dataclass(frozen=True, slots=True)
class Said:
    """`gateway`: it is the gateway's shape, so the portal behind it never saw the request."""

    code: str
    words: str
    gateway: bool = False


def said(answer: Answer) -> Said:
    """The error of an answer, scrubbed; only its status where the body is of neither shape."""
    body = _json(answer.body)
    if isinstance(body, dict):
        if isinstance(error := body.get("error"), dict):
            return Said(
                str(error.get("code") or answer.status), _scrubbed(str(error.get("message") or "")), gateway=True
            )
        if isinstance(errors := body.get("errors"), list) and errors and isinstance(errors[0], dict):
            first = errors[0]
            texts = [str(first[name]) for name in ("title", "detail") if first.get(name)]
            return Said(str(first.get("status") or answer.status), _scrubbed(": ".join(texts)))
    return Said(str(answer.status), "")


def before_comment(answer: Answer) -> ChannelError:
    """Of any call but the one that files: nothing of the comment can have been filed by it."""
    return _common(answer) or TryLater("the portal cannot answer just now", **_detail(answer))


def of_comment(answer: Answer) -> ChannelError:
    """Of `POST /comments`, which has no key against doubles.

    A server's error (5xx) from the portal itself may come after it stored the comment, so it is unclear. One in the gateway's
    shape says that the portal was not reached, except 502 and 504: there the gateway passed it on and heard nothing good.
    What is neither 2xx nor known is unclear too.
    """
    if (found := _common(answer)) is not None:
        return found
    if said(answer).gateway and answer.status in (500, 503):
        return TryLater("the portal's gateway did not pass it on", **_detail(answer))
    return Unclear("the portal gave an error after it had the comment", **_detail(answer))


def _common(answer: Answer) -> ChannelError | None:
    match answer.status:
        case 401 | 403:
            return Misconfigured("the portal does not take our key", **_detail(answer))
        case 404:
            return Refused("the portal does not know this document", falls_through=True, **_detail(answer))
        case 429:
            wait = LIMIT_S if answer.retry_after_s is None else answer.retry_after_s
            return TryLater("the portal's limit is reached", retry_after_s=wait, used_a_try=False, **_detail(answer))
        case status if 400 <= status < 500 and status != 408:  # 408: a server that stopped waiting for the rest
            return Refused("the portal refused it", falls_through=True, **_detail(answer))
    return None


def _detail(answer: Answer) -> dict[str, Any]:
    found = said(answer)
    return {"code": found.code, "answer": found.words}


def _scrubbed(text: str) -> str:
    text = _ADDRESS.sub("(address)", " ".join(text.split()))
    return _LONG.sub("(removed)", text)[:MOST_WORDS]


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
