"""The SQL of the desk's lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import BY_HAND, BY_THE_MEMBERS_WORD, ChannelKind, ChannelName, names_of
from campaign.domain.statuses import ENDED, NEEDS_A_PERSON, NOT_LEFT, WITH_THE_OFFICE, ResponseState, Status
from campaign.domain.texts import like, tidy_line
from campaign.models.action import Consent
from campaign.models.campaign import Campaign, CampaignChange
from campaign.models.company import Company
from campaign.models.delivery import Delivery, DeliveryChange
from campaign.models.letter import Letter
from campaign.models.member import Member
from campaign.models.office import Office
from campaign.models.response import Response
from campaign.models.rollup import Measure, Rollup
from campaign.models.user import User
from campaign.services import doubts


class Stage(StrEnum):
    """What a figure of the dashboard counts; the list filtered by it has as many letters as the figure says."""

    ACCEPTED = "accepted"  # taken by the receiving system or the mail, confirmed since or not
    CONFIRMED = "confirmed"  # a later positive notice
    MEMBER = "member"  # the member says that it was filed
    MOVING = "moving"
    WAITING = "waiting"
    RETRYING = "retrying"
    BY_HAND = "by_hand"  # queued for a person to file or post
    OFFICE = "office"
    ATTENTION = "attention"
    CLOSED = "closed"


_QUEUED = Delivery.status == Status.QUEUED
_WORKED = Delivery.channel.not_in(BY_HAND)
_STAGES: dict[Stage, sa.ColumnElement[bool]] = {
    Stage.ACCEPTED: sa.or_(
        Delivery.status == Status.ACCEPTED,
        sa.and_(Delivery.status == Status.DELIVERED, Delivery.channel.not_in(BY_THE_MEMBERS_WORD)),
    ),
    Stage.CONFIRMED: sa.and_(Delivery.status == Status.DELIVERED, Delivery.channel.not_in(BY_THE_MEMBERS_WORD)),
    Stage.MEMBER: sa.and_(Delivery.status == Status.DELIVERED, Delivery.channel.in_(BY_THE_MEMBERS_WORD)),
    Stage.MOVING: sa.or_(sa.and_(_QUEUED, _WORKED), Delivery.status == Status.SENDING),
    Stage.WAITING: sa.and_(_QUEUED, _WORKED),
    Stage.RETRYING: sa.and_(_QUEUED, _WORKED, Delivery.tries > 0),
    Stage.BY_HAND: sa.and_(_QUEUED, Delivery.channel.in_(BY_HAND)),
    Stage.OFFICE: Delivery.status.in_(WITH_THE_OFFICE),
    Stage.ATTENTION: Delivery.status.in_(NEEDS_A_PERSON),
    Stage.CLOSED: Delivery.status.in_(ENDED),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """The letters list as its address says it; unknown values are ignored, so an old link still opens."""

    search: str = ""
    stage: Stage | None = None
    status: Status | None = None
    channel: ChannelName | ChannelKind | None = None
    response: ResponseState | None = None
    office: str = ""

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> Filter:
        return cls(
            search=tidy_line(arguments.get("q", ""))[:200],
            stage=_one_of(Stage, arguments.get("stage")),
            status=_one_of(Status, arguments.get("status")),
            channel=_one_of(ChannelName, arguments.get("channel")) or _one_of(ChannelKind, arguments.get("channel")),
            response=_one_of(ResponseState, arguments.get("response")),
            office=tidy_line(arguments.get("office", "")).upper()[:10],
        )

    @property
    def arguments(self) -> dict[str, str]:
        pairs = {
            "q": self.search,
            "stage": self.stage,
            "status": self.status,
            "channel": self.channel,
            "response": self.response,
            "office": self.office,
        }
        return {name: str(value) for name, value in pairs.items() if value}


def _one_of(enum: Any, text: str | None) -> Any:
    return enum(text) if text in {member.value for member in enum} else None


def letters(campaign_id: int, wanted: Filter) -> sa.Select[Any]:
    query = sa.select(Letter).where(Letter.campaign_id == campaign_id)
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.stage is not None:
        conditions.append(_STAGES[wanted.stage])
    if wanted.status is not None:
        conditions.append(Delivery.status == wanted.status)
    if wanted.channel is not None:
        names = names_of(wanted.channel) if isinstance(wanted.channel, ChannelKind) else (wanted.channel,)
        conditions.append(Delivery.channel.in_(names))
    if conditions:
        query = query.where(sa.exists().where(Delivery.letter_id == Letter.id, ~Delivery.superseded, *conditions))
    if wanted.response is not None:
        query = query.where(Letter.response == wanted.response)
    if wanted.office:
        query = query.where(
            Letter.office_id == sa.select(Office.id).where(Office.code == wanted.office).scalar_subquery()
        )
    if wanted.search:
        query = query.where(Letter.search.like(like(wanted.search), escape="\\"))
    return query


def not_left(campaign_id: int, wanted: Filter) -> sa.Select[int]:
    """Ids of the deliveries of those letters that can still be cancelled, in order."""
    chosen = letters(campaign_id, wanted).with_only_columns(Letter.id)
    return (
        sa.select(Delivery.id)
        .where(Delivery.campaign_id == campaign_id, Delivery.status.in_(NOT_LEFT), Delivery.letter_id.in_(chosen))
        .order_by(Delivery.id)
    )


@dataclass(frozen=True, slots=True)
class Cancellable:
    """Of a filtered list: what can be cancelled, up to which delivery it was counted, what has left or ended already, and of how
    many of the first an earlier try may have arrived."""

    number: int
    upto: int
    stay: int
    in_doubt: int


def cancellable(session: Session, campaign_id: int, wanted: Filter) -> Cancellable:
    """Two statements."""
    found = not_left(campaign_id, wanted).order_by(None).subquery()
    number, upto, in_doubt = session.execute(
        sa.select(
            sa.func.count(), sa.func.max(found.c.id), sa.func.count(sa.case((doubts.of_delivery(found.c.id), 1)))
        ).select_from(found)
    ).one()
    every = letters(campaign_id, wanted).with_only_columns(Letter.id).subquery()
    total = session.scalar(sa.select(sa.func.count()).select_from(every)) or 0
    return Cancellable(number, upto or 0, max(total - number, 0), in_doubt)


def cancellable_count(session: Session, campaign_id: int, wanted: Filter) -> int:
    """One statement; that of the whole campaign reads the figures kept with the rows, as every list page asks it."""
    if not wanted.arguments:
        kept = sa.select(sa.func.sum(Rollup.count)).where(
            Rollup.campaign_id == campaign_id,
            Rollup.measure == Measure.STANDING,
            Rollup.status.in_([str(status) for status in NOT_LEFT]),
        )
        return int(session.scalar(kept) or 0)
    found = not_left(campaign_id, wanted).order_by(None).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(found)) or 0


@dataclass(frozen=True, slots=True)
class Writer:
    """Who signed a letter, as a list shows it."""

    name: str
    company: str


def writers(session: Session, letters: Sequence[Letter]) -> dict[int, Writer]:
    """By member id. One statement."""
    ids = {letter.member_id for letter in letters}
    rows = session.execute(
        sa.select(Member, Company.name).outerjoin(Company, Company.id == Member.company_id).where(Member.id.in_(ids))
    )
    return {member.id: Writer(member.name, company or "") for member, company in rows}


def consent(session: Session, letter: Letter) -> Consent:
    return session.get_one(Consent, letter.consent_id)


def people(session: Session, names: Sequence[str]) -> dict[str, str]:
    """How the record's `by` reads: "user:3" is a name, a worker is the system. One statement, or none."""
    ids = {int(name[5:]) for name in names if name.startswith("user:") and name[5:].isdigit()}
    known: dict[int, str] = {}
    if ids:
        rows = session.execute(sa.select(User.id, User.name).where(User.id.in_(ids)))
        known = {row.id: row.name for row in rows}
    return {name: _person(name, known) for name in names}


