"""Staff sign in with a password: tries are counted, sessions are rows, and nothing tells who exists."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from flask_security.utils import aware_utcnow, hash_password
from werkzeug.test import TestResponse

from campaign import accounts
from campaign.database import transaction
from campaign.extensions import db
from campaign.models.user import SignIn, SignInFailure
from tests import factories

PASSWORD = "correct horse battery staple"
EMAIL = "olga@association.example"


@pytest.fixture
def staff(client: FlaskClient) -> FlaskClient:
    """A browser without cookies, where an organizer exists."""
    with transaction(db.session()) as session:
        factories.user(session, EMAIL, "organizer", name="Olga", password=hash_password(PASSWORD))
    db.session.remove()
    return client


def post(client: FlaskClient, email: str = EMAIL, password: str = PASSWORD, network: str = "192.0.2.1") -> TestResponse:
    page = client.get("/account/login")
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found
    return client.post(
        "/account/login",
        data={"email": email, "password": password, "csrf_token": found[1]},
        environ_base={"REMOTE_ADDR": network},
    )


def failures() -> int:
    with transaction(db.session()) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(SignInFailure)) or 0


def test_the_right_password_opens_the_desk_and_leaves_no_failure(staff: FlaskClient) -> None:
    assert post(staff).status_code == 302
    assert staff.get("/organize/").status_code == 200
    assert failures() == 0


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_said_beside_the_fields_and_the_address_stays(staff: FlaskClient, password: str) -> None:
    refused = post(staff, password=password)
    assert refused.status_code == 422
    assert "<title>Error:" in refused.text
    assert refused.text.count("The e-mail or the password is not right.") == 2  # in the summary, and at the field
    assert 'id="email-err"' in refused.text
    fields = re.findall(r"<input[^>]*>", refused.text)
    (email,) = (each for each in fields if 'name="email"' in each)
    (secret,) = (each for each in fields if 'name="password"' in each)
    assert f'value="{EMAIL}"' in email
    assert password == "" or password not in secret
    for each in (email, secret):
        assert 'aria-invalid="true"' in each
        assert 'aria-describedby="email-err"' in each
    assert staff.get("/account/login").status_code == 200


def test_after_ten_wrong_passwords_an_account_waits_also_for_the_right_one(staff: FlaskClient) -> None:
    for n in range(accounts.FAILURES_PER_ACCOUNT):
        assert post(staff, password="wrong", network=f"192.0.2.{n}").status_code == 422
    refused = post(staff, network="192.0.2.99")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "900"
    assert failures() == accounts.FAILURES_PER_ACCOUNT
    assert staff.get("/organize/").status_code == 302
    with transaction(db.session()) as session:
        session.execute(
            sa.update(SignInFailure).values(at=aware_utcnow() - accounts.FAILURE_WINDOW - timedelta(seconds=1))
        )
    assert post(staff).status_code == 302


def test_a_network_that_tries_many_accounts_waits(staff: FlaskClient) -> None:
    for n in range(accounts.FAILURES_PER_NETWORK):
        post(staff, email=f"guess{n}@association.example", password="wrong")
    assert post(staff).status_code == 429
    assert post(staff, network="198.51.100.7").status_code == 302


def test_an_account_that_does_not_exist_is_answered_like_one_that_does(staff: FlaskClient) -> None:
    known, unknown = post(staff, password="wrong"), post(staff, email="nobody@association.example", password="wrong")
    strip = re.compile(r'(value="[^"]*"|v=[0-9a-f]+)')
    assert known.status_code == unknown.status_code
    assert strip.sub("", known.text) == strip.sub("", unknown.text)
    for _ in range(accounts.FAILURES_PER_ACCOUNT):
        post(staff, email="nobody@association.example", password="wrong", network="198.51.100.7")
    assert post(staff, email="nobody@association.example", network="198.51.100.8").status_code == 429


def test_failures_hold_no_address(staff: FlaskClient) -> None:
    post(staff, password="wrong")
    with transaction(db.session()) as session:
        row = session.scalars(sa.select(SignInFailure)).one()
        assert "olga" not in row.account_digest
        assert len(row.account_digest) == len(row.network_digest) == 64


def test_a_session_that_was_ended_opens_nothing_more(staff: FlaskClient) -> None:
    post(staff)
    with transaction(db.session()) as session:
        session.execute(sa.update(SignIn).values(ended_at=aware_utcnow()))
    assert staff.get("/organize/").status_code == 302


@pytest.mark.parametrize(
    ("column", "age"), [("last_seen_at", accounts.STAFF_IDLE), ("created_at", accounts.STAFF_WHOLE)]
)
def test_a_session_ends_by_itself(staff: FlaskClient, column: str, age: timedelta) -> None:
    post(staff)
    for old, status in ((age - timedelta(minutes=1), 200), (age + timedelta(seconds=1), 302)):
        with transaction(db.session()) as session:
            session.execute(sa.update(SignIn).values({"last_seen_at": aware_utcnow(), column: aware_utcnow() - old}))
        assert staff.get("/organize/").status_code == status


def test_a_member_has_no_password_to_guess(staff: FlaskClient) -> None:
    with transaction(db.session()) as session:
        who = factories.member(session)
    email = who.email
    db.session.remove()
    for password in ("", "None", "null", "wrong"):
        assert post(staff, email=email, password=password).status_code == 422
    assert staff.get("/letters").status_code == 302


def test_no_token_for_programs_is_handed_out(staff: FlaskClient) -> None:
    page = staff.get("/account/login")
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found
    answer = staff.post(
        "/account/login?include_auth_token",
        json={"email": EMAIL, "password": PASSWORD},
        headers={"X-CSRFToken": found[1], "Accept": "application/json"},
    )
    assert "authentication_token" not in answer.text
