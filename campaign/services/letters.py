"""From a member's action to the letters it makes: gathers the facts, renders one letter per destination.

Nothing here writes: the same functions serve the preview, the signing and the dry run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain import addressing, brackets, overlap
from campaign.domain.districts import STATES, OfficeKind
from campaign.domain.errors import CannotRender
from campaign.domain.holders import Chair, Holder
from campaign.domain.letters import AskText, Frame, Letter, LetterFacts, render
from campaign.domain.overlap import Quality
from campaign.domain.targeting import Choice, Destination, DocketOption, OfficeOption, TargetKind, destinations
from campaign.domain.texts import enumerated, is_placeholder, stable_hash
from campaign.models.action import Action
from campaign.models.campaign import Campaign, CampaignExclusion, Reason
from campaign.models.company import Company, Facility, FacilityRole
from campaign.models.docket import Docket
from campaign.models.member import Member
from campaign.models.recommendation import Recommendation, Sponsor
from campaign.models.template import LetterTemplateVersion
from campaign.services import campaign_contents, offices

_EASTERN = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class Written:
    """One destination with its letter, or with the reason why it cannot be written. `plain` is it without own words."""

    destination: Destination
    holder: Holder
    addressee: str
    letter: Letter | None
    overlap: float = 0.0
    quality: Quality | None = None
    problem: str = ""
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Addressees:
    """Who hears these recommendations from one site: its offices, and the agencies of dockets."""

    recommendations: Mapping[str, Recommendation]
    holders: Sequence[Holder]
    agencies: Mapping[int, Holder]
    excluded: frozenset[int]

    def destinations(self, keys: Sequence[str], at: datetime) -> list[Destination]:
        """The letters that these choices make for this site, without excluded offices."""
        choices = [self._choice(self.recommendations[key]) for key in keys if key in self.recommendations]
        options = [_option(holder) for holder in self.holders if not holder.vacant]
        return [d for d in destinations(choices, options, at) if d.office_id not in self.excluded]

    def holder(self, office_id: int) -> Holder:
        return next((each for each in self.holders if each.office_id == office_id), None) or self.agencies[office_id]

    @property
    def dockets(self) -> dict[int, Docket]:
        return {card.docket.id: card.docket for card in self.recommendations.values() if card.docket}

    def _choice(self, recommendation: Recommendation) -> Choice:
        docket = recommendation.docket
        return Choice(
            key=recommendation.key,
            targets=frozenset(ask.target for ask in recommendation.asks),
            committees=frozenset(recommendation.committees),
            docket=None
            if docket is None
            else DocketOption(
                docket.id, docket.target, docket.office_id, docket.office.code, docket.opens_at, docket.closes_at
            ),
        )


def _option(holder: Holder) -> OfficeOption:
    return OfficeOption(holder.office_id, holder.code, _base_kind(holder), tuple(each.key for each in holder.chairs))


@dataclass(frozen=True, slots=True)
class Writer:
    """Everything that an action's letters are made of, read once. The rows are read and not changed."""

    campaign: Campaign
    version: LetterTemplateVersion
    member: Member
    company: Company | None
    facility: Facility
    to: Addressees
    sponsors: Mapping[tuple[int, int], Sponsor]  # by recommendation and legislator
    reasons: Mapping[str, Reason]

    @property
    def recommendations(self) -> Mapping[str, Recommendation]:
        return self.to.recommendations

    def write(
        self,
        destination: Destination,
        *,
        reasons: Sequence[str],
        story: str,
        jobs: int | None,
        edits: Mapping[str, str] | None = None,
        bracketed: bool = False,
    ) -> Written:
        """Never raises for a letter that cannot be written: says why, so that the others can go.

        A docket letter with a bracketed passage (or `bracketed`, for the text before its edits) no longer says that it
        holds nothing confidential.
        """
        holder = self.to.holder(destination.office_id)
        addressee = addressing.styled_name(holder)
        try:
            facts = self._facts(destination, holder, reasons, story, jobs)
            frame = self._frame(destination.kind)
            letter = render(frame, facts)
            if edits:
                letter = letter.with_edits(edits)
            if destination.docket_id is not None and (
                bracketed or brackets.has_passages("\n\n".join(letter.paragraphs))
            ):
                letter = letter.confidential(frame.nothing_confidential)
            plain = render(frame, _without_own_words(facts))
        except CannotRender as error:
            return Written(destination, holder, addressee, None, problem=str(error), field=error.field)
        share = overlap.shared(letter.body, plain.body)
        quality = overlap.quality(
            body=letter.body,
            message=letter.message,
            city=self.facility.city,
            jobs=facts.facility.get("jobs", ""),
            has_ask=True,
            overlap=share,
        )
        return Written(destination, holder, addressee, letter, share, quality)

    def _frame(self, kind: TargetKind) -> Frame:
        frames: Mapping[str, Any] = self.version.frames["person" if self.facility.company_id is None else "company"]
        if kind not in frames:
            raise CannotRender(f"the template has no letter to {kind} offices", field="template")
        return Frame(**frames[kind])

    def _facts(
        self, destination: Destination, holder: Holder, reasons: Sequence[str], story: str, jobs: int | None
    ) -> LetterFacts:
        chair = self._chair(destination, holder)
        return LetterFacts(
            member=self._member_facts(),
            facility=self._facility_facts(jobs),
            office={
                "salutation": addressing.salutation(holder, chair),
                "seat": addressing.seat_phrase(holder),
                "committee": chair.committee if chair else "",
            },
            address_block=addressing.address_block(holder, chair),
            asks=[self._ask(self.recommendations[key], destination, holder) for key in destination.choices],
            signature=self._signature(),
            reasons={key: self._reason(self.reasons[key], holder) for key in reasons if key in self.reasons},
            story=story,
            docket=self._docket_facts(destination),
            docket_closed=destination.docket_closed,
        )

    def _member_facts(self) -> dict[str, str]:
        return {
            "name": self.member.name,
            "title": "" if is_placeholder(self.member.title) else self.member.title,
            "company": self.company.name if self.company else "",
            "street": self.facility.street,
            "city": self.facility.city,
            "state": self.facility.state,
            "zip": self.facility.zip,
        }

    def _facility_facts(self, jobs: int | None) -> dict[str, str]:
        site = self.facility
        count = jobs if jobs is not None else site.jobs
        return {
            "kind": site.kind,
            "city": site.city,
            "state_name": STATES[site.state].name if site.state in STATES else site.state,
            "jobs": f"{count:,}" if count else "",
            "product": site.product,
            "activity": site.activity,
            "role": str(site.role),
            "minerals": enumerated(site.minerals),
            "main_input": site.minerals[0] if site.minerals else "",
        }

    def _signature(self) -> tuple[str, ...]:
        member, site = self.member, self.facility
        title = "" if is_placeholder(member.title) else member.title
        title = title[:1].upper() + title[1:]
        lines = (member.name, title, self.company.name if self.company else "", site.street)
        return (*(line for line in lines if line), f"{site.city}, {site.state} {site.zip}")

    def _docket_facts(self, destination: Destination) -> dict[str, str]:
        for key in destination.choices:
            docket = self.recommendations[key].docket
            if docket is not None:
                closes = docket.closes_at.astimezone(_EASTERN)
                closes_on = f"{closes:%B} {closes.day}, {closes.year}"
                return {"number": docket.number, "title": docket.title, "closes_on": closes_on}
        return {}

    def _chair(self, destination: Destination, holder: Holder) -> Chair | None:
        """The committee, among those of the choices, that this office's holder chairs; a full one before its parts."""
        if destination.kind is not TargetKind.CHAIR:
            return None
        wanted = {committee for key in destination.choices for committee in self.recommendations[key].committees}
        return next((chair for chair in holder.chairs if chair.key in wanted), None)

    def _ask(self, recommendation: Recommendation, destination: Destination, holder: Holder) -> AskText:
        asks = {ask.target: ask for ask in recommendation.asks}
        kind = destination.kind if destination.kind in asks else _base_kind(holder)
        if kind is TargetKind.CHAIR and not any(each.key in recommendation.committees for each in holder.chairs):
            kind = _base_kind(holder)  # whoever leads another committee cannot report this bill
        ask = asks[kind]
        sponsor = self.sponsors.get((recommendation.id, holder.legislator_id or 0))
        line, thanks, vehicle = ask.line, "", ask.vehicle
        if sponsor is not None:
            thanks, vehicle = self.version.thanks, sponsor.thanks_for
            line = self.version.next_step if sponsor.asks_next_step else line
        return AskText(recommendation.key, line, vehicle, self._paragraph(recommendation, holder), thanks)

    def _paragraph(self, recommendation: Recommendation, holder: Holder) -> str:
        texts = {wording.letter: wording.text for wording in recommendation.wordings}
        if self.facility.company_id is None:
            pair = ("i", "j")
        elif self.facility.role is FacilityRole.PRODUCER and "p" in texts:
            return texts["p"]
        else:
            pair = ("a", "b")
        pair = pair if pair[0] in texts else ("a", "b")
        letter = pair[stable_hash(self.member.email, holder.code) % 2]
        text = texts.get(letter) or texts.get(pair[0])
        if text is None:
            raise CannotRender(f"{recommendation.title} has no text yet", field="recommendation")
        return text

    def _reason(self, reason: Reason, holder: Holder) -> str:
        return (reason.wording_a, reason.wording_b)[stable_hash(self.member.email, holder.code, reason.key) % 2]