def _person(name: str, known: Mapping[int, str]) -> str:
    kind, _, number = name.partition(":")
    if kind == "user" and number.isdigit():
        return known.get(int(number)) or "an organizer"
    return "the member" if kind == "member" else "the system"


def paused_by(session: Session, campaign: Campaign) -> CampaignChange | None:
    """The change that paused it: when, and by whom."""
    return session.scalar(
        sa.select(CampaignChange)
        .where(CampaignChange.campaign_id == campaign.id)
        .order_by(CampaignChange.id.desc())
        .limit(1)
    )


# --- what needs a person --------------------------------------------------------------------------------------------


def _attention(campaign_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Delivery.campaign_id == campaign_id,
        Delivery.letter_id.is_not(None),
        ~Delivery.superseded,
        Delivery.status.in_(NEEDS_A_PERSON),
    )


_URGENCY = sa.case({"unclear": 0, "held": 1, "bounced": 2, "refused": 3, "failed": 4}, value=Delivery.status, else_=9)


def attention_count(session: Session, campaign_id: int) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Delivery).where(*_attention(campaign_id))) or 0


def causes(session: Session, campaign_id: int) -> list[Any]:
    """Rows of (status, reason, number, oldest), most urgent kind first."""
    return list(
        session.execute(
            sa.select(
                Delivery.status,
                Delivery.reason,
                sa.func.count().label("number"),
                sa.func.min(Delivery.changed_at).label("oldest"),
            )
            .where(*_attention(campaign_id))
            .group_by(Delivery.status, Delivery.reason)
            .order_by(_URGENCY, sa.func.min(Delivery.changed_at), Delivery.reason)
        )
    )


