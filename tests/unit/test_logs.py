"""No address and no token of ours reaches a log, whoever writes it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from campaign import logs
from campaign.domain.references import ALPHABET, TokenKind, TokenSigner, new_reference

SIGNER = TokenSigner("a secret for tests, of 32 characters and more")
CANARIES = ["ada.quillback@canary.example", "<b+x@bounces.canary.example>", "O'Neil+tag@sub.canary.example"]


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("as_json", [True, False])
def test_our_own_lines_lose_addresses_and_tokens(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", as_json=as_json)
    token = SIGNER.sign(TokenKind.SIGN_IN, new_reference())
    structlog.get_logger().info("taken", answer=f"250 for {CANARIES[0]}", path=f"/go/{token}", letter=118)
    line = capsys.readouterr().out
    assert "canary.example" not in line
    assert token not in line
    assert "[address]" in line and "[token]" in line and "118" in line
    if as_json:
        assert json.loads(line)["letter"] == 118


@pytest.mark.parametrize("canary", CANARIES)
def test_lines_of_libraries_lose_them_too(canary: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", as_json=True)
    logging.getLogger("some.library").warning("could not send to %s: %s", canary, {"to": canary})
    line = capsys.readouterr().err
    assert "canary" not in line
    assert "could not send to [address]" in line.replace("<[address]>", "[address]")


def test_a_trace_loses_them_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", as_json=True)
    try:
        raise ValueError(f"mailbox {CANARIES[0]} is full")
    except ValueError:
        structlog.get_logger().exception("unexpected")
        logging.getLogger("some.library").exception("unexpected")
    caught = capsys.readouterr()
    assert "ValueError" in caught.out and "ValueError" in caught.err
    assert "canary" not in caught.out + caught.err


@given(st.sampled_from(list(TokenKind)), st.text(ALPHABET, min_size=13, max_size=13))
def test_every_token_is_recognized(kind: TokenKind, reference: str) -> None:
    token = SIGNER.sign(kind, reference)
    entry = logs.scrub(None, "info", {"event": f"GET /go/{token} 200", "upper": token.upper(), "n": 3})
    assert entry["event"] == "GET /go/[token] 200"
    assert entry["upper"] == "[token]"
    assert entry["n"] == 3


def test_values_inside_other_values_are_scrubbed() -> None:
    entry = logs.scrub(None, "info", {"event": "x", "many": [CANARIES[0]], "by": {"to": CANARIES[0]}})
    assert "canary" not in repr(entry)


def test_ordinary_words_and_digests_stay() -> None:
    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    entry = logs.scrub(None, "info", {"event": "office HIN05 took it", "digest": digest})
    assert entry == {"event": "office HIN05 took it", "digest": digest}
