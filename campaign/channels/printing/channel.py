"""The `print` channel: a person prints the batch, puts it into envelopes and says so."""

from __future__ import annotations

import re

from campaign.channels.base import Line
from campaign.channels.printing.letter import PrintedLetter, paragraphs
from campaign.domain.channels import ChannelName
from campaign.domain.errors import Invalid, Misconfigured
from campaign.domain.parcels import Parcel

# Letters and signs that the fonts are known to have, in words that break: nearly every letter, and no typesetting needed
_PLAIN = re.compile(r"(?:[\n -~\u00a0-\u017f\u2010-\u2014\u2018-\u201d\u2020-\u2022\u2026\u20ac\u2122])*")
_LONG = re.compile(r"\S{31}")


class PrintChannel:
    """Implements Channel; no machine hands anything over here."""

    name = ChannelName.PRINT
    repeat_is_safe = False

    def problems(self, parcel: Parcel) -> list[str]:
        """What would stop the printing of this text. Sets the letter where a look at its characters is not enough."""
        if not parcel.body.strip():
            return ["the letter has no text"]
        text = f"{parcel.subject}\n{parcel.body}\n{parcel.from_name}\n{parcel.to_name}"
        if _PLAIN.fullmatch(text) and not _LONG.search(text):
            return []
        try:
            _set(parcel)
        except Invalid as error:
            return [str(error)]
        return []

    def open(self) -> Line:
        raise Misconfigured("a person finishes this")


def _set(parcel: Parcel) -> None:
    from campaign.channels.printing.render import render_pdf  # 80 MB that a web process may never need

    render_pdf(
        [
            PrintedLetter(
                id=parcel.reference,
                from_lines=(parcel.from_name or "-",),
                to_lines=(parcel.to_name or "-",),
                date="-",
                subject=parcel.subject,
                salutation="",
                body=paragraphs(parcel.body),
                closing="",
                signature=(parcel.from_name or "-",),
                code="-",
                reference=parcel.reference,
                verify_url="https://verify.example/",
            )
        ]
    )
