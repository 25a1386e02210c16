"""The letters of an action as they would be signed now, each with its way. Writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain import brackets
from campaign.domain.channels import ChannelName
from campaign.domain.statuses import ENDED
from campaign.domain.targeting import Destination
from campaign.domain.texts import digest
from campaign.models.action import Action
from campaign.models.company import Facility
from campaign.models.delivery import Delivery
from campaign.models.docket import Docket, Portal
from campaign.models.letter import Letter
from campaign.models.recommendation import Recommendation
from campaign.services import cwc_filing, docket_letters, doubts, letters, routes, sites
from campaign.services.docket_letters import Trouble
from campaign.services.letters import Addressees, Writer, Written
from campaign.services.routes import Route, Taking
from campaign.services.sites import Seats


@dataclass(frozen=True, slots=True)
class Prepared:
    """One letter as it stands in the draft: the same object is previewed and signed."""

    written: Written
    route: Route
    included: bool
    gone: bool = False  # left with an earlier signing: never taken in again
    docket: Docket | None = None  # where it is a comment
    troubles: tuple[Trouble, ...] = ()  # why the docket's portal would not take it as it stands

    @property
    def target(self) -> str:
        return self.written.destination.target

    @property
    def hides_passages(self) -> bool:
        """Whether it is a comment with a public version of its own."""
        letter = self.written.letter
        if letter is None or self.docket is None or self.docket.portal is not Portal.USTR:
            return False
        return any(brackets.has_passages(text) for text in letter.paragraphs)


@dataclass(frozen=True, slots=True)
class Preview:
    seats: Seats
    prepared: tuple[Prepared, ...]
    writer: Writer

    @property
    def going(self) -> list[Prepared]:
        """The letters that a signature would send."""
        return [each for each in self.prepared if each.included and each.written.letter is not None]

    @property
    def digest(self) -> str:
        """Over all letters that would go: what the member saw is what they sign, or the signing is refused."""
        return digest(*(f"{each.target}:{each.written.letter.digest}" for each in self.going if each.written.letter))


def keys_of(action: Action, cards: Iterable[Recommendation]) -> list[str]:
    """What the member chose of these, in their order."""
    keys = {card.id: card.key for card in cards}
    return [keys[each.recommendation_id] for each in action.choices if each.recommendation_id in keys]


@dataclass(frozen=True, slots=True)
class Outline:
    """Who would hear from a site, before any letter is written."""

    seats: Seats
    to: Addressees
    destinations: tuple[Destination, ...]


def outline(
    session: Session, action: Action, cards: Sequence[Recommendation], keys: Sequence[str], at: datetime
) -> Outline:
    """For these choices (`keys`) among the campaign's cards. Writes nothing."""
    found = sites.seats(session, session.get_one(Facility, action.facility_id), at)
    to = letters.addressees(session, action.campaign_id, cards, found.holders)
    return Outline(found, to, tuple(to.destinations(keys, at)))


def drafting(session: Session, action: Action, at: datetime) -> tuple[Outline, Writer]:
    """Who hears this action as it stands, and what its letters are made of. Writes nothing."""
    found = sites.seats(session, session.get_one(Facility, action.facility_id), at)
    maker = letters.writer(session, action, found.holders)
    keys = keys_of(action, maker.recommendations.values())
    return Outline(found, maker.to, tuple(maker.to.destinations(keys, at))), maker


def preview(session: Session, action: Action, set_up: Collection[ChannelName], at: datetime) -> Preview:
    """The letters of this action as they would be signed now, each by a channel that is set up here. Writes nothing."""
    found, maker = drafting(session, action, at)
    drafts = {draft.target: draft for draft in action.drafts}
    takes = routes.taking(session, [destination.office_id for destination in found.destinations], set_up, at)
    dockets, gone = found.to.dockets, _gone(session, action)
    prepared = []
    for destination in found.destinations:
        draft = drafts.get(destination.target)
        written = maker.write(
            destination,
            reasons=action.reasons,
            story=action.story,
            jobs=action.jobs,
            edits=draft.edits if draft else None,
        )
        docket = dockets[destination.docket_id] if destination.docket_id is not None else None
        way = routes.routes(written.holder, docket, maker.campaign.channels, _taken(takes, maker, destination))[0]
        left = destination.target in gone
        included = not left and (draft is None or draft.included)
        prepared.append(Prepared(written, way, included, left, docket, troubles_of(maker, written, docket)))
    return Preview(found.seats, tuple(prepared), maker)


def troubles_of(maker: Writer, written: Written, docket: Docket | None) -> tuple[Trouble, ...]:
    """Why the portal of its docket would not take this letter; empty for any other letter."""
    if docket is None or written.letter is None:
        return ()
    sender = docket_letters.sender_of(maker.member, maker.facility, maker.company)
    return docket_letters.troubles(written.letter, docket, sender)


def _taken(takes: Taking, maker: Writer, destination: Destination) -> Taking:
    """Without the gateways that would refuse this letter."""
    if not takes.gateways:
        return takes
    asks = [maker.recommendations[key] for key in destination.choices]
    return takes.without(cwc_filing.unfit(maker.member, maker.facility, maker.company, asks))


def _gone(session: Session, action: Action) -> frozenset[str]:
    """Targets whose letter of an earlier signing has left, or may have before it was cancelled: signing again does not write to
    them twice."""
    if not action.signings:
        return frozenset()
    return frozenset(
        session.scalars(
            sa.select(Letter.target)
            .join(Delivery, Delivery.letter_id == Letter.id)
            .where(
                Letter.action_id == action.id,
                ~Delivery.superseded,
                sa.or_(Delivery.status.not_in(ENDED), doubts.of_delivery(Delivery.id)),
            )
        )
    )
