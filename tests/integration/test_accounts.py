"""Sessions: what a password is needed for, what ends them, and what cannot begin one."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_security.utils import hash_password

from campaign.accounts import FAILURES_PER_ACCOUNT
from campaign.database import transaction
from campaign.extensions import db
from campaign.models.member import Member
from campaign.models.organization import Organization
from campaign.models.user import Role, SignIn, User
from campaign.services import invitations, links
from campaign.services.links import MOST_AN_HOUR
from campaign.unit_of_work import database_now
from tests import factories
from tests.factories import ENVELOPE

PASSWORD = "a horse and two batteries"
DESK = "desk@association.example"


def token(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).get_data(as_text=True))
    return found[1] if found else ""


def press(client: FlaskClient, path: str, **fields: object) -> int:
    answer = client.post(path, data={"csrf_token": token(client, path), **fields})
    db.session.rollback()
    return answer.status_code


@pytest.fixture
def staff(app: Flask) -> None:
    with transaction(db.session()) as session:
        factories.user(session, DESK, "organizer", name="Priya Raman", password=hash_password(PASSWORD))


@pytest.fixture
def both(app: Flask) -> Member:
    """A member who is an organizer, too."""
    with transaction(db.session()) as session:
        who = factories.member(session, factories.company(session)[0])
        user = session.get_one(User, who.user_id)
        user.roles.append(session.scalars(sa.select(Role).where(Role.name == "organizer")).one())
    return who


def mailed_link(who: Member) -> str:
    with transaction(db.session()) as session:
        link = links.create(session, session.get_one(User, who.user_id), "", database_now())
        return links.url(link, ENVELOPE).removeprefix(ENVELOPE.base_url)


def test_a_mailed_link_makes_nobody_staff(client: FlaskClient, both: Member) -> None:
    """Whoever reads an organizer's mailbox does not run the campaign."""
    assert press(client, mailed_link(both)) == 303
    assert client.get("/letters").status_code == 200
    answer = client.get("/organize/")
    assert answer.status_code == 403
    assert "password" in answer.get_data(as_text=True)


def test_the_demonstration_hands_out_links_to_staff(client: FlaskClient, both: Member) -> None:
    with transaction(db.session()) as session:
        session.get_one(Organization, 1).is_demonstration = True
    assert press(client, mailed_link(both)) == 303
    assert client.get("/organize/").status_code == 200


def test_a_password_opens_the_desk_and_leaves_no_cookie_that_outlives_the_session(
    client: FlaskClient, staff: None
) -> None:
    assert press(client, "/account/login", email=DESK, password=PASSWORD, remember="y") == 302
    assert client.get_cookie("remember_token") is None
    assert client.get("/organize/").status_code == 200


def test_a_session_that_was_signed_out_or_whose_person_was_stopped_is_dead(client: FlaskClient, staff: None) -> None:
    press(client, "/account/login", email=DESK, password=PASSWORD)
    cookie = client.get_cookie("countersign")
    assert cookie is not None
    client.post("/account/logout", data={"csrf_token": token(client, "/organize/")})
    client.set_cookie("countersign", cookie.value)
    assert client.get("/organize/").status_code == 302
    db.session.rollback()
    assert db.session.scalars(sa.select(SignIn)).one().ended_at is not None

    press(client, "/account/login", email=DESK, password=PASSWORD)
    with transaction(db.session()) as session:
        session.execute(sa.update(User).values(active=False))
    assert client.get("/organize/").status_code == 302


def test_ten_wrong_passwords_stop_the_account_also_for_the_right_one(client: FlaskClient, staff: None) -> None:
    for _ in range(FAILURES_PER_ACCOUNT):
        assert press(client, "/account/login", email=DESK, password="wrong") == 422
    answer = client.post(
        "/account/login", data={"csrf_token": token(client, "/account/login"), "email": DESK, "password": PASSWORD}
    )
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\t/evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_to_no_other_site(client: FlaskClient, staff: None, wanted: str) -> None:
    fields = {"csrf_token": token(client, "/account/login"), "email": DESK, "password": PASSWORD, "next": wanted}
    answer = client.post("/account/login", data=fields)
    assert "evil" not in answer.headers.get("Location", "")
    assert "javascript" not in answer.headers.get("Location", "")


def test_the_door_of_somebody_who_was_stopped_stays_shut(client: FlaskClient, both: Member) -> None:
    with transaction(db.session()) as session:
        on = factories.campaign(session, factories.recommendation(session), closes_at=None)
        door = invitations.door_url(invitations.invite(session, both, on, ENVELOPE, database_now()), ENVELOPE)
        session.execute(sa.update(User).values(active=False))
    assert client.get(door.removeprefix(ENVELOPE.base_url)).status_code == 410


def test_a_mailbox_gets_few_links_an_hour_whoever_asks(client: FlaskClient, both: Member) -> None:
    with transaction(db.session()) as session:
        sent = [links.send_sign_in(session, both.email, ENVELOPE, database_now()) for _ in range(MOST_AN_HOUR + 2)]
    assert sent == [True] * MOST_AN_HOUR + [False] * 2
    assert press(client, "/account/sign-in", email=both.email) == 200, "the answer is the same"


def test_a_host_that_is_not_ours_gets_no_page(client: FlaskClient) -> None:
    for host in ("evil.example", "localhost.evil.example", "evil.example:8000"):
        answer = client.get("/", headers={"Host": host})
        assert answer.status_code == 400
        assert "<h1" in answer.get_data(as_text=True)
    assert client.get("/", headers={"Host": "127.0.0.1:8000"}).status_code == 200
