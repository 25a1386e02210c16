"""What one campaign's dashboard shows besides the rollups' own counts: offices reached, sites behind the letters, medians,
workers. Read-only; each function says how many statements it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import BY_HAND, BY_THE_MEMBERS_WORD, ChannelName
from campaign.domain.events import ResponseKind
from campaign.domain.statuses import NEEDS_A_PERSON, WITH_THE_OFFICE, ActionStatus, Status
from campaign.models.action import Action
from campaign.models.campaign import Campaign
from campaign.models.company import Company, Facility
from campaign.models.delivery import Delivery, DeliveryChange, Worker
from campaign.models.letter import Letter
from campaign.models.response import Response
from campaign.models.rollup import Measure, Rollup

NEWEST = 500  # a median is taken over so many, so that its cost does not grow with the campaign


@dataclass(frozen=True, slots=True)
class Grades:
    """Letters by the evidence for them. `accepted` holds `confirmed`: what was confirmed had been taken before.

    `member` (the member says it was filed) stands apart and is added to neither.
    """

    accepted: int
    confirmed: int
    member: int

    @classmethod
    def of(cls, by_channel: Mapping[ChannelName, Mapping[Status, int]]) -> Grades:
        machine = [by for channel, by in by_channel.items() if channel not in BY_THE_MEMBERS_WORD]
        confirmed = sum(by.get(Status.DELIVERED, 0) for by in machine)
        said = sum(by.get(Status.DELIVERED, 0) for channel, by in by_channel.items() if channel in BY_THE_MEMBERS_WORD)
        return cls(confirmed + sum(by.get(Status.ACCEPTED, 0) for by in by_channel.values()), confirmed, said)


def families(by_channel: Mapping[ChannelName, Mapping[Status, int]]) -> dict[str, int]:
    """Letters by who acts next, in the order of the bar: you, move, there, stuck, done. They add up to all letters."""
    counts = Counter[str]({"you": 0, "move": 0, "there": 0, "stuck": 0, "done": 0})
    for channel, by_status in by_channel.items():
        for status, number in by_status.items():
            counts[_family(channel, status)] += number
    return dict(counts)


def _family(channel: ChannelName, status: Status) -> str:
    if status in NEEDS_A_PERSON:
        return "stuck"
    if status in WITH_THE_OFFICE:
        return "there"
    if status is Status.QUEUED and channel in BY_HAND:
        return "you"
    return "move" if status in (Status.QUEUED, Status.SENDING) else "done"


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """One campaign of the list, with its letters."""

    campaign: Campaign
    letters: int
    grades: Grades
    families: Mapping[str, int]


def campaigns(session: Session, listed: Iterable[Campaign]) -> list[CampaignLine]:
    """One statement over rollups."""
    found: dict[int, dict[ChannelName, dict[Status, int]]] = {}
    rows = session.execute(
        sa.select(Rollup.campaign_id, Rollup.channel, Rollup.status, sa.func.sum(Rollup.count))
        .where(Rollup.measure == Measure.STANDING)
        .group_by(Rollup.campaign_id, Rollup.channel, Rollup.status)
    )
    for campaign_id, channel, status, number in rows:
        found.setdefault(campaign_id, {}).setdefault(channel, {})[Status(status)] = int(number)
    lines = []
    for each in listed:
        by = found.get(each.id, {})
        lines.append(CampaignLine(each, sum(families(by).values()), Grades.of(by), families(by)))
    return lines


# --- sites ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Behind:
    """Companies, their sites and the jobs there that stand behind signed letters; a site counts once."""

    jobs: int
    companies: int
    sites: int


def _signed_sites(campaign_id: int) -> sa.Subquery:
    """One row for each company's site with a signed action; of several counts of jobs there, the largest."""
    return (
        sa.select(Action.facility_id, Facility.company_id, sa.func.max(sa.func.coalesce(Action.jobs, 0)).label("jobs"))
        .join(Facility, Facility.id == Action.facility_id)
        .where(
            Action.campaign_id == campaign_id,
            Action.status == ActionStatus.APPROVED,
            Facility.company_id.is_not(None),
        )
        .group_by(Action.facility_id, Facility.company_id)
        .subquery()
    )


