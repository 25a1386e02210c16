"""The closed lists of the format: topics, states, prefixes, types of bill."""

from __future__ import annotations

from collections.abc import Mapping

from campaign.domain.districts import FREELY_ASSOCIATED, MILITARY, STATES, Chamber

TOPICS = (
    "Agriculture and Food",
    "Animals",
    "Armed Forces and National Security",
    "Arts, Culture, Religion",
    "Civil Rights and Liberties, Minority Issues",
    "Commerce",
    "Congress",
    "Crime and Law Enforcement",
    "Economics and Public Finance",
    "Education",
    "Emergency Management",
    "Energy",
    "Environmental Protection",
    "Families",
    "Finance and Financial Sector",
    "Foreign Trade and International Finance",
    "Government Operations and Politics",
    "Health",
    "Housing and Community Development",
    "Immigration",
    "International Affairs",
    "Labor and Employment",
    "Law",
    "Native Americans",
    "Public Lands and Natural Resources",
    "Science, Technology, Communications",
    "Social Sciences and History",
    "Social Welfare",
    "Sports and Recreation",
    "Taxation",
    "Transportation and Public Works",
    "Water Resources Development",
)
"""The legislative subject terms that both chambers take; spelling and commas count."""

STATE_CODES = frozenset(STATES)
"""The 50 states, DC and five territories."""

PREFIXES = ("Mr.", "Mrs.", "Miss", "Ms.", "Dr.")
"""All that the Senate takes. The House does not check."""

_BILL_TYPES: Mapping[str, tuple[str, str]] = {  # by key: for the House, for the Senate
    "hr": ("hr", "H.R."),
    "hres": ("hres", "H.Res."),
    "hjres": ("hjres", "H.J.Res."),
    "hconres": ("hconres", "H.Con.Res"),  # without the last dot: "H.Con.Res." is refused
    "hamdt": ("hamdt", "H.Amdt."),
    "s": ("s", "S."),
    "sres": ("sres", "S.Res."),
    "sjres": ("sjres", "S.J.Res."),
    "sconres": ("sconres", "S.Con.Res."),
    "samdt": ("samdt", "S.Amdt."),
}
BILL_TYPES = tuple(_BILL_TYPES)


def bill_type(key: str, chamber: Chamber) -> str:
    """As the chamber writes it. `key` is one of BILL_TYPES."""
    house, senate = _BILL_TYPES[key]
    return senate if chamber is Chamber.SENATE else house


def bill_types(chamber: Chamber) -> tuple[str, ...]:
    return tuple(bill_type(key, chamber) for key in BILL_TYPES)


def state_fault(code: str) -> tuple[str, str] | None:
    """A code and what to do, for what is none of the 56; None where it is one."""
    if code in STATE_CODES:
        return None
    if code in MILITARY:
        return (
            "military",
            f"{code} is a military postal code, which the gateways do not take. Give the state of the voting residence, or"
            " write by the office's web form or on paper.",
        )
    if code in FREELY_ASSOCIATED:
        return (
            "no_congress",
            f"{code} is {FREELY_ASSOCIATED[code]}, which has no seat in Congress. Give a state, DC or a territory.",
        )
    return "not_in_list", "Give the two capital letters of a state, DC, AS, GU, MP, PR or VI."
