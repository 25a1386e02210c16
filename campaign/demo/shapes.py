"""The shapes of the demonstration's content: frozen, plain, and knowing nothing of the database.

Days are numbered: day 1 is a Monday, day 21 the Sunday before `--as-of`. Times are wall-clock times in the member's zone.
Texts with `{{ }}` are sources for the letter renderer; everything else is final text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from campaign.domain.channels import ChannelKind, ChannelName
from campaign.domain.events import ResponseKind
from campaign.domain.statuses import CampaignStatus, Status
from campaign.domain.targeting import TargetKind
from campaign.domain.texts import enumerated


class FacilityRole(StrEnum):
    USER = "user"
    PRODUCER = "producer"


class PersonRole(StrEnum):
    SIGNER = "signer"
    AFFAIRS = "government affairs"
    ENGINEER = "engineer"
    PURCHASING = "purchasing"


class Mark(StrEnum):
    """How well a fact is known."""

    READ = "V"  # read in a public page
    SECONDARY = "V2"  # read in a secondary page only


# --- the association and its members -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Organization:
    name: str
    short_name: str
    label: str
    street: str
    city: str
    state: str
    zip: str
    time_zone: str
    contact_email: str
    domain: str
    banner: str

    @property
    def postal_lines(self) -> tuple[str, ...]:
        return (self.name, self.street, f"{self.city}, {self.state} {self.zip}")


@dataclass(frozen=True, slots=True)
class StaffMember:
    given: str
    family: str
    role: str  # organizer, admin, analyst
    title: str
    email: str
    phone: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


@dataclass(frozen=True, slots=True)
class Facility:
    """A place of a company. `districts` is what its ZIP resolves to: one, several to choose from, or none (a PO box)."""

    key: str
    name: str
    kind: str
    street: str
    city: str
    state: str
    state_name: str
    zip: str
    districts: tuple[str, ...]
    suggested_district: str | None
    time_zone: str
    jobs: int
    product: str
    activity: str
    role: FacilityRole
    minerals: tuple[str, ...]
    tags: tuple[str, ...]

    @property
    def main_input(self) -> str:
        return self.minerals[0]

    @property
    def minerals_text(self) -> str:
        return enumerated(self.minerals)

    @property
    def is_po_box(self) -> bool:
        return self.street.startswith("PO Box")


@dataclass(frozen=True, slots=True)
class Person:
    """`address_of` is the key of the facility whose address the person writes from, as long as they choose no other."""

    prefix: str
    given: str
    family: str
    title: str
    role: PersonRole
    email: str
    phone: str
    signs: bool
    company: int
    address_of: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


@dataclass(frozen=True, slots=True)
class Company:
    number: int
    name: str
    slug: str
    domain: str
    product: str
    minerals: tuple[str, ...]
    sources: str  # where the minerals come from today
    facilities: tuple[Facility, ...]
    people: tuple[Person, ...]

    def person(self, role: PersonRole) -> Person:
        return next(each for each in self.people if each.role is role)


@dataclass(frozen=True, slots=True)
class Advocate:
    """A private person of the closed campaign. Two live where a ZIP has two districts; `district` is what they choose."""

    prefix: str
    given: str
    family: str
    title: str
    employer: str
    email: str
    phone: str
    street: str
    city: str
    state: str
    zip: str
    districts: tuple[str, ...]
    district: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


# --- recommendations -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bill:
    congress: int
    type: str  # "hr", "s"
    number: int
    title: str

    @property
    def label(self) -> str:
        return f"{'H.R.' if self.type == 'hr' else 'S.'} {self.number}"


@dataclass(frozen=True, slots=True)
class Fact:
    """One piece of evidence. `on` is the day of its first source, where that has one. No source: not fit for launch."""

    text: str
    source: str | None
    on: date | None
    mark: Mark | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    vehicle: str
    line: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One card. `paragraphs` are by wording: a and b alternate, p is for producers, i and j for private persons."""

    key: str
    title: str
    scope: str  # domestic, international
    summary: str
    why: str
    vehicle: str
    vehicle_expires_on: date | None
    bills: tuple[Bill, ...]
    position: str
    topics: tuple[str, ...]
    committees: tuple[str, ...]
    docket: str | None
    asks: Mapping[TargetKind, Ask]
    fit_tags: tuple[str, ...]  # offered to sites with one of these; empty: to all
    fit_role: FacilityRole | None
    evidence: tuple[Fact, ...]
    paragraphs: Mapping[str, str]

    @property
    def targets(self) -> tuple[TargetKind, ...]:
        return tuple(self.asks)

    def fits(self, facility: Facility) -> bool:
        """Whether the card is offered to this site; P4 goes by what the company makes, I2 and P6 by the site's role."""
        has_tag = not self.fit_tags or bool(set(self.fit_tags) & set(facility.tags))
        return has_tag and self.fit_role in {None, facility.role}