def behind(session: Session, campaign_id: int) -> Behind:
    """One statement over actions."""
    site = _signed_sites(campaign_id)
    jobs, companies, sites = session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(site.c.jobs), 0),
            sa.func.count(sa.distinct(site.c.company_id)),
            sa.func.count(),
        ).select_from(site)
    ).one()
    return Behind(int(jobs), companies, sites)


def sites(session: Session, campaign_id: int, after: int, limit: int) -> list[Any]:
    """Rows of (facility, company name, jobs, letters): what `behind` counts, by id from `after` on. One statement."""
    site = _signed_sites(campaign_id)
    letters = (
        sa.select(sa.func.count())
        .select_from(Letter)
        .join(Action, Action.id == Letter.action_id)
        .where(Action.facility_id == site.c.facility_id, Action.campaign_id == campaign_id)
        .scalar_subquery()
    )
    return list(
        session.execute(
            sa.select(Facility, Company.name.label("company"), site.c.jobs, letters.label("letters"))
            .join(site, site.c.facility_id == Facility.id)
            .join(Company, Company.id == Facility.company_id)
            .where(Facility.id > after)
            .order_by(Facility.id)
            .limit(limit)
        )
    )


# --- times and workers ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Medians:
    """Seconds; None where nothing has happened yet. Over the newest `NEWEST` of each kind."""

    to_accepted: float | None
    to_answer: float | None


def medians(session: Session, campaign_id: int) -> Medians:
    """From due to accepted, and from signing to a reply. Two statements of bounded cost."""
    newest = (
        sa.select(Delivery.id, Delivery.created_at)
        .where(
            Delivery.campaign_id == campaign_id,
            Delivery.status.in_(WITH_THE_OFFICE),
            Delivery.letter_id.is_not(None),
            Delivery.channel.not_in(BY_HAND),
        )
        .order_by(Delivery.id.desc())
        .limit(NEWEST)
        .subquery()
    )
    taken = session.execute(
        sa.select(newest.c.created_at, sa.func.min(DeliveryChange.at))
        .join(DeliveryChange, DeliveryChange.delivery_id == newest.c.id)
        .where(DeliveryChange.new == Status.ACCEPTED)
        .group_by(newest.c.id, newest.c.created_at)
    ).all()
    answered = session.execute(
        sa.select(Letter.signed_at, Response.received_at)
        .join(Letter, Letter.id == Response.letter_id)
        .where(Letter.campaign_id == campaign_id, Response.kind != ResponseKind.ACKNOWLEDGEMENT)
        .order_by(Response.id.desc())
        .limit(NEWEST)
    ).all()
    return Medians(_median(taken), _median(answered))


def _median(pairs: Sequence[Any]) -> float | None:
    return median((end - start).total_seconds() for start, end in pairs) if pairs else None


@dataclass(frozen=True, slots=True)
class Outbox:
    """What workers have to do. `oldest` is since when the oldest that is due has waited."""

    waiting: int
    retrying: int
    sending: int
    oldest: datetime | None


def outbox(session: Session, campaign_id: int, now: datetime) -> Outbox:
    """One statement; letters only, by what workers send."""
    queued = Delivery.status == Status.QUEUED
    waiting, retrying, sending, oldest = session.execute(
        sa.select(
            sa.func.count(sa.case((queued, 1))),
            sa.func.count(sa.case((sa.and_(queued, Delivery.tries > 0), 1))),
            sa.func.count(sa.case((Delivery.status == Status.SENDING, 1))),
            sa.func.min(sa.case((sa.and_(queued, Delivery.due_at <= now), Delivery.due_at))),
        ).where(
            Delivery.campaign_id == campaign_id,
            Delivery.status.in_((Status.QUEUED, Status.SENDING)),
            Delivery.channel.not_in(BY_HAND),
            Delivery.letter_id.is_not(None),
        )
    ).one()
    return Outbox(waiting, retrying, sending, oldest)


def last_heard(session: Session) -> datetime | None:
    """When a worker of any kind was heard last."""
    return session.scalar(sa.select(sa.func.max(Worker.seen_at)))
