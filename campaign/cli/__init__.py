"""The `campaign` command: click commands that call services, thin as the pages."""

from __future__ import annotations

from typing import Any

import click
from click.exceptions import Exit
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy.exc import OperationalError, ProgrammingError

from campaign import __version__
from campaign.cli.bench import bench
from campaign.cli.cwc import cwc
from campaign.cli.data import data
from campaign.cli.delivery import inbox, send
from campaign.cli.demo import demo
from campaign.cli.listen import listen
from campaign.cli.metrics import metrics
from campaign.cli.offices import offices
from campaign.cli.operations import audit, check, init
from campaign.cli.printing import print_command
from campaign.cli.run import run
from campaign.cli.schema import db_group
from campaign.cli.simulate import simulate
from campaign.cli.staff import staff
from campaign.domain.errors import CampaignError

COMMANDS: tuple[click.Command, ...] = (
    audit,
    bench,
    check,
    cwc,
    data,
    db_group,
    demo,
    inbox,
    init,
    listen,
    metrics,
    offices,
    print_command,
    run,
    send,
    simulate,
    staff,
)


class _Group(click.Group):
    """Our own errors, and a database that is away or not migrated, end with words and exit code 1, never with a trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CampaignError as error:
            lines = str(error).splitlines()
        except (OperationalError, ProgrammingError) as error:
            lines = [
                f"The database cannot be used ({type(error.orig).__name__}).",
                "Check CAMPAIGN_DATABASE_URL, and run campaign db upgrade where tables are missing.",
            ]
        for line in lines:
            click.echo(f"campaign: {line}", err=True)
        raise Exit(1)


def _create() -> Flask:
    from campaign.app import create_app  # builds nothing until a command needs the app

    return create_app()


@click.group(cls=_Group)
@click.version_option(__version__, prog_name="campaign")
def group() -> None:
    """Countersign: campaigns, letters, deliveries."""


for command in COMMANDS:
    group.add_command(command)


def main() -> None:
    group.main(prog_name="campaign", obj=ScriptInfo(create_app=_create, set_debug_flag=False))