def waiting(session: Session, campaign_id: int, status: Status, reason: str, after: int, limit: int) -> list[Any]:
    """Rows of (delivery, letter, member, company) of one cause, in the order of their signing, from delivery `after` on."""
    return list(
        session.execute(
            sa.select(Delivery, Letter, Member, Company.name.label("company"))
            .join(Letter, Letter.id == Delivery.letter_id)
            .join(Member, Member.id == Letter.member_id)
            .outerjoin(Company, Company.id == Member.company_id)
            .where(*_attention(campaign_id), Delivery.status == status, Delivery.reason == reason, Delivery.id > after)
            .order_by(Delivery.id)
            .limit(limit)
        )
    )


def last_change(session: Session, delivery_id: int) -> DeliveryChange:
    return session.scalars(
        sa.select(DeliveryChange)
        .where(DeliveryChange.delivery_id == delivery_id)
        .order_by(DeliveryChange.id.desc())
        .limit(1)
    ).one()


def export(session: Session, campaign_id: int, wanted: Filter) -> Any:
    """Rows of the CSV, streamed, oldest first."""
    newest = (
        sa.select(Delivery.letter_id, sa.func.max(Delivery.id).label("delivery_id"))
        .where(Delivery.campaign_id == campaign_id, Delivery.letter_id.is_not(None))
        .group_by(Delivery.letter_id)
        .subquery()
    )
    chosen = letters(campaign_id, wanted).with_only_columns(Letter.id)
    return session.execute(
        sa.select(Letter, Delivery, Office.code, Member, Company.name)
        .join(newest, newest.c.letter_id == Letter.id)
        .join(Delivery, Delivery.id == newest.c.delivery_id)
        .join(Office, Office.id == Letter.office_id)
        .join(Member, Member.id == Letter.member_id)
        .outerjoin(Company, Company.id == Member.company_id)
        .where(Letter.id.in_(chosen))
        .order_by(Letter.id)
        .execution_options(yield_per=500)
    )


# --- answers ----------------------------------------------------------------------------------------------------------


def slug_of_letter(session: Session, letter_id: int) -> str:
    query = sa.select(Campaign.slug).join(Letter, Letter.campaign_id == Campaign.id).where(Letter.id == letter_id)
    return session.scalars(query).one()


def answer_of_event(session: Session, event_id: int) -> Any:
    """A row of (slug, response id) of what a mail became; None where it became none."""
    return session.execute(
        sa.select(Campaign.slug, Response.id)
        .join(Letter, Letter.campaign_id == Campaign.id)
        .join(Response, Response.letter_id == Letter.id)
        .where(Response.event_id == event_id)
    ).first()
