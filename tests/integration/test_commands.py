"""Commands on an installation that is not ready: words and an exit code, never a trace."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.cli import ScriptInfo

from campaign.app import create_app
from campaign.cli import group
from campaign.extensions import db
from tests.integration.conftest import settings

COMMANDS = ("send", "metrics verify", "audit verify", "data status", "offices match --zip 46902", "demo link member")
NOBODY = "postgresql+psycopg://nobody@127.0.0.1:1/none"


@pytest.mark.parametrize("url", ["", NOBODY], ids=["not migrated", "away"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_database_that_cannot_be_used_is_said_in_words(tmp_path: Path, command: str, url: str) -> None:
    app = create_app(settings(tmp_path, url))
    ended = CliRunner().invoke(group, command.split(), obj=ScriptInfo(create_app=lambda: app, set_debug_flag=False))
    with app.app_context():
        db.engine.dispose()
    assert ended.exit_code == 1
    assert "CAMPAIGN_DATABASE_URL" in ended.stderr
    assert isinstance(ended.exception, SystemExit), ended.exception


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "places.csv").write_bytes(b"\x7fELF\xd0\xff zip")
    app = create_app(settings(tmp_path))
    ended = CliRunner().invoke(
        group,
        ["offices", "match", "--file", str(tmp_path / "places.csv")],
        obj=ScriptInfo(create_app=lambda: app, set_debug_flag=False),
    )
    assert ended.exit_code == 1
    assert "UTF-8" in ended.stderr


@pytest.mark.parametrize("option", ["--sending-address", "--admin-email"])
def test_an_installation_begins_with_addresses_that_can_be_written_to(tmp_path: Path, option: str) -> None:
    given = {
        "--name": "Bluestem",
        "--sending-address": "letters@association.example",
        "--admin-email": "admin@association.example",
        "--admin-name": "Priya Raman",
        "--admin-password": "a horse and two batteries",
    } | {option: "nobody at all"}
    app = create_app(settings(tmp_path))
    ended = CliRunner().invoke(
        group,
        ["init", *(word for pair in given.items() for word in pair)],
        obj=ScriptInfo(create_app=lambda: app, set_debug_flag=False),
    )
    assert ended.exit_code == 2
    assert option in ended.stderr
    assert not (tmp_path / "test.sqlite3").exists()


def test_the_first_administrator_signs_in_also_with_accents_in_the_password(tmp_path: Path) -> None:
    password = "résumé of a green ox"
    given = {
        "--name": "Bluestem",
        "--sending-address": "letters@association.example",
        "--admin-email": "admin@association.example",
        "--admin-name": "Priya Raman",
        "--admin-password": password,
    }
    app = create_app(settings(tmp_path))
    ended = CliRunner().invoke(
        group,
        ["init", *(word for pair in given.items() for word in pair)],
        obj=ScriptInfo(create_app=lambda: app, set_debug_flag=False),
    )
    assert ended.exit_code == 0, ended.output
    client = app.test_client()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/account/login").text)
    assert found
    typed = {"email": given["--admin-email"], "password": password, "csrf_token": found[1]}
    assert client.post("/account/login", data=typed).status_code == 302
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
