"""Who holds an office at a moment, as a frozen value: what targeting, letters and checks before sending are given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from campaign.domain.districts import District, OfficeKind


class HolderStatus(StrEnum):
    HELD = "held"
    VACANT = "vacant"
    UNKNOWN = "unknown"  # the term ran out on paper and no newer file says who came next


@dataclass(frozen=True, slots=True)
class Chair:
    """A chair whom the writer addresses as one: the title as in the membership file, the committee without its chamber."""

    title: str
    committee: str  # "Committee on Finance", "Subcommittee on Trade, Committee on Ways and Means"
    key: str = ""  # of the committee in the public files: "HSWM04"


@dataclass(frozen=True, slots=True)
class Holder:
    """An office and its holder at one moment. Without a holder the personal fields are empty."""

    office_id: int
    code: str
    kind: OfficeKind
    status: HolderStatus
    state: str | None = None
    district: int | None = None
    senate_class: int | None = None
    name: str = ""
    last: str = ""
    bioguide: str | None = None
    legislator_id: int | None = None
    room: str = ""
    phone: str = ""
    form_url: str = ""
    site_url: str = ""
    state_rank: str = ""
    title: str = ""  # of an agency
    head_title: str = ""
    head_style: str = ""
    postal_lines: tuple[str, ...] = ()
    salutation: str = ""  # instead of the usual one, where the office prefers another
    channels: tuple[str, ...] = ()  # what the office itself prefers, before the campaign's order
    stand_in: bool = False
    active: bool = True
    chairs: tuple[Chair, ...] = ()  # full committees first

    @property
    def vacant(self) -> bool:
        return self.status is HolderStatus.VACANT

    @property
    def known(self) -> bool:
        return self.status is HolderStatus.HELD

    @property
    def seat(self) -> District | None:
        """The House seat; None for a senator and an agency."""
        return None if self.state is None or self.district is None else District(self.state, self.district)

    @property
    def identity(self) -> str:
        """The same for the same person in the same office: what a waiting letter is compared by."""
        return f"{self.status}:{self.bioguide or self.name}"

    def as_json(self) -> dict[str, Any]:
        """The entry of `campaign offices match --json`."""
        return {
            "code": self.code,
            "role": str(self.kind),
            "name": self.name or None,
            "bioguide": self.bioguide,
            "vacant": self.vacant,
        }
