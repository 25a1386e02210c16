"""Figures: read from rollups, and proved against the rows they count."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import BY_HAND, BY_THE_MEMBERS_WORD, ChannelName
from campaign.domain.statuses import ResponseState, Status
from campaign.models.action import Action, Consent
from campaign.models.delivery import Delivery, DeliveryChange
from campaign.models.event import Event
from campaign.models.invitation import Invitation
from campaign.models.letter import Letter
from campaign.models.rollup import Measure, Rollup
from campaign.services import counts
from campaign.services.counts import Key


@dataclass(frozen=True, slots=True)
class Figures:
    """One campaign's standing, from its rollups: letters by status, office and channel, and responses."""

    by_status: dict[Status, int]
    by_channel: dict[ChannelName, dict[Status, int]]
    by_office: dict[int, dict[Status, int]]
    handovers: dict[date, int]  # moves into accepted, by the day of the move: a letter that is taken twice counts twice
    responses: dict[ResponseState, int]
    responses_by_office: dict[int, dict[ResponseState, int]]
    said_by_office: dict[int, int]  # delivered on the member's word; among those delivered
    by_hand_by_office: dict[int, int]  # waits for a person to file or post; among those queued

    @property
    def letters(self) -> int:
        return sum(self.by_status.values())

    def count(self, *statuses: Status) -> int:
        return sum(self.by_status.get(status, 0) for status in statuses)


def figures(session: Session, campaign_id: int) -> Figures:
    """One statement; its rows do not grow with the days of the campaign but for one per day."""
    found = Figures({}, {}, {}, {}, {}, {}, {}, {})
    for measure, day, office_id, channel, status, count in session.execute(_figures(campaign_id)):
        number = int(count)
        if measure is Measure.STANDING:
            state = Status(status)
            _add(found.by_status, state, number)
            _add(found.by_channel.setdefault(channel, {}), state, number)
            _add(found.by_office.setdefault(office_id, {}), state, number)
            if state is Status.DELIVERED and channel in BY_THE_MEMBERS_WORD:
                _add(found.said_by_office, office_id, number)
            if state is Status.QUEUED and channel in BY_HAND:
                _add(found.by_hand_by_office, office_id, number)
        elif measure is Measure.RESPONSES:
            response = ResponseState(status)
            _add(found.responses, response, number)
            _add(found.responses_by_office.setdefault(office_id, {}), response, number)
        else:
            _add(found.handovers, day, number)
    return found


def _figures(campaign_id: int) -> sa.CompoundSelect[Any]:
    """What stands, whatever the day of signing; and the moves into accepted, day by day."""
    of_campaign = sa.and_(Rollup.campaign_id == campaign_id, Rollup.count != 0)
    total = sa.func.sum(Rollup.count)
    standing = (
        sa.select(
            Rollup.measure,
            sa.type_coerce(sa.null(), sa.Date),
            Rollup.office_id,
            Rollup.channel,
            Rollup.status,
            total,
        )
        .where(of_campaign, Rollup.measure.in_((Measure.STANDING, Measure.RESPONSES)))
        .group_by(Rollup.measure, Rollup.office_id, Rollup.channel, Rollup.status)
    )
    accepted = (
        sa.select(Rollup.measure, Rollup.day, sa.null(), sa.null(), Rollup.status, total)
        .where(of_campaign, Rollup.measure == Measure.MOVES, Rollup.status == str(Status.ACCEPTED))
        .group_by(Rollup.measure, Rollup.day, Rollup.status)
    )
    return sa.union_all(standing, accepted)


def _add(counter: dict[Any, int], key: Any, number: int) -> None:
    counter[key] = counter.get(key, 0) + number


@dataclass(frozen=True, slots=True)
class People:
    """The people's half of the funnel; letters are never added to it."""

    invited: int
    bounced: int
    opened: int
    visits: int
    acted: int


def people(session: Session, campaign_id: int) -> People:
    invited, bounced, opened, visits = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.count(Invitation.bounced_at),
            sa.func.count(Invitation.opened_at),
            sa.func.coalesce(sa.func.sum(Invitation.visits), 0),
        ).where(Invitation.campaign_id == campaign_id)
    ).one()
    acted = session.scalar(
        sa.select(sa.func.count(sa.distinct(Action.member_id))).where(
            Action.campaign_id == campaign_id, sa.exists().where(Consent.action_id == Action.id)
        )
    )
    return People(invited, bounced, opened, int(visits), acted or 0)


