"""`campaign metrics verify`: the proof that figures and rows agree."""

from __future__ import annotations

import json
import sys

import click
from flask.cli import with_appcontext

from campaign.services import metrics as service
from campaign.unit_of_work import snapshot, unit_of_work


@click.group()
def metrics() -> None:
    """Figures and their proof."""


@metrics.command()
@click.option("--rebuild", is_flag=True, help="Replace every rollup by the count of its rows.")
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def verify(rebuild: bool, as_json: bool) -> None:
    """Recount every rollup from its rows; exit 1 with the differences."""
    if rebuild:
        with unit_of_work() as session:
            number = service.rebuild(session)
        click.echo(json.dumps({"rebuilt": number}) if as_json else f"{number} rollups rebuilt from their rows.")
        return
    with snapshot() as session:
        found = service.differences(session)
    if as_json:
        click.echo(json.dumps({"differences": [str(each) for each in found]}))
    elif found:
        for each in found:
            click.echo(str(each))
        click.echo(f"{len(found)} rollups differ. campaign metrics verify --rebuild counts them anew.")
    else:
        click.echo("Every rollup equals the count of its rows.")
    sys.exit(1 if found else 0)
