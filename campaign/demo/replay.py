"""Lives the plans through: members and staff do through the services what the plans say, each at its moment."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.database import transaction
from campaign.demo import agenda, setup
from campaign.demo.association import facility as planned_site
from campaign.demo.diary import Act
from campaign.demo.history_tables import SEED
from campaign.demo.mailroom import Mailroom, Moment, Signed
from campaign.demo.script import Answers
from campaign.demo.setup import Calendar, Cast
from campaign.demo.shapes import ActionPlan, History, LetterPlan, PositionChange
from campaign.domain.channels import BY_THE_MEMBERS_WORD, ChannelKind, ChannelName
from campaign.domain.errors import WrongState
from campaign.domain.statuses import Status
from campaign.models.action import Action
from campaign.models.campaign import Campaign
from campaign.models.company import Facility
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.match import ConfirmedBy
from campaign.models.member import Member
from campaign.services import (
    campaigns,
    cancellations,
    deliveries,
    drafts,
    held,
    invitations,
    previews,
    signing,
    sites,
)
from campaign.services.previews import Preview
from campaign.services.signing import Signature

_SET_UP = frozenset(ChannelName)  # the simulated Congress stands behind every channel


@dataclass(frozen=True, slots=True)
class Chapter:
    """One campaign's plan and where its days lie."""

    campaign_id: int
    plan: History
    moment: Moment


