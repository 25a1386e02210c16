"""The document as a tree of elements in their order: what the checker, and the simulated gateways, hold a document against.

Our own statement of the format; it is not a file of either chamber.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from campaign.channels.cwc import rules
from campaign.channels.cwc.rules import Rule
from campaign.domain.districts import Chamber


@dataclass(frozen=True, slots=True)
class Element:
    """A value with a rule, or a container. `many`: it may be repeated; `keeps_lines`: its line ends are content."""

    name: str
    rule: Rule = rules.anything
    required: bool = True
    children: tuple[Element, ...] = ()
    many: bool = False
    keeps_lines: bool = False
    empty: bool = False  # an empty element is allowed

    def child(self, name: object) -> Element | None:
        return next((each for each in self.children if each.name == name), None)

    def walk(self) -> Iterator[Element]:
        yield self
        for each in self.children:
            yield from each.walk()


def _needs(name: str, rule: Rule = rules.anything) -> Element:
    return Element(name, rule)


def _may(name: str, rule: Rule = rules.anything, *, empty: bool = False, keeps_lines: bool = False) -> Element:
    return Element(name, rule, required=False, empty=empty, keeps_lines=keeps_lines)


@cache
def document(chamber: Chamber) -> Element:
    parts = (_needs("CWCVersion", rules.VERSION), _delivery(), _recipient(), _constituent(chamber), _message(chamber))
    return Element("CWC", children=parts)


def _delivery() -> Element:
    return Element(
        "Delivery",
        children=(
            _needs("DeliveryId", rules.DELIVERY_ID),
            _needs("DeliveryDate", rules.day),
            _needs("DeliveryAgent"),
            _needs("DeliveryAgentAckEmailAddress", rules.EMAIL),
            Element(
                "DeliveryAgentContact",
                children=(
                    _needs("DeliveryAgentContactName", rules.length(6)),
                    _needs("DeliveryAgentContactEmail", rules.EMAIL),
                    _needs("DeliveryAgentContactPhone", rules.PHONE),
                ),
            ),
            _may("Organization", rules.length(3)),
            Element(
                "OrganizationContact",
                required=False,
                children=(
                    _may("OrganizationContactName", rules.length(2)),
                    _may("OrganizationContactEmail", rules.EMAIL),
                    _may("OrganizationContactPhone", rules.PHONE),
                ),
            ),
            _may("OrganizationAbout", rules.length(6, 500)),
            _needs("CampaignId", rules.length(2, 500)),
        ),
    )


def _recipient() -> Element:
    return Element(
        "Recipient",
        children=(
            _needs("MemberOffice", rules.office),
            _may("IsResponseRequested", rules.YES_OR_NO),
            _may("NewsletterOptIn", rules.YES_OR_NO),
        ),
    )


def _constituent(chamber: Chamber) -> Element:
    return Element(
        "Constituent",
        children=(
            _needs("Prefix", rules.prefix(chamber)),
            _needs("FirstName", rules.NAME),
            _may("MiddleName", rules.length(0, 500), empty=True),
            _needs("LastName", rules.NAME),
            _may("Suffix", empty=True),
            _may("Title", empty=True),
            _may("ConstituentOrganization", rules.length(2, 500)),
            _needs("Address1", rules.length(3, 500)),
            _may("Address2", rules.length(2, 500)),
            _needs("City", rules.length(3, 500)),
            _needs("StateAbbreviation", rules.state),
            _needs("Zip", rules.ZIP),
            _may("Phone", rules.PHONE),
            _may("AddressValidation", rules.YES_OR_NO),
            _needs("Email", rules.EMAIL),
            _may("EmailValidation", rules.YES_OR_NO),
        ),
    )


def _message(chamber: Chamber) -> Element:
    topic = Element("LibraryOfCongressTopic", rules.TOPIC, many=True)
    bill = Element(
        "Bill",
        many=True,
        children=(
            _needs("BillCongress", rules.NUMBER),
            _needs("BillTypeAbbreviation", rules.bill_type_of(chamber)),
            _needs("BillNumber", rules.NUMBER),
        ),
    )
    return Element(
        "Message",
        children=(
            _needs("Subject", rules.SUBJECT),
            Element("LibraryOfCongressTopics", children=(topic,)),
            Element("Bills", required=False, children=(bill,)),
            _may("ProOrCon", rules.PRO_OR_CON),
            _may("OrganizationStatement", rules.TEXT, keeps_lines=True),
            _may("ConstituentMessage", rules.TEXT, keeps_lines=True),
            _may("MoreInfo", rules.url),
        ),
    )
