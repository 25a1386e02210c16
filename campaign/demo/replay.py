"""Lives the plans through: members, offices and staff do through the services what the plans say, each at its moment."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.smtp.inbox import read_message
from campaign.database import transaction
from campaign.demo import agenda
from campaign.demo.agenda import change_position, position_changes
from campaign.demo.association import ORGANIZATION
from campaign.demo.association import facility as planned_site
from campaign.demo.clock import weekday
from campaign.demo.history_tables import SEED
from campaign.demo.script import Answers
from campaign.demo.setup import Calendar, Cast
from campaign.demo.shapes import ActionPlan, History, LetterPlan, PositionChange, ReplyPlan
from campaign.demo.timeline import Clock, Timeline
from campaign.domain.channels import ChannelName
from campaign.domain.districts import EASTERN
from campaign.domain.errors import WrongState
from campaign.domain.events import ResponseKind
from campaign.domain.parcels import Outcome, Parcel, Receipt
from campaign.domain.statuses import Status
from campaign.models.action import Action
from campaign.models.campaign import Campaign
from campaign.models.company import Facility
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.match import ConfirmedBy
from campaign.models.member import Member
from campaign.models.response import Response
from campaign.services import actions, campaigns, deliveries, events, held, invitations, outbox, responses, sites
from campaign.services.actions import Signature
from campaign.services.outbox import Loop
from campaign.services.outgoing import Envelope
from campaign.simulator import scripted
from campaign.simulator.scripted import Original
from campaign.simulator.scripted_channel import ScriptedChannel

Moment = Callable[[int, time, str], datetime]
_OWNER = "demonstration"


@dataclass(frozen=True, slots=True)
class Chapter:
    """One campaign's plan and where its days lie."""

    campaign_id: int
    plan: History
    moment: Moment


@dataclass(slots=True)
class Signed:
    """A letter on its way: its row, whose it is, what the plan says of it, and the answers that its receiver will give."""

    letter_id: int
    delivery_id: int
    member_id: int
    zone: str
    plan: LetterPlan
    moment: Moment
    answers: Answers
    rng: random.Random


