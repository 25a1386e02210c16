"""Letters on paper at the desk: what waits, batches, their files, and what a person did with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import Response, flash, redirect, render_template, request, send_file, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from campaign import printshop
from campaign.channels.printing.options import Options
from campaign.domain.errors import NotFound, WrongState
from campaign.domain.statuses import BatchState, CampaignStatus
from campaign.extensions import db
from campaign.models.printing import PrintBatch
from campaign.runtime import runtime
from campaign.services import print_overview, printing
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access
from campaign.web.formats import number, plural
from campaign.web.organizer import csvfile, queries
from campaign.web.organizer.blueprint import bp, campaign
from campaign.web.organizer.forms import PressForm, PrintForm
from campaign.web.organizer.words import BATCHES
from campaign.web.paging import page_of


@bp.route("/c/<slug>/print", methods=["GET", "POST"])
@access.organizers_only
def prints(slug: str) -> ResponseReturnValue:
    """What waits for paper, and the batches so far, newest first."""
    here = campaign(slug)
    form = PrintForm()
    if form.validate_on_submit():
        return _made(slug, here.id, Options(duplex=form.duplex.data, marks=form.marks.data))
    session = db.session()
    page = page_of(sa.select(PrintBatch).where(PrintBatch.campaign_id == here.id), request.args, session)
    now = database_now()
    return render_template(
        "organizer/prints.html",
        campaign=here,
        form=form,
        waiting=printing.waiting(session, here.id, now),
        most=printing.MOST,
        paused=here.status is CampaignStatus.PAUSED,
        page=page,
        figures=print_overview.figures(session, page.rows) if page.rows else {},
        states=BATCHES,
        people=queries.people(session, [batch.made_by for batch in page.rows]),
        now=now,
    )


def _made(slug: str, campaign_id: int, options: Options) -> ResponseReturnValue:
    try:
        with unit_of_work() as session:
            batch = printing.make(session, campaign_id, options, database_now(), access.me().by)
            reference, count = batch.reference, batch.letters
    except IntegrityError as error:
        raise WrongState("Somebody else made a batch of these letters at the same moment.") from error
    flash(f"A batch of {plural(count, 'letter')}. Its files are being made.", "good")
    return redirect(url_for(".print_batch", slug=slug, reference=reference), 303)


@bp.get("/c/<slug>/print.csv")
@access.organizers_only
def prints_csv(slug: str) -> ResponseReturnValue:
    here = campaign(slug)
    session = db.session()
    rows = session.scalars(sa.select(PrintBatch).where(PrintBatch.campaign_id == here.id).order_by(PrintBatch.id)).all()
    found = print_overview.figures(session, rows)
    lines = list(csvfile.batches((batch, found.get(batch.id, print_overview.Figures())) for batch in rows))
    return _csv(iter(lines), f"print-batches-{here.slug}.csv")


@bp.get("/c/<slug>/print/<reference>")
@access.organizers_only
def print_batch(slug: str, reference: str) -> ResponseReturnValue:
    return _page("organizer/print_batch.html", slug, reference)


@bp.get("/c/<slug>/print/<reference>/live")
@access.organizers_only
def print_live(slug: str, reference: str) -> ResponseReturnValue:
    """The part that is read again while files are made."""
    return _page("organizer/_print_batch.html", slug, reference)


def _page(template: str, slug: str, reference: str) -> ResponseReturnValue:
    here, batch = campaign(slug), access.print_batch(slug, reference)
    session = db.session()
    return render_template(
        template,
        campaign=here,
        batch=batch,
        figures=print_overview.figures(session, [batch]).get(batch.id, print_overview.Figures()),
        files=[each.name for each in printshop.files(_folder(reference))],
        out=print_overview.to_take_out(session, batch),
        state=BATCHES[batch.state],
        people=queries.people(session, [batch.made_by]),
        press=PressForm(formdata=None),
        now=database_now(),
    )


def _folder(reference: str) -> Any:
    return printshop.folder(runtime().settings.var_dir, reference)


@bp.get("/c/<slug>/print/<reference>/<name>.pdf")
@access.organizers_only
def print_file(slug: str, reference: str, name: str) -> ResponseReturnValue:
    """One of the files, by the names that the folder has."""
    batch = access.print_batch(slug, reference)
    found = {each.stem: each for each in printshop.files(_folder(batch.reference))}
    if name not in found or batch.state is BatchState.GIVEN_UP:
        raise NotFound("There is no such file.")
    return send_file(found[name], mimetype="application/pdf", download_name=f"{batch.reference}-{name}.pdf")


@bp.get("/c/<slug>/print/<reference>/manifest.csv")
@access.organizers_only
def print_manifest(slug: str, reference: str) -> ResponseReturnValue:
    """Every letter in the order of the sheets, and the totals."""
    batch_id = access.print_batch(slug, reference).id

    def lines() -> Iterator[str]:
        # asked here and not before: the view's session ends with the view, and the stream has one of its own
        session = db.session()
        yield from csvfile.manifest(print_overview.manifest(session, session.get_one(PrintBatch, batch_id)))

    return _csv(stream_with_context(lines()), f"manifest-{reference}.csv")


def _csv(lines: Iterator[str], name: str) -> Response:
    answer = Response(lines, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@bp.post("/c/<slug>/print/<reference>/stop")
@access.organizers_only
def print_stopped(slug: str, reference: str) -> ResponseReturnValue:
    """After the file in hand nothing more is made."""
    batch_id = access.print_batch(slug, reference).id
    with unit_of_work() as session:
        printing.stop(session, batch_id, database_now(), access.me().by)
    flash("Stopped. What is made stays; continue whenever you like.", "good")
    return redirect(url_for(".print_batch", slug=slug, reference=reference), 303)


@bp.post("/c/<slug>/print/<reference>/continue")
@access.organizers_only
def print_continued(slug: str, reference: str) -> ResponseReturnValue:
    batch_id = access.print_batch(slug, reference).id
    with unit_of_work() as session:
        printing.go_on(session, batch_id, database_now(), access.me().by)
    flash("Going on with what is missing.", "good")
    return redirect(url_for(".print_batch", slug=slug, reference=reference), 303)


@bp.route("/c/<slug>/print/<reference>/posted", methods=["GET", "POST"])
@access.organizers_only
def print_posted(slug: str, reference: str) -> ResponseReturnValue:
    """Asks first, and says what it will do."""
    batch = access.print_batch(slug, reference)
    form = PressForm()
    if not form.validate_on_submit():
        found = print_overview.figures(db.session(), [batch]).get(batch.id, print_overview.Figures())
        return render_template(
            "organizer/print_posted.html",
            campaign=campaign(slug),
            batch=batch,
            figures=found,
            form=form,
            now=database_now(),
        )
    batch_id = batch.id
    with unit_of_work() as session:
        done = printing.posted(session, batch_id, database_now(), access.me().by)
    words = f"Recorded: {plural(done.posted, 'letter')} handed to the mail."
    if done.gone:
        words += f" {number(len(done.gone))} had been cancelled, held or recorded before and stay as they are."
    flash(words, "good")
    return redirect(url_for(".print_batch", slug=slug, reference=reference), 303)


@bp.route("/c/<slug>/print/<reference>/give-up", methods=["GET", "POST"])
@access.organizers_only
def print_given_up(slug: str, reference: str) -> ResponseReturnValue:
    """Asks first; frees the letters and removes the files."""
    batch = access.print_batch(slug, reference)
    form = PressForm()
    if not form.validate_on_submit():
        return render_template(
            "organizer/print_given_up.html", campaign=campaign(slug), batch=batch, form=form, now=database_now()
        )
    batch_id = batch.id
    with unit_of_work() as session:
        freed = printing.give_up(session, batch_id, database_now(), access.me().by)
    printshop.remove(runtime().settings.var_dir, reference)
    flash(f"Given up. {plural(freed, 'letter waits', 'letters wait')} for another batch.", "good")
    return redirect(url_for(".prints", slug=slug), 303)
