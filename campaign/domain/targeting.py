"""Which offices hear a member's choices: recommendations x the offices of the site -> one letter each.

One letter per office for all chosen recommendations that go there; a recommendation with a docket is split off into one
letter per docket while the docket is open, and becomes an ordinary letter to the same agency after it closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class TargetKind(StrEnum):
    """Kinds of addressee, as templates and asks tell them apart. Delegates are written to in the House frame."""

    HOUSE = "house"
    SENATE = "senate"
    CHAIR = "chair"  # a constituent's own representative or senator who chairs a committee of the vehicle
    AGENCY = "agency"


@dataclass(frozen=True, slots=True)
class OfficeOption:
    """An office that this site may write to. `committees` are the keys that its holder chairs."""

    office_id: int
    code: str
    kind: TargetKind
    chairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocketOption:
    """`number` is the document's id where a docket has several."""

    docket_id: int
    number: str
    agency_id: int
    agency_code: str
    opens_at: datetime
    closes_at: datetime

    def is_open(self, at: datetime) -> bool:
        return self.opens_at <= at < self.closes_at


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen recommendation, as targeting sees it: `targets` are the kinds that it has an ask for."""

    key: str
    targets: frozenset[TargetKind]
    committees: frozenset[str] = frozenset()
    docket: DocketOption | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """One letter to be: `target` is what makes it unique within a signing (office code, or docket number)."""

    target: str
    office_id: int
    kind: TargetKind
    choices: tuple[str, ...]
    docket_id: int | None = None
    docket_closed: bool = False


@dataclass(slots=True)
class _Draft:
    office_id: int
    kind: TargetKind
    docket_id: int | None = None
    docket_closed: bool = False
    choices: list[str] = field(default_factory=list)


def destinations(choices: Sequence[Choice], offices: Iterable[OfficeOption], at: datetime) -> list[Destination]:
    """The letters that these choices make, offices first, dockets after, each with its choices in the member's order.

    The kind becomes CHAIR when the office's holder chairs a committee of one of the choices that have an ask for chairs:
    it is the wording of the one letter to that office, never a second letter.
    """
    drafts: dict[str, _Draft] = {}
    for office in offices:
        if office.kind is TargetKind.AGENCY:
            continue
        for choice in choices:
            if office.kind not in choice.targets:
                continue
            draft = drafts.setdefault(office.code, _Draft(office.office_id, office.kind))
            draft.choices.append(choice.key)
            if TargetKind.CHAIR in choice.targets and choice.committees.intersection(office.chairs):
                draft.kind = TargetKind.CHAIR
    for choice in choices:
        docket = choice.docket
        if docket is None or TargetKind.AGENCY not in choice.targets:
            continue
        if docket.is_open(at):
            draft = drafts.setdefault(docket.number, _Draft(docket.agency_id, TargetKind.AGENCY, docket.docket_id))
        else:
            draft = drafts.setdefault(
                docket.agency_code, _Draft(docket.agency_id, TargetKind.AGENCY, None, at >= docket.closes_at)
            )
        draft.choices.append(choice.key)
    return [
        Destination(target, d.office_id, d.kind, tuple(d.choices), d.docket_id, d.docket_closed)
        for target, d in drafts.items()
    ]