@dataclass
class Replay:
    """Commits step by step on the session given. `echo` gets a line for each day on which something happened."""

    session: Session
    cast: Cast
    calendar: Calendar
    envelope: Envelope
    undo_s: int
    dockets: dict[str, int]
    cards: dict[str, int]
    echo: Callable[[str], None]
    letters: dict[str, Signed] = field(default_factory=dict)  # by reference
    bounced: set[str] = field(default_factory=set)  # addresses whose invitation comes back
    _day: date | None = None
    _tally: Counter[str] = field(default_factory=Counter)
    _mails: int = 0

    def __post_init__(self) -> None:
        self.clock = Clock(self.calendar.began)
        self.timeline = Timeline(self.clock, self._next_due, self._drain)
        channel = ScriptedChannel(self._answer)
        self.loop = Loop(_OWNER, channel, self.envelope, self.clock, jitter=lambda: 0.5)

    def run(self, slugs: dict[str, int], chapters: list[Chapter]) -> None:
        for slug, moment in agenda.launches(self.calendar):
            self.timeline.at(moment, partial(self._launch, slugs[slug]))
        for closes_at in agenda.closings(self.calendar):
            self.timeline.at(closes_at, self._close)
        for number, docket_id in self.dockets.items():
            self.timeline.at(self.calendar.docket_closes(number), partial(self._docket_closes, docket_id))
        for moment, change in position_changes(self.calendar):
            self.timeline.at(moment, partial(self._position, change, self.cards[change.recommendation]))
        for chapter in chapters:
            self._plan(chapter)
        self.timeline.run(self.calendar.ends)
        self._tell(None)

    def _plan(self, chapter: Chapter) -> None:
        for invitation in chapter.plan.invitations:
            if invitation.bounced:
                self.bounced.add(invitation.email)
            moment = chapter.moment(invitation.day, invitation.at, self.cast.zones[invitation.email])
            self.timeline.at(moment, partial(self._invite, chapter.campaign_id, invitation.email))
        for visit in chapter.plan.visits:
            moment = chapter.moment(visit.day, visit.at, self._zone_of(visit.email, None))
            self.timeline.at(moment, partial(self._visit, chapter.campaign_id, visit.email))
        for action in chapter.plan.actions:
            moment = chapter.moment(action.day, action.at, self._zone_of(action.email, action.facility))
            self.timeline.at(moment, partial(self._act, chapter, action))

    def _zone_of(self, email: str, site: str | None) -> str:
        return planned_site(site).time_zone if site else self.cast.zones[email]

    # --- the day's lines ---------------------------------------------------------------------------------------------

    def _count(self, what: str, now: datetime, number: int = 1) -> None:
        self._tell(now.astimezone(EASTERN).date())
        self._tally[what] += number

    def _tell(self, day: date | None) -> None:
        if self._day is not None and day != self._day and self._tally:
            told = ", ".join(f"{number} {what}" for what, number in self._tally.items())
            self.echo(f"{self._day:%a %b %d}: {told}")
            self._tally.clear()
        self._day = day

    # --- campaigns and dockets ----------------------------------------------------------------------------------------

    def _launch(self, campaign_id: int, now: datetime) -> None:
        with transaction(self.session):
            campaigns.launch(self.session, campaign_id, now, self.cast.organizer)

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
            ).all()
            held.check_again(self.session, ids, now)

    def _position(self, change: PositionChange, card_id: int, now: datetime) -> None:
        with transaction(self.session):
            change_position(self.session, change, card_id, now, self.cast.organizer)
        self._count("positions changed", now)

    # --- members ------------------------------------------------------------------------------------------------------

    def _member(self, email: str) -> Member:
        return self.session.get_one(Member, self.cast.members[email])

    def _invite(self, campaign_id: int, email: str, now: datetime) -> None:
        with transaction(self.session):
            campaign = self.session.get_one(Campaign, campaign_id)
            invitations.invite(self.session, self._member(email), campaign, self.envelope, now)
        self._count("invited", now)

    def _visit(self, campaign_id: int, email: str, now: datetime) -> None:
        with transaction(self.session):
            campaign = self.session.get_one(Campaign, campaign_id)
            door = invitations.of_member(self.session, self.cast.members[email], campaign)
            if door is None:
                raise WrongState("the plan lets somebody in who was not invited")
            invitations.opened(self.session, door.id, now)
        self._count("visits", now)

    def _act(self, chapter: Chapter, plan: ActionPlan, now: datetime) -> None:
        """The whole journey of one member, signed at `now`; its letters' fates are laid down."""
        with transaction(self.session):
            action = self._draft(chapter.campaign_id, plan, now)
            view = actions.preview(self.session, action, now)
            wanted = {letter.docket or letter.office: letter for letter in plan.letters}
            if missing := wanted.keys() - {each.target for each in view.prepared}:
                raise WrongState(f"the plan and the offices disagree about {', '.join(sorted(missing))}")
            for each in view.prepared:
                planned = wanted.get(each.target)
                if planned is None or planned.edited:
                    edits = {f"paragraph:{planned.recommendations[0]}": plan.edit} if planned else None
                    actions.edit(action, each.target, now, included=planned is not None, edits=edits)
            paper = frozenset(t for t, letter in wanted.items() if letter.planned_channel is ChannelName.PRINT)
            shown = actions.preview(self.session, action, now).digest
            name = self._member(plan.email).name
            self.session.flush()
            _, made = actions.sign(
                self.session, action.id, Signature(name, shown, "web", on_paper=paper), now, undo_s=self.undo_s
            )
            rows = [(row.reference, row.id, row.member_id, row.target) for row in made]
            ways = {row_id: deliveries.of_letter(self.session, row_id)[-1].id for _, row_id, _, _ in rows}
        zone = self._zone_of(plan.email, plan.facility)
        for reference, letter_id, member_id, target in rows:
            rng = random.Random(f"{SEED} {plan.email} {target}")  # noqa: S311  # a script, not a secret
            signed = Signed(
                letter_id,
                ways[letter_id],
                member_id,
                zone,
                wanted[target],
                chapter.moment,
                Answers(wanted[target], self.calendar),
                rng,
            )
            self.letters[reference] = signed
            self._by_hand(signed, now)
        self._count("actions", now)
        self._count("letters signed", now, len(rows))

    def _draft(self, campaign_id: int, plan: ActionPlan, now: datetime) -> Action:
        member, campaign = self._member(plan.email), self.session.get_one(Campaign, campaign_id)
        site = self.session.get_one(Facility, self.cast.sites[plan.facility or plan.email])
        if plan.district_chosen:
            sites.choose(self.session, site, plan.district, now, ConfirmedBy.MEMBER)
        action = actions.start(self.session, member, campaign, site.id, now - timedelta(minutes=3))
        actions.choose(self.session, action, plan.choices, now - timedelta(minutes=2))
        told_at = now - timedelta(minutes=1)
        actions.tell(self.session, action, jobs=None, reasons=plan.reasons, story=plan.story, now=told_at)
        return action

    # --- what goes by hand ---------------------------------------------------------------------------------------------

    def _by_hand(self, signed: Signed, now: datetime) -> None:
        plan = signed.plan
        if plan.planned_channel is ChannelName.PRINT:
            if plan.outcome is not Status.FAILED:
                day = weekday(plan.signed_day + 1)
                self.timeline.at(signed.moment(day, time(15), ORGANIZATION.time_zone), partial(self._post, signed))
        elif plan.channel is ChannelName.HANDOFF and plan.outcome is Status.DELIVERED:
            filed_at = self._done_at(signed, now)
            self.timeline.at(filed_at, partial(self._file, signed))
            self._replies(signed, None, filed_at)
        elif plan.outcome is Status.CANCELLED and plan.docket is None:
            self.timeline.at(self._done_at(signed, now), partial(self._withdraw, signed))

    def _done_at(self, signed: Signed, now: datetime) -> datetime:
        """Within the hour on the day of signing, else in the working hours of the day planned."""
        if signed.plan.settled_day == signed.plan.signed_day:
            return now + timedelta(minutes=signed.rng.randint(12, 55))
        at = time(signed.rng.randint(9, 17), signed.rng.randrange(60))
        return signed.moment(signed.plan.settled_day, at, signed.zone)

    def _post(self, signed: Signed, now: datetime) -> None:
        with transaction(self.session):
            deliveries.done_by_hand(self.session, signed.delivery_id, now, self.cast.organizer)
        self._count("posted", now)

    def _file(self, signed: Signed, now: datetime) -> None:
        proof = ""
        if signed.plan.docket:
            proof = f"the member filed it, number {signed.plan.docket}-{signed.rng.randrange(10_000):04}"
        with transaction(self.session):
            deliveries.done_by_hand(self.session, signed.delivery_id, now, f"member:{signed.member_id}", proof)
        self._count("filed by hand", now)

    def _withdraw(self, signed: Signed, now: datetime) -> None:
        with transaction(self.session):
            by = f"member:{signed.member_id}"
            deliveries.cancel(self.session, signed.delivery_id, now, "the member withdrew it", by)
        self._count("withdrawn", now)

    # --- what goes by mail -----------------------------------------------------------------------------------------------

    def _next_due(self) -> datetime | None:
        """When the next mail that waits may be handed over."""
        return self.session.scalar(
            sa.select(sa.func.min(Delivery.due_at)).where(
                Delivery.channel == ChannelName.SMTP, Delivery.status == Status.QUEUED
            )
        )

    def _drain(self) -> None:
        outbox.send_due(self.session, self.loop)

    def _answer(self, parcel: Parcel) -> Outcome:
        now = self.clock.now
        signed = self.letters.get(parcel.reference)
        if signed is None:
            if parcel.to_address in self.bounced:
                self.timeline.at(now + timedelta(minutes=4), partial(self._mail, scripted.bounce, _original(parcel)))
            return Receipt("250 2.0.0 taken (simulation)")
        outcome = signed.answers.next(now)
        if isinstance(outcome, Receipt):
            self._count("handed over", now)
            self._after(signed, _original(parcel), now)
        return outcome

    def _after(self, signed: Signed, original: Original, now: datetime) -> None:
        """The notice that follows a letter that was taken, and the office's answers."""
        if signed.plan.outcome is Status.ACCEPTED:
            return
        notice = scripted.bounce if signed.plan.outcome is Status.BOUNCED else scripted.receipt
        told_at = now + timedelta(seconds=signed.rng.randint(60, 900))
        self.timeline.at(told_at, partial(self._mail, notice, original))
        self._replies(signed, original, told_at)

    def _replies(self, signed: Signed, original: Original | None, after: datetime) -> None:
        """By mail to us, or reported by the member, who alone hears where the letter went by hand."""
        for reply in signed.plan.replies:
            moment = signed.moment(reply.day, reply.at, signed.zone)
            moment = max(moment, after + timedelta(minutes=signed.rng.randint(1, 5)))
            if original is None or reply.known_by == "reported":
                self.timeline.at(moment, partial(self._reported, signed, reply))
            else:
                self.timeline.at(moment, partial(self._replied, original, reply))

    def _mail(self, compose: Callable[[Original, datetime], bytes], original: Original, now: datetime) -> str:
        """Takes a mail in as the intake does; the id under which it was."""
        now = now.replace(microsecond=0)
        raw = compose(original, now)
        self._mails += 1
        source_id = f"{int(now.timestamp())}.D{self._mails}.{_OWNER}"
        with transaction(self.session):
            taken = events.take(self.session, source_id, raw, read_message(raw, self.envelope.signer), now)
        if taken.kind in ("unmatched", "unreadable", "duplicate"):
            raise WrongState(f"a mail of the script was {taken.kind}")
        self._count("notices by mail", now)
        return source_id

    def _replied(self, original: Original, reply: ReplyPlan, now: datetime) -> None:
        match reply.kind:
            case ResponseKind.ACKNOWLEDGEMENT:
                self._mail(scripted.acknowledgement, original, now)
            case ResponseKind.FORM:
                self._mail(scripted.form_reply, original, now)
            case ResponseKind.SUBSTANTIVE:
                source_id = self._mail(partial(_substantive, reply.text), original, now)
                self.timeline.at(now + timedelta(hours=1), partial(self._judge, source_id))
            case ResponseKind.MEETING:
                self._mail(partial(_meeting, reply.text), original, now)
        self._count("answers", now)

    def _judge(self, source_id: str, now: datetime) -> None:
        """An organizer reads it and says that it is about the matter."""
        with transaction(self.session):
            response_id = self.session.scalars(
                sa.select(Response.id).where(Response.source == events.SOURCE, Response.source_id == source_id)
            ).one()
            responses.judge(self.session, response_id, ResponseKind.SUBSTANTIVE, now, self.cast.organizer)

    def _reported(self, signed: Signed, reply: ReplyPlan, now: datetime) -> None:
        with transaction(self.session):
            user_id = self.session.get_one(Member, signed.member_id).user_id
            responses.record(
                self.session,
                self.session.get_one(Letter, signed.letter_id),
                reply.kind,
                received_at=now,
                now=now,
                by=f"user:{user_id}",
                source="member",
                text=reply.text,
            )
        self._count("answers", now)


def _substantive(text: str, original: Original, at: datetime) -> bytes:
    return scripted.substantive_reply(original, at, text)


def _meeting(text: str, original: Original, at: datetime) -> bytes:
    starts_at = (at + timedelta(days=14)).replace(hour=18, minute=0, second=0)
    return scripted.meeting_offer(original, at, starts_at, text)


def _original(parcel: Parcel) -> Original:
    return Original(
        message_id=parcel.message_id,
        subject=parcel.subject,
        return_path=parcel.envelope_sender,
        reply_to=parcel.reply_to or parcel.from_address,
        office_address=parcel.to_address,
        office_name=parcel.to_name,
    )
