"""Settings: all faults at once, no secret shown, and nothing that a production must not run with."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from campaign.domain.errors import CannotStart
from campaign.settings import Environment, Settings

SECRET = "a-production-secret-of-more-than-32-characters"
PRODUCTION = {
    "CAMPAIGN_ENV": "production",
    "CAMPAIGN_SECRET_KEY": SECRET,
    "CAMPAIGN_BASE_URL": "https://act.association.org",
    "CAMPAIGN_DATABASE_URL": "postgresql+psycopg://countersign:dbpassword@db/countersign",
    "CAMPAIGN_BROKER_URL": "redis://:brokerpassword@broker/0",
    "CAMPAIGN_SIMULATED": "no",
    "CAMPAIGN_SMTP_HOST": "relay.association.org",
    "CAMPAIGN_SMTP_PORT": "587",
    "CAMPAIGN_SMTP_USERNAME": "countersign",
    "CAMPAIGN_SMTP_PASSWORD": "relaypassword",
    "CAMPAIGN_BOUNCE_DOMAIN": "bounces.association.org",
}


def refused(tmp_path: Path, **changes: str) -> list[str]:
    """The faults of a production with these changes; an empty value takes the variable away."""
    environ = {"CAMPAIGN_VAR_DIR": str(tmp_path)} | PRODUCTION
    environ |= {f"CAMPAIGN_{name.upper()}": value for name, value in changes.items()}
    with pytest.raises(CannotStart) as caught:
        Settings.from_env({name: value for name, value in environ.items() if value})
    return str(caught.value).splitlines()


def test_a_newcomer_needs_no_setting_at_all(tmp_path: Path) -> None:
    made = Settings.from_env({"CAMPAIGN_VAR_DIR": str(tmp_path / "var")})
    assert made.env is Environment.DEVELOPMENT
    assert made.database_url == f"sqlite:///{tmp_path}/var/countersign.sqlite3"
    assert made.inbox_maildir == tmp_path / "var" / "inbox"
    assert made.simulated
    assert len(made.secret_key) == 64


def test_the_secret_of_a_development_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    environ = {"CAMPAIGN_VAR_DIR": str(tmp_path / "var")}
    first, second = Settings.from_env(environ), Settings.from_env(environ)
    assert first.secret_key == second.secret_key
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600


def test_a_whole_production_starts(tmp_path: Path) -> None:
    made = Settings.from_env({"CAMPAIGN_VAR_DIR": str(tmp_path)} | PRODUCTION)
    assert made.production
    assert not made.simulated
    assert made.smtp_port == 587


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"secret_key": ""}, "CAMPAIGN_SECRET_KEY"),
        ({"secret_key": "too short"}, "CAMPAIGN_SECRET_KEY"),
        ({"base_url": "http://act.association.org"}, "CAMPAIGN_BASE_URL"),
        ({"base_url": "act.association.org"}, "CAMPAIGN_BASE_URL"),
        ({"database_url": ""}, "CAMPAIGN_DATABASE_URL"),
        ({"simulated": ""}, "CAMPAIGN_SIMULATED"),
        ({"bounce_domain": ""}, "CAMPAIGN_BOUNCE_DOMAIN"),
    ],
)
def test_a_production_refuses_to_start_without(tmp_path: Path, changes: dict[str, str], named: str) -> None:
    faults = refused(tmp_path, **changes)
    assert faults
    assert all(named in fault for fault in faults)


def test_a_bare_production_is_told_everything_at_once(tmp_path: Path) -> None:
    with pytest.raises(CannotStart) as caught:
        Settings.from_env({"CAMPAIGN_ENV": "production", "CAMPAIGN_VAR_DIR": str(tmp_path)})
    text = str(caught.value)
    for name in ("SECRET_KEY", "BASE_URL", "DATABASE_URL", "SIMULATED", "BOUNCE_DOMAIN"):
        assert f"CAMPAIGN_{name}" in text
    assert not (tmp_path / "secret_key").exists(), "production makes no secret for itself"


def test_bad_and_unknown_values_are_named_together(tmp_path: Path) -> None:
    with pytest.raises(CannotStart) as caught:
        Settings.from_env(
            {
                "CAMPAIGN_VAR_DIR": str(tmp_path),
                "CAMPAIGN_WEB_PORT": "eighty",
                "CAMPAIGN_SMTP_STARTTLS": "perhaps",
                "CAMPAIGN_SIMULATOR_SPEED": "fast",
                "CAMPAIGN_ENV": "staging",
                "CAMPAIGN_WEBPORT": "80",
                "OTHER": "ignored",
                "CAMPAIGN_TEST_DATABASE_URL": "ignored too",
            }
        )
    faults = str(caught.value).splitlines()
    assert [fault.split(":")[0].split(" ")[0] for fault in faults] == [
        "CAMPAIGN_WEB_PORT",
        "CAMPAIGN_SMTP_STARTTLS",
        "CAMPAIGN_SIMULATOR_SPEED",
        "CAMPAIGN_ENV",
        "CAMPAIGN_WEBPORT",
    ]


def test_no_secret_shows_in_the_settings_or_in_a_fault(tmp_path: Path) -> None:
    shown = repr(Settings.from_env({"CAMPAIGN_VAR_DIR": str(tmp_path)} | PRODUCTION))
    faults = "\n".join(refused(tmp_path, base_url="http://act.association.org", secret_key="short-secret"))
    for secret in (SECRET, "dbpassword", "brokerpassword", "relaypassword", "short-secret"):
        assert secret not in shown + faults


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("1", True), ("ON", True), ("no", False), ("", False)])
def test_yes_and_no_are_read_in_several_words(tmp_path: Path, text: str, value: bool) -> None:
    environ = {"CAMPAIGN_VAR_DIR": str(tmp_path), "CAMPAIGN_SMTP_STARTTLS": text}
    assert Settings.from_env(environ).smtp_starttls is value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("log_level", "loud"),
        ("web_port", "99999999"),
        ("smtp_port", "0"),
        ("simulator_speed", "nan"),
        ("simulator_speed", "0"),
        ("web_threads", "0"),
        ("database_url", "no url"),
        ("database_url", "mysql://root:dbpassword@db/countersign"),
        ("broker_url", "pigeon://loft:brokerpassword@here"),
    ],
)
def test_a_value_that_nothing_could_start_with_is_named_before_anything_starts(
    tmp_path: Path, name: str, value: str
) -> None:
    (fault,) = refused(tmp_path, **{name: value})
    assert fault.startswith(f"CAMPAIGN_{name.upper()}: ")
    assert "password" not in fault


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match="CAMPAIGN_VAR_DIR"):
        Settings.from_env({"CAMPAIGN_VAR_DIR": str(tmp_path / "file" / "var")})


@pytest.mark.parametrize("missing", ["dkim_key_file", "dkim_selector", "dkim_domain"])
def test_signing_needs_key_selector_and_domain(tmp_path: Path, missing: str) -> None:
    whole = {"dkim_key_file": "/etc/countersign/dkim.pem", "dkim_selector": "fall26", "dkim_domain": "association.org"}
    (fault,) = refused(tmp_path, **whole | {missing: ""})
    assert "CAMPAIGN_DKIM" in fault


def test_comments_of_a_simulation_stay_on_this_machine_and_real_ones_go_to_the_real_portal(tmp_path: Path) -> None:
    made = Settings.from_env({"CAMPAIGN_VAR_DIR": str(tmp_path)})
    assert made.regulations_url == "http://127.0.0.1:8026/regulations/v4"
    assert made.regulations_key
    real = Settings.from_env({"CAMPAIGN_VAR_DIR": str(tmp_path)} | PRODUCTION)
    assert real.regulations_url == "https://api.regulations.gov/v4"
    assert real.regulations_key == ""  # members file there themselves
    key = {"CAMPAIGN_REGULATIONS_KEY": "a-key-of-the-portal"}
    assert "a-key-of-the-portal" not in repr(Settings.from_env({"CAMPAIGN_VAR_DIR": str(tmp_path)} | PRODUCTION | key))


@pytest.mark.parametrize(
    "url", ["http://api.regulations.example/v4", "http://127.0.0.1:8026/v4", "ftp://x/v4", "https:///v4"]
)
def test_the_portals_key_does_not_travel_in_clear(tmp_path: Path, url: str) -> None:
    assert "CAMPAIGN_REGULATIONS_URL" in refused(tmp_path, regulations_url=url)[0]


def test_a_simulation_reaches_for_no_real_portal(tmp_path: Path) -> None:
    environ = {"CAMPAIGN_VAR_DIR": str(tmp_path), "CAMPAIGN_REGULATIONS_URL": "https://api.regulations.gov/v4"}
    with pytest.raises(CannotStart, match="an address of this machine"):
        Settings.from_env(environ)