def _base_kind(holder: Holder) -> TargetKind:
    if holder.kind is OfficeKind.AGENCY:
        return TargetKind.AGENCY
    return TargetKind.SENATE if holder.kind is OfficeKind.SENATOR else TargetKind.HOUSE


def _without_own_words(facts: LetterFacts) -> LetterFacts:
    return LetterFacts(
        member=facts.member,
        facility=facts.facility,
        office=facts.office,
        address_block=facts.address_block,
        asks=facts.asks,
        signature=facts.signature,
        reasons=facts.reasons,
        docket=facts.docket,
        docket_closed=facts.docket_closed,
    )


def addressees(
    session: Session, campaign_id: int, cards: Sequence[Recommendation], holders: Sequence[Holder]
) -> Addressees:
    """`holders` are the offices of the site, `cards` come with their asks and dockets. One statement."""
    excluded = session.scalars(
        sa.select(CampaignExclusion.office_id).where(CampaignExclusion.campaign_id == campaign_id)
    )
    return Addressees(
        recommendations={card.key: card for card in cards},
        holders=holders,
        agencies={card.docket.office_id: offices.agency(card.docket.office) for card in cards if card.docket},
        excluded=frozenset(excluded),
    )


def writer(session: Session, action: Action, holders: Sequence[Holder]) -> Writer:
    """Reads everything that the letters of this action are made of; `holders` are the offices of its site."""
    campaign = session.get_one(Campaign, action.campaign_id)
    facility = session.get_one(Facility, action.facility_id)
    cards = campaign_contents.asked_for(session, campaign.id, [choice.recommendation_id for choice in action.choices])
    return Writer(
        campaign=campaign,
        version=campaign_contents.newest_version(session, campaign),
        member=session.get_one(Member, action.member_id),
        company=session.get(Company, facility.company_id) if facility.company_id else None,
        facility=facility,
        to=addressees(session, campaign.id, cards, holders),
        sponsors=_sponsors(session, cards, holders),
        reasons={reason.key: reason for reason in campaign_contents.reasons_of(session, campaign.id)},
    )


def _sponsors(
    session: Session, cards: Sequence[Recommendation], holders: Sequence[Holder]
) -> dict[tuple[int, int], Sponsor]:
    rows = session.scalars(
        sa.select(Sponsor).where(
            Sponsor.recommendation_id.in_([card.id for card in cards]),
            Sponsor.legislator_id.in_([each.legislator_id for each in holders if each.legislator_id is not None]),
        )
    )
    return {(row.recommendation_id, row.legislator_id): row for row in rows}
