"""Every error body that was seen or may be expected: what it means, and that nothing of a constituent is passed on."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels.cwc import answers
from campaign.channels.cwc.gateway import Gateway
from campaign.channels.http import Answer
from campaign.domain.districts import Chamber
from campaign.domain.errors import IN_DOUBT, ChannelError, Misconfigured, Refused, TryLater, Unclear
from campaign.domain.parcels import Outcome, Receipt
from tests.unit.cwc_samples import DELIVERY_ID

PAYLOADS = Path(__file__).parent.parent / "payloads" / "cwc"
KEY = "SECRETKEY0123456789"
HOUSE = Gateway(Chamber.HOUSE, "https://cwc.house.gov/v2/message", key=KEY, direct_egress=True)

DOTNET = (
    "The 'Email' element is invalid - The value 'ann.cottonwood@c.example' is invalid according to its datatype 'email_type' -"
    " The Pattern constraint failed."
)
RELAX = (
    "Element Constituent failed to validate content. Did not expect element Nickname there: Ann Cottonwood, 12 Demo Way"
)


def errors_of(*texts: str) -> str:
    return "<?xml version='1.0'?><Errors>" + "".join(f"<Error>{text}</Error>" for text in texts) + "</Errors>"


def means(
    status: int, body: str = "", *, repeated: bool = False, in_doubt: bool = False, wish: float | None = None
) -> Outcome:
    answer = Answer(status, body, retry_after_s=wish)
    return answers.outcome(answer, HOUSE, delivery_id=DELIVERY_ID, repeated=repeated, in_doubt=in_doubt)


BODIES = {
    ".NET wording": (errors_of(DOTNET), ["Email"]),
    "RELAX NG wording": (errors_of(RELAX), ["Constituent"]),
    "the same twice": (errors_of(DOTNET, DOTNET), ["Email"]),
    "several, in order": (errors_of(DOTNET.replace("Email", "Zip"), DOTNET), ["Zip", "Email"]),
    "a namespace": (errors_of(DOTNET).replace("<Errors>", '<Errors xmlns="urn:x">'), ["Email"]),
    "plain text": (DOTNET, ["Email"]),
    "parse error": ("XML Parse Error", []),
    "broken XML": ("<Errors><Error>The 'Zip' element is invalid", ["Zip"]),
    "another XML": ("<Fault><Reason>The 'City' element is invalid</Reason></Fault>", ["City"]),
    "a web page": ("<!DOCTYPE html><html><body>Ann Cottonwood</body></html>", []),
    "nothing": ("", []),
    "JSON": ('{"error": "ann.cottonwood@c.example"}', []),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_refusal_names_the_element_and_nothing_of_the_constituent(name: str) -> None:
    body, named = BODIES[name]
    assert answers.elements(Answer(400, body)) == named
    outcome = means(400, body)
    assert isinstance(outcome, Refused)
    assert not outcome.falls_through
    told = f"{outcome} {outcome.answer}"
    assert all(each in told for each in named)
    for secret in ("ann", "cottonwood", "12", "demo", "c.example"):
        assert secret not in told.lower().split(), secret
        assert secret not in told.lower() or secret in ("ann", "12", "demo")


@pytest.mark.parametrize(
    ("name", "named", "told"),
    [
        ("errors_dotnet.xml", ["Email", "Constituent"], 2),
        ("errors_relaxng.xml", ["Zip"], 2),
        ("not_enabled.txt", [], 1),
        ("parse_error.txt", [], 1),
        ("page.html", [], 0),
    ],
)
def test_bodies_that_are_kept_are_read(name: str, named: list[str], told: int) -> None:
    answer = Answer(400, (PAYLOADS / name).read_text())
    assert (answers.elements(answer), len(answers.errors(answer))) == (named, told)
    assert "ottonwood" not in "".join(answers.errors(answer))


def test_the_same_error_is_told_once_and_in_order() -> None:
    told = answers.errors(Answer(400, errors_of(DOTNET, RELAX, DOTNET)))
    assert len(told) == 2
    assert told[0] == (
        "The Email element is invalid - The value … is invalid according to its datatype … - The Pattern constraint failed."
    )


@pytest.mark.parametrize(
    "body",
    [
        "Message delivery is not enabled for HNV02",
        errors_of("Message delivery is not enabled for HNV02"),
        errors_of("Office SNV01 is not active"),
    ],
)
def test_an_office_that_takes_no_letters_lets_another_way_have_it(body: str) -> None:
    outcome = means(400, body)
    assert isinstance(outcome, Refused)
    assert (outcome.falls_through, outcome.code) == (True, "400")


def test_a_constituents_own_words_do_not_close_an_office() -> None:
    said = "The 'Subject' element is invalid - The value 'Delivery is not enabled for anybody' is invalid"
    outcome = means(400, errors_of(said))
    assert isinstance(outcome, Refused)
    assert not outcome.falls_through


def test_an_office_that_closed_after_a_try_without_answer_lets_no_other_way_have_it() -> None:
    assert isinstance(means(400, "Message delivery is not enabled for HNV02", repeated=True, in_doubt=True), Unclear)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_yes_is_a_receipt_with_our_delivery_id(status: int) -> None:
    assert means(status, "Message Accepted") == Receipt(f"{status} Message Accepted", DELIVERY_ID)


def test_a_web_page_instead_of_a_yes_is_no_yes() -> None:
    assert isinstance(means(200, "<html><body>Please sign in to the network</body></html>"), Unclear)


def test_the_id_being_known_means_arrival_on_a_retry_and_trouble_on_a_first_try() -> None:
    assert isinstance(means(409, "Duplicate", repeated=True), Receipt)
    first = means(409, "Duplicate")
    assert isinstance(first, Refused)
    assert (first.code, first.falls_through) == ("409", False)


@pytest.mark.parametrize("status", [301, 401, 403, 404, 405, 415])
def test_what_settings_are_to_blame_for_uses_no_try(status: int) -> None:
    outcome = means(status, f"key {KEY} unknown")
    assert isinstance(outcome, Misconfigured)
    assert KEY not in f"{outcome} {outcome.answer}"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_is_busy_is_asked_again(status: int) -> None:
    outcome = means(status, wish=90.0)
    assert isinstance(outcome, TryLater)
    assert (outcome.code, outcome.retry_after_s, outcome.used_a_try) == (str(status), 90.0, True)


def test_a_doubt_stays_a_doubt() -> None:
    outcome = means(503, repeated=True, in_doubt=True)
    assert isinstance(outcome, TryLater)
    assert outcome.code == IN_DOUBT


@given(st.text(max_size=300))
def test_whatever_is_said_is_put_into_words_of_the_list(text: str) -> None:
    for status in (200, 400, 401, 409, 503):
        outcome = means(status, f"{text} Zyxwvut")
        told = outcome.answer if isinstance(outcome, Receipt) else f"{outcome} {outcome.answer}"
        assert "Zyxwvut" not in told
        assert isinstance(outcome, (Receipt, ChannelError))


def test_a_body_of_any_length_is_told_in_a_few_words() -> None:
    outcome = means(400, errors_of(*(f"The 'Zip' element is invalid {'x ' * number}" for number in range(500))))
    assert isinstance(outcome, Refused)
    assert len(outcome.answer) < 20 * 310
