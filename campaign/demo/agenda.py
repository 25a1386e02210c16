"""Puts the recommendations, the letter template, the positions and the three campaigns into the tables. Commits nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.demo import content, history_closed
from campaign.demo.campaigns import CAMPAIGNS, CRITICAL_MINERALS, ONE_LIST
from campaign.demo.history import POSITION_CHANGES
from campaign.demo.offices import STAND_INS, TRUE_POSITIONS
from campaign.demo.setup import Calendar
from campaign.demo.shapes import CampaignPlan, PositionChange
from campaign.demo.shapes import Recommendation as Card
from campaign.domain.statuses import CampaignStatus
from campaign.models.campaign import Campaign, CampaignRecommendation, Reason
from campaign.models.office import Legislator, Office
from campaign.models.position import Position, Stance
from campaign.models.recommendation import Ask, Bill, Fact, Recommendation, Sphere, Sponsor, Wording
from campaign.models.template import LetterTemplate, LetterTemplateVersion

ORDER = ("cwc", "smtp", "handoff", "print_provider")
_OLD_BILL = "Bill number from the previous Congress"
_OUTCOME = "No position changed. The offices sent acknowledgements and form letters, and nothing of substance."


def recommendations(session: Session, dockets: Mapping[str, int], calendar: Calendar) -> dict[str, int]:
    """By key, with their asks, wordings, evidence and bills, and the true public acts of real legislators."""
    rows = {card.key: _recommendation(card, dockets, calendar) for card in content.recommendations()}
    session.add_all(rows.values())
    session.flush()
    people = _legislators(session, [act.bioguide for act in TRUE_POSITIONS])
    session.add_all(
        Sponsor(
            recommendation_id=rows[act.recommendation].id,
            legislator_id=people[act.bioguide],
            thanks_for=act.thanks_for,
            asks_next_step=act.asks_next_step,
            source=act.source,
        )
        for act in TRUE_POSITIONS
    )
    return {key: row.id for key, row in rows.items()}


def _recommendation(card: Card, dockets: Mapping[str, int], calendar: Calendar) -> Recommendation:
    expired = card.vehicle_expires_on is not None and calendar.as_of > card.vehicle_expires_on
    return Recommendation(
        key=card.key,
        sphere=Sphere(card.scope),
        title=card.title,
        why=card.why,
        vehicle=card.vehicle,
        vehicle_note=_OLD_BILL if expired else "",
        vehicle_expires_on=card.vehicle_expires_on,
        position=card.position,
        targets=[str(kind) for kind in card.targets],
        committees=list(card.committees),
        topics=list(card.topics),
        docket_id=dockets[card.docket] if card.docket else None,
        fit_role=str(card.fit_role) if card.fit_role else None,
        fit_tags=list(card.fit_tags),
        asks=[Ask(target=kind, vehicle=ask.vehicle, line=ask.line) for kind, ask in card.asks.items()],
        wordings=[Wording(letter=letter, text=text) for letter, text in card.paragraphs.items()],
        facts=[Fact(text=f.text, source=f.source or "", mark=f.mark or "") for f in card.evidence],
        bills=[Bill(congress=bill.congress, type=bill.type, number=bill.number) for bill in card.bills],
    )


def template(session: Session, at: datetime) -> int:
    row = LetterTemplate(name="Letters of the demonstration")
    session.add(row)
    session.flush()
    thanks, next_step = content.sponsor_words()
    session.add(
        LetterTemplateVersion(
            template_id=row.id,
            number=1,
            frames={
                name: {str(kind): asdict(frame) for kind, frame in content.frames(name).items()}
                for name in ("company", "person")
            },
            thanks=thanks,
            next_step=next_step,
            created_at=at,
        )
    )
    return row.id


def campaigns(session: Session, cards: Mapping[str, int], template_id: int, calendar: Calendar) -> dict[str, int]:
    """By slug; all of them drafts. The history launches and closes."""
    rows = {plan.slug: _campaign(plan, template_id, calendar) for plan in CAMPAIGNS}
    session.add_all(rows.values())
    session.flush()
    for plan in CAMPAIGNS:
        session.add_all(
            CampaignRecommendation(campaign_id=rows[plan.slug].id, recommendation_id=cards[key], rank=rank)
            for rank, key in enumerate(plan.recommendations, 1)
        )
    session.add_all(
        Reason(
            campaign_id=rows[CRITICAL_MINERALS.slug].id,
            key=reason.key,
            label=reason.label,
            wording_a=reason.wordings["a"],
            wording_b=reason.wordings["b"],
            fit_role="user" if reason.users_only else None,
            rank=rank,
        )
        for rank, reason in enumerate(content.reasons(), 1)
    )
    return {slug: row.id for slug, row in rows.items()}


def _campaign(plan: CampaignPlan, template_id: int, calendar: Calendar) -> Campaign:
    opens_at, closes_at = window(plan, calendar)
    return Campaign(
        slug=plan.slug,
        name=plan.name,
        summary=f"{plan.summary} {plan.public_text}",
        status=CampaignStatus.DRAFT,
        opens_at=opens_at,
        closes_at=closes_at,
        channels=list(ORDER),
        consent_text=plan.consent_text,
        template_id=template_id,
        goal_letters=plan.goal.letters if plan.goal else None,
        outcome=_OUTCOME if plan.status is CampaignStatus.CLOSED else "",
    )


def window(plan: CampaignPlan, calendar: Calendar) -> tuple[datetime | None, datetime | None]:
    """From six in the morning of the first day to the end of the last, Eastern."""
    if plan is ONE_LIST:
        return calendar.closed(1, time(6)), calendar.closed(history_closed.DAYS + 1, time(0))
    if plan.opens_on_day is None or plan.closes_on_day is None:
        return None, None
    return calendar.live(plan.opens_on_day, time(6)), calendar.live(plan.closes_on_day + 1, time(0))


def first_positions(session: Session, cards: Mapping[str, int], began: datetime, by: str) -> None:
    """Public acts that are true, with their days, and where the stand-ins stood. Everyone else is unknown, never opposed."""
    people = _legislators(session, [act.bioguide for act in TRUE_POSITIONS] + [each.id for each in STAND_INS])
    seats = _offices(session, [act.office for act in TRUE_POSITIONS] + [each.office for each in STAND_INS])
    for act in TRUE_POSITIONS:
        session.add(
            Position(
                office_id=seats[act.office],
                legislator_id=people[act.bioguide],
                recommendation_id=cards[act.recommendation],
                stance=Stance.SUPPORTS,
                at=datetime.combine(act.on, time(16), UTC) if act.on else began,
                evidence=act.act,
                source=f"{act.source} ({act.mark})",
                recorded_by=by,
            )
        )
    for each in STAND_INS:
        for key, stance in each.first_positions.items():
            session.add(
                Position(
                    office_id=seats[each.office],
                    legislator_id=people[each.id],
                    recommendation_id=cards[key],
                    stance=Stance(stance),
                    at=began,
                    evidence="where the demonstration begins",
                    source="demonstration",
                    recorded_by=by,
                )
            )


def change_position(session: Session, change: PositionChange, card_id: int, at: datetime, by: str) -> None:
    stand_in = next(each for each in STAND_INS if each.office == change.office)
    session.add(
        Position(
            office_id=_offices(session, [change.office])[change.office],
            legislator_id=_legislators(session, [stand_in.id])[stand_in.id],
            recommendation_id=card_id,
            stance=Stance(change.new),
            at=at,
            evidence=change.evidence,
            source="demonstration",
            recorded_by=by,
        )
    )


def position_changes(calendar: Calendar) -> list[tuple[datetime, PositionChange]]:
    return [(calendar.live(change.day, time(16, 30)), change) for change in POSITION_CHANGES]


def launches(calendar: Calendar) -> list[tuple[str, datetime]]:
    """Slug and moment of the campaigns that went live."""
    found = []
    for plan in CAMPAIGNS:
        opens_at, _ = window(plan, calendar)
        if opens_at is not None:
            found.append((plan.slug, opens_at + timedelta(minutes=1)))
    return found


def closings(calendar: Calendar) -> list[datetime]:
    """When the windows of campaigns end that are over by the end of the history."""
    ends = [closes_at for _, closes_at in (window(plan, calendar) for plan in CAMPAIGNS) if closes_at is not None]
    return [closes_at for closes_at in ends if closes_at < calendar.ends]


def _legislators(session: Session, bioguides: Iterable[str]) -> dict[str, int]:
    query = sa.select(Legislator.bioguide, Legislator.id).where(Legislator.bioguide.in_(list(bioguides)))
    return dict(session.execute(query).all())


def _offices(session: Session, codes: Iterable[str]) -> dict[str, int]:
    return dict(session.execute(sa.select(Office.code, Office.id).where(Office.code.in_(list(codes)))).all())
