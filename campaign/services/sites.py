"""A member's sites, and the offices that go with each: matched once per Congress, chosen by the person where it takes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.districts import District, congress_at
from campaign.domain.errors import Invalid, NotFound
from campaign.domain.holders import Holder
from campaign.domain.matching import Match, MatchStatus, Place, place_key
from campaign.models.action import Action
from campaign.models.campaign import Campaign
from campaign.models.company import Facility
from campaign.models.match import ConfirmedBy, DistrictMatch
from campaign.models.member import Member
from campaign.services import inserts, matching, offices


@dataclass(frozen=True, slots=True)
class Seats:
    """Who represents a site. `choose` lists the seats to choose from while the person has not; `holders` are settled."""

    match: Match
    holders: tuple[Holder, ...]
    choose: tuple[Holder, ...] = ()
    choose_state: tuple[str, ...] = ()
    vacant: tuple[Holder, ...] = ()
    chosen: bool = False

    @property
    def settled(self) -> bool:
        return not self.choose and not self.choose_state


def place_of(site: Facility) -> Place:
    return Place(zip=site.zip, state=site.state, street=site.street, city=site.city, lat=site.lat, lon=site.lon)


def of_member(session: Session, member: Member) -> Sequence[Facility]:
    """The company's sites, the member's own address last."""
    return session.scalars(_of_member(member)).all()


def unwritten(session: Session, member: Member, campaign: Campaign) -> Sequence[Facility]:
    """Those of the member that have no action in this wave yet."""
    written = sa.select(Action.facility_id).where(
        Action.member_id == member.id, Action.campaign_id == campaign.id, Action.wave == campaign.wave
    )
    return session.scalars(_of_member(member).where(Facility.id.not_in(written))).all()


def _of_member(member: Member) -> sa.Select[Facility]:
    return (
        sa.select(Facility)
        .where(
            sa.or_(
                sa.and_(Facility.company_id == member.company_id, Facility.company_id.is_not(None)),
                Facility.member_id == member.id,
            )
        )
        .order_by(Facility.member_id.is_not(None), Facility.id)
    )


def seats(session: Session, site: Facility, at: datetime) -> Seats:
    """The offices of a site now, with the person's own choice where they made one. Writes nothing."""
    place = place_of(site)
    match = matching.matcher(session, at, points=place.lat is not None)(place)
    stored = _stored(session, site, at)
    if stored is not None and stored.chosen_state is not None:
        return _chosen(session, match, stored, at)
    (found,) = matching.with_offices(session, [match], at)
    match = found.match
    house = tuple(holder for holder in found.offices if holder.seat is not None)
    rest = tuple(holder for holder in found.offices if holder.seat is None)
    if match.must_choose:
        states = tuple(dict.fromkeys(district.state for district in match.districts))
        return Seats(match, rest, choose=house, choose_state=states if len(states) > 1 else ())
    if match.status is MatchStatus.STATE_ONLY and match.suggested:
        suggested = offices.offices_of(session, match.suggested, (), at)
        return Seats(match, rest, choose=tuple(suggested))
    held = tuple(holder for holder in house if holder.known)
    return Seats(match, (*held, *rest), vacant=tuple(holder for holder in house if not holder.known))


def _chosen(session: Session, match: Match, stored: DistrictMatch, at: datetime) -> Seats:
    state = stored.chosen_state or ""
    districts = [] if stored.chosen_district is None else [District(state, stored.chosen_district)]
    holders = offices.offices_of(session, districts, [state], at)
    return Seats(
        match,
        tuple(holder for holder in holders if holder.known),
        vacant=tuple(holder for holder in holders if not holder.known),
        chosen=True,
    )


def _stored(session: Session, site: Facility, at: datetime) -> DistrictMatch | None:
    return session.scalar(
        sa.select(DistrictMatch).where(
            DistrictMatch.place_key == place_key(place_of(site)), DistrictMatch.congress == congress_at(at)
        )
    )


def choose(session: Session, site: Facility, code: str, at: datetime, by: ConfirmedBy) -> None:
    """Stores a person's choice of seat ("NV-2"), or of none ("NV": senators only). Twice is safe.

    Raises Invalid when the choice is not among those that the place allows.
    """
    place = place_of(site)
    match = matching.matcher(session, at, points=place.lat is not None)(place)
    state, _, number = code.partition("-")
    allowed = {district.key for district in (*match.districts, *match.suggested)}
    if code not in allowed and not (not number and state in match.states):
        raise Invalid("Choose one of the representatives shown, or senators only.", field="seat")
    inserts.if_absent(
        session,
        DistrictMatch,
        {
            "place_key": place_key(place_of(site)),
            "congress": match.congress,
            "status": match.status,
            "states": list(match.states),
            "districts": [district.key for district in match.districts],
            "suggested": [district.key for district in match.suggested],
            "method": match.method,
            "confidence": match.confidence,
            "vintage": match.vintage,
            "matched_at": at,
        },
    )
    row = _stored(session, site, at)
    if row is None:
        raise NotFound("The choice could not be kept.")
    row.confirmed_by, row.chosen_state = by, state
    row.chosen_district = int(number) if number else None
