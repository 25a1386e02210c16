"""`campaign init`, `campaign check`, `campaign audit verify`."""

from __future__ import annotations

import secrets
import socket
import sys
from collections.abc import Callable
from datetime import timedelta

import click
import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from flask.cli import with_appcontext
from kombu.exceptions import OperationalError as BrokerDown
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from campaign import accounts
from campaign.cli.schema import upgrade_database
from campaign.domain.errors import WrongState
from campaign.extensions import celery, db
from campaign.models.delivery import Worker
from campaign.models.geography import DataSnapshot
from campaign.models.organization import Organization
from campaign.models.user import ROLES, Role, User
from campaign.runtime import runtime
from campaign.services import audit as audit_service
from campaign.services import snapshots
from campaign.unit_of_work import database_now, reading, unit_of_work


def ensure_roles(session: Session) -> dict[str, Role]:
    """The three roles, made where they are missing."""
    found = {role.name: role for role in session.scalars(sa.select(Role))}
    for name in ROLES:
        if name not in found:
            found[name] = Role(name=name)
            session.add(found[name])
    session.flush()
    return found


def _address(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    try:
        return validate_email(value.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.option("--name", prompt="Name of the association")
@click.option("--sending-address", prompt="Address that letters are sent from", callback=_address)
@click.option("--admin-email", prompt="E-mail of the first administrator", callback=_address)
@click.option("--admin-name", prompt="Name of the first administrator")
@click.password_option("--admin-password", help="At least 12 characters.")
@with_appcontext
def init(name: str, sending_address: str, admin_email: str, admin_name: str, admin_password: str) -> None:
    """First start: migrate, load the data of Congress, make the organization and the first administrator."""
    password = accounts.hashed(admin_password)
    upgrade_database()
    with unit_of_work() as session:
        if session.get(Organization, 1) is not None:
            raise WrongState("This installation is set up already.")
        now = database_now()
        session.add(Organization(id=1, name=name, sending_address=sending_address, contact_email=sending_address))
        user = User(
            email=admin_email.lower(),
            name=admin_name,
            password=password,
            fs_uniquifier=secrets.token_hex(32),
            created_at=now,
            roles=[ensure_roles(session)["admin"]],
        )
        session.add(user)
        snapshots.load_shipped(session, now)
        audit_service.record(session, at=now, by="console", act="installation set up", subject="organization:1")
    click.echo("Ready. Start the web server and the workers, then sign in at /account/login.")


@click.command()
@with_appcontext
def check() -> None:
    """What is wrong with this installation, and what to do; exit 1 when something is."""
    bad = 0
    for title, look in CHECKS:
        problem = look()
        click.echo(f"{'ok  ' if problem is None else 'BAD '} {title}{f': {problem}' if problem else ''}")
        bad += problem is not None
    sys.exit(1 if bad else 0)


def _database() -> str | None:
    try:
        with reading() as session:
            session.execute(sa.select(1))
            if session.get(Organization, 1) is None:
                return "not set up; run campaign init, or campaign demo load for the demonstration"
    except DBAPIError as error:
        return f"{type(error.orig).__name__}; check CAMPAIGN_DATABASE_URL and run campaign db upgrade"
    return None


def _broker() -> str | None:
    try:
        with celery.connection_for_write(connect_timeout=3) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0)
    except (BrokerDown, OSError):
        return "does not answer; check CAMPAIGN_BROKER_URL. Letters wait safely in the database meanwhile"
    return None


def _workers() -> str | None:
    try:
        with reading() as session:
            newest = session.scalar(sa.select(sa.func.max(Worker.seen_at)).where(Worker.kind == "worker"))
            if newest is None or database_now() - newest > timedelta(minutes=2):
                return "no heartbeat for two minutes; start celery -A workers.app worker, and beat"
    except DBAPIError:
        db.session.rollback()
        return "cannot be asked without the database"
    return None


def _relay() -> str | None:
    settings = runtime().settings
    try:
        with socket.create_connection((settings.smtp_host, settings.smtp_port), timeout=3):
            return None
    except OSError:
        return f"nobody answers at {settings.smtp_host}:{settings.smtp_port}; check CAMPAIGN_SMTP_HOST and _PORT"


def _data() -> str | None:
    try:
        with reading() as session:
            if not session.scalar(sa.select(sa.func.count()).select_from(DataSnapshot).where(DataSnapshot.active)):
                return "no snapshot of Congress is loaded; run campaign data import DIR --apply"
    except DBAPIError:
        db.session.rollback()
        return "cannot be asked without the database"
    return None


CHECKS: tuple[tuple[str, Callable[[], str | None]], ...] = (
    ("database", _database),
    ("broker", _broker),
    ("workers", _workers),
    ("relay", _relay),
    ("data of Congress", _data),
)


@click.group()
def audit() -> None:
    """The record of who did what."""


@audit.command()
@with_appcontext
def verify() -> None:
    """Check the hash chain; exit 1 with the first broken link."""
    with reading() as session:
        broken = audit_service.first_broken(session)
        if broken is not None:
            click.echo(f"Entry {broken.id} ({broken.act}, {broken.at.isoformat()}) does not fit the one before it.")
            sys.exit(1)
    click.echo("The chain holds.")