@dataclass(frozen=True, slots=True)
class Reason:
    key: str
    label: str
    users_only: bool
    wordings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Docket:
    number: str
    title: str
    agency: str
    portal: str
    opens_on_day: int
    closes_on_day: int  # at 11:59 pm Eastern
    public_note: str


# --- offices -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TruePosition:
    """A real public act. `thanks_for` replaces the vehicle in the words of thanks; `asks_next_step`: the ask is replaced."""

    office: str
    bioguide: str
    legislator: str
    recommendation: str
    act: str
    on: date | None
    source: str
    mark: Mark
    thanks_for: str
    asks_next_step: bool


@dataclass(frozen=True, slots=True)
class StandIn:
    """Replaces the display of one real seat in demonstration mode. No party is shown."""

    id: str
    office: str
    given: str
    family: str
    chamber: str
    email: str
    first_positions: Mapping[str, str]  # recommendation -> position on day 1

    @property
    def name(self) -> str:
        return f"{self.given} {self.family} (demo)"


# --- campaigns -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Goal:
    letters: int
    substantive_replies: int = 0
    meetings: int = 0


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """`opens_on_day` and `closes_on_day` count as the history does; None for a draft or for days set by the calendar."""

    slug: str
    name: str
    status: CampaignStatus
    summary: str
    public_text: str
    goal: Goal | None
    recommendations: tuple[str, ...]
    states: tuple[str, ...]  # empty: all offices
    opens_on_day: int | None
    closes_on_day: int | None
    weeks: int | None
    consent_text: str
    expected_findings: tuple[str, ...] = ()  # what the checks before a launch must say


# --- three weeks of history ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InvitationPlan:
    email: str
    wave: int
    day: int
    at: time
    bounced: bool


@dataclass(frozen=True, slots=True)
class VisitPlan:
    email: str
    day: int
    at: time


@dataclass(frozen=True, slots=True)
class ReplyPlan:
    """What an office sent back, `after_days` after delivery. `known_by`: mail to us, forwarded, or reported by the member."""

    kind: ResponseKind
    day: int
    after_days: int
    at: time
    known_by: str
    text: str
    outcome: str = ""  # of a meeting offer: accepted, open, declined


@dataclass(frozen=True, slots=True)
class LetterPlan:
    """One letter and what becomes of it by the end of day 21.

    `channel` is the way that exists today, `planned_channel` the one that the office would get; `office` is a seat's code,
    "USTR", and `docket` the docket's number while it is open. `settled_day` is the day of the last change of status.
    """

    office: str
    kind: TargetKind  # without CHAIR, which targeting decides from the committees
    docket: str | None
    recommendations: tuple[str, ...]
    planned_channel: ChannelKind
    channel: ChannelName
    outcome: Status
    reason: str
    tries: int
    signed_day: int
    settled_day: int
    edited: bool
    replies: tuple[ReplyPlan, ...]


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """`company` and `facility` (a key) are None for a private person, who writes from their own address."""

    email: str
    company: int | None
    facility: str | None
    district: str  # certain, or chosen by the member
    district_chosen: bool
    day: int
    at: time
    choices: tuple[str, ...]
    reasons: tuple[str, ...]
    story: str
    edit: str  # the paragraph that replaces the first ask's, in `edited` letters
    letters: tuple[LetterPlan, ...]
    confidential: str = ""  # what the comment on a docket says besides, with its brackets


@dataclass(frozen=True, slots=True)
class History:
    invitations: tuple[InvitationPlan, ...]
    visits: tuple[VisitPlan, ...]
    actions: tuple[ActionPlan, ...]

    @property
    def letters(self) -> tuple[LetterPlan, ...]:
        return tuple(letter for action in self.actions for letter in action.letters)


@dataclass(frozen=True, slots=True)
class PositionChange:
    day: int
    office: str
    recommendation: str
    old: str
    new: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Milestone:
    day: int
    text: str
