"""`campaign init`, `campaign check`, `campaign audit verify`."""

from __future__ import annotations

import json
import secrets
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from campaign import accounts, watch
from campaign.channels.smtp import published
from campaign.channels.smtp.dkim import Signer
from campaign.cli.schema import upgrade_database
from campaign.domain.errors import WrongState
from campaign.models.geography import DataSnapshot
from campaign.models.organization import Organization
from campaign.models.user import ROLES, Role, User
from campaign.runtime import runtime
from campaign.services import audit as audit_service
from campaign.services import snapshots
from campaign.services.health import Part
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


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `campaign check`: nothing is wrong with it when `problem` is empty."""

    part: str
    problem: str = ""
    why: str = ""
    todo: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True)
@with_appcontext
def check(as_json: bool) -> None:
    """What is wrong with this installation, and what to do; exit 1 when something is."""
    found = findings()
    bad = [each for each in found if each.problem]
    if as_json:
        rows = [asdict(each) | {"ok": not each.problem} for each in found]
        click.echo(json.dumps({"ok": not bad, "checks": rows}, ensure_ascii=False))
    else:
        for each in found:
            click.echo(f"BAD  {each.part}: {each.problem}" if each.problem else f"ok   {each.part}")
            for line in (each.why and f"It says: {each.why}", each.todo):
                if line:
                    click.echo(f"     {line}")
    sys.exit(1 if bad else 0)


def findings() -> list[Finding]:
    """What health knows (`services.health`), and what only an installation as a whole has: set-up, relay, data."""
    here = watch.look()
    asked = [Part.DATABASE, Part.BROKER]
    if here.database:
        asked.insert(1, Part.MIGRATIONS)
    if here.ready:
        asked += [Part.WORKERS, Part.CHANNELS, Part.FIGURES, Part.MAIL]
    found = []
    for part in asked:
        problems = [each for each in here.problems if each.part is part]
        found += [Finding(part, each.words, each.why, each.todo) for each in problems] or [Finding(part)]
    if here.ready:
        found += [_set_up(), _data()]
    return [*found, _relay(), *(_published() if here.ready else ())]


def _published() -> list[Finding]:
    """What receivers look up of the sending domain. The simulation's domains stand in no DNS."""
    settings = runtime().settings
    with reading() as session:
        address = session.scalar(sa.select(Organization.sending_address).where(Organization.id == 1)) or ""
    domain = address.rpartition("@")[2]
    if settings.simulated or not domain:
        return []
    signing = None
    if settings.dkim_key_file != Path():
        signer = Signer.from_file(settings.dkim_key_file, settings.dkim_selector, settings.dkim_domain)
        signing = published.Signing(signer.domain, signer.selector, *signer.published())
    host, _, port = settings.dns_server.rpartition(":")
    names = published.Dns((host, int(port)) if host else None)
    return [
        Finding(each.record, each.problem, todo=each.todo)
        for each in published.check(names, domain, settings.bounce_domain, signing)
    ]


def _set_up() -> Finding:
    with reading() as session:
        if session.get(Organization, 1) is None:
            todo = "Run campaign init, or campaign demo load for the demonstration."
            return Finding("organization", "This installation is not set up.", todo=todo)
    return Finding("organization")


def _relay() -> Finding:
    settings = runtime().settings
    try:
        with socket.create_connection((settings.smtp_host, settings.smtp_port), timeout=3):
            return Finding("relay")
    except OSError:
        return Finding(
            "relay",
            f"Nobody answers at {settings.smtp_host}:{settings.smtp_port}: letters by e-mail wait, and none is lost.",
            todo="Check CAMPAIGN_SMTP_HOST and CAMPAIGN_SMTP_PORT, and that the relay runs.",
        )


def _data() -> Finding:
    with reading() as session:
        if session.scalar(sa.select(sa.func.count()).select_from(DataSnapshot).where(DataSnapshot.active)):
            return Finding("data of Congress")
    todo = "Run campaign data import DIR --apply."
    return Finding("data of Congress", "No snapshot of Congress is loaded: no place can be matched.", todo=todo)


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
