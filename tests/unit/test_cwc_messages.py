"""Which messages can be built, and what is said about the others: one line for each edge."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels.cwc import checker, lists, message, reader, validator
from campaign.channels.cwc.builder import build
from campaign.channels.cwc.message import cleaned
from campaign.domain.districts import all_codes
from campaign.domain.errors import Invalid
from tests.unit.cwc_samples import ABSENT, AT, DELIVERY_ID, GOOD, SENATE, found, problems, sample

_PLACES = {f"{part}.{name}" for part in ("agent", "organization", "member", "letter") for name in GOOD[part]} | set(
    GOOD
)
_FIELDS = sorted({each.rpartition(".")[2] for each in _PLACES})

GOOD_ONES: dict[str, dict[str, Any]] = {
    "the sample": {},
    "the Senate": SENATE,
    "a prefix of his own, at the House": {"member.prefix": "Mx."},
    "a rank, at the House": {"member.prefix": "Lieutenant Colonel"},
    **{f"{each}, at the Senate": SENATE | {"member.prefix": each} for each in lists.PREFIXES},
    "American Samoa": {"office": "HAQ00", "member.state": "AS"},
    "the Northern Marianas": {"office": "HMP00", "member.state": "MP"},
    "an id and a day to be made": {"delivery_id": None, "delivery_date": None},
    "an id of letters alone": {"delivery_id": "z" * 32},
    "everything optional absent": {
        "organization": None,
        "member.middle": None,
        "member.suffix": "",
        "member.title": " ",
        "member.employer": ABSENT,
        "member.address2": "\u00a0",
        "member.phone": None,
        "member.address_verified": None,
        "member.email_verified": None,
        "member.response_requested": ABSENT,
        "letter.more_info": None,
        "letter.bills": [],
        "letter.position": None,
        "letter.statement": None,
    },
    "a position without a bill": {"letter.bills": None, "letter.position": "con"},
    "no position and no bill": {"letter.bills": ABSENT, "letter.position": None},
    "only a statement": {"letter.message": ""},
    "only a message": {"letter.statement": "  \n "},
    "all topics": {"letter.topics": list(lists.TOPICS)},
    "a name of 1": {"member.first": "X"},
    "a name of 500": {"member.last": "x" * 500},
    "an employer of 2": {"member.employer": "3M"},
    "an employer of 500": {"member.employer": "x" * 500},
    "an address of 3": {"member.address1": "1 A"},
    "an address of 500": {"member.address1": "x" * 500},
    "a second line of 2": {"member.address2": "4B"},
    "a city of 3": {"member.city": "Ely"},
    "a subject of 6": {"letter.subject": "Please"},
    "a subject of 500": {"letter.subject": "x" * 500},
    "a statement of 6": {"letter.statement": "We do."},
    "a statement of 10,000": {"letter.statement": "x" * 10_000},
    "a message of 10,000 wide letters": {"letter.message": "\u00e9" * 10_000},
    "an association of 3": {"organization.name": "ABC"},
    "words about it of 6": {"organization.about": "Makers"},
    "words about it of 500": {"organization.about": "x" * 500},
    "a contact of 2": {"organization.contact_name": "Jo"},
    "an agent's contact of 6": {"agent.contact_name": "Jo Fen"},
    "nine digits of ZIP": {"member.zip": "89501-1234"},
    "a phone with a country": {"member.phone": "+1 (775) 555-0100"},
    "a plus in the address": {"member.email": "a+b@c.example"},
    "http": {"letter.more_info": "http://x.example"},
    **{f"a bill of type {each}": {"letter.bills[0].type": each} for each in lists.BILL_TYPES},
}

BAD_ONES: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "no chamber": ({"chamber": None}, [("chamber", "required")]),
    "another chamber": ({"chamber": "House"}, [("chamber", "not_in_list")]),
    "a chamber that is not the office's": ({"chamber": "senate"}, [("chamber", "wrong_chamber")]),
    "no office": ({"office": ""}, [("office", "required")]),
    "a district that does not exist": ({"office": "HNV05"}, [("office", "no_such_seat")]),
    "district 0 of a state with several": ({"office": "HNV00"}, [("office", "no_such_seat")]),
    "district 1 of a state with one": ({"office": "HWY01", "member.state": "WY"}, [("office", "no_such_seat")]),
    "a class that the state has not": (SENATE | {"office": "SNV02"}, [("office", "no_such_seat")]),
    "senators of DC": (SENATE | {"office": "SDC01", "member.state": "DC"}, [("office", "no_such_seat")]),
    "American Samoa under its postal code": ({"office": "HAS00", "member.state": "AS"}, [("office", "no_such_seat")]),
    "a test code": ({"office": "HDC98", "member.state": "DC"}, [("office", "no_such_seat")]),
    "an office in small letters": ({"office": "hnv02"}, [("office", "bad_format")]),
    "an office of Arabic digits": ({"office": "HNV٠٢"}, [("office", "bad_format")]),
    "an agency": ({"office": "USTR"}, [("office", "bad_format")]),
    "Mx. at the Senate": (SENATE | {"member.prefix": "Mx."}, [("member.prefix", "not_in_list")]),
    "Mr without its dot at the Senate": (SENATE | {"member.prefix": "Mr"}, [("member.prefix", "not_in_list")]),
    "no prefix": ({"member.prefix": None}, [("member.prefix", "required")]),
    "no first name": ({"member.first": "\u200b \u00a0"}, [("member.first", "required")]),
    "a first name of controls": ({"member.first": "\x00\x07"}, [("member.first", "required")]),
    "a last name of 501": ({"member.last": "x" * 501}, [("member.last", "too_long")]),
    "a middle name of 501": ({"member.middle": "x" * 501}, [("member.middle", "too_long")]),
    "an employer of 1": ({"member.employer": "X"}, [("member.employer", "too_short")]),
    "an employer of 501": ({"member.employer": "x" * 501}, [("member.employer", "too_long")]),
    "an address of 2": ({"member.address1": "1A"}, [("member.address1", "too_short")]),
    "an address of 501": ({"member.address1": "x" * 501}, [("member.address1", "too_long")]),
    "a unit of one character": ({"member.address2": "4"}, [("member.address2", "too_short")]),
    "a second line of 501": ({"member.address2": "x" * 501}, [("member.address2", "too_long")]),
    "a city of 2": ({"member.city": "Ai"}, [("member.city", "too_short")]),
    "a city of 2 with blanks around": ({"member.city": "  Ai  "}, [("member.city", "too_short")]),
    "a city of 501": ({"member.city": "x" * 501}, [("member.city", "too_long")]),
    "no state": ({"member.state": None}, [("member.state", "required")]),
    "a state that is not the office's": ({"member.state": "CA"}, [("member.state", "wrong_state")]),
    "the House's letters for Samoa in an address": (
        {"office": "HAQ00", "member.state": "AQ"},
        [("member.state", "not_in_list")],
    ),
    "a state in full": ({"member.state": "Nevada"}, [("member.state", "not_in_list")]),
    **{f"military {each}": ({"member.state": each}, [("member.state", "military")]) for each in ("AA", "AE", "AP")},
    **{
        f"associated {each}": ({"member.state": each}, [("member.state", "no_congress")]) for each in ("FM", "MH", "PW")
    },
    "a ZIP of 4": ({"member.zip": "8950"}, [("member.zip", "bad_format")]),
    "a ZIP of 9 without hyphen": ({"member.zip": "895011234"}, [("member.zip", "bad_format")]),
    "a ZIP of Arabic digits": ({"member.zip": "٨٩٥٠١"}, [("member.zip", "bad_format")]),
    "an extension": ({"member.phone": "775-555-0100 x5"}, [("member.phone", "bad_format")]),
    "seven digits of phone": ({"member.phone": "555-0100"}, [("member.phone", "bad_format")]),
    "eleven digits that begin with 2": ({"member.phone": "2 775 555 0100"}, [("member.phone", "bad_format")]),
    "no phone of the agent": ({"agent.phone": None}, [("agent.phone", "required")]),
    "no e-mail": ({"member.email": ABSENT}, [("member.email", "required")]),
    **{
        f"the e-mail {each}": ({"member.email": each}, [("member.email", "bad_format")])
        for each in ("a@b", "@b.com", "a@.b.com", "a", "a@b.")
    },
    "an agent's contact of 5": ({"agent.contact_name": "Jo Fe"}, [("agent.contact_name", "too_short")]),
    "no agent": (
        {"agent": None},
        [(f"agent.{name}", "required") for name in ("name", "contact_name", "email", "phone", "ack_email")],
    ),
    "an association of 2": ({"organization.name": "AB"}, [("organization.name", "too_short")]),
    "words about it of 5": ({"organization.about": "Maker"}, [("organization.about", "too_short")]),
    "words about it of 501": ({"organization.about": "x" * 501}, [("organization.about", "too_long")]),
    "a contact of 1": ({"organization.contact_name": "J"}, [("organization.contact_name", "too_short")]),
    "no campaign": ({"campaign_key": " "}, [("campaign_key", "required")]),
    "a subject of 5": ({"letter.subject": "Help!"}, [("letter.subject", "too_short")]),
    "a subject of 501": ({"letter.subject": "x" * 501}, [("letter.subject", "too_long")]),
    "no topic": ({"letter.topics": []}, [("letter.topics", "required")]),
    "a topic of our own": ({"letter.topics": ["Energy", "Minerals"]}, [("letter.topics[1]", "not_in_list")]),
    "a topic without its comma": (
        {"letter.topics": ["Arts, Culture and Religion"]},
        [("letter.topics[0]", "not_in_list")],
    ),
    "a bill without a position": ({"letter.position": None}, [("letter.position", "required")]),
    "a position in capitals": ({"letter.position": "PRO"}, [("letter.position", "not_in_list")]),
    "a bill of a state": ({"letter.bills[0].type": "ab"}, [("letter.bills[0].type", "not_in_list")]),
    "a negative congress": ({"letter.bills[0].congress": -543}, [("letter.bills[0].congress", "not_positive")]),
    "a bill number 0": ({"letter.bills[0].number": 0}, [("letter.bills[0].number", "not_positive")]),
    "a bill without a number": ({"letter.bills[0].number": ABSENT}, [("letter.bills[0].number", "required")]),
    "a bill number of true": ({"letter.bills[0].number": True}, [("letter.bills[0].number", "wrong_type")]),
    "a bill number as text": ({"letter.bills[0].number": "4776"}, [("letter.bills[0].number", "wrong_type")]),
    "a bill number with a point": ({"letter.bills[0].number": 1.0}, [("letter.bills[0].number", "wrong_type")]),
    "neither statement nor message": (
        {"letter.statement": None, "letter.message": "\n"},
        [("letter.message", "required")],
    ),
    "a message of 5": ({"letter.message": "Help!"}, [("letter.message", "too_short")]),
    "a statement of 10,001": ({"letter.statement": "x" * 10_001}, [("letter.statement", "too_long")]),
    "a script for more": ({"letter.more_info": "javascript:alert(1)"}, [("letter.more_info", "bad_format")]),
    "a page without its site": ({"letter.more_info": "/magnets"}, [("letter.more_info", "bad_format")]),
    "an address that is none": ({"letter.more_info": "https://[x"}, [("letter.more_info", "bad_format")]),
    "an id of 31": ({"delivery_id": "a" * 31}, [("delivery_id", "bad_format")]),
    "an id with hyphens": ({"delivery_id": "a" * 31 + "-"}, [("delivery_id", "bad_format")]),
    "a day that is none": ({"delivery_date": "2026-02-30"}, [("delivery_date", "bad_format")]),
    "a day without hyphens": ({"delivery_date": "20261125"}, [("delivery_date", "bad_format")]),
    "a day by its week": ({"delivery_date": "2026-W48-3"}, [("delivery_date", "bad_format")]),
    "a statement that is none": ({"letter.statement": 5, "letter.message": None}, [("letter.statement", "wrong_type")]),
    "a number for a ZIP": ({"member.zip": 89501}, [("member.zip", "wrong_type")]),
    "a word for yes": ({"member.address_verified": "Y"}, [("member.address_verified", "wrong_type")]),
    "1 for yes": ({"member.email_verified": 1}, [("member.email_verified", "wrong_type")]),
    "a text for topics": ({"letter.topics": "Energy"}, [("letter.topics", "wrong_type")]),
    "a bill as text": ({"letter.bills": ["H.R. 1"]}, [("letter.bills[0]", "wrong_type")]),
    "a list for the member": ({"member": []}, [("member", "wrong_type")]),
    "a field that nobody knows": ({"member.nickname": "Annie"}, [("member.nickname", "unknown_field")]),
    "an object that nobody knows": ({"extras": {}}, [("extras", "unknown_field")]),
}


@pytest.mark.parametrize("name", GOOD_ONES)
def test_a_good_message_has_no_problem(name: str) -> None:
    assert found(sample(**GOOD_ONES[name])) == []


@pytest.mark.parametrize("name", BAD_ONES)
def test_a_bad_message_is_told_where_and_why(name: str) -> None:
    changes, expected = BAD_ONES[name]
    assert found(sample(**changes)) == expected


@pytest.mark.parametrize("data", [None, [], "x", 5, True])
def test_what_is_no_object_is_one_problem(data: Any) -> None:
    assert found(data) == [("", "wrong_type")]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_FIELDS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(_JSON)
def test_whatever_it_is_it_is_told_something(data: Any) -> None:
    assert problems(data)


@given(st.sampled_from(sorted(_PLACES)), _JSON)
def test_whatever_stands_in_one_place_is_built_or_told_there(place: str, value: Any) -> None:
    """What is built has no error, and what is told is told at that place or about it."""
    data = sample(**{place: value})
    told = problems(data)
    if told:
        return
    ready = message.dated(message.cleaned(reader.read(data).message), DELIVERY_ID, AT)
    assert checker.errors(checker.check(build(ready))) == []


def test_an_empty_object_is_told_all_that_is_missing() -> None:
    assert {code for _, code in found({})} == {"required"}
    assert ("member.city", "required") in found({})


def test_every_problem_says_in_a_sentence_what_to_do() -> None:
    for changes, _ in BAD_ONES.values():
        for each in problems(sample(**changes)):
            assert each.message.endswith(".") and each.message[0].isupper(), each
            assert set(each.as_json()) == {"field", "code", "message"}


def test_no_problem_repeats_what_was_given() -> None:
    """Problems are shown and logged: a name or an address in one would go with it."""
    secret = "Zyxwvut Quillfeather"
    for field in ("city", "zip", "email", "phone", "state", "prefix"):
        given = secret if field != "city" else "Zy"
        changes = SENATE | {f"member.{field}": given}
        assert problems(sample(**changes)), field
        assert not any("Zy" in each.message for each in problems(sample(**changes)))


@pytest.mark.parametrize("code", all_codes())
def test_each_of_the_541_seats_is_taken_with_its_own_state_and_no_other(code: str) -> None:
    state = {"AQ": "AS"}.get(code[1:3], code[1:3])
    chamber = "house" if code[0] == "H" else "senate"
    assert found(sample(chamber=chamber, office=code, **{"member.state": state})) == []
    other = "OH" if state != "OH" else "TX"
    assert ("member.state", "wrong_state") in found(sample(chamber=chamber, office=code, **{"member.state": other}))


def test_there_are_541_seats_and_every_other_code_of_their_shape_is_none() -> None:
    assert len(set(all_codes())) == 541
    states = sorted({code[1:3] for code in all_codes()} | {"AS", "AE", "FM", "XX"})
    taken = [
        f"{letter}{state}{number:02}"
        for letter in "HS"
        for state in states
        for number in range(100)
        if not any(f == "office" for f, _ in found({"office": f"{letter}{state}{number:02}"}))
    ]
    assert sorted(taken) == sorted(all_codes())


def test_words_say_which_code_to_give_instead() -> None:
    words = {code: problems({"office": code})[1].message for code in ("HNV05", "SNV02", "HWY01", "SDC01", "HAS00")}
    assert "HNV01 to HNV04" in words["HNV05"]
    assert "SNV01 or SNV03" in words["SNV02"]
    assert "HWY00" in words["HWY01"]
    assert "HDC00" in words["SDC01"]
    assert "HAQ00" in words["HAS00"]


def test_cleaning_twice_is_cleaning_once() -> None:
    untidy = sample(
        **{"member.city": " Re\u00a0no\t ", "letter.message": " a \r\n b\rc \n\n", "member.phone": "7755550100"}
    )
    once = cleaned(reader.read(untidy).message)
    assert cleaned(once) == once
    assert (once.member.city, once.letter.message, once.member.phone) == ("Re no", "a\nb\nc", "775-555-0100")


def test_reading_changes_nothing_of_what_it_was_given() -> None:
    before = copy.deepcopy(GOOD)
    validator.problems_of(reader.read(GOOD))
    assert before == GOOD


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"{", "line 1, column 2"),
        (b"", "no JSON"),
        (b"\xff\xfe{}", "UTF-8"),
        (b'{"office": "HNV01", "office": "HNV02"}', "office twice"),
        (b'{"letter": {"bills": [{"number": NaN}]}}', "NaN"),
        (b'{"x": ' + b"9" * 5000 + b"}", "number"),
        (b"[" * 100_000, "nested"),
    ],
)
def test_broken_json_is_told_in_a_sentence(raw: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        reader.parse(raw)


def test_a_mark_of_byte_order_is_no_fault() -> None:
    assert reader.parse(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
