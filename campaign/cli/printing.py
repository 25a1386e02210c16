"""`campaign print`: a batch of letters on paper, made in this process."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click
import sqlalchemy as sa
from flask.cli import with_appcontext

from campaign import printshop
from campaign.channels.printing.options import Options
from campaign.domain.errors import NotFound, WrongState
from campaign.domain.statuses import BatchState
from campaign.models.campaign import Campaign
from campaign.models.printing import PrintBatch
from campaign.runtime import runtime
from campaign.services import print_overview, printing
from campaign.unit_of_work import database_now, reading, unit_of_work
from campaign.web.organizer import csvfile


@click.command("print")
@click.argument("slug")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the files.")
@click.option("--duplex", is_flag=True, help="Each letter begins on a new sheet of two sides.")
@click.option("--no-fold-marks", is_flag=True, help="Without the two short lines at the edge.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@with_appcontext
def print_command(slug: str, out: Path, duplex: bool, no_fold_marks: bool, as_json: bool) -> None:
    """Make a batch of the printed letters that wait, or finish the one in making. Nothing counts as posted by this."""
    batch_id = _batch(slug, Options(duplex=duplex, marks=not no_fold_marks))
    var_dir = runtime().settings.var_dir

    def told(number: int) -> None:
        click.echo(f"{printshop.file_name(number)} is made.", err=True)

    if not printshop.make(batch_id, var_dir, runtime().envelope, told=told):
        raise WrongState("Another process makes this batch now. Run the command again when it is done.")
    with reading() as session:
        batch = session.get_one(PrintBatch, batch_id)
        if batch.state is not BatchState.READY:
            raise WrongState(f"The batch is {batch.state}: {batch.told or 'somebody decided so meanwhile'}.")
        found = print_overview.figures(session, [batch])[batch.id]
        reference = batch.reference
        manifest = "".join(csvfile.manifest(print_overview.manifest(session, batch)))
    made = _copied(printshop.files(printshop.folder(var_dir, reference)), manifest, out)
    if as_json:
        figures = {name: getattr(found, name) for name in ("set", "left_out", "pages", "sheets")}
        click.echo(json.dumps({"batch": reference, "files": made, **figures}))
        return
    made_of = f"{found.set} letters, {found.pages} pages, {found.sheets} sheets"
    click.echo(f"Batch {reference}: {made_of} in {len(made) - 1} files, and manifest.csv.")
    if found.left_out:
        click.echo(f"{found.left_out} left out; manifest.csv says why.")


def _batch(slug: str, options: Options) -> int:
    """The oldest of this campaign that is in making or stopped, which goes on as it was begun; else a new one."""
    with unit_of_work() as session:
        campaign = session.scalar(sa.select(Campaign).where(Campaign.slug == slug))
        if campaign is None:
            raise NotFound(f"There is no campaign {slug!r}.")
        begun = session.scalar(
            sa.select(PrintBatch.id)
            .where(
                PrintBatch.campaign_id == campaign.id,
                PrintBatch.state.in_((BatchState.MAKING, BatchState.STOPPED)),
            )
            .order_by(PrintBatch.id)
            .limit(1)
        )
        if begun is None:
            return printing.make(session, campaign.id, options, database_now(), "system").id
        printing.go_on(session, begun, database_now(), "system")
        return begun


def _copied(files: list[Path], manifest: str, out: Path) -> list[str]:
    """The files and manifest.csv, readable by their owner alone."""
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    for each in files:
        (out / each.name).touch(0o600)
        shutil.copyfile(each, out / each.name)
    kept = out / "manifest.csv"
    kept.touch(0o600)
    kept.write_text(manifest, encoding="utf-8", newline="")
    return [*(each.name for each in files), kept.name]
