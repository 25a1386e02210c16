"""The `campaign` command: click commands that call services, thin as the pages."""

from __future__ import annotations

from typing import Any

import click
from flask import Flask
from flask.cli import ScriptInfo

from campaign import __version__
from campaign.cli.bench import bench
from campaign.cli.data import data
from campaign.cli.delivery import inbox, send
from campaign.cli.demo import demo
from campaign.cli.metrics import metrics
from campaign.cli.offices import offices
from campaign.cli.operations import audit, check, init
from campaign.cli.run import run
from campaign.cli.schema import db_group
from campaign.cli.simulate import simulate
from campaign.domain.errors import CampaignError

COMMANDS: tuple[click.Command, ...] = (
    audit,
    bench,
    check,
    data,
    db_group,
    demo,
    inbox,
    init,
    metrics,
    offices,
    run,
    send,
    simulate,
)


class _Group(click.Group):
    """Our own errors end with their words and exit code 1, never with a trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CampaignError as error:
            for line in str(error).splitlines():
                click.echo(f"campaign: {line}", err=True)
            ctx.exit(1)


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
