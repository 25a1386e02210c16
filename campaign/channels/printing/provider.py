"""A house that prints, folds and posts letters for us, spoken to by HTTP in the shape that several of them share.

The shape follows published client types of such houses, which we have not tried: paths and fields
stand in one place each. A repeated request carries the same Idempotency-Key; as houses forget keys after a day, a letter is also
looked for by its own mark before it is handed over, so that repeating is safe whenever it happens.
"""

from __future__ import annotations

import json
import re
import tempfile
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from campaign.channels.base import Line
from campaign.channels.http import Answer, Http
from campaign.channels.one_by_one import OneByOne
from campaign.channels.printing.letter import PrintedLetter, check
from campaign.channels.printing.press import Press, PressFailed, order
from campaign.channels.printing.prices import Prices
from campaign.domain import hosts
from campaign.domain.channels import ChannelName
from campaign.domain.errors import IN_DOUBT, ChannelError, Invalid, Misconfigured, Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Parcel, Receipt

_PLACE = re.compile(r"(.+), ([A-Z]{2}) (\d{5}(?:-\d{4})?)")
_CODE = re.compile(r"[a-z0-9_.-]{1,60}", re.IGNORECASE)
_NOT_NOW = "the print provider cannot take it now"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter as it goes to the house."""

    pdf: bytes
    pages: int


@dataclass(frozen=True, slots=True)
class PostValues:
    """What the channel is built from; the settings of the same names."""

    url: str  # without a path: https://api.house.example
    key: str
    duplex: bool = False
    prices: Prices = field(default_factory=Prices)

    def __repr__(self) -> str:
        return f"PostValues({urlsplit(self.url).hostname})"


class PostChannel:
    """Implements Channel. `Parcel.cargo` is the PrintedLetter."""

    name = ChannelName.PRINT_PROVIDER
    repeat_is_safe = True

    def __init__(self, values: PostValues, http: Http | None = None) -> None:
        self._values = values
        self._http = http

    def problems(self, parcel: Parcel) -> list[str]:
        letter = parcel.cargo
        if not isinstance(letter, PrintedLetter):
            return ["the letter was not laid out for print"]
        found = []
        try:
            check(letter)
        except Invalid as error:
            found.append(str(error))
        for who, lines in (("addressee", letter.to_lines), ("sender", letter.from_lines)):
            try:
                address(lines)
            except Invalid:
                found.append(f"the address of the {who} must end with a line like “Washington, DC 20510”")
        return found

    def open(self) -> Line:
        if not self._values.key or not urlsplit(self._values.url).hostname:
            raise Misconfigured("the print provider's address or key is missing")
        if not hosts.is_safe(self._values.url):
            raise Misconfigured("the print provider needs an https address: letters do not cross the network in clear")
        return PostLine(Provider(self._values, self._http or Http()))


class PostLine(OneByOne):
    """One letter a request."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def hand_over(self, parcel: Parcel, begins: Callable[[], None]) -> Outcome:
        letter = parcel.cargo
        if not isinstance(letter, PrintedLetter):
            return Refused("the letter was not laid out for print")
        known = self._provider.known(parcel.reference)
        if known is not None:
            begins()
            return known
        rendered = self._provider.render(letter)
        begins()
        key = f"{parcel.reference}-{parcel.key}"
        receipt = self._provider.submit(letter, rendered.pdf, parcel.reference, key)
        quoted = self._provider.quote(rendered.pages)
        return replace(receipt, answer=f"{receipt.answer}, {quoted}") if quoted else receipt

    def close(self) -> None:
        super().close()
        self._provider.close()


