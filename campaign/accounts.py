"""Signing in: Flask-Security behind our own session rows.

Organizers and admins have a password; members have none and come by a mailed link, so every page of the library's blueprint
except signing in and out is switched off. A browser's session is a row (`SignIn`) that can be listed and ended: the cookie
holds a random value and the row its hash.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import Flask, Response, after_this_request, current_app, g, request, session
from flask_login import logout_user, user_logged_in, user_logged_out
from flask_security.core import Security
from flask_security.datastore import SQLAlchemyUserDatastore
from flask_security.forms import LoginForm
from flask_security.signals import user_authenticated
from flask_security.utils import aware_utcnow, hash_password, login_user
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, joinedload

from campaign.database import will_write
from campaign.domain.errors import CampaignError, Invalid
from campaign.extensions import db
from campaign.models.company import Company
from campaign.models.member import Member
from campaign.models.organization import Organization
from campaign.models.user import Role, SignIn, SignInFailure, User
from campaign.runtime import runtime
from campaign.unit_of_work import clock, unit_of_work

STAFF_IDLE = timedelta(minutes=30)
STAFF_WHOLE = timedelta(hours=12)
MEMBER_WHOLE = timedelta(days=30)
_SEEN_EVERY = timedelta(minutes=1)  # a write a minute at most, not one a page
_UNTOUCHED = frozenset({"static", "health.healthz"})
"""Answer without asking who it is: files are the same for all, and a machine asks whether the process lives."""

SHORTEST_PASSWORD = 12
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
        after_this_request(_refused)
        return False


def _refused(response: Response) -> Response:
    """The library's view draws its form again with 200, as if nothing had been wrong."""
    response.status_code = 422
    return response


def hashed(password: str) -> str:
    """As signing in compares it. Raises Invalid for one that is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(f"A password has at least {SHORTEST_PASSWORD} characters.", field="password")
    return str(hash_password(current_app.extensions["security"].password_util.normalize(password)))


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
    app.login_manager.user_loader(_load_user)  # type: ignore[attr-defined]
    user_logged_in.connect(_begin, app)
    user_logged_out.connect(_end, app)
    user_authenticated.connect(_note_method, app)
    app.before_request(_take_write_lock)
    app.before_request(_check_session)
    app.after_request(_note_seen)
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
    g.pop("visit", None)


def _end(_app: Flask, user: User, **_: Any) -> None:  # noqa: ARG001
    sid = session.pop("sid", None)
    if sid:
        db.session.execute(
            sa.update(SignIn)
            .where(SignIn.sid_digest == _digest(sid), SignIn.ended_at.is_(None))
            .values(ended_at=aware_utcnow())
        )
        db.session.commit()
    g.visit = None


class Visit(NamedTuple):
    """Whose request this is and when: what nearly every page needs, read by one statement."""

    sign_in_id: int
    method: str
    campaign_id: int | None  # a door opens one campaign only
    last_seen_at: datetime
    now: datetime
    user: User
    member: Member | None
    company: Company | None
    organization: Organization | None


def visit() -> Visit | None:
    """Of the cookie, read once a request. None where its session has ended or is too old, or its account is closed."""
    if "visit" not in g:
        g.visit = _load_visit()
    found: Visit | None = g.visit
    return found


def _load_visit() -> Visit | None:
    if "_user_id" not in session or request.endpoint in _UNTOUCHED:
        return None
    rows = db.session.execute(
        sa.select(SignIn, clock(db.session()), User, Member, Company, Organization)
        .join(User, User.id == SignIn.user_id)
        .outerjoin(Member, Member.user_id == User.id)
        .outerjoin(Company, Company.id == Member.company_id)
        .outerjoin(Organization, Organization.id == 1)
        .where(
            SignIn.sid_digest == _digest(session.get("sid", "")),
            SignIn.ended_at.is_(None),
            User.fs_uniquifier == session["_user_id"],
            User.active,
        )
        .options(joinedload(User.roles))
    )
    found = rows.unique().one_or_none()
    if found is None:
        return None
    mine, now, user, member, company, organization = found
    if _too_old(mine, now):
        return None
    return Visit(mine.id, mine.method, mine.campaign_id, mine.last_seen_at, now, user, member, company, organization)


def _load_user(_uniquifier: str) -> User | None:
    found = visit()
    return found.user if found is not None else None


def _check_session() -> None:
    """A cookie whose session has ended signs nobody in."""
    if "_user_id" in session and request.endpoint not in _UNTOUCHED and visit() is None:
        logout_user()
        session.clear()
        db.session.rollback()


def _note_seen(response: Response) -> Response:
    """After the page has been made, so that the rows it shows are not read again."""
    found: Visit | None = g.get("visit")
    if found is not None and found.now - found.last_seen_at > _SEEN_EVERY:
        with (
            suppress(OperationalError),
            unit_of_work() as rows,
        ):  # a busy database: the page is made, the next one notes it
            rows.execute(sa.update(SignIn).where(SignIn.id == found.sign_in_id).values(last_seen_at=found.now))
    return response


def _too_old(row: SignIn, now: datetime) -> bool:
    if row.method in ("link", "invitation"):
        return now - row.created_at > MEMBER_WHOLE
    return now - row.created_at > STAFF_WHOLE or now - row.last_seen_at > STAFF_IDLE


def sign_in(user: User, method: str, campaign_id: int | None = None) -> None:
    """Begins a session for a person who came by a link. The caller's unit of work commits."""
    session.clear()
    login_user(user, authn_via=[method])
    g.new_sign_in.campaign_id = campaign_id
