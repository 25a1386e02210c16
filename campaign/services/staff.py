"""Accounts of organizers and administrators."""

from __future__ import annotations

import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.errors import NotFound, WrongState
from campaign.models.user import STAFF, SignIn, User
from campaign.services import audit


def by_email(session: Session, email: str) -> User:
    """Raises NotFound for anybody else, members included: they have no password; WrongState for an account that is closed."""
    user = session.scalar(sa.select(User).where(User.email == email.strip().lower()))
    if user is None or not user.has(*STAFF):
        raise NotFound("No organizer or administrator has this e-mail.")
    if not user.active:
        raise WrongState("This account is closed: a password would open nothing.")
    return user


def set_password(session: Session, user: User, hashed: str, now: datetime, by: str) -> int:
    """Also ends every session of this account. Returns how many were open."""
    user.password = hashed
    user.fs_uniquifier = secrets.token_hex(32)
    ended = session.scalars(
        sa.update(SignIn)
        .where(SignIn.user_id == user.id, SignIn.ended_at.is_(None))
        .values(ended_at=now)
        .returning(SignIn.id)
        .execution_options(synchronize_session=False)
    ).all()
    audit.record(session, at=now, by=by, act="password set", subject=f"user:{user.id}", sessions_ended=len(ended))
    return len(ended)
