"""One letter as a PDF."""

from __future__ import annotations

from flask import Response
from flask.typing import ResponseReturnValue

from campaign.extensions import db
from campaign.models.letter import Letter
from campaign.models.organization import Organization
from campaign.runtime import runtime
from campaign.services import on_paper
from campaign.web.context import zone
from campaign.web.formats import as_zone


def answer(letter: Letter) -> ResponseReturnValue:
    """Raises Invalid for what cannot be printed (a character without a shape, a word wider than the page)."""
    from campaign.channels.printing.render import render_pdf  # typst takes memory most pages never need

    organization = db.session.get_one(Organization, 1)
    day = on_paper.long_day(letter.signed_at.astimezone(as_zone(zone())))
    pdf = render_pdf(
        [on_paper.printed(letter, organization, day, runtime().envelope)],
        title=letter.subject,
        author=organization.name,
    )
    response = Response(pdf, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="letter-{letter.reference}.pdf"'
    return response
