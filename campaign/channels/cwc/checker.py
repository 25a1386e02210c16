"""The problems of a document as a gateway would find them, each an error or a warning.

Whether order counts is not known: a wrong one is a warning, except that a statement stands before a message. Whether
10,000 counts characters or octets is not known either: more octets alone are a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from campaign.channels.cwc import hygiene, lists, rules, schema, seats, xml
from campaign.channels.cwc.problems import Problem, Severity
from campaign.channels.cwc.schema import Element
from campaign.domain.districts import STATES, Chamber
from campaign.domain.errors import Invalid


def check(raw: bytes) -> list[Problem]:
    """In the order of the document; raises nothing."""
    try:
        root = xml.parse(raw)
    except Invalid as error:
        return [Problem("", error.field or "not_well_formed", str(error))]
    return [*_document(root)]


def errors(problems: list[Problem]) -> list[Problem]:
    return [each for each in problems if each.severity is Severity.ERROR]


def value(root: Any, path: str) -> str:
    """The cleaned text at a path like "Recipient/MemberOffice"; empty where there is none."""
    found = root.findtext(path)
    return hygiene.line(found or "")


def _document(root: Any) -> Iterator[Problem]:
    yield from _declaration(root)
    if root.tag != "CWC":
        yield Problem("", "wrong_root", "The outermost element is CWC, without a namespace.")
        return
    if any(each.nsmap for each in root.iter()):
        yield Problem("", "namespace", "The document declares a namespace: take the declaration out.")
    chamber = seats.chamber_of(value(root, "Recipient/MemberOffice")) or Chamber.HOUSE
    found = [*_container(root, schema.document(chamber), "", chamber)]
    yield from found
    yield from _across(root)


def _declaration(root: Any) -> Iterator[Problem]:
    info = root.getroottree().docinfo
    if info.xml_version != "1.0":
        yield Problem("", "xml_version", "Send XML 1.0.")
    if (info.encoding or "UTF-8").upper() not in ("UTF-8", "US-ASCII", "ASCII"):
        yield Problem("", "encoding", "Send UTF-8, and declare it or nothing.")


def _container(node: Any, wanted: Element, path: str, chamber: Chamber) -> Iterator[Problem]:
    yield from _plain(node, path)
    if any(text and text.strip() for text in (node.text, *(child.tail for child in node))):
        yield Problem(path, "stray_text", "Only elements stand here: take the text between them out.")
    yield from _known(node, wanted, path)
    yield from _in_order(node, wanted, path)
    for child in node:
        element = wanted.child(child.tag)
        if element is None:
            continue
        here = _below(path, child, node, element)
        yield from (
            _container(child, element, here, chamber) if element.children else _value(child, element, here, chamber)
        )


def _plain(node: Any, path: str) -> Iterator[Problem]:
    if node.attrib:
        yield Problem(path, "attribute", "No element has attributes: take them out.")


def _known(node: Any, wanted: Element, path: str) -> Iterator[Problem]:
    """Unknown, repeated and missing children."""
    tags = [child.tag for child in node]
    for tag in dict.fromkeys(tags):
        element = wanted.child(tag)
        if element is None:
            yield Problem(
                _joined(path, tag), "unknown_element", f"There is no such element in {wanted.name}: take it out."
            )
        elif tags.count(tag) > 1 and not element.many:
            yield Problem(_joined(path, tag), "repeated", "This element stands here once: keep one of them.")
    for element in wanted.children:
        if element.required and element.name not in tags:
            yield Problem(_joined(path, element.name), "required", "This element is missing.")
    if not tags and not any(element.required for element in wanted.children):
        words = "This container is empty: leave it out."
        yield Problem(path, "empty", words, Severity.WARNING)


def _in_order(node: Any, wanted: Element, path: str) -> Iterator[Problem]:
    order = [element.name for element in wanted.children]
    places = [order.index(child.tag) for child in node if child.tag in order]
    if places == sorted(places):
        return
    if _before(node, "ConstituentMessage", "OrganizationStatement"):
        words = "OrganizationStatement stands before ConstituentMessage: exchange them."
        yield Problem(_joined(path, "OrganizationStatement"), "order", words)
        places = [place for place in places if order[place] != "ConstituentMessage"]
        if places == sorted(places):
            return
    late = next(order[place] for number, place in enumerate(places) if place < max(places[:number], default=-1))
    words = f"This element comes too late; the usual order is {', '.join(order)}."
    yield Problem(_joined(path, late), "order", words, Severity.WARNING)


def _before(node: Any, first: str, second: str) -> bool:
    tags = [child.tag for child in node]
    return first in tags and second in tags and tags.index(first) < tags.index(second)


def _value(node: Any, wanted: Element, path: str, chamber: Chamber) -> Iterator[Problem]:
    yield from _plain(node, path)
    if len(node):
        yield Problem(path, "stray_element", "Only text stands here: take the elements in it out.")
        return
    text = (hygiene.paragraphs if wanted.keeps_lines else hygiene.line)(node.text or "")
    if not text:
        if not wanted.empty:
            words = (
                "This element is empty: fill it."
                if wanted.required
                else "This element is empty: fill it, or leave it out."
            )
            yield Problem(path, "required" if wanted.required else "too_short", words)
        return
    fault = wanted.rule(text)
    if fault is not None:
        dotted = wanted.name == "BillTypeAbbreviation" and text in lists.bill_types(Chamber.SENATE)
        mild = dotted and chamber is Chamber.HOUSE  # seen in the House's traffic once, and not known to be refused
        yield Problem(path, fault.code, fault.words, Severity.WARNING if mild else Severity.ERROR)
    elif wanted.keeps_lines and (octets := len(text.encode())) > rules.LONGEST:
        words = (
            f"This has {octets:,} octets, more than {rules.LONGEST:,}, though not so many characters: whether a gateway counts"
            " octets is not known."
        )
        yield Problem(path, "too_many_bytes", words, Severity.WARNING)


def _across(root: Any) -> Iterator[Problem]:
    """What concerns several elements together."""
    message, constituent = root.find("Message"), root.find("Constituent")
    if message is not None:
        if message.find("OrganizationStatement") is None and message.find("ConstituentMessage") is None:
            words = "Give OrganizationStatement, ConstituentMessage, or both."
            yield Problem("Message/ConstituentMessage", "required", words)
        if message.find("Bills") is not None and message.find("ProOrCon") is None:
            yield Problem("Message/ProOrCon", "required", "A bill needs a position: give Pro or Con.")
    if constituent is not None:
        home = seats.state_of(value(root, "Recipient/MemberOffice"))
        state = value(root, "Constituent/StateAbbreviation")
        if home and state in STATES and state != home:
            words = f"The office is one of {STATES[home].name}: send only what its own constituents wrote."
            yield Problem("Constituent/StateAbbreviation", "wrong_state", words)


def _below(path: str, child: Any, node: Any, element: Element) -> str:
    here = _joined(path, child.tag)
    return f"{here}[{node.findall(child.tag).index(child) + 1}]" if element.many else here


def _joined(path: str, tag: object) -> str:
    return f"{path}/{tag}" if path else str(tag)
