"""One letter as a PDF."""

from __future__ import annotations

from flask import Response
from flask.typing import ResponseReturnValue

from campaign.extensions import db
from campaign.models.letter import Letter
from campaign.models.organization import Organization
from campaign.runtime import runtime
from campaign.web.context import zone
from campaign.web.formats import as_zone


def answer(letter: Letter) -> ResponseReturnValue:
    """Raises Invalid for what cannot be printed (a character without a shape, a word wider than the page)."""
    from campaign.channels.printing.render import PrintedLetter, render_pdf  # typst takes memory most pages never need

    organization = db.session.get_one(Organization, 1)
    signed = letter.signed_at.astimezone(as_zone(zone()))
    pdf = render_pdf(
        [
            PrintedLetter(
                id=letter.reference,
                from_lines=(organization.name, *organization.postal_lines),
                to_lines=tuple(letter.address_block),
                date=f"{signed:%B} {signed.day}, {signed.year}",
                subject=letter.subject,
                salutation=letter.salutation,
                body=tuple(part["text"] for part in letter.parts),
                closing=letter.valediction,
                signature=tuple(letter.signature),
                code=letter.reference,
                reference=letter.digest[:16],
                verify_url=runtime().envelope.verify_url(letter.reference),
            )
        ],
        title=letter.subject,
        author=organization.name,
    )
    response = Response(pdf, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="letter-{letter.reference}.pdf"'
    return response
