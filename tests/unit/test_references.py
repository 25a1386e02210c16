"""Links and return paths that survive the mail."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.domain.references import (
    ALPHABET,
    TOKEN_LENGTH,
    Token,
    TokenKind,
    TokenSigner,
    is_reference,
    new_reference,
)

SIGNER = TokenSigner("a secret for tests, of 32 characters and more")
KINDS = st.sampled_from(list(TokenKind))
REFERENCES = st.text(ALPHABET, min_size=13, max_size=13)


@pytest.mark.parametrize("kind", TokenKind)
def test_f02_five_thousand_links_of_each_kind_end_in_a_letter_or_a_digit(kind: TokenKind) -> None:
    seen = set()
    for _ in range(5_000):
        token = SIGNER.sign(kind, new_reference())
        assert re.fullmatch(r"[a-z][0-9a-z]{29}", token, re.ASCII)
        seen.add(token)
    assert len(seen) == 5_000


@given(KINDS, REFERENCES)
def test_f02_a_link_that_lost_its_last_character_is_no_link(kind: TokenKind, reference: str) -> None:
    token = SIGNER.sign(kind, reference)
    assert SIGNER.read(token[:-1]) is None
    assert SIGNER.read(token[1:]) is None
    assert SIGNER.read(token + "0") is None
    assert SIGNER.read("") is None


@given(KINDS, REFERENCES)
def test_a_token_is_read_back_also_in_upper_case(kind: TokenKind, reference: str) -> None:
    token = SIGNER.sign(kind, reference)
    assert len(token) == TOKEN_LENGTH == 30
    assert SIGNER.read(token) == SIGNER.read(token.upper()) == Token(kind, reference)


@given(KINDS, REFERENCES, st.integers(0, TOKEN_LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_changed_character_makes_a_token_worthless(kind: TokenKind, reference: str, place: int, new: str) -> None:
    token = SIGNER.sign(kind, reference)
    changed = token[:place] + new + token[place + 1 :]
    assert (SIGNER.read(changed) is None) == (changed != token)


@given(KINDS, KINDS, REFERENCES)
def test_a_token_of_one_kind_never_passes_for_another(kind: TokenKind, other: TokenKind, reference: str) -> None:
    swapped = str(other) + SIGNER.sign(kind, reference)[1:]
    assert (SIGNER.read(swapped) is not None) == (kind is other)


@given(st.text(max_size=60))
def test_anything_else_is_none_and_no_error(text: str) -> None:
    assert SIGNER.read(text) is None
    assert list(SIGNER.find(text)) == []


@pytest.mark.parametrize(
    "form",
    [
        "b+{}@bounces.association.example",
        "SRS0=Yx7k=ZZ=bounces.association.example=b+{}@forwarder.example",
        "SRS1=abc=forwarder.example==Yx7k=ZZ=bounces.association.example=b+{}@second.example",
        "prvs=1234ABCDEF=b+{}@bounces.association.example",
        "btv1==0123456789==b+{}@bounces.association.example",
        "IMCEAEX-_b+2B{}@relay.example",
        "x{}y",
        "abcdefghjkmn{}0123456789abcdefghjk",
        "<b+{}@BOUNCES.ASSOCIATION.EXAMPLE>",
    ],
)
def test_a_token_is_found_inside_a_rewritten_return_path(form: str) -> None:
    reference = new_reference()
    for token in (SIGNER.sign(TokenKind.LETTER, reference), SIGNER.sign(TokenKind.LETTER, reference).upper()):
        assert list(SIGNER.find(form.format(token))) == [Token(TokenKind.LETTER, reference)]


def test_every_token_of_a_text_is_found_in_order() -> None:
    first, second = (SIGNER.sign(TokenKind.LETTER, new_reference()) for _ in range(2))
    assert [token.reference for token in SIGNER.find(f"{first}{second} {first}")] == [
        first[1:14],
        second[1:14],
        first[1:14],
    ]


def test_a_new_secret_reads_the_links_of_the_old_one_and_signs_with_its_own() -> None:
    reference = new_reference()
    old = TokenSigner("the secret of last year, also long enough")
    new = TokenSigner("the secret of this year, also long enough", ("the secret of last year, also long enough",))
    assert new.read(old.sign(TokenKind.SIGN_IN, reference)) == Token(TokenKind.SIGN_IN, reference)
    assert old.read(new.sign(TokenKind.SIGN_IN, reference)) is None
    assert "secret" not in repr(new)


def test_the_same_reference_gives_the_same_link_so_that_a_reminder_carries_the_invitations() -> None:
    reference = new_reference()
    assert SIGNER.sign(TokenKind.INVITATION, reference) == SIGNER.sign(TokenKind.INVITATION, reference)


def test_a_return_path_fits_in_sixty_four_octets() -> None:
    assert len(f"b+{SIGNER.sign(TokenKind.LETTER, new_reference())}") <= 64


@given(REFERENCES)
def test_a_reference_is_told_from_other_text(reference: str) -> None:
    assert is_reference(reference)
    assert not is_reference(reference[:-1])
    assert not is_reference(reference + "\n")
    assert not is_reference(reference[:-1] + "u")  # not in the alphabet
