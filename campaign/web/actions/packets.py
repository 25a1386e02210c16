"""What the member files at a docket: the packet's page, its files, and the number that comes back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from campaign.channels.docket import attachment
from campaign.channels.docket import packet as packets
from campaign.channels.docket.filing import certified_sentence
from campaign.channels.docket.packet import Packet
from campaign.domain.channels import BY_THE_MEMBERS_WORD
from campaign.domain.errors import Gone, Invalid, NotFound, WrongState
from campaign.domain.statuses import Status
from campaign.extensions import db
from campaign.models.docket import Portal
from campaign.models.letter import Letter
from campaign.runtime import runtime
from campaign.services import confidential, filings, stories
from campaign.services.filings import Open
from campaign.unit_of_work import unit_of_work
from campaign.web import access, context
from campaign.web.actions.blueprint import bp
from campaign.web.actions.forms import CertifyForm, FiledForm
from campaign.web.actions.views import put_error
from campaign.web.formats import as_zone


def page(
    letter: Letter, values: dict[str, Any], form: FiledForm | CertifyForm | None = None, status: int = 200
) -> ResponseReturnValue:
    """The packet, or 410 with what remains once the docket has closed. `values`: what every page of a letter has."""
    opened, now = filings.of_letter(db.session(), letter.id), context.now()
    delivery = values["story"].delivery
    if delivery.channel not in BY_THE_MEMBERS_WORD:  # a machine files it at regulations.gov
        return redirect(url_for(".letter", reference=letter.reference), 303)
    filed = delivery.status in (Status.ACCEPTED, Status.DELIVERED)
    closed = now >= opened.docket.closes_at and not filed
    form = form or (FiledForm() if opened.is_certified or filed or closed else CertifyForm())
    shared = {**values, "docket": opened.docket, "form": form, "filed": filed, "opened": opened}
    shared["kept_until"] = confidential.kept_until(opened.docket, delivery.changed_at if filed else None, _keep())
    if closed:
        return render_template("actions/packet_closed.html", **shared), 410 if status == 200 else status
    if opened.docket.portal is Portal.REGULATIONS_GOV:
        comment = opened.comment(as_zone(context.zone()))
        return render_template("actions/comment.html", **shared, comment=comment), status
    filing = opened.filing(as_zone(context.zone()))
    if isinstance(form, CertifyForm):
        return render_template("actions/certify.html", **shared, statement=certified_sentence(filing)), status
    if filed and not (opened.is_certified and opened.is_whole):
        return render_template("actions/packet_filed.html", **shared), status
    shared["submitter"] = packets.submitter_block(filing)
    return render_template("actions/packet.html", **shared, filing=filing, packet=packets.packet(filing)), status


def _keep() -> timedelta:
    return timedelta(days=runtime().settings.keep_confidential_days)


def certify(letter: Letter, values_of: Any) -> ResponseReturnValue:
    """The answer to "I certify it", and to another reason for it."""
    reference, letter_id, by = letter.reference, letter.id, f"member:{letter.member_id}"
    form = CertifyForm()
    if form.validate_on_submit():
        try:
            with unit_of_work() as rows:
                filings.certify(rows, letter_id, form.reason.data or "", as_zone(context.zone()), context.now(), by)
        except Invalid as error:
            put_error(form, error)
        else:
            return redirect(url_for(".file", reference=reference), 303)
    again = access.own_letter(reference)
    return page(again, values_of(again), form, 422)


def record(letter: Letter) -> None:
    """Raises Invalid beside the field, WrongState after closing time."""
    letter_id, by = letter.id, f"member:{letter.member_id}"
    before_close = request.form.get("before_close") == "y"
    with unit_of_work() as rows:
        filings.filed(rows, letter_id, request.form.get("number") or "", context.now(), by, before_close=before_close)


def answer(letter: Letter, values_of: Any) -> ResponseReturnValue:
    """The answer to "I filed it"."""
    reference = letter.reference
    try:
        record(letter)
    except Invalid as error:
        form = FiledForm()
        put_error(form, error)
        again = access.own_letter(reference)
        return page(again, values_of(again), form, 422)
    flash("Recorded. Thank you.")
    return redirect(url_for(".letter", reference=reference), 303)


@bp.get("/letters/<reference>/packet.zip")
@access.members_only
def packet_zip(reference: str) -> ResponseReturnValue:
    filing, made = _packet(access.own_letter(reference), context.now())
    return _download(packets.zipped(filing, made), "application/zip", f"Docket_{filing.docket}.zip")


@bp.get("/letters/<reference>/packet/<name>")
@access.members_only
def packet_file(reference: str, name: str) -> ResponseReturnValue:
    """One file, by the name that the portal shall see."""
    filing, made = _packet(access.own_letter(reference), context.now())
    piece = next((each for each in made.pieces if each.name == name), None)
    if piece is None:
        raise NotFound("There is no such file in this packet.")
    return _download(packets.make(filing, piece), packets.media_type(piece), piece.name)


@bp.get("/letters/<reference>/comment-file")
@access.members_only
def comment_file(reference: str) -> ResponseReturnValue:
    """A comment that is longer than the portal's box, as the file that goes with it."""
    opened = _to_file(access.own_letter(reference))
    comment = opened.comment(as_zone(context.zone()))
    if opened.docket.portal is not Portal.REGULATIONS_GOV or not comment.is_attached or comment.letter is None:
        raise NotFound("This comment fits into the portal’s box: it needs no file.")
    made = attachment.file_of(comment.letter)
    return _download(made.content, made.content_type, made.name)


def _to_file(letter: Letter) -> Open:
    """Raises Gone for a letter that was called off before it was filed."""
    if stories.never_left(db.session(), letter):
        raise Gone("This letter was taken back or ran out of time, so nothing of it is to be filed.")
    return filings.of_letter(db.session(), letter.id)


def _packet(letter: Letter, now: datetime) -> tuple[Any, Packet]:
    opened = _to_file(letter)
    if opened.docket.portal is not Portal.USTR:
        raise NotFound("This docket takes its comments in a box, not as files.")
    if now >= opened.docket.closes_at:
        raise Gone("This docket has closed. The letter itself can still be printed.")
    if not opened.is_whole:
        raise Gone("The confidential passages have been deleted. The public version is on your letter’s page.")
    filing = opened.filing(as_zone(context.zone()))
    return filing, packets.packet(filing)


def _download(content: bytes, kind: str, name: str) -> Response:
    response = Response(content, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'  # names hold safe characters only
    return response


@bp.post("/letters/<reference>/post")
@access.members_only
def post_instead(reference: str) -> ResponseReturnValue:
    """After closing time: the same letter, by post."""
    found = access.own_letter(reference)
    letter_id, by = found.id, f"member:{found.member_id}"
    if found.docket_id is None:
        raise WrongState("This letter goes to no docket.")
    with unit_of_work() as rows:
        filings.post_instead(rows, letter_id, context.now(), by)
    flash("Your letter is printed and posted instead.")
    return redirect(url_for(".letter", reference=reference), 303)
