"""From rows to what the gateways of Congress take: the cargo of a parcel, with an id and a day that every try repeats.

Statement and message are those of the letter, without salutation, signature and address: offices group by text. What our records
do not prove is not said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from campaign.channels.cwc import ids, validator
from campaign.channels.cwc.builder import build
from campaign.channels.cwc.message import Agent, Barred, Bill, Constituent, Filing, Message, Sponsor, Text, eastern_day
from campaign.domain.channels import ChannelName
from campaign.domain.districts import Chamber
from campaign.models.action import Action
from campaign.models.campaign import Campaign
from campaign.models.company import Company, Facility
from campaign.models.delivery import Attempt, AttemptOutcome, Delivery
from campaign.models.gateway import GatewayFiling
from campaign.models.invitation import Invitation
from campaign.models.letter import Letter, LetterRecommendation
from campaign.models.member import Member
from campaign.models.office import Office
from campaign.models.organization import Organization
from campaign.models.recommendation import Recommendation
from campaign.services import active_offices
from campaign.services.many import among

GATEWAYS = {Chamber.HOUSE: ChannelName.CWC_HOUSE, Chamber.SENATE: ChannelName.CWC_SENATE}
STANCES = {"support": "pro", "oppose": "con"}
"""A recommendation's position in the words of the gateways; any other says nothing there."""


def filings(
    session: Session,
    delivery_ids: Sequence[int],
    agents: Mapping[Chamber, Agent],
    now: datetime,
    *,
    acknowledgements: Callable[[str], str] = lambda _: "",
    pages: Callable[[str], str] = lambda _: "",
    more_info_first: bool = False,
) -> dict[int, Filing]:
    """By delivery id; a delivery of member mail has none. A few statements, whatever the number.

    `acknowledgements` gives the address for a letter's acknowledgement by its reference, where the agent names none;
    `pages` the page where an office can check that it is genuine, which stands before the texts or after them.

    Writes ids for deliveries that have none yet, or whose last try was refused. The rows are the caller's: nobody else may be
    making out the same deliveries. Does not commit.
    """
    rows = _rows(session, delivery_ids)
    if not rows:
        return {}
    organization = _sponsor(session.get_one(Organization, 1))
    asks = _asks(session, {row.Letter.id for row in rows})
    bars = active_offices.bars(session, list({row.Office.id for row in rows}), now)
    filed = _filed(session, [row.id for row in rows], now)
    made = {}
    for row in rows:
        known = filed[row.id]
        agent = agents.get(row.Office.chamber, Agent())
        agent = replace(agent, ack_email=agent.ack_email or acknowledgements(row.Letter.reference))
        message = _message(row, organization, agent, asks[row.Letter.id])
        message = replace(
            message,
            letter=replace(message.letter, more_info=pages(row.Letter.reference)),
            delivery_id=known.row.message_id,
            delivery_date=known.row.dated_on.isoformat(),
        )
        if not validator.problems(message):
            known.row.digest = ids.payload_digest(build(message, more_info_first=more_info_first))
        bar = bars.get(row.Office.id)
        made[row.id] = Filing(
            message,
            try_number=known.tries + 1,
            in_doubt=known.in_doubt,
            barred=Barred(bar.words, bar.waits) if bar else None,
            more_info_first=more_info_first,
        )
    return made


def unfit(
    member: Member, facility: Facility, company: Company | None, asks: Sequence[Recommendation]
) -> frozenset[ChannelName]:
    """The gateways that would refuse this member's letters about these things, whatever they say: for want of a prefix that the
    chamber takes, a street, a topic. Empty for most. Known before signing, so that such letters go another way from the start."""
    found = set()
    for chamber, name in GATEWAYS.items():
        asked = Message(
            chamber=str(chamber),
            member=_constituent(member, facility, company, None),
            letter=Text(topics=tuple(topic for each in asks for topic in each.topics)),
        )
        if any(each.field.startswith(("member.", "letter.topics")) for each in validator.problems(asked)):
            found.add(name)
    return frozenset(found)


def unfit_for(session: Session, letter: Letter) -> frozenset[ChannelName]:
    """As `unfit`, of a letter that is signed: before it goes on another way. Two statements."""
    query = (
        sa.select(Member, Facility, Company)
        .select_from(Action)
        .join(Member, Member.id == Action.member_id)
        .join(Facility, Facility.id == Action.facility_id)
        .outerjoin(Company, Company.id == Facility.company_id)
        .where(Action.id == letter.action_id)
    )
    member, site, company = session.execute(query).one()
    return unfit(member, site, company, _asks(session, [letter.id])[letter.id])


def said(subject: str, statement: str, message: str, asks: Sequence[Recommendation]) -> Text:
    """The letter part, from the recommendations in the member's order.

    One position for all: that of the first with a bill. Bills of another position are left out, as the format has one.
    """
    position = next((STANCES.get(each.position, "") for each in asks if each.bills), "")
    bills = [
        Bill(bill.congress, bill.type, bill.number)
        for each in asks
        if position and STANCES.get(each.position) == position
        for bill in each.bills
    ]
    topics = dict.fromkeys(topic for each in asks for topic in each.topics)
    return Text(
        subject=subject,
        topics=tuple(topics),
        bills=tuple(dict.fromkeys(bills)),
        position=position,
        statement=statement,
        message=message,
    )


