"""`campaign demo load` and `campaign demo link`."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import sqlalchemy as sa
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from campaign.demo import loader
from campaign.domain.errors import NotAllowed, NotFound
from campaign.models.member import Member
from campaign.models.organization import Organization
from campaign.models.user import Role, User, user_roles
from campaign.runtime import runtime
from campaign.services import links
from campaign.unit_of_work import database_now, unit_of_work

ROLES = ("member", "organizer", "admin")


@click.group()
def demo() -> None:
    """The demonstration campaign."""


@demo.command()
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day after the three weeks; a Monday.")
@with_appcontext
def load(as_of: datetime | None) -> None:
    """Load the demonstration into an empty installation."""
    loader.load(as_of.replace(tzinfo=UTC).date() if as_of else None, echo=click.echo)


@demo.command()
@click.argument("role", type=click.Choice(ROLES))
@with_appcontext
def link(role: str) -> None:
    """A fresh sign-in link, good for one use, for the demonstration only."""
    click.echo(demo_link(role))


def demo_link(role: str) -> str:
    """Raises NotAllowed outside the demonstration."""
    with unit_of_work() as session:
        organization = session.get(Organization, 1)
        if organization is None or not organization.is_demonstration:
            raise NotAllowed("Links are printed in the demonstration only; members get theirs by mail.")
        user = _newcomer(session) if role == "member" else _staff(session, role)
        next_path = loader.NEWCOMER_PATH if role == "member" else "/organize/"
        return links.url(links.create(session, user, next_path, database_now()), runtime().envelope)


def _newcomer(session: Session) -> User:
    member = session.scalar(sa.select(Member).where(Member.email == loader.NEWCOMER))
    if member is None:
        raise NotFound("The demonstration is not loaded.")
    return session.get_one(User, member.user_id)


def _staff(session: Session, role: str) -> User:
    user = session.scalar(
        sa.select(User)
        .join(user_roles, user_roles.c.user_id == User.id)
        .join(Role, Role.id == user_roles.c.role_id)
        .where(Role.name == role)
        .order_by(User.id)
        .limit(1)
    )
    if user is None:
        raise NotFound("The demonstration is not loaded.")
    return user
