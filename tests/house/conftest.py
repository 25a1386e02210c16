"""House checks look at the whole: they need an application, and neither a database nor a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from campaign.app import create_app
from campaign.settings import Environment, Settings


@pytest.fixture(scope="session")
def house_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("house")
    return Settings(
        env=Environment.TEST,
        var_dir=folder,
        database_url="sqlite://",
        broker_url="memory://",
        secret_key="a secret for tests, of 32 characters and more",
        inbox_maildir=folder / "inbox",
        log_level="ERROR",
    )


@pytest.fixture(scope="session")
def house_app(house_settings: Settings) -> Flask:
    return create_app(house_settings)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[2]
