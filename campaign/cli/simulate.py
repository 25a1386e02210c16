"""`campaign simulate`: the simulated Congress on its own."""

from __future__ import annotations

import os

import click

from campaign.domain.errors import CampaignError
from campaign.settings import Settings


@click.command()
def simulate() -> None:
    """Run the simulated Congress: relay, offices and their pages."""
    from campaign.simulator.run import main  # brings a server along that no other command needs

    try:
        settings = Settings.from_env(os.environ)
        click.echo(
            f"Simulated Congress: relay {settings.smtp_host}:{settings.smtp_port},"
            f" pages http://{settings.simulator_host}:{settings.simulator_port} (simulation)"
        )
        main(settings)
    except CampaignError as error:
        raise click.ClickException(str(error)) from error
