"""A letter's story as people read it: where it stands, what proves it, what came back. Read-only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import BY_HAND
from campaign.domain.hours import OUTSIDE_OFFICE_HOURS
from campaign.domain.statuses import ENDED, NOT_LEFT, Status
from campaign.models.delivery import Attempt, Delivery, DeliveryChange
from campaign.models.event import Event
from campaign.models.letter import Letter, LetterRecommendation
from campaign.models.recommendation import Recommendation
from campaign.models.response import Response

_MOVING = frozenset({Status.QUEUED, Status.SENDING})
_NOTICES_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Line:
    """One letter in a list. `delivery` is the newest; `asks` are the titles of what it asks for."""

    letter: Letter
    delivery: Delivery
    asks: tuple[str, ...] = ()
    changes: tuple[DeliveryChange, ...] = ()
    responses: tuple[Response, ...] = ()

    @property
    def moving(self) -> bool:
        return self.delivery.status in _MOVING and self.delivery.channel not in BY_HAND

    @property
    def opens_at(self) -> datetime | None:
        """When its office opens, where it waits for that."""
        shut = self.delivery.status is Status.QUEUED and self.delivery.reason == OUTSIDE_OFFICE_HOURS
        return self.delivery.due_at if shut else None

    def reached(self, *statuses: Status) -> datetime | None:
        """When it first came into one of these."""
        return next((change.at for change in self.changes if change.new in statuses), None)


@dataclass(frozen=True, slots=True)
class Story:
    line: Line
    deliveries: tuple[Delivery, ...]
    attempts: tuple[Attempt, ...]
    events: tuple[Event, ...]
    timeline: tuple[tuple[datetime, str, Any], ...] = field(default=())

    @property
    def letter(self) -> Letter:
        return self.line.letter

    @property
    def delivery(self) -> Delivery:
        return self.line.delivery

    @property
    def responses(self) -> tuple[Response, ...]:
        return self.line.responses

    @property
    def never_left(self) -> bool:
        """All its ways ended, and on none of them anything was ever handed over: no office has it from us.

        What a person files or posts may have gone without a word to us, unless its member took it back.
        """
        return _never_left(
            self.deliveries, [entry for _, _, entry in self.timeline if isinstance(entry, DeliveryChange)]
        )

    @property
    def in_doubt(self) -> bool:
        """An earlier try of its present way may have arrived."""
        return any(each.delivery_id == self.delivery.id and each.in_doubt for each in self.attempts)

    @property
    def moving(self) -> bool:
        return self.line.moving


def lines(session: Session, letters: Sequence[Letter]) -> list[Line]:
    """Four statements, whatever the number of letters; in the order given."""
    ids = [letter.id for letter in letters]
    if not ids:
        return []
    newest = {row.letter_id: row for row in _ways(session, ids)}
    changes: dict[int, list[DeliveryChange]] = {}
    for change in _changes(session, [row.id for row in newest.values()]):
        changes.setdefault(change.delivery_id, []).append(change)
    asks, answers = _asks(session, ids), _answers(session, ids)
    return [
        Line(
            letter,
            newest[letter.id],
            tuple(asks.get(letter.id, ())),
            tuple(changes.get(newest[letter.id].id, ())),
            tuple(answers.get(letter.id, ())),
        )
        for letter in letters
        if letter.id in newest
    ]


def _ways(session: Session, letter_ids: Sequence[int]) -> Sequence[Delivery]:
    return session.scalars(sa.select(Delivery).where(Delivery.letter_id.in_(letter_ids)).order_by(Delivery.id)).all()


def _changes(session: Session, delivery_ids: Sequence[int]) -> Sequence[DeliveryChange]:
    query = sa.select(DeliveryChange).where(DeliveryChange.delivery_id.in_(delivery_ids))
    return session.scalars(query.order_by(DeliveryChange.id)).all()


def _asks(session: Session, letter_ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for letter_id, title in session.execute(
        sa.select(LetterRecommendation.letter_id, Recommendation.title)
        .join(Recommendation, Recommendation.id == LetterRecommendation.recommendation_id)
        .where(LetterRecommendation.letter_id.in_(letter_ids))
        .order_by(LetterRecommendation.letter_id, LetterRecommendation.rank)
    ):
        found.setdefault(letter_id, []).append(title)
    return found


def _answers(session: Session, letter_ids: Sequence[int]) -> dict[int, list[Response]]:
    found: dict[int, list[Response]] = {}
    for response in session.scalars(
        sa.select(Response).where(Response.letter_id.in_(letter_ids)).order_by(Response.received_at, Response.id)
    ):
        found.setdefault(response.letter_id, []).append(response)
    return found


def story(session: Session, letter: Letter) -> Story:
    """Everything about one letter: changes, tries, notices and answers in one timeline, oldest first."""
    ways = _ways(session, [letter.id])
    ids = [way.id for way in ways]
    changes = _changes(session, ids)
    attempts = tuple(session.scalars(sa.select(Attempt).where(Attempt.delivery_id.in_(ids)).order_by(Attempt.id)))
    events = tuple(session.scalars(sa.select(Event).where(Event.delivery_id.in_(ids)).order_by(Event.id)))
    line = Line(
        letter,
        ways[-1],
        tuple(_asks(session, [letter.id]).get(letter.id, ())),
        tuple(change for change in changes if change.delivery_id == ways[-1].id),
        tuple(_answers(session, [letter.id]).get(letter.id, ())),
    )
    timeline: list[tuple[datetime, str, Any]] = [
        *((change.at, "change", change) for change in changes),
        *((event.received_at, "event", event) for event in events),
        *((answer.received_at, "response", answer) for answer in line.responses),
    ]
    timeline.sort(key=lambda entry: entry[0])
    return Story(line, tuple(ways), attempts, events, tuple(timeline))


def never_left(session: Session, letter: Letter) -> bool:
    """As `Story.never_left`, in two statements."""
    ways = _ways(session, [letter.id])
    return _never_left(ways, _changes(session, [way.id for way in ways]))


def _never_left(ways: Sequence[Delivery], changes: Sequence[DeliveryChange]) -> bool:
    by_hand = {way.id for way in ways if way.channel in BY_HAND}
    return (
        bool(ways)
        and all(way.status in ENDED for way in ways)
        and all(change.new in NOT_LEFT | ENDED for change in changes)
        and all(_taken_back(change) for change in changes if change.delivery_id in by_hand and change.new in ENDED)
    )


def _taken_back(change: DeliveryChange) -> bool:
    return change.new is Status.CANCELLED and change.by.startswith("member:")


def mine_query(member_id: int, campaign_id: int | None) -> sa.Select[Any]:
    query = sa.select(Letter).where(Letter.member_id == member_id)
    return query.where(Letter.campaign_id == campaign_id) if campaign_id is not None else query


def watch(found: Sequence[Line], now: datetime) -> bool:
    """Whether a page looks again by itself: something moves, or left so lately that notices and answers may still come."""
    fresh = now - _NOTICES_WITHIN
    return any(
        line.moving or (line.delivery.channel not in BY_HAND and line.delivery.changed_at > fresh) for line in found
    )


def moving(found: Sequence[Line]) -> bool:
    """Whether anything may change by itself soon: then a page looks again."""
    return any(line.moving for line in found)


def leaves_at(found: Sequence[Line], now: datetime) -> datetime | None:
    """When the first of these leaves, while all of them can still be undone; None afterwards.

    One that was tried already waits for its next try, and one with a reason for its office: no times for an undo.
    """
    waiting = (line.delivery for line in found if line.delivery.status is Status.QUEUED and line.delivery.tries == 0)
    times = [delivery.due_at for delivery in waiting if not delivery.reason]
    first = min(times, default=None)
    return first if first is not None and first > now else None