def newest_events(session: Session, campaign_id: int, limit: int = 12) -> list[Any]:
    """Rows of (event, letter reference, addressee), newest first."""
    return list(
        session.execute(
            sa.select(Event, Letter.reference, Letter.addressee)
            .join(Delivery, Delivery.id == Event.delivery_id)
            .join(Letter, Letter.id == Delivery.letter_id)
            .where(Event.campaign_id == campaign_id)
            .order_by(Event.id.desc())
            .limit(limit)
        )
    )


# --- the proof ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    key: Key
    kept: int
    counted: int

    def __str__(self) -> str:
        campaign_id, measure, day, office_id, channel, status = self.key
        return (
            f"campaign {campaign_id}, {measure} {day}, office {office_id}, {channel}, {status}:"
            f" kept {self.kept}, counted {self.counted}"
        )


def differences(session: Session) -> list[Difference]:
    """Every rollup that does not equal the count of its rows; empty when all agree."""
    kept: Counter[Key] = Counter()
    for row in session.execute(
        sa.select(
            Rollup.campaign_id,
            Rollup.measure,
            Rollup.day,
            Rollup.office_id,
            Rollup.channel,
            Rollup.status,
            Rollup.count.label("number"),
        )
    ):
        kept[(row.campaign_id, row.measure, row.day, row.office_id, row.channel, row.status)] = row.number
    counted = recount(session)
    return [
        Difference(key, kept[key], counted[key])
        for key in sorted(kept.keys() | counted.keys())
        if kept[key] != counted[key]
    ]


def recount(session: Session) -> Counter[Key]:
    """Every rollup, counted from the rows. Days of moves are the organization's, so they are cut here and not in SQL."""
    found: Counter[Key] = Counter()
    for campaign_id, day, office_id, channel, status, number in session.execute(
        sa.select(
            Delivery.campaign_id,
            Delivery.counted_on,
            Delivery.office_id,
            Delivery.channel,
            Delivery.status,
            sa.func.count(),
        )
        .where(Delivery.letter_id.is_not(None), ~Delivery.superseded)
        .group_by(Delivery.campaign_id, Delivery.counted_on, Delivery.office_id, Delivery.channel, Delivery.status)
    ):
        found[(campaign_id or 0, Measure.STANDING, day, office_id or 0, channel, str(status))] = number
    moves = session.execute(
        sa.select(Delivery.campaign_id, Delivery.office_id, Delivery.channel, DeliveryChange.new, DeliveryChange.at)
        .join(Delivery, Delivery.id == DeliveryChange.delivery_id)
        .where(Delivery.letter_id.is_not(None))
        .execution_options(yield_per=5000)
    )
    for campaign_id, office_id, channel, status, at in moves:
        found[(campaign_id or 0, Measure.MOVES, counts.day_of(session, at), office_id or 0, channel, str(status))] += 1
    newest = (
        sa.select(Delivery.letter_id, sa.func.max(Delivery.id).label("delivery_id"))
        .group_by(Delivery.letter_id)
        .subquery()
    )
    for campaign_id, day, office_id, channel, response, number in session.execute(
        sa.select(
            Letter.campaign_id, Letter.signed_on, Letter.office_id, Delivery.channel, Letter.response, sa.func.count()
        )
        .join(newest, newest.c.letter_id == Letter.id)
        .join(Delivery, Delivery.id == newest.c.delivery_id)
        .where(Letter.response != ResponseState.NONE)
        .group_by(Letter.campaign_id, Letter.signed_on, Letter.office_id, Delivery.channel, Letter.response)
    ):
        found[(campaign_id, Measure.RESPONSES, day, office_id, channel, str(response))] = number
    return found


def rebuild(session: Session) -> int:
    """Replaces every rollup by the count of its rows; returns how many rollups there are. The caller commits."""
    session.execute(sa.delete(Rollup))
    rows = [_row(key, number) for key, number in sorted(recount(session).items())]
    for start in range(0, len(rows), 500):
        session.execute(sa.insert(Rollup), rows[start : start + 500])
    return len(rows)


def _row(key: Key, number: int) -> dict[str, Any]:
    columns = ("campaign_id", "measure", "day", "office_id", "channel", "status")
    return dict(zip(columns, key, strict=True)) | {"count": number}
