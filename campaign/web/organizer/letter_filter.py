"""The letters that a filter shows, as a list and as a file, and those of them that can still be cancelled: the SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import BY_HAND, BY_THE_MEMBERS_WORD, ChannelKind, ChannelName, names_of
from campaign.domain.statuses import ENDED, NEEDS_A_PERSON, NOT_LEFT, WITH_THE_OFFICE, ResponseState, Status
from campaign.domain.texts import like, tidy_line
from campaign.models.company import Company
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.member import Member
from campaign.models.office import Office
from campaign.models.rollup import Measure, Rollup
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
