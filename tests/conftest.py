"""For all tests: options, and no environment of the developer's."""

from __future__ import annotations

import os

import pytest

for name in [each for each in os.environ if each.startswith("CAMPAIGN_") and not each.startswith("CAMPAIGN_TEST_")]:
    del os.environ[name]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests that take minutes, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    for item in items:
        if "long" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="takes minutes: run with --long"))
