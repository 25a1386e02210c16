"""From a message to its XML: one order, every element on its own line, differences of the chambers in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lxml import etree

from campaign.channels.cwc import ids, lists, validator
from campaign.channels.cwc.message import Agent, Bill, Constituent, Message, Sponsor, Text, cleaned
from campaign.domain.districts import Chamber

Node = tuple[str, Any]
"""An element: its name, and its text or its children."""

VERSION = "2.0"


def build(message: Message, *, more_info_first: bool = False) -> bytes:
    """UTF-8, with declaration. The message has no problems, and an id and a date; the same message is the same document.

    `more_info_first`: MoreInfo before the texts and not after them. Sources differ about its place.
    """
    chamber, message = validator.chamber_of(message), cleaned(message)
    root = _element(
        "CWC",
        [
            ("CWCVersion", VERSION),
            ("Delivery", _delivery(message)),
            ("Recipient", _recipient(message)),
            ("Constituent", _constituent(message.member)),
            ("Message", _message(message, chamber, more_info_first)),
        ],
    )
    document: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return document


def _delivery(message: Message) -> list[Node]:
    agent: Agent = message.agent
    of: Sponsor = message.organization
    return [
        ("DeliveryId", message.delivery_id),
        ("DeliveryDate", message.delivery_date.replace("-", "")),
        ("DeliveryAgent", agent.name),
        ("DeliveryAgentAckEmailAddress", agent.ack_email),
        (
            "DeliveryAgentContact",
            [
                ("DeliveryAgentContactName", agent.contact_name),
                ("DeliveryAgentContactEmail", agent.email),
                ("DeliveryAgentContactPhone", agent.phone),
            ],
        ),
        ("Organization", of.name),
        (
            "OrganizationContact",
            [
                ("OrganizationContactName", of.contact_name),
                ("OrganizationContactEmail", of.contact_email),
                ("OrganizationContactPhone", of.contact_phone),
            ],
        ),
        ("OrganizationAbout", of.about),
        ("CampaignId", ids.campaign_id(message.campaign_key)),
    ]


def _recipient(message: Message) -> list[Node]:
    return [
        ("MemberOffice", message.office),
        ("IsResponseRequested", _flag(message.member.response_requested)),
        ("NewsletterOptIn", _flag(message.member.newsletter_opt_in)),
    ]


def _constituent(of: Constituent) -> list[Node]:
    return [
        ("Prefix", of.prefix),
        ("FirstName", of.first),
        ("MiddleName", of.middle),
        ("LastName", of.last),
        ("Suffix", of.suffix),
        ("Title", of.title),
        ("ConstituentOrganization", of.employer),
        ("Address1", of.address1),
        ("Address2", of.address2),
        ("City", of.city),
        ("StateAbbreviation", of.state),
        ("Zip", of.zip),
        ("Phone", of.phone),
        ("AddressValidation", _flag(of.address_verified)),
        ("Email", of.email),
        ("EmailValidation", _flag(of.email_verified)),
    ]


def _message(message: Message, chamber: Chamber, more_info_first: bool) -> list[Node]:
    said: Text = message.letter
    own = "" if validator.only_statement(message) else said.message
    texts = [("OrganizationStatement", said.statement), ("ConstituentMessage", own)]
    more = [("MoreInfo", said.more_info)]
    return [
        ("Subject", said.subject),
        ("LibraryOfCongressTopics", [("LibraryOfCongressTopic", topic) for topic in said.topics]),
        ("Bills", [("Bill", _bill(bill, chamber)) for bill in said.bills]),
        ("ProOrCon", said.position.capitalize()),
        *(more + texts if more_info_first else texts + more),
    ]


def _bill(bill: Bill, chamber: Chamber) -> list[Node]:
    return [
        ("BillCongress", str(bill.congress)),
        ("BillTypeAbbreviation", lists.bill_type(bill.type, chamber)),
        ("BillNumber", str(bill.number)),
    ]


def _flag(value: bool | None) -> str:
    return "" if value is None else "Y" if value else "N"


def _element(name: str, content: Sequence[Node]) -> Any:
    """Children without content are left out: absent is never an empty element."""
    made = etree.Element(name)
    for child, value in content:
        if isinstance(value, str) and value:
            etree.SubElement(made, child).text = value
        elif value and not isinstance(value, str):
            inner = _element(child, value)
            if len(inner):
                made.append(inner)
    return made
