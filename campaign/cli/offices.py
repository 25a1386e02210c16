"""`campaign offices`: who represents a place, who holds an office, and whom of its staff we write to."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from campaign.domain.addressing import seat_title, styled_name
from campaign.domain.holders import Holder
from campaign.domain.matching import Place
from campaign.runtime import runtime
from campaign.services import contacts as contact_service
from campaign.services.matching import PlaceMatch, match_places
from campaign.services.offices import holders_by_code
from campaign.unit_of_work import database_now, reading, unit_of_work

_COLUMNS = ("zip", "state", "street", "city", "lat", "lon")


class Moment(click.ParamType[datetime]):
    """An ISO time with its offset; without one, Eastern is not assumed but refused."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value} is no time like 2027-01-03T12:01-05:00", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value} needs its offset, like 2027-01-03T12:01-05:00", param, ctx)
        return moment


@click.group()
def offices() -> None:
    """Who represents a place; who holds an office."""


@offices.command()
@click.option("--zip", "zip_code", help="Five digits, or five and four.")
@click.option("--state", default="", help="Code or name.")
@click.option("--street", default="")
@click.option("--city", default="")
@click.option("--lat", type=float)
@click.option("--lon", type=float)
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV with those columns.")
@click.option("--at", type=Moment(), help="Another moment than now, with its offset.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a place.")
@with_appcontext
def match(
    zip_code: str | None,
    state: str,
    street: str,
    city: str,
    lat: float | None,
    lon: float | None,
    file: Path | None,
    at: datetime | None,
    as_json: bool,
) -> None:
    """Say who represents the place of --zip, or of each row of --file (one JSON line a row)."""
    if (zip_code is None) == (file is None):
        raise click.UsageError("Give either --zip or --file.")
    places = list(_places(file)) if file else [Place(zip_code or "", state, street, city, lat, lon)]
    with reading() as session:
        found = match_places(session, places, at or database_now())
    for each in found:
        click.echo(json.dumps(each.as_json(), ensure_ascii=False) if as_json or file else "\n".join(_lines(each)))


@offices.command()
@click.argument("codes", nargs=-1, required=True)
@click.option("--at", type=Moment(), help="Another moment than now, with its offset.")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def holder(codes: tuple[str, ...], at: datetime | None, as_json: bool) -> None:
    """Say who holds the offices with these CODES (HIN05, SIN01, USTR)."""
    wanted = [code.upper() for code in codes]
    with reading() as session:
        found = holders_by_code(session, wanted, at or database_now())
    for code in wanted:
        if code not in found:
            raise click.ClickException(f"There is no office {code}.")
        entry = found[code].as_json() | {"status": str(found[code].status)}
        click.echo(json.dumps(entry, ensure_ascii=False) if as_json else _line(found[code]))


@offices.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--apply", "apply_", is_flag=True, help="Keep what is right; without it, only tell.")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def contacts(file: Path, apply_: bool, as_json: bool) -> None:
    """Enter staff addresses of offices from FILE: a CSV with the columns code and email, and name where it is known.

    Addresses of our own domains are refused. Exit code 1 when a row is.
    """
    rows = _contact_rows(file)
    with unit_of_work() as session:
        own = contact_service.own_domains(session, runtime().settings.bounce_domain)
        found = contact_service.enter(session, rows, own)
        if not apply_:
            session.rollback()
    if as_json:
        click.echo(json.dumps(asdict(found) | {"applied": apply_}))
    else:
        for fault in found.faults:
            click.echo(f"Line {fault.line}: {fault.message}", err=True)
        click.echo(f"{found.added} new, {found.known} known{'' if apply_ else '. Nothing was kept: add --apply'}.")
    if found.faults:
        raise SystemExit(1)


def _contact_rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as rows:
        reader = csv.DictReader(rows, restval="")
        try:
            if not {"code", "email"} <= set(reader.fieldnames or ()):
                raise click.ClickException(f"{file.name} needs the columns code and email.")
            return list(reader)
        except (csv.Error, UnicodeDecodeError) as error:
            raise click.ClickException(f"{file.name} cannot be read as CSV in UTF-8: {error}") from error


def _places(file: Path) -> Iterator[Place]:
    """A row that cannot be read as a place is matched as it stands and says so in its own line."""
    with file.open(encoding="utf-8-sig", newline="") as rows:
        reader = csv.DictReader(rows, restval="")
        try:
            if not reader.fieldnames or "zip" not in reader.fieldnames:
                columns = ", ".join(_COLUMNS)
                raise click.ClickException(f"{file.name} has no column named zip; known columns: {columns}.")
            for row in reader:
                texts = {name: (row.get(name) or "").strip() for name in _COLUMNS}
                yield Place(
                    texts["zip"], texts["state"], texts["street"], texts["city"],
                    _degrees(texts["lat"]), _degrees(texts["lon"]),
                )  # fmt: skip
        except (csv.Error, UnicodeDecodeError) as error:
            raise click.ClickException(f"{file.name} cannot be read as CSV in UTF-8: {error}") from error


def _degrees(text: str) -> float | None:
    """What is no number becomes one that no place has, so that the row is answered as invalid."""
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _lines(found: PlaceMatch) -> Iterable[str]:
    yield f"{found.match.status}: {found.match.message}"
    for office in found.offices:
        yield f"  {_line(office)}"
    yield f"  ({found.match.congress}th Congress; {found.match.vintage})"


def _line(office: Holder) -> str:
    if office.known:
        return f"{office.code}  {styled_name(office)}, {seat_title(office)}"
    return f"{office.code}  {seat_title(office)}: {office.status}"