@dataclass(frozen=True, slots=True)
class Agenda:
    """The rows that staff work with: campaigns by slug, dockets by number, recommendations by key."""

    campaigns: Mapping[str, int]
    dockets: Mapping[str, int]
    cards: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Replay:
    """Commits step by step on the session given."""

    session: Session
    cast: Cast
    calendar: Calendar
    undo_s: int
    agenda: Agenda
    mailroom: Mailroom

    def run(self, chapters: Sequence[Chapter]) -> None:
        for chapter in chapters:
            self._plan(chapter)
        timeline = self.mailroom.timeline
        for slug, moment in agenda.launches(self.calendar):
            timeline.at(moment, partial(self._launch, self.agenda.campaigns[slug]))
        for closes_at in agenda.closings(self.calendar):
            timeline.at(closes_at, self._close)
        for number, docket_id in self.agenda.dockets.items():
            timeline.at(self.calendar.docket_closes(number), partial(self._docket_closes, docket_id))
        for moment, change in agenda.position_changes(self.calendar):
            timeline.at(moment, partial(self._position, change))
        for day in range((self.calendar.ends - self.calendar.began).days + 1):
            timeline.at(self.calendar.began + timedelta(days=day), self._read_gateway_lists)
        timeline.run(self.calendar.ends)
        self.mailroom.diary.tell()

    def _plan(self, chapter: Chapter) -> None:
        timeline = self.mailroom.timeline
        for invitation in chapter.plan.invitations:
            if invitation.bounced:
                self.mailroom.bounced.add(invitation.email)
            moment = chapter.moment(invitation.day, invitation.at, self.cast.zones[invitation.email])
            timeline.at(moment, partial(self._invite, chapter.campaign_id, invitation.email))
        for visit in chapter.plan.visits:
            moment = chapter.moment(visit.day, visit.at, self.cast.zones[visit.email])
            timeline.at(moment, partial(self._visit, chapter.campaign_id, visit.email))
        for action in chapter.plan.actions:
            moment = chapter.moment(action.day, action.at, self._zone(action))
            timeline.at(moment, partial(self._act, chapter, action))

    def _zone(self, action: ActionPlan) -> str:
        return planned_site(action.facility).time_zone if action.facility else self.cast.zones[action.email]

    # --- campaigns, dockets, positions --------------------------------------------------------------------------------

    def _launch(self, campaign_id: int, now: datetime) -> None:
        with transaction(self.session):
            campaigns.launch(self.session, campaign_id, now, self.cast.organizer)

    def _read_gateway_lists(self, now: datetime) -> None:
        """As the workers do daily."""
        with transaction(self.session):
            setup.read_gateway_lists(self.session, now)

    def _close(self, now: datetime) -> None:
        with transaction(self.session):
            campaigns.close_due(self.session, now)

    def _docket_closes(self, docket_id: int, now: datetime) -> None:
        """What was not filed by then is not sent any more."""
        with transaction(self.session):
            ids = self.session.scalars(
                sa.select(Delivery.id)
                .join(Letter, Letter.id == Delivery.letter_id)
                .where(Letter.docket_id == docket_id, Delivery.status == Status.QUEUED)
                .order_by(Delivery.id)
            ).all()
            held.check_again(self.session, ids, now)

    def _position(self, change: PositionChange, now: datetime) -> None:
        with transaction(self.session):
            card_id = self.agenda.cards[change.recommendation]
            agenda.change_position(self.session, change, card_id, now, self.cast.organizer)
        self.mailroom.diary.note(Act.POSITIONS, now)

    # --- members --------------------------------------------------------------------------------------------------------

    def _member(self, email: str) -> Member:
        return self.session.get_one(Member, self.cast.members[email])

    def _invite(self, campaign_id: int, email: str, now: datetime) -> None:
        with transaction(self.session):
            campaign = self.session.get_one(Campaign, campaign_id)
            invitations.invite(self.session, self._member(email), campaign, self.mailroom.envelope, now)
        self.mailroom.diary.note(Act.INVITED, now)

    def _visit(self, campaign_id: int, email: str, now: datetime) -> None:
        with transaction(self.session):
            campaign = self.session.get_one(Campaign, campaign_id)
            door = invitations.of_member(self.session, self.cast.members[email], campaign)
            if door is None:
                raise WrongState("the plan lets somebody in who was not invited")
            invitations.opened(self.session, door.id, now)
        self.mailroom.diary.note(Act.VISITS, now)

    def _act(self, chapter: Chapter, plan: ActionPlan, now: datetime) -> None:
        """The whole journey of one member, signed at `now`; then its letters' fates are laid down."""
        wanted = {letter.docket or letter.office: letter for letter in plan.letters}
        with transaction(self.session):
            action = self._draft(chapter.campaign_id, plan, now)
            view = self._edited(action, plan, wanted, now)
            signature = Signature(
                self._member(plan.email).name,
                view.digest,
                "web",
                on_paper=frozenset(t for t, each in wanted.items() if each.planned_channel is ChannelKind.PRINT),
            )
            self.session.flush()
            _, made = signing.sign(self.session, action.id, signature, _SET_UP, now, undo_s=self.undo_s)
            signed = {row.reference: self._signed(chapter, plan, row, wanted[row.target]) for row in made}
        self.mailroom.letters.update(signed)
        for each in signed.values():
            self._by_hand(each, now)
        self.mailroom.diary.note(Act.ACTIONS, now)
        self.mailroom.diary.note(Act.SIGNED, now, len(signed))

    def _draft(self, campaign_id: int, plan: ActionPlan, now: datetime) -> Action:
        member, campaign = self._member(plan.email), self.session.get_one(Campaign, campaign_id)
        site = self.session.get_one(Facility, self.cast.sites[plan.facility or plan.email])
        if plan.district_chosen:
            sites.choose(self.session, site, plan.district, now, ConfirmedBy.MEMBER)
        action = drafts.start(self.session, member, campaign, site.id, now - timedelta(minutes=3))
        drafts.choose(self.session, action, plan.choices, now - timedelta(minutes=2))
        told_at = now - timedelta(minutes=1)
        drafts.tell(self.session, action, jobs=None, reasons=plan.reasons, story=plan.story, now=told_at)
        return action

    def _edited(self, action: Action, plan: ActionPlan, wanted: Mapping[str, LetterPlan], now: datetime) -> Preview:
        """What the member reads last. Raises WrongState where the services find other offices than the plan."""
        view = previews.preview(self.session, action, _SET_UP, now)
        targets = {each.target for each in view.prepared}
        if missing := wanted.keys() - targets:
            raise WrongState(f"the plan and the offices disagree about {', '.join(sorted(missing))}")
        edited = {target: letter for target, letter in wanted.items() if letter.edited}
        for target, letter in edited.items():
            drafts.edit(action, target, now, included=True, edits={f"paragraph:{letter.recommendations[0]}": plan.edit})
        if plan.confidential:
            self._confide(action, plan, view, now)
        left_out = targets - wanted.keys()
        for target in sorted(left_out):
            drafts.edit(action, target, now, included=False)
        changed = edited or left_out or plan.confidential
        return previews.preview(self.session, action, _SET_UP, now) if changed else view

    def _confide(self, action: Action, plan: ActionPlan, view: Preview, now: datetime) -> None:
        """Adds to the opening of the comment what only the agency shall read."""
        for each in view.prepared:
            if each.docket is not None and each.written.letter is not None:
                (opening,) = (part.text for part in each.written.letter.parts if part.key == "opening")
                edits = {"opening": f"{opening} {plan.confidential}"}
                drafts.edit(action, each.target, now, included=True, edits=edits)

    def _signed(self, chapter: Chapter, plan: ActionPlan, row: Letter, letter: LetterPlan) -> Signed:
        return Signed(
            letter_id=row.id,
            delivery_id=deliveries.of_letter(self.session, row.id)[-1].id,
            member_id=row.member_id,
            zone=self._zone(plan),
            plan=letter,
            moment=chapter.moment,
            answers=Answers(letter, self.calendar),
            rng=random.Random(f"{SEED} {plan.email} {row.target}"),  # noqa: S311  # a script, not a secret
        )

    # --- what goes by hand ----------------------------------------------------------------------------------------------

    def _by_hand(self, signed: Signed, now: datetime) -> None:
        plan, timeline = signed.plan, self.mailroom.timeline
        if plan.channel in BY_THE_MEMBERS_WORD and plan.outcome is Status.DELIVERED:
            filed_at = _done_at(signed, now)
            timeline.at(filed_at, partial(self._file, signed))
            self.mailroom.expect_replies(signed, None, filed_at)
        elif plan.outcome is Status.CANCELLED and plan.docket is None:
            timeline.at(_done_at(signed, now), partial(self._withdraw, signed))

    def _file(self, signed: Signed, now: datetime) -> None:
        proof = ""
        if signed.plan.docket:
            proof = f"the member filed it, number {signed.plan.docket}-{signed.rng.randrange(10_000):04}"
        with transaction(self.session):
            deliveries.done_by_hand(self.session, signed.delivery_id, now, f"member:{signed.member_id}", proof)
        self.mailroom.diary.note(Act.BY_HAND, now)

    def _withdraw(self, signed: Signed, now: datetime) -> None:
        with transaction(self.session):
            by = f"member:{signed.member_id}"
            cancellations.cancel(self.session, signed.delivery_id, now, "the member withdrew it", by)
        self.mailroom.diary.note(Act.WITHDRAWN, now)


def _done_at(signed: Signed, now: datetime) -> datetime:
    """Within the hour on the day of signing, else in the working hours of the day planned."""
    if signed.plan.settled_day == signed.plan.signed_day:
        return now + timedelta(minutes=signed.rng.randint(12, 55))
    at = time(signed.rng.randint(9, 17), signed.rng.randrange(60))
    return signed.moment(signed.plan.settled_day, at, signed.zone)
