"""What the hand-off page shows: each field of the office's form, ready to copy, with its length."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from campaign.domain import hosts
from campaign.domain.errors import Invalid
from campaign.domain.parcels import Parcel


@dataclass(frozen=True, slots=True)
class CopyField:
    """`length` counts characters as browsers do in a text box: a line end is one, an emoji two."""

    label: str
    text: str
    length: int
    multiline: bool = False
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Handoff:
    form_url: str
    form_host: str  # shown beside the link, so that the member sees where it leads
    fields: tuple[CopyField, ...]


@dataclass(frozen=True, slots=True)
class Writer:
    """The member as the office's form asks for them; empty parts are left out."""

    prefix: str = ""
    first: str = ""
    last: str = ""
    email: str = ""
    phone: str = ""
    street: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""


_LABELS = {
    "prefix": "Prefix",
    "first": "First name",
    "last": "Last name",
    "email": "Email",
    "phone": "Phone",
    "street": "Street",
    "city": "City",
    "state": "State",
    "zip": "ZIP code",
}


_LIMITS = {"Subject": ((100, "Some forms take fewer in a subject. If theirs cuts it, shorten it there."),)}
_MESSAGE = (
    (
        10_000,
        "Most forms take no more than 10,000. Shorten it there before you send it, and look that your own words are all in.",
    ),
    (
        2_000,
        "Some forms take only 2,000. Look at the end of the text after you paste it: if their page cuts it, shorten it there.",
    ),
)
"""Lengths above which a person should look at what the form did. Forms say their own; 10,000 is what offices' own systems take
(CWC rules of both chambers), 2,000 a cautious guess: no list of the forms' own limits is kept up."""


def handoff(parcel: Parcel, writer: Writer, form_url: str) -> Handoff:
    """The page's data. Raises Invalid unless `form_url` is an https address: a letter is not typed into a clear page.

    The simulated portal on this machine is no risk.
    """
    if not hosts.is_safe(form_url):
        raise Invalid("the office's form needs an https address", "form_url")
    return Handoff(form_url, urlsplit(form_url).hostname or "", copy_fields(parcel, writer))


def copy_fields(parcel: Parcel, writer: Writer) -> tuple[CopyField, ...]:
    """The fields alone, for an office whose page is not known."""
    fields = [_field(label, getattr(writer, name)) for name, label in _LABELS.items() if getattr(writer, name)]
    return (*fields, _field("Subject", parcel.subject), _field("Message", parcel.body, multiline=True))


def _field(label: str, text: str, *, multiline: bool = False) -> CopyField:
    length = len(text.encode("utf-16-le", "surrogatepass")) // 2
    limits = _MESSAGE if multiline else _LIMITS.get(label, ())
    warning = next((words for limit, words in limits if length > limit), "")
    return CopyField(label, text, length, multiline, warning)
