"""Reads the prose of the demonstration from the YAML files beside this module into the shapes.

Read once per process and never changed. A missing or misspelt key raises KeyError: the files travel with the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from campaign.demo.shapes import Ask, Bill, FacilityRole, Fact, Mark, Reason, Recommendation
from campaign.domain.letters import Frame
from campaign.domain.targeting import TargetKind

_HERE = Path(__file__).resolve().parent

DRAFT_KEYS = ("S1", "S2")


def read(name: str) -> Any:
    return yaml.safe_load((_HERE / name).read_text(encoding="utf-8"))


@cache
def recommendations() -> tuple[Recommendation, ...]:
    """P1-P6 and I1-I3 in order, then the drafts S1 and S2."""
    paragraphs = read("paragraphs.yaml")
    return tuple(_recommendation(row, paragraphs.get(row["key"], {})) for row in read("recommendations.yaml"))


def recommendation(key: str) -> Recommendation:
    return next(each for each in recommendations() if each.key == key)


@cache
def reasons() -> tuple[Reason, ...]:
    return tuple(
        Reason(row["key"], row["label"], row["users_only"], {wording: row[wording] for wording in "ab"})
        for row in read("reasons.yaml")
    )


@cache
def frames(template: str) -> Mapping[TargetKind, Frame]:
    """By kind of target. Templates: "company" for the live campaign, "person" for the closed one."""
    rows = read("frames.yaml")["templates"][template]
    return {TargetKind(kind): Frame(**row) for kind, row in rows.items()}


@cache
def sponsor_words() -> tuple[str, str]:
    """The sentence of thanks, put before the ask, and the ask that replaces the usual one."""
    words = read("frames.yaml")
    return words["thanks"], words["next_step"]


def _recommendation(row: dict[str, Any], paragraphs: Mapping[str, str]) -> Recommendation:
    return Recommendation(
        key=row["key"],
        title=row["title"],
        scope=row["scope"],
        summary=row["summary"],
        why=row["why"],
        vehicle=row["vehicle"],
        vehicle_expires_on=row["vehicle_expires_on"],
        bills=tuple(Bill(**bill) for bill in row["bills"]),
        position="support",
        topics=tuple(row["topics"]),
        committees=tuple(row["committees"]),
        docket=row.get("docket"),
        asks={TargetKind(kind): Ask(**ask) for kind, ask in row["asks"].items()},
        fit_tags=tuple(row.get("fit_tags", ())),
        fit_role=FacilityRole(row["fit_role"]) if "fit_role" in row else None,
        evidence=tuple(_fact(fact) for fact in row["evidence"]),
        paragraphs=paragraphs,
    )


def _fact(row: dict[str, Any]) -> Fact:
    mark = row.get("mark")
    return Fact(row["text"], row.get("source"), row.get("on"), Mark(mark) if mark else None, row.get("note", ""))
