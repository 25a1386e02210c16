"""`campaign simulate`: the simulated Congress on its own."""

from __future__ import annotations

import os

import click

from campaign.demo import setup
from campaign.domain.errors import CampaignError
from campaign.settings import Settings


@click.command()
def simulate() -> None:
    """Run the simulated Congress: relay, offices and their pages."""
    from campaign.simulator.gateways.rules import Fault, Rules  # these bring a server along that no other command needs
    from campaign.simulator.offices import Pace, Script
    from campaign.simulator.run import main

    try:
        settings = Settings.from_env(os.environ)
        click.echo(
            f"Simulated Congress: relay {settings.smtp_host}:{settings.smtp_port},"
            f" pages http://{settings.simulator_host}:{settings.simulator_port} (simulation)"
        )
        pace = Pace(settings.simulator_pace)
        rules = Rules(active=setup.gateway_offices(), acknowledges=True, faults={setup.SHOWN_REFUSAL: Fault.REFUSE})
        main(settings, Script(pace=pace, told=setup.SHOWN), rules)
    except CampaignError as error:
        raise click.ClickException(str(error)) from error
