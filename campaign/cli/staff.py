"""`campaign staff`: accounts of organizers and administrators."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from campaign import accounts
from campaign.services import staff as staff_service
from campaign.unit_of_work import database_now, reading, unit_of_work


@click.group()
def staff() -> None:
    """Accounts of organizers and administrators."""


@staff.command()
@click.argument("email")
@with_appcontext
def password(email: str) -> None:
    """Give this account a new password, asked for without showing it, and end every session of it."""
    with reading() as session:
        staff_service.by_email(session, email)  # before anybody types a password twice
    hashed = accounts.hashed(click.prompt("New password", hide_input=True, confirmation_prompt="The same again"))
    with unit_of_work() as session:
        user = staff_service.by_email(session, email)
        ended = staff_service.set_password(session, user, hashed, database_now(), "console")
    click.echo(f"Set. Sessions ended: {ended}. Sign in at /account/login.")
