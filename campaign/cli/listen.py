"""`campaign listen`: takes mail of the bounce domain by SMTP or LMTP."""

from __future__ import annotations

import os

import click
from dotenv import load_dotenv

from campaign import logs
from campaign.settings import Settings


@click.command()
def listen() -> None:
    """Take bounces and replies by SMTP or LMTP into the Maildir; relays nothing."""
    from campaign import listener  # what no other command needs

    load_dotenv(".env")
    settings = Settings.from_env(os.environ)
    logs.configure(settings.log_level, as_json=settings.production)
    click.echo(
        f"Mail for {settings.bounce_domain} is taken at {settings.intake_host}:{settings.intake_port} (SMTP and LMTP)."
    )
    listener.main(settings)
