"""The one way that channels speak HTTP: what was certainly not sent is told apart from what may have arrived.

No redirect is followed, no proxy of the environment is used, and no text of an error holds an address: keys stand in those.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic

import httpx

from campaign.domain.errors import TryLater, Unclear

MAX_BODY = 64 * 1024  # octets of an answer; the rest is not read
CONNECT_S = 10.0
SILENCE_S = 30.0  # between two pieces of an answer
WHOLE_S = 60.0  # for an answer as a whole: one that drips would defeat the other limit
KEEP_S = 5.0  # an idle connection: few servers close theirs sooner


logging.getLogger("httpx").addFilter(lambda _: False)  # its lines hold whole addresses, with keys in them


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` holds at most MAX_BODY octets, undecodable ones replaced; it may echo what was sent: treat it as personal."""

    status: int
    body: str
    content_type: str = ""
    retry_after_s: float | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Http:
    """One per channel, safe in several threads. Close it when the channel's line is closed."""

    def __init__(
        self,
        *,
        connect_s: float = CONNECT_S,
        silence_s: float = SILENCE_S,
        whole_s: float = WHOLE_S,
        proxy: str | None = None,
    ) -> None:
        """`proxy` is the one way out where it is given: http://HOST:PORT, with a name and a password in it where it asks."""
        self._whole_s = whole_s
        self._client = httpx.Client(
            timeout=httpx.Timeout(silence_s, connect=connect_s),
            follow_redirects=False,
            trust_env=False,
            proxy=proxy,
            limits=httpx.Limits(max_connections=20, keepalive_expiry=KEEP_S),
        )

    def ask(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """The answer, whatever its status.

        Raises TryLater when the receiver was not reached, so that nothing can have gone out, and Unclear when the request
        left, wholly or in part, and no whole answer came back.
        """
        try:
            with self._client.stream(method, url, params=params, headers=headers, content=content) as response:
                return _answer(response, monotonic() + self._whole_s)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise TryLater(f"the receiver cannot be reached ({_words(error)})") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise TryLater(f"the receiver's address cannot be used ({_words(error)})") from None
        except httpx.HTTPError as error:
            raise Unclear(f"the request left and no whole answer came back ({_words(error)})") from None

    def close(self) -> None:
        """Never raises; twice is safe."""
        self._client.close()


def _answer(response: httpx.Response, until: float) -> Answer:
    body = b""
    for piece in response.iter_bytes():
        body += piece
        if len(body) > MAX_BODY:
            break
        if monotonic() > until:
            raise httpx.ReadTimeout("the answer took too long")
    return Answer(
        status=response.status_code,
        body=body[:MAX_BODY].decode("utf-8", "replace"),
        content_type=response.headers.get("content-type", "").partition(";")[0].strip().lower(),
        retry_after_s=retry_after_s(response.headers.get("retry-after"), datetime.now(UTC)),
    )


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Of a Retry-After header (RFC 9110, 10.2.3): seconds, or a date. None for anything else."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())


def _words(error: Exception) -> str:
    """The class alone: the text may hold the address."""
    return type(error).__name__
