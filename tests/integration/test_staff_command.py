"""`campaign staff password`: a new password at the console, and nothing that the old one opened stays open."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from flask.testing import FlaskClient

from campaign import accounts
from campaign.app import create_app
from campaign.cli import group
from campaign.database import transaction
from campaign.extensions import db
from campaign.models.audit import AuditEntry
from campaign.models.user import SignIn, User
from campaign.services import audit
from tests import factories

EMAIL = "olga@association.example"
OLD = "correct horse battery staple"
NEW = "résumé of a green ox"  # composed accents: signing in compares another form of the same text


@pytest.fixture
def staff(each_app: Flask) -> int:
    """The id of an organizer."""
    del each_app
    with transaction(db.session()) as session:
        return factories.user(session, EMAIL, "organizer", name="Olga", password=accounts.hashed(OLD)).id


def served(app: Flask) -> Flask:
    return create_app(app.extensions["countersign"].settings)


def run(app: Flask, email: str, *typed: str) -> Result:
    made = served(app)
    ended = CliRunner().invoke(
        group,
        ["staff", "password", email],
        input="".join(f"{line}\n" for line in typed),
        obj=ScriptInfo(create_app=lambda: made, set_debug_flag=False),
    )
    with made.app_context():
        db.engine.dispose()
    db.session.rollback()
    return ended


def sign_in(client: FlaskClient, password: str) -> int:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/account/login").text)
    assert found
    given = {"email": EMAIL, "password": password, "csrf_token": found[1]}
    return client.post("/account/login", data=given).status_code


def test_a_new_password_opens_the_desk_and_ends_what_was_open(each_app: Flask, staff: int) -> None:
    app = served(each_app)
    before, after = app.test_client(), app.test_client()
    assert sign_in(before, OLD) == 302
    assert before.get("/organize/").status_code == 200
    ended = run(each_app, f" {EMAIL.upper()} ", NEW, NEW)
    assert ended.exit_code == 0, ended.output
    assert NEW not in ended.output
    assert "Sessions ended: 1" in ended.output
    assert before.get("/organize/").status_code == 302
    assert sign_in(after, OLD) == 422
    assert sign_in(after, NEW) == 302
    assert after.get("/organize/").status_code == 200
    open_rows = sa.select(sa.func.count()).where(SignIn.user_id == staff, SignIn.ended_at.is_(None))
    assert db.session.scalar(open_rows) == 1
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_the_record_says_that_it_was_done_and_not_the_password(each_app: Flask, staff: int) -> None:
    assert run(each_app, EMAIL, NEW, NEW).exit_code == 0
    entry = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.by, entry.act, entry.subject) == ("console", "password set", f"user:{staff}")
    assert entry.detail == {"sessions_ended": 0}
    assert audit.first_broken(db.session()) is None


@pytest.mark.parametrize(
    ("typed", "words"), [(("short", "short"), "at least 12 characters"), ((NEW, f"{NEW}!"), "do not match")]
)
def test_a_password_that_cannot_be_taken_changes_nothing(
    each_app: Flask, staff: int, typed: tuple[str, ...], words: str
) -> None:
    was = db.session.get_one(User, staff).password
    ended = run(each_app, EMAIL, *typed)
    assert ended.exit_code == 1
    assert words in ended.output
    assert db.session.get_one(User, staff).password == was


def test_only_staff_gets_one(each_app: Flask) -> None:
    with transaction(db.session()) as session:
        email = factories.member(session).email
    for unknown in (email, "nobody@association.example"):
        ended = run(each_app, unknown, NEW, NEW)
        assert ended.exit_code == 1
        assert "No organizer or administrator has this e-mail." in ended.output
        assert "New password" not in ended.output


def test_a_closed_account_is_not_opened_by_a_password(each_app: Flask, staff: int) -> None:
    with transaction(db.session()) as session:
        session.get_one(User, staff).active = False
    ended = run(each_app, EMAIL, NEW, NEW)
    assert ended.exit_code == 1
    assert "closed" in ended.output
