"""`campaign data`: snapshots of offices, committees, ZIPs and shapes."""

from __future__ import annotations

import json
from pathlib import Path

import click
from flask.cli import with_appcontext

from campaign import paths
from campaign.domain.errors import CampaignError
from campaign.services import held, snapshots
from campaign.services.snapshot_files import read_folder
from campaign.services.snapshot_pack import write_pack
from campaign.unit_of_work import database_now, reading, unit_of_work

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def data() -> None:
    """Snapshots of offices, committees, ZIPs and shapes."""


@data.command("import")
@click.argument("folder", type=_FOLDER, metavar="DIR")
@click.option("--apply", "write", is_flag=True, help="Change the tables; without it the differences are only shown.")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def import_(folder: Path, write: bool, as_json: bool) -> None:
    """Compare the files in DIR with what is in use, and switch to them with --apply."""
    try:
        snapshot = read_folder(folder)
        now = database_now()
        if not write:
            with reading() as session:
                _show(snapshots.plan(session, snapshot, now), None, as_json, 0)
            return
        with unit_of_work() as session:
            planned = snapshots.plan(session, snapshot, now)
            applied = snapshots.apply(session, planned, now)
            waiting = held.hold_for_new_holders(session, applied.changes, now)
        _show(planned, applied, as_json, waiting)
    except CampaignError as error:
        raise click.ClickException(str(error)) from error


@data.command()
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def status(as_json: bool) -> None:
    """Say which snapshots are in use."""
    with reading() as session:
        rows = snapshots.status(session)
        for row in rows:
            entry = {
                "name": row.name,
                "congress": row.congress or None,
                "vintage": row.vintage,
                "source": row.source,
                "licence": row.licence,
                "rows": row.rows,
                "imported_at": row.imported_at.isoformat(),
            }
            congress = f" ({row.congress}th Congress)" if row.congress else ""
            line = f"{row.name}{congress}: {row.vintage}, {row.rows} rows, {row.source}, {row.licence}"
            click.echo(json.dumps(entry) if as_json else line)
    if not rows:
        raise click.ClickException("No snapshot has been loaded.")


@data.command()
@click.argument("folder", type=_FOLDER, metavar="DIR")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=paths.SNAPSHOT)
def pack(folder: Path, out: Path) -> None:
    """Write the files in DIR as the compact snapshot that ships with the product; needs no database.

    Vintage, source and licence are read from sources.csv in the target, which is written anew with the digests.
    """
    try:
        described = out / "sources.csv"
        written = write_pack(read_folder(folder, described if described.is_file() else None), out)
    except CampaignError as error:
        raise click.ClickException(str(error)) from error
    for path in written:
        click.echo(f"{path.name}: {path.stat().st_size} bytes")


def _show(planned: snapshots.Plan, applied: snapshots.Applied | None, as_json: bool, waiting: int) -> None:
    """The differences, and after an import every office whose holder is another and how many letters are held for it."""
    changes = [
        {"code": change.code, "before": change.before.name or None, "after": change.after.name or None}
        for change in (applied.changes if applied else ())
    ]
    if as_json:
        found = planned.differences.as_json() | {
            "applied": applied is not None,
            "changed_offices": changes,
            "held": waiting,
        }
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for line in planned.differences.lines():
        click.echo(line)
    for change in changes:
        click.echo(f"{change['code']}: {change['before'] or 'vacant'} -> {change['after'] or 'vacant'}")
    if waiting:
        click.echo(
            f"{waiting} letters that waited for these offices are held; organizers see them under Needs a person."
        )
    if applied is None and not planned.empty:
        click.echo("Nothing was changed. Add --apply to switch to these files.")
