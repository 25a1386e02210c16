"""The dockets that letters may go to: list, entry, and what regulations.gov says of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from campaign.channels.docket.documents import Document
from campaign.channels.docket.regulations import Access, read_documents
from campaign.channels.http import Http
from campaign.domain import docket_rules
from campaign.domain.errors import ChannelError, Invalid, WrongState
from campaign.extensions import db, limiter
from campaign.models.docket import Docket, Portal
from campaign.runtime import runtime
from campaign.services import dockets
from campaign.unit_of_work import database_now, unit_of_work
from campaign.web import access
from campaign.web.actions.views import put_error
from campaign.web.context import organization
from campaign.web.formats import deadline
from campaign.web.organizer import csvfile
from campaign.web.organizer.blueprint import bp
from campaign.web.organizer.docket_forms import PORTALS, DocketForm, FetchForm
from campaign.web.paging import page_of

CSV_HEAD = (
    "agency",
    "number",
    "document id",
    "title",
    "portal",
    "opens",
    "closes",
    "closes Eastern",
    "letters",
)


@bp.get("/dockets")
@access.organizers_only
def docket_list() -> ResponseReturnValue:
    return _list(FetchForm())


def _list(fetch: FetchForm, status: int = 200) -> ResponseReturnValue:
    session = db.session()
    page = page_of(dockets.query(), request.args, session)
    fetch.agency.choices = _agencies()
    page_html = render_template(
        "organizer/dockets.html",
        page=page,
        rows=page.rows,
        letters=dockets.letters_of(session, [row.id for row in page.rows]),
        portals=PORTALS,
        fetch=fetch,
        like="DEMO-2026-0009" if _demonstration() else "BIS-2026-0025",
        now=database_now(),
    )
    return page_html, status


def _agencies() -> list[tuple[int, str]]:
    return [(row.id, row.title or row.code) for row in dockets.agencies(db.session())]


@bp.get("/dockets.csv")
@access.organizers_only
def dockets_csv() -> ResponseReturnValue:
    """All of them. Moments are UTC, as ISO 8601, and the deadline once more as pages show it."""

    def lines() -> Iterator[str]:
        session = db.session()
        rows = session.scalars(dockets.query().order_by(Docket.id.desc())).all()
        letters = dockets.letters_of(session, [row.id for row in rows])
        yield from csvfile.stream(CSV_HEAD, (_csv_row(row, letters.get(row.id, 0)) for row in rows))

    answer = Response(stream_with_context(lines()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="dockets.csv"'
    return answer


def _csv_row(row: Docket, letters: int) -> Sequence[Any]:
    return (
        row.office.code,
        row.number,
        row.document_id,
        row.title,
        row.portal,
        row.opens_at.isoformat(),
        row.closes_at.isoformat(),
        f"{deadline(row.closes_at)}, {row.closes_at.astimezone(docket_rules.EASTERN).year}",
        letters,
    )


@bp.route("/dockets/new", methods=["GET", "POST"])
@access.organizers_only
def docket_new() -> ResponseReturnValue:
    form = DocketForm(portal=Portal.USTR.value)
    form.office.choices = _agencies()
    return _entered(form, None)


@bp.route("/dockets/<int:number>", methods=["GET", "POST"])
@access.organizers_only
def docket(number: int) -> ResponseReturnValue:
    found = dockets.find(db.session(), number)
    form = DocketForm()
    form.office.choices = _agencies()
    if request.method == "GET":
        form.filled_from(found)
    return _entered(form, found.id)


def _entered(form: DocketForm, docket_id: int | None) -> ResponseReturnValue:
    status = 200
    if request.method == "POST":
        if form.validate_on_submit():
            try:
                with unit_of_work() as session:
                    entry = form.entry()
                    dockets.check_free(session, entry, docket_id)
                    dockets.enter(session, entry, database_now(), access.me().by, docket_id)
            except (Invalid, WrongState) as error:
                put_error(form, error if isinstance(error, Invalid) else Invalid(str(error)))
                status = error.status
            except IntegrityError:  # a colleague was faster
                put_error(form, Invalid("This docket is here already.", "number"))
                status = 422
            else:
                flash(f"Saved. Comments close {deadline(entry.closes_at)}.", "good")
                return redirect(url_for(".docket_list"), 303)
        else:
            status = 422
    page = render_template(
        "organizer/docket.html",
        form=form,
        docket_id=docket_id,
        like="DEMO-2026-0003" if _demonstration() else "USTR-2026-0034",
        now=database_now(),
    )
    return page, status


@bp.post("/dockets/when")
@access.organizers_only
@limiter.limit("120/minute")
def docket_when() -> ResponseReturnValue:
    """What the dates that are being typed mean; writes nothing."""
    form = DocketForm()
    form.office.choices = _agencies()
    form.validate()
    return render_template("organizer/_docket_when.html", form=form, now=database_now())


@bp.post("/dockets/fetch")
@access.organizers_only
@limiter.limit("20/minute")
def docket_fetch() -> ResponseReturnValue:
    """Reads the documents of a docket and keeps those that take comments."""
    form = FetchForm()
    form.agency.choices = _agencies()
    if not form.validate_on_submit():
        return _list(form, 422)
    number, office_id = form.docket.data or "", form.agency.data
    try:
        _check_number(number)
        found = _read(number)
        with unit_of_work() as session:
            by, pages = access.me().by, _pages()
            made = dockets.take_over(
                session, office_id, number, found, database_now(), by, pages=pages, by_machine=True
            )
            count = len(made)
    except (Invalid, WrongState) as error:
        form.put("docket", str(error))
        return _list(form, error.status)
    except ChannelError as error:
        form.put("docket", f"regulations.gov was asked, and {error}.")
        return _list(form, 503)
    if not count:
        form.put("docket", "No document of this docket takes comments, or the portal does not know it.")
        return _list(form, 422)
    flash(f"{count} document{'s' if count > 1 else ''} of {number}, with titles and deadlines of the portal.", "good")
    return redirect(url_for(".docket_list"), 303)


def _pages() -> str:
    """Of the simulated portal's documents; empty for the real one, whose pages everybody knows."""
    settings = runtime().settings
    return settings.regulations_url.removesuffix("v4") + "document/" if settings.simulated else ""


def _check_number(number: str) -> None:
    docket_rules.check_number(Portal.REGULATIONS_GOV, number, demonstration=_demonstration())


def _demonstration() -> bool:
    found = organization()
    return found is not None and found.is_demonstration


def _read(number: str) -> list[Document]:
    """Over the network, with no transaction open."""
    db.session.rollback()
    settings, http = runtime().settings, Http()
    try:
        return read_documents(Access(settings.regulations_url, settings.regulations_key), number, http)
    finally:
        http.close()
