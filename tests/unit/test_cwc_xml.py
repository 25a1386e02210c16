"""The XML of a message, and what the checker says about documents."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from campaign.channels.cwc import checker, hygiene, ids, message, reader, xml
from campaign.channels.cwc.builder import build
from campaign.channels.cwc.message import Message
from tests.unit.cwc_samples import AT, SENATE, a_message, problems, sample, xml_of

PAYLOADS = Path(__file__).parent.parent / "payloads" / "cwc"
_NAMES = """CWC CWCVersion Delivery DeliveryId DeliveryDate DeliveryAgent DeliveryAgentAckEmailAddress DeliveryAgentContact
DeliveryAgentContactName DeliveryAgentContactEmail DeliveryAgentContactPhone Organization OrganizationContact
OrganizationContactName OrganizationContactEmail OrganizationContactPhone OrganizationAbout CampaignId Recipient MemberOffice
IsResponseRequested NewsletterOptIn Constituent Prefix FirstName MiddleName LastName Suffix Title ConstituentOrganization
Address1 Address2 City StateAbbreviation Zip Phone AddressValidation Email EmailValidation Message Subject
LibraryOfCongressTopics LibraryOfCongressTopic LibraryOfCongressTopic Bills Bill BillCongress BillTypeAbbreviation BillNumber
ProOrCon OrganizationStatement ConstituentMessage MoreInfo"""
ORDER = _NAMES.split()


def codes(document: str | bytes) -> list[tuple[str, str, str]]:
    raw = document.encode() if isinstance(document, str) else document
    return [(each.field, each.code, str(each.severity)) for each in checker.check(raw)]


def test_elements_stand_in_the_one_order() -> None:
    document = build(a_message(**{"member.newsletter_opt_in": True}))
    assert [each.tag for each in etree.fromstring(document).iter()] == ORDER


def test_every_element_has_a_line_of_its_own() -> None:
    lines = xml_of(**{"letter.statement": "One line.", "letter.message": "Another."}).splitlines()
    assert all(len(re.findall(r"<\w", line)) <= 1 for line in lines)


@pytest.mark.parametrize("chamber", [{}, SENATE])
def test_what_is_built_has_no_problem(chamber: dict[str, Any]) -> None:
    assert codes(build(a_message(**chamber))) == []


def test_samples_that_are_kept_are_what_is_built() -> None:
    for name, changes in (("house", {}), ("senate", SENATE)):
        assert (PAYLOADS / f"{name}.xml").read_bytes() == build(a_message(**changes)), name


def test_bills_are_written_as_the_chamber_writes_them() -> None:
    change = {"letter.bills[0].type": "hconres"}
    assert "<BillTypeAbbreviation>hconres<" in xml_of(**change)
    assert "<BillTypeAbbreviation>H.Con.Res<" in xml_of(**SENATE, **change)


@pytest.mark.parametrize(("value", "written"), [(True, "Y"), (False, "N"), (None, None)])
def test_what_was_not_tried_is_not_said(value: bool | None, written: str | None) -> None:
    names = {
        "address_verified": "Constituent/AddressValidation",
        "email_verified": "Constituent/EmailValidation",
        "newsletter_opt_in": "Recipient/NewsletterOptIn",
        "response_requested": "Recipient/IsResponseRequested",
    }
    root = etree.fromstring(build(a_message(**{f"member.{name}": value for name in names})))
    assert {path: root.findtext(path) for path in names.values()} == dict.fromkeys(names.values(), written)


@pytest.mark.parametrize("same", ["We support  it.\n", "WE SUPPORT IT.", "We support it."])
def test_of_two_texts_that_say_the_same_the_statement_stays(same: str) -> None:
    root = etree.fromstring(build(a_message(**{"letter.statement": "We support it.", "letter.message": same})))
    assert root.findtext("Message/OrganizationStatement") == "We support it."
    assert root.find("Message/ConstituentMessage") is None


def test_an_association_without_contact_has_no_empty_container() -> None:
    of = {"name": "Bluestem", "about": None, "contact_name": "", "contact_email": None, "contact_phone": None}
    assert "OrganizationContact" not in xml_of(organization=of)


def test_more_info_stands_last_or_before_the_texts() -> None:
    last, first = (build(a_message(), more_info_first=each) for each in (False, True))
    assert [each.tag for each in etree.fromstring(last).find("Message")][-3:] == [
        "OrganizationStatement",
        "ConstituentMessage",
        "MoreInfo",
    ]
    assert [each.tag for each in etree.fromstring(first).find("Message")][-3:] == [
        "MoreInfo",
        "OrganizationStatement",
        "ConstituentMessage",
    ]
    assert checker.errors(checker.check(first)) == []


def test_the_campaign_id_is_the_digest_of_its_key_alone() -> None:
    wanted = hashlib.sha256(b"minerals/P1/pro").hexdigest()
    assert ids.campaign_key("minerals", "P1", "pro") == "minerals/P1/pro"
    assert f"<CampaignId>{wanted}</CampaignId>" in xml_of()
    assert f"<CampaignId>{wanted}</CampaignId>" in xml_of(
        **SENATE, **{"member.first": "Zed", "letter.subject": "Another"}
    )
    keys = {ids.campaign_key("a", card, stance) for card in ("P1", "P2") for stance in ("pro", "con", "")}
    assert len({ids.campaign_id(each) for each in keys}) == 6


def test_made_ids_fit_and_differ() -> None:
    made = [ids.new_delivery_id() for _ in range(100)]
    assert len(set(made)) == 100
    assert all(re.fullmatch("[a-zA-Z0-9]{32}", each) for each in made)


def test_the_day_is_that_of_washington() -> None:
    late = AT.replace(hour=4, minute=59)  # 23:59 on the day before
    assert message.dated(Message(), "x", late).delivery_date == "2026-11-24"
    assert message.dated(Message(delivery_date="2026-01-02"), "x", late).delivery_date == "2026-01-02"


def test_the_same_message_is_the_same_document() -> None:
    assert build(a_message()) == build(a_message())


HOSTILE = [
    "]]>",
    "<![CDATA[x]]>",
    "</ConstituentMessage><Extra/>",
    "<!DOCTYPE x>",
    "&lt;&#60;&amp;",
    "a\x00b\x0bc\x1fd\ufffee\uffff",
    "\ud800 half \udfff",
    "\U0001f600 \U0010ffff",
    "e\u0301 and \u212b",
    "nb\u00a0space",
    "\u2028\u2029\u0085",
    "<?xml version='1.0'?>",
    "\u202eright to left",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    given = f"begin {text} end"
    root = etree.fromstring(build(a_message(**{"letter.message": given, "member.last": given})))
    assert root.findtext("Message/ConstituentMessage") == hygiene.paragraphs(given)
    assert root.findtext("Constituent/LastName") == hygiene.line(given)
    assert [child.tag for child in root] == ["CWCVersion", "Delivery", "Recipient", "Constituent", "Message"]


_TEXT = st.text(st.characters(codec=None), max_size=40)
_LONG = st.text(max_size=30).map(lambda text: f"Words {text} end")
_PATHS = {
    "member.first": "Constituent/FirstName",
    "member.middle": "Constituent/MiddleName",
    "member.last": "Constituent/LastName",
    "member.suffix": "Constituent/Suffix",
    "member.title": "Constituent/Title",
    "member.employer": "Constituent/ConstituentOrganization",
    "member.address1": "Constituent/Address1",
    "member.address2": "Constituent/Address2",
    "member.city": "Constituent/City",
    "organization.name": "Delivery/Organization",
    "agent.name": "Delivery/DeliveryAgent",
    "letter.subject": "Message/Subject",
}


@given(values=st.fixed_dictionaries(dict.fromkeys(_PATHS, _TEXT)), statement=_LONG, own=_LONG)
def test_whatever_is_accepted_comes_back_from_a_parser_as_it_was_cleaned(
    values: dict[str, str], statement: str, own: str
) -> None:
    data = sample(**values, **{"letter.statement": statement, "letter.message": own})
    bad = {each.field for each in problems(data)}
    if bad:  # what cannot be sent is put right, so that the rest is looked at
        data = sample(**{k: v for k, v in values.items() if k not in bad}, **{"letter.statement": statement + "!"})
    assert problems(data) == []
    ready = message.cleaned(reader.read(data).message)
    document = build(ready)
    root = etree.fromstring(document)
    for path, element in _PATHS.items():
        part, name = path.split(".")
        assert (root.findtext(element) or "") == getattr(getattr(ready, part), name), path
    assert root.findtext("Message/OrganizationStatement") == ready.letter.statement
    assert checker.errors(checker.check(document)) == []
    assert message.cleaned(ready) == ready


def _moved(document: str, name: str, before: str) -> str:
    """The element `name` put before the element `before`."""
    found = re.search(rf"\s*<{name}>.*?</{name}>", document, re.DOTALL)
    assert found is not None
    rest = document.replace(found[0], "")
    return rest.replace(f"<{before}>", f"{found[0].strip()}<{before}>")


def _without(document: str, name: str) -> str:
    return re.sub(rf"\s*<{name}>.*?</{name}>", "", document, count=1, flags=re.DOTALL)


def _with(document: str, name: str, text: str) -> str:
    return re.sub(rf"<{name}>.*?</{name}>", lambda _: f"<{name}>{text}</{name}>", document, count=1, flags=re.DOTALL)


DOCUMENTS: dict[str, tuple[Any, list[tuple[str, str, str]]]] = {
    "statement after message": (
        lambda d: _moved(d, "ConstituentMessage", "OrganizationStatement"),
        [("Message/OrganizationStatement", "order", "error")],
    ),
    "campaign id first": (
        lambda d: _moved(d, "CampaignId", "DeliveryId"),
        [("Delivery/DeliveryId", "order", "warning")],
    ),
    "more info before the texts": (
        lambda d: _moved(d, "MoreInfo", "OrganizationStatement"),
        [("Message/OrganizationStatement", "order", "warning")],
    ),
    "parts in another order": (
        lambda d: _moved(d, "Recipient", "Delivery"),
        [("Delivery", "order", "warning")],
    ),
    "an old name": (
        lambda d: d.replace("ConstituentOrganization>", "Organization>"),
        [("Constituent/Organization", "unknown_element", "error")],
    ),
    "Address3": (
        lambda d: d.replace("<City>", "<Address3>x</Address3><City>"),
        [("Constituent/Address3", "unknown_element", "error")],
    ),
    "two cities": (
        lambda d: d.replace("<City>Reno</City>", "<City>Reno</City><City>Reno</City>"),
        [("Constituent/City", "repeated", "error")],
    ),
    "no city": (lambda d: _without(d, "City"), [("Constituent/City", "required", "error")]),
    "an empty city": (lambda d: _with(d, "City", " "), [("Constituent/City", "required", "error")]),
    "an empty phone": (lambda d: _with(d, "Phone", ""), [("Constituent/Phone", "too_short", "error")]),
    "an empty suffix": (lambda d: _with(d, "Suffix", ""), []),
    "an attribute": (lambda d: d.replace("<City>", '<City a="b">'), [("Constituent/City", "attribute", "error")]),
    "a namespace": (lambda d: d.replace("<CWC>", '<CWC xmlns="urn:x">'), [("", "wrong_root", "error")]),
    "a namespace that nothing uses": (
        lambda d: d.replace("<City>", '<City xmlns:x="urn:x">'),
        [("", "namespace", "error")],
    ),
    "an element of a namespace": (
        lambda d: d.replace("<City>Reno</City>", '<x:City xmlns:x="urn:x">Reno</x:City>'),
        [
            ("", "namespace", "error"),
            ("Constituent/{urn:x}City", "unknown_element", "error"),
            ("Constituent/City", "required", "error"),
        ],
    ),
    "text between elements": (lambda d: d.replace("<City>", "x<City>"), [("Constituent", "stray_text", "error")]),
    "an element in a text": (
        lambda d: _with(d, "City", "Re<b>no</b>"),
        [("Constituent/City", "stray_element", "error")],
    ),
    "version 1.0": (lambda d: _with(d, "CWCVersion", "1.0"), [("CWCVersion", "not_in_list", "error")]),
    "a short id": (lambda d: _with(d, "DeliveryId", "abc"), [("Delivery/DeliveryId", "bad_format", "error")]),
    "a day with hyphens": (
        lambda d: _with(d, "DeliveryDate", "2026-11-25"),
        [("Delivery/DeliveryDate", "bad_format", "error")],
    ),
    "small letters for yes": (lambda d: _with(d, "AddressValidation", "y"), []),
    "perhaps": (
        lambda d: _with(d, "AddressValidation", "?"),
        [("Constituent/AddressValidation", "bad_format", "error")],
    ),
    "PRO": (lambda d: _with(d, "ProOrCon", "pRO"), []),
    "neutral": (lambda d: _with(d, "ProOrCon", "Neutral"), [("Message/ProOrCon", "bad_format", "error")]),
    "a bill without a position": (lambda d: _without(d, "ProOrCon"), [("Message/ProOrCon", "required", "error")]),
    "no bill in the container": (lambda d: _without(d, "Bill"), [("Message/Bills/Bill", "required", "error")]),
    "no topic": (
        lambda d: _with(d, "LibraryOfCongressTopics", ""),
        [("Message/LibraryOfCongressTopics/LibraryOfCongressTopic", "required", "error")],
    ),
    "a second topic that is none": (
        lambda d: d.replace("Commerce", "Trade"),
        [("Message/LibraryOfCongressTopics/LibraryOfCongressTopic[2]", "not_in_list", "error")],
    ),
    "a negative congress": (
        lambda d: _with(d, "BillCongress", "-543"),
        [("Message/Bills/Bill[1]/BillCongress", "bad_format", "error")],
    ),
    "dots for the House": (
        lambda d: _with(d, "BillTypeAbbreviation", "H.R."),
        [("Message/Bills/Bill[1]/BillTypeAbbreviation", "not_in_list", "warning")],
    ),
    "a military state": (
        lambda d: _with(d, "StateAbbreviation", "AE"),
        [("Constituent/StateAbbreviation", "military", "error")],
    ),
    "another state": (
        lambda d: _with(d, "StateAbbreviation", "CA"),
        [("Constituent/StateAbbreviation", "wrong_state", "error")],
    ),
    "a seat that is none": (
        lambda d: _with(d, "MemberOffice", "HNV09"),
        [("Recipient/MemberOffice", "no_such_seat", "error")],
    ),
    "no text at all": (
        lambda d: _without(_without(d, "OrganizationStatement"), "ConstituentMessage"),
        [("Message/ConstituentMessage", "required", "error")],
    ),
    "many octets": (
        lambda d: _with(d, "ConstituentMessage", "é" * 9_000),
        [("Message/ConstituentMessage", "too_many_bytes", "warning")],
    ),
    "many characters": (
        lambda d: _with(d, "ConstituentMessage", "x" * 10_001),
        [("Message/ConstituentMessage", "too_long", "error")],
    ),
    "an empty contact": (
        lambda d: _with(d, "OrganizationContact", ""),
        [("Delivery/OrganizationContact", "empty", "warning")],
    ),
    "CDATA": (lambda d: _with(d, "ConstituentMessage", "<![CDATA[a < b & c > d]]>"), []),
    "a comment": (lambda d: _with(d, "City", "Re<!-- x -->no"), []),
    "not well-formed": (lambda d: d.replace("</CWC>", ""), [("", "not_well_formed", "error")]),
    "two documents": (lambda d: d + d.split("?>")[1], [("", "not_well_formed", "error")]),
    "a DTD": (lambda d: d.replace("<CWC>", "<!DOCTYPE CWC><CWC>"), [("", "dtd", "error")]),
    "an entity": (
        lambda d: _with(d.replace("<CWC>", "<!DOCTYPE CWC [<!ENTITY e 'x'>]><CWC>"), "City", "&e;eno"),
        [("", "dtd", "error")],
    ),
    "a file of the machine": (
        lambda d: _with(
            d.replace("<CWC>", '<!DOCTYPE CWC [<!ENTITY e SYSTEM "file:///etc/hostname">]><CWC>'), "City", "&e;"
        ),
        [("", "dtd", "error")],
    ),
    "nothing": (lambda _: "", [("", "not_well_formed", "error")]),
    "another encoding": (lambda d: d.replace("UTF-8", "ISO-8859-1"), [("", "encoding", "error")]),
    "another root": (lambda d: d.replace("CWC>", "Cwc>"), [("", "wrong_root", "error")]),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_told_what_is_wrong_with_it(name: str) -> None:
    change, expected = DOCUMENTS[name]
    assert codes(change(xml_of())) == expected


def test_at_the_senate_dots_are_needed() -> None:
    document = xml_of(**SENATE)
    assert codes(_with(document, "BillTypeAbbreviation", "hr"))[0][1:] == ("not_in_list", "error")
    assert codes(_with(document, "BillTypeAbbreviation", "H.Con.Res.")) != []
    assert codes(_with(document, "BillTypeAbbreviation", "H.Con.Res")) == []
    assert codes(_with(document, "Prefix", "Mx.")) == [("Constituent/Prefix", "not_in_list", "error")]


def test_a_thousand_million_laughs_are_a_problem_and_no_memory() -> None:
    entities = '<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 30))
    bomb = xml_of().replace("<CWC>", f"<!DOCTYPE CWC [{entities}]><CWC>").replace("Reno<", "&l29;<")
    assert codes(bomb)[0][2] == "error"


def test_a_document_of_megabytes_is_refused_before_it_is_parsed() -> None:
    assert codes(b"<CWC>" + b"x" * xml.MOST + b"</CWC>") == [("", "too_long", "error")]


@given(st.binary(max_size=200))
def test_any_octets_are_told_something(raw: bytes) -> None:
    assert checker.check(raw)


def test_no_problem_of_a_document_repeats_what_stands_in_it() -> None:
    document = _with(_with(xml_of(), "Email", "zyxwvut"), "Zip", "zyxwvut")
    assert not any("zyxwvut" in each.message for each in checker.check(document.encode()))
