"""What machines ask: does the process live, and may it be given work."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from campaign.app import create_app
from campaign.database import transaction
from campaign.extensions import db
from campaign.models.user import User
from campaign.services import links
from campaign.unit_of_work import database_now
from tests import factories
from tests.integration.conftest import settings
from tests.integration.test_member_pages import Browser

NOBODY = "postgresql+psycopg://nobody@127.0.0.1:1/none"


def test_who_is_signed_in_is_told_that_the_process_lives_without_a_database(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    with transaction(db.session()) as session:
        who = factories.member(session, factories.company(session)[0])
        link = links.create(session, session.get_one(User, who.user_id), "", database_now())
        path = links.url(link, factories.ENVELOPE).removeprefix(factories.ENVELOPE.base_url)
    browser = Browser(client)
    browser.get(path)
    browser.post(path)
    cookie = client.get_cookie("countersign")
    assert cookie is not None
    away = create_app(settings(tmp_path, NOBODY))
    signed_in = away.test_client()
    signed_in.set_cookie("countersign", cookie.value)
    assert signed_in.get("/letters").status_code == 503  # it is a cookie that makes pages ask the database
    answer = signed_in.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "alive"})
    assert "Set-Cookie" not in answer.headers
    assert signed_in.get("/readyz").status_code == 503
    with away.app_context():
        db.engine.dispose()


def test_ready_is_who_has_a_migrated_database(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["problems"] == []
