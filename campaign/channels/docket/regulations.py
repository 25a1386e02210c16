"""The machine's road to a docket: regulations.gov, API v4.

The order of a filing: is the document open (GET)? a submission key and uploads where files go along; then the comment. Only
that last call files anything, and it has no key against doubles: from its first byte, no answer means `Unclear`, and no
machine asks again. The API key travels in one header to one host, never to the address where files are put.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from campaign.channels.base import Line
from campaign.channels.docket import answers, attachment, comment, documents
from campaign.channels.docket.comment import Comment, File
from campaign.channels.http import Answer, Http
from campaign.channels.one_by_one import OneByOne
from campaign.domain import hosts
from campaign.domain.channels import ChannelName
from campaign.domain.errors import Invalid, Misconfigured, Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Parcel, Receipt

JSON_API = "application/vnd.api+json"


@dataclass(frozen=True, slots=True)
class Access:
    """Where the interface is and the key for it. `url` ends in /v4."""

    url: str
    key: str

    def __repr__(self) -> str:
        return f"Access({urlsplit(self.url).hostname})"

    def check(self) -> None:
        """Raises Misconfigured: a key does not travel in clear, except on this machine."""
        if not self.key:
            raise Misconfigured("no key for regulations.gov is set")
        if not hosts.is_safe(self.url):
            raise Misconfigured("the address of regulations.gov must begin with https")


class RegulationsChannel:
    """Implements Channel. `clock` gives aware times and decides whether a document is still open."""

    name = ChannelName.DOCKET_API
    repeat_is_safe = False

    def __init__(
        self,
        access: Access,
        *,
        http: Callable[[], Http] = Http,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._access, self._http, self._clock = access, http, clock

    def problems(self, parcel: Parcel) -> list[str]:
        if isinstance(parcel.cargo, Comment):
            return comment.problems(parcel.cargo)
        return ["This letter was not made into a comment."]

    def open(self) -> Line:
        """Reaches for nothing yet: HTTP has no greeting."""
        self._access.check()
        return RegulationsLine(self._access, self._http(), self._clock)


class RegulationsLine(OneByOne):
    """One comment after the other."""

    def __init__(self, access: Access, http: Http, clock: Callable[[], datetime]) -> None:
        self._access, self._http, self._clock = access, http, clock

    def close(self) -> None:
        super().close()
        self._http.close()

    def hand_over(self, parcel: Parcel, begins: Callable[[], None]) -> Outcome:
        try:
            return self._file(parcel, begins)
        except TryLater as error:
            self.usable = error.used_a_try  # a limit that stops this one stops all
            raise

    def _file(self, parcel: Parcel, begins: Callable[[], None]) -> Receipt:
        cargo = parcel.cargo
        if not isinstance(cargo, Comment):
            raise Refused("this letter was not made into a comment", falls_through=True)
        if found := comment.problems(cargo):
            raise Refused(found[0], code="invalid", falls_through=True)
        self._check_open(cargo.document_id)
        cargo = attachment.completed(cargo)
        key = self._upload(cargo.files) if cargo.files else ""
        begins()
        return self._post_comment(cargo, key)

    def _check_open(self, document_id: str) -> None:
        answer = self._before("GET", f"/documents/{quote(document_id, safe='')}")
        try:
            (document,) = documents.documents(answer.body)
        except (Invalid, ValueError):
            raise TryLater("the portal's answer about the document cannot be read") from None
        if not document.takes_comments(self._clock()):
            raise documents.closed(document)

    def _upload(self, files: Sequence[File]) -> str:
        """The submission key under which the files lie at the portal; without a comment they are nothing."""
        key = self._made("/submission-keys", {"type": "submission-keys"})
        for file in files:
            wanted = {"fileName": file.name, "submissionKey": key, "contentType": file.content_type}
            url = self._made("/file-upload-urls", {"type": "file-upload-urls", "attributes": wanted})
            self._put(url, file)
        return key

    def _put(self, url: str, file: File) -> None:
        """To the address that the portal gave, without our key: it is another host's."""
        parts = urlsplit(url)
        own = urlsplit(self._access.url)
        if parts.scheme != "https" and (parts.scheme, parts.hostname) != (own.scheme, own.hostname):
            raise TryLater("the portal gave no safe address for a file")
        try:
            answer = self._http.ask("PUT", url, headers={"Content-Type": file.content_type}, content=file.content)
        except Unclear as error:  # a file alone files nothing
            raise TryLater(str(error)) from None
        if not answer.ok:
            raise TryLater("a file could not be put", code=str(answer.status))

    def _made(self, path: str, data: dict[str, object]) -> str:
        answer = self._before("POST", path, data)
        if (found := _id_of(answer)) is None:
            raise TryLater("the portal's answer cannot be read")
        return found

    def _before(self, method: str, path: str, data: dict[str, object] | None = None) -> Answer:
        """Any call but the one that files: whatever goes wrong, nothing was filed."""
        try:
            answer = self._ask(method, path, data)
        except Unclear as error:
            raise TryLater(str(error)) from None
        if not answer.ok:
            raise answers.before_comment(answer)
        return answer

    def _post_comment(self, cargo: Comment, key: str) -> Receipt:
        answer = self._ask("POST", "/comments", {"type": "comments", "attributes": comment.attributes(cargo, key)})
        if not answer.ok:
            raise answers.of_comment(answer)
        tracking = _id_of(answer)
        if tracking is None:
            raise Unclear("the portal took it and gave no tracking number", code=str(answer.status))
        return Receipt(answer=f"tracking number {tracking}", provider_id=tracking)

    def _ask(self, method: str, path: str, data: dict[str, object] | None = None) -> Answer:
        headers = {"X-Api-Key": self._access.key, "Accept": JSON_API}
        content = None
        if data is not None:
            headers["Content-Type"] = JSON_API
            content = json.dumps({"data": data}, ensure_ascii=False).encode()
        return self._http.ask(method, self._access.url.rstrip("/") + path, headers=headers, content=content)


def _id_of(answer: Answer) -> str | None:
    try:
        found = json.loads(answer.body)["data"]["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) and 0 < len(found) <= 4_000 else None


def read_documents(access: Access, docket: str, http: Http) -> list[documents.Document]:
    """The documents of a docket, at most 250. Raises Misconfigured, Refused or TryLater; closes nothing."""
    return documents.documents(asked(access, http, "/documents", {"filter[docketId]": docket, "page[size]": "250"}))


def asked(access: Access, http: Http, path: str, params: dict[str, str] | None = None) -> str:
    """The body of an answer to a question, which changes nothing there. Raises Misconfigured, Refused or TryLater."""
    access.check()
    headers = {"X-Api-Key": access.key, "Accept": JSON_API}
    try:
        answer = http.ask("GET", access.url.rstrip("/") + path, params=params, headers=headers)
    except Unclear as error:
        raise TryLater(str(error)) from None
    if not answer.ok:
        raise answers.before_comment(answer)
    return answer.body