def campaign_key(slug: str, asks: Sequence[Recommendation], position: str) -> str:
    """What offices group by: campaign, first recommendation of the letter, stance."""
    if not asks:
        return ""
    return ids.campaign_key(slug, asks[0].key, position or STANCES.get(asks[0].position, ""))


def _rows(session: Session, delivery_ids: Sequence[int]) -> Sequence[Any]:
    """One for each letter. The mailbox is known where the member came through a link that was mailed to it."""
    opened = sa.exists().where(Invitation.member_id == Member.id, Invitation.opened_at.is_not(None))
    return session.execute(
        sa.select(Delivery.id, Letter, Member, Facility, Company, Office, Campaign.slug, opened.label("opened"))
        .join(Letter, Letter.id == Delivery.letter_id)
        .join(Member, Member.id == Letter.member_id)
        .join(Action, Action.id == Letter.action_id)
        .join(Facility, Facility.id == Action.facility_id)
        .outerjoin(Company, Company.id == Facility.company_id)
        .join(Office, Office.id == Letter.office_id)
        .join(Campaign, Campaign.id == Letter.campaign_id)
        .where(among(session, Delivery.id, list(delivery_ids)))
    ).all()


def _asks(session: Session, letter_ids: Iterable[int]) -> dict[int, list[Recommendation]]:
    """By letter, in the member's order."""
    found: dict[int, list[Recommendation]] = defaultdict(list)
    rows = session.execute(
        sa.select(LetterRecommendation.letter_id, Recommendation)
        .join(Recommendation, Recommendation.id == LetterRecommendation.recommendation_id)
        .where(among(session, LetterRecommendation.letter_id, list(letter_ids)))
        .order_by(LetterRecommendation.letter_id, LetterRecommendation.rank)
        .options(selectinload(Recommendation.bills))
    )
    for letter_id, recommendation in rows:
        found[letter_id].append(recommendation)
    return found


def _message(row: Any, organization: Sponsor, agent: Agent, asks: Sequence[Recommendation]) -> Message:
    letter = said(row.Letter.subject, row.Letter.statement, row.Letter.message, asks)
    return Message(
        chamber=str(row.Office.chamber),
        office=row.Office.code,
        agent=agent,
        organization=organization,
        campaign_key=campaign_key(row.slug, asks, letter.position),
        member=_constituent(row.Member, row.Facility, row.Company, True if row.opened else None),
        letter=letter,
    )


def _sponsor(organization: Organization) -> Sponsor:
    return Sponsor(
        organization.name,
        organization.about,
        organization.contact_name,
        organization.contact_email,
        organization.contact_phone,
    )


def _constituent(member: Member, site: Facility, company: Company | None, email_verified: bool | None) -> Constituent:
    """Of the address nothing is said to be verified: districts are found by place, which proves no mailbox on a street."""
    return Constituent(
        prefix=member.prefix,
        first=member.first,
        last=member.last,
        title=member.title,
        employer=company.name if company else "",
        address1=site.street,
        city=site.city,
        state=site.state,
        zip=site.zip,
        phone=member.phone,
        email=member.email,
        email_verified=email_verified,
    )


@dataclass(slots=True)
class _Filed:
    """A delivery's id, and what its tries under it tell."""

    row: GatewayFiling
    tries: int = 0
    in_doubt: bool = False


def _filed(session: Session, delivery_ids: Sequence[int], now: datetime) -> dict[int, _Filed]:
    rows = {
        row.delivery_id: row
        for row in session.scalars(
            sa.select(GatewayFiling).where(among(session, GatewayFiling.delivery_id, list(delivery_ids)))
        )
    }
    tries: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in session.scalars(
        sa.select(Attempt).where(among(session, Attempt.delivery_id, list(delivery_ids))).order_by(Attempt.number)
    ):
        tries[attempt.delivery_id].append(attempt)
    return {key: _one_filed(session, key, rows.get(key), tries[key], now) for key in delivery_ids}


def _one_filed(
    session: Session, key: int, row: GatewayFiling | None, tries: Sequence[Attempt], now: datetime
) -> _Filed:
    """A refusal ends an id: what is sent after it was corrected, or looked at by a person."""
    refused = max((each.number for each in tries if each.outcome is AttemptOutcome.REFUSED), default=0)
    if row is None:
        row = GatewayFiling(delivery_id=key, attempts_before=0)
        session.add(row)
    if row.message_id is None or refused > row.attempts_before:
        row.message_id, row.dated_on, row.made_at = ids.new_delivery_id(), eastern_day(now), now
        row.attempts_before, row.digest = refused, ""
    ours = [each for each in tries if each.number > row.attempts_before]
    doubtful = any(each.outcome is None or each.in_doubt for each in ours)
    return _Filed(row, len(ours), doubtful)