class Provider:
    """The house's own calls: render, quote, submit, cancel. What it tells later is `house_events`."""

    def __init__(self, values: PostValues, http: Http) -> None:
        self._values = values
        self._base = values.url.rstrip("/")
        self._http = http
        self._press = Press()
        self._headers = {
            "Authorization": "Basic " + b64encode(f"{values.key}:".encode()).decode(),
            "Accept": "application/json",
        }

    def render(self, letter: PrintedLetter) -> Rendered:
        """The PDF of one letter, and its pages. Raises Refused for what cannot be printed, TryLater where no typesetter works."""
        with tempfile.TemporaryDirectory(prefix="countersign-post-") as folder:
            pdf = Path(folder) / "letter.pdf"
            wanted = order([letter], pdf, title=letter.subject, author=letter.from_lines[0])
            if wanted.refused:
                raise Refused(wanted.refused[letter.id])
            try:
                self._press.begin(wanted)
                sheet = self._press.finish(wanted)
            except PressFailed as error:
                raise TryLater(str(error)) from error
            if sheet.refused:
                raise Refused(sheet.refused[letter.id])
            return Rendered(pdf.read_bytes(), sheet.pages[letter.id])

    def quote(self, pages: int) -> str:
        """Sheets and price of a letter of so many pages, one or more; empty where no prices are agreed."""
        return self._values.prices.words((pages + 1) // 2 if self._values.duplex else pages)

    def known(self, reference: str) -> Receipt | None:
        """The receipt of a letter that the house has already, whatever became of our earlier request."""
        answer = self._ask("GET", "/v1/letters", params={"metadata[letter]": reference, "limit": "1"})
        if not answer.ok:
            raise _error(answer)
        found = _json(answer).get("data")
        return _receipt(found[0]) if isinstance(found, list) and found else None

    def submit(self, letter: PrintedLetter, pdf: bytes, reference: str, idempotency_key: str) -> Receipt:
        """Raises Misconfigured, Refused or TryLater; a silence is TryLater in doubt, as `known` finds what
        arrived: when the tries are used up, a person looks."""
        fields = {
            **_fields("to", address(letter.to_lines)),
            **_fields("from", address(letter.from_lines)),
            "color": "false",
            "double_sided": "true" if self._values.duplex else "false",
            "address_placement": "top_first_page",
            "use_type": "operational",
            "mail_type": "usps_first_class",
            "metadata[letter]": reference,
        }
        boundary = f"countersign-{idempotency_key}"
        headers = {
            "Idempotency-Key": idempotency_key,
            "Content-Type": f"multipart/form-data; boundary={boundary}",
        }
        try:
            answer = self._post(headers, _multipart(fields, pdf, boundary))
        except Unclear as error:
            raise TryLater(str(error), code=IN_DOUBT) from error
        if answer.ok or answer.status == 409:
            receipt = _receipt(_json(answer))
            if receipt is not None:
                return receipt
            if answer.ok:
                raise TryLater("the print provider's answer cannot be read", code=IN_DOUBT, answer=str(answer.status))
        if answer.status == 408 or answer.status >= 500:  # it may have stored the letter first
            raise TryLater(_NOT_NOW, code=IN_DOUBT, answer=str(answer.status), retry_after_s=answer.retry_after_s)
        raise _error(answer)

    def cancel(self, provider_id: str) -> bool:
        """True: it will not be printed. False: too late. Raises TryLater or Misconfigured."""
        if not _CODE.fullmatch(provider_id):
            raise ValueError("no id of a letter")
        answer = self._ask("DELETE", f"/v1/letters/{provider_id}")
        if answer.ok:
            return True
        if answer.status in (404, 409, 410, 422):
            return False
        raise _error(answer)

    def close(self) -> None:
        self._press.close()
        self._http.close()

    def _post(self, headers: dict[str, str], content: bytes) -> Answer:
        return self._http.ask("POST", f"{self._base}/v1/letters", headers=self._headers | headers, content=content)

    def _ask(self, method: str, path: str, **how: Any) -> Answer:
        """Any call but the one that hands a letter over: a silence leaves nothing behind."""
        try:
            return self._http.ask(method, self._base + path, headers=self._headers, **how)
        except Unclear as error:
            raise TryLater(str(error)) from error


def address(lines: Sequence[str]) -> dict[str, str]:
    """Lines of an envelope in the house's fields: name, then what lies between, then place, state and ZIP. Raises Invalid."""
    place = _PLACE.fullmatch(lines[-1]) if lines else None
    between = list(lines[1:-1])
    if place is None or not between or len(between) > 3:
        raise Invalid("an address needs a name, one to three lines and a last one with place, state and ZIP")
    company = between.pop(0) if len(between) > 1 else ""
    found = {
        "name": lines[0],
        "company": company,
        "address_line1": between[0],
        "address_line2": between[1] if len(between) > 1 else "",
        "address_city": place[1],
        "address_state": place[2],
        "address_zip": place[3],
    }
    return {name: value for name, value in found.items() if value}


def _fields(name: str, values: dict[str, str]) -> dict[str, str]:
    return {f"{name}[{key}]": value for key, value in values.items()}


def _multipart(fields: dict[str, str], pdf: bytes, boundary: str) -> bytes:
    """RFC 7578; the same bytes for the same letter, which a repeated key wants."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = 'Content-Disposition: form-data; name="file"; filename="letter.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
    return b"".join([*parts, f"--{boundary}\r\n{head}".encode(), pdf, f"\r\n--{boundary}--\r\n".encode()])


def _json(answer: Answer) -> dict[str, Any]:
    try:
        read = json.loads(answer.body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _receipt(read: Any) -> Receipt | None:
    """Of a letter as the house shows it; in an answer to a used key it may lie one level down."""
    if not isinstance(read, dict):
        return None
    if isinstance(read.get("letter"), dict):
        read = read["letter"]
    number, expected = read.get("id"), read.get("expected_delivery_date")
    if not isinstance(number, str) or not _CODE.fullmatch(number):
        return None
    day = expected if isinstance(expected, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", expected) else ""
    return Receipt(f"taken for print{f', expected {day}' if day else ''}", number)


def _error(answer: Answer) -> ChannelError:
    """By the status. Of the house's words only its code is kept: its texts repeat what was sent."""
    said = _json(answer).get("error")
    code = said.get("code") if isinstance(said, dict) else None
    word = code if isinstance(code, str) and _CODE.fullmatch(code) else ""
    how: Any = {"code": str(answer.status), "answer": word}
    if answer.status in (401, 403):
        return Misconfigured("the print provider does not take our key", **how)
    if answer.status in (404, 405) or 300 <= answer.status < 400:
        return Misconfigured("the print provider's address leads nowhere", **how)
    if answer.status in (408, 409, 425, 429) or answer.status >= 500:
        later = "the print provider asks us to wait" if answer.status == 429 else _NOT_NOW
        return TryLater(later, retry_after_s=answer.retry_after_s, **how)
    return Refused(f"the print provider refuses it{f': {word}' if word else ''}", **how)
