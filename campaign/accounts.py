"""Signing in: Flask-Security behind our own session rows.

Organizers and admins have a password; members have none and come by a mailed link, so every page of the library's blueprint
except signing in and out is switched off. A browser's session is a row (`SignIn`) that can be listed and ended: the cookie
holds a random value and the row its hash.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask, g, request, session
from flask_login import logout_user, user_logged_in, user_logged_out
from flask_security.core import Security
from flask_security.datastore import SQLAlchemyUserDatastore
from flask_security.forms import LoginForm
from flask_security.signals import user_authenticated
from flask_security.utils import aware_utcnow, login_user
from sqlalchemy.orm import Session

from campaign.database import will_write
from campaign.domain.errors import CampaignError
from campaign.extensions import db
from campaign.models.user import Role, SignIn, SignInFailure, User
from campaign.runtime import runtime
from campaign.unit_of_work import unit_of_work

STAFF_IDLE = timedelta(minutes=30)
STAFF_WHOLE = timedelta(hours=12)
MEMBER_WHOLE = timedelta(days=30)
_SEEN_EVERY = timedelta(minutes=1)  # a write a minute at most, not one a page

FAILURE_WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT = 10
FAILURES_PER_NETWORK = 30


class TooManyTries(CampaignError):
    status = 429


class PasswordForm(LoginForm):
    """Counts failures in the database, by account and by network, alike for accounts that do not exist."""

    def validate(self, **kwargs: Any) -> bool:
        account, network = _keyed(str(self.email.data or "").strip().lower()), _keyed(request.remote_addr or "")
        now = aware_utcnow()
        if _failures(db.session(), account, network, now):
            raise TooManyTries("Too many tries. Wait 15 minutes, then try again.")
        self.remember.data = False  # a cookie that outlives our session rows; the form has no box for it
        if super().validate(**kwargs):
            return True
        with unit_of_work() as rows:
            rows.add(SignInFailure(at=now, account_digest=account, network_digest=network))
        return False


def _keyed(text: str) -> str:
    return hmac.new(runtime().settings.secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _failures(rows: Session, account: str, network: str, now: datetime) -> bool:
    """Whether this account or this network has used up its tries."""
    recent = sa.select(sa.func.count()).where(SignInFailure.at > now - FAILURE_WINDOW)
    by_account = rows.scalar(recent.where(SignInFailure.account_digest == account)) or 0
    by_network = rows.scalar(recent.where(SignInFailure.network_digest == network)) or 0
    return by_account >= FAILURES_PER_ACCOUNT or by_network >= FAILURES_PER_NETWORK


def init_app(app: Flask) -> None:
    settings = runtime_settings(app)
    app.config.from_mapping(
        SECURITY_URL_PREFIX="/account",
        SECURITY_LOGIN_URL="/login",
        SECURITY_LOGOUT_URL="/logout",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_POST_LOGIN_VIEW="/organize/",
        SECURITY_POST_LOGOUT_VIEW="/",
        SECURITY_LOGIN_USER_TEMPLATE="account/login.html",
        SECURITY_PASSWORD_SALT=hmac.new(settings.secret_key.encode(), b"password salt", hashlib.sha256).hexdigest(),
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of a method
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_DATETIME_FACTORY=aware_utcnow,
        SECURITY_CACHE_CONTROL={},
        SECURITY_FLASH_MESSAGES=False,
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_DEFAULT_REMEMBER_ME=False,
        REMEMBER_COOKIE_SECURE=app.config["SESSION_COOKIE_SECURE"],
    )
    datastore = SQLAlchemyUserDatastore(db, User, Role)
    security = Security(app, datastore, login_form=PasswordForm)
    security.want_json(lambda _request: False)  # its JSON sign-in hands out a token that never ends
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]
    user_logged_in.connect(_begin, app)
    user_logged_out.connect(_end, app)
    user_authenticated.connect(_note_method, app)
    app.before_request(_take_write_lock)
    app.before_request(_check_session)
    app.teardown_request(_release_write_lock)


def runtime_settings(app: Flask) -> Any:
    return app.extensions["countersign"].settings


def _take_write_lock() -> None:
    """The library's own views read and then write in one transaction."""
    if request.method == "POST" and (request.endpoint or "").startswith("security."):
        db.session.rollback()
        g.write_token = will_write.set(True)


def _release_write_lock(_error: BaseException | None) -> None:
    token = g.pop("write_token", None)
    if token is not None:
        will_write.reset(token)


def _digest(sid: str) -> str:
    return hashlib.sha256(sid.encode()).hexdigest()


def _note_method(_app: Flask, user: User, authn_via: list[str], **_: Any) -> None:  # noqa: ARG001
    """Comes after `_begin`, in the same transaction."""
    row = g.get("new_sign_in")
    if row is not None and authn_via:
        row.method = authn_via[0]


def _begin(_app: Flask, user: User, **_: Any) -> None:
    sid = secrets.token_hex(32)
    now = aware_utcnow()
    session["sid"] = sid
    row = SignIn(user_id=user.id, sid_digest=_digest(sid), method="password", created_at=now, last_seen_at=now)
    db.session.add(row)
    g.new_sign_in = row


def _end(_app: Flask, user: User, **_: Any) -> None:  # noqa: ARG001
    sid = session.pop("sid", None)
    if sid:
        db.session.execute(
            sa.update(SignIn)
            .where(SignIn.sid_digest == _digest(sid), SignIn.ended_at.is_(None))
            .values(ended_at=aware_utcnow())
        )
        db.session.commit()


def _check_session() -> None:
    """A cookie whose row has ended, or is too old, signs nobody in. Puts the row into `g.sign_in`."""
    g.sign_in = None
    if "_user_id" not in session or request.endpoint == "static":
        return
    now = aware_utcnow()
    row = db.session.scalar(sa.select(SignIn).where(SignIn.sid_digest == _digest(session.get("sid", ""))))
    if row is None or row.ended_at is not None or _too_old(row, now):
        logout_user()
        session.clear()
        db.session.rollback()
        return
    sign_in_id = row.id
    if now - row.last_seen_at > _SEEN_EVERY:
        with unit_of_work() as rows:
            rows.execute(sa.update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=now))
    g.sign_in = db.session.get(SignIn, sign_in_id)


def _too_old(row: SignIn, now: datetime) -> bool:
    if row.method in ("link", "invitation"):
        return now - row.created_at > MEMBER_WHOLE
    return now - row.created_at > STAFF_WHOLE or now - row.last_seen_at > STAFF_IDLE


def sign_in(user: User, method: str, campaign_id: int | None = None) -> None:
    """Begins a session for a person who came by a link. The caller's unit of work commits."""
    session.clear()
    login_user(user, authn_via=[method])
    g.new_sign_in.campaign_id = campaign_id
