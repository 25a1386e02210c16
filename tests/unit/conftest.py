"""Unit tests touch no network and no database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from pytest_socket import disable_socket, enable_socket

# the same examples in every run: a property that fails, fails for everybody
settings.register_profile("house", derandomize=True, deadline=None, database=None, max_examples=100)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def no_network() -> Iterator[None]:
    disable_socket()
    yield
    enable_socket()
