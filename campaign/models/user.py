"""Who signs in. Members have no password and come by a mailed link; organizers and admins have one, and a role."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_security.core import RoleMixin, UserMixin
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaign.models.base import Base, BigId, HasCreation, HasId

ROLES = ("member", "organizer", "admin")
STAFF = frozenset({"organizer", "admin"})

user_roles = sa.Table(
    "user_roles",
    Base.metadata,
    sa.Column("user_id", BigId, sa.ForeignKey("users.id"), primary_key=True),
    sa.Column("role_id", BigId, sa.ForeignKey("roles.id"), primary_key=True),
)


class Role(HasId, RoleMixin, Base):
    __tablename__ = "roles"

    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="")


class User(HasId, HasCreation, UserMixin, Base):
    """`email` is stored folded to lower case; `fs_uniquifier` ends every session when it changes."""

    __tablename__ = "users"
    __table_args__ = (sa.CheckConstraint("email = lower(email)", name="email_folded"),)

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    password: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    # Flask-Security reads roles while it signs a person in, where no loader option reaches
    roles: Mapped[list[Role]] = relationship(secondary=user_roles, lazy="selectin")  # type: ignore[assignment]

    def has(self, *names: str) -> bool:
        return any(role.name in names for role in self.roles)

    def get_security_payload(self) -> dict[str, Any]:
        return {}


class SignIn(HasId, HasCreation, Base):
    """One browser's session, so that it can be listed and ended; the cookie holds a random value, this row its hash."""

    __tablename__ = "sign_ins"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    sid_digest: Mapped[str] = mapped_column(unique=True)
    method: Mapped[str]  # password, link, invitation or demonstration
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    campaign_id: Mapped[int | None] = mapped_column(sa.ForeignKey("campaigns.id"))  # a door opens one campaign only


class Link(HasId, HasCreation, Base):
    """A mailed sign-in link: good once, until it ends."""

    __tablename__ = "links"

    reference: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    next_path: Mapped[str] = mapped_column(default="")
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInFailure(HasId, Base):
    """A wrong password, counted by account and by network; `account_digest` and `network_digest` are keyed hashes."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (
        sa.Index("ix_sign_in_failures_account", "account_digest", "at"),
        sa.Index("ix_sign_in_failures_network", "network_digest", "at"),
    )

    at: Mapped[datetime]
    account_digest: Mapped[str]
    network_digest: Mapped[str]
