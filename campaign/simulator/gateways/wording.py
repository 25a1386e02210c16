"""Error documents in the two wordings that were seen, with the constituent's own value in them, as the real ones have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lxml import etree

from campaign.channels.cwc.problems import Problem

_CONSTRAINTS = {
    "too_short": "MinLength",
    "too_long": "MaxLength",
    "not_in_list": "Enumeration",
    "military": "Enumeration",
    "no_congress": "Enumeration",
}


def errors(problems: Sequence[Problem], root: Any, wording: str, *, twice: bool) -> bytes:
    """One Error for each problem, or two with the same words."""
    texts = [_text(each, root, wording) for each in problems]
    return document([text for text in texts for _ in range(2 if twice else 1)])


def document(texts: Sequence[str]) -> bytes:
    root = etree.Element("Errors")
    for text in texts:
        etree.SubElement(root, "Error").text = text
    made: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return made


def _text(problem: Problem, root: Any, wording: str) -> str:
    name = problem.field.rpartition("/")[2].partition("[")[0] or "CWC"
    value = " ".join((root.findtext(problem.field) or "").split())
    parent = problem.field.rpartition("/")[0].rpartition("/")[2] or "CWC"
    if wording == "relax":
        if problem.code == "unknown_element":
            return f"Did not expect element {name} there"
        if problem.code == "required":
            return f"Expecting an element {name}, got nothing"
        return f"Element {name} failed to validate content: {value}"
    if problem.code == "unknown_element":
        return f"The element '{parent}' has invalid child element '{name}'."
    if problem.code == "required":
        return f"The element '{parent}' has incomplete content. List of possible elements expected: '{name}'."
    constraint = _CONSTRAINTS.get(problem.code, "Pattern")
    return (
        f"The '{name}' element is invalid - The value '{value}' is invalid according to its datatype '{name.lower()}_type' - The"
        f" {constraint} constraint failed."
    )
