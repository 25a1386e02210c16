"""What goes and comes by mail in the history: sent by the real send loop, answered by the script, taken in by the intake."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.printing import house_events
from campaign.channels.printing.house_events import Notice
from campaign.channels.smtp.inbox import read_message
from campaign.channels.smtp.raw import RawMail
from campaign.database import transaction
from campaign.demo.association import ORGANIZATION
from campaign.demo.diary import Act, Diary
from campaign.demo.script import Answers
from campaign.demo.shapes import LetterPlan, ReplyPlan
from campaign.demo.timeline import Clock, Timeline
from campaign.domain.channels import ChannelKind, ChannelName
from campaign.domain.errors import WrongState
from campaign.domain.events import DeliveryEvent, EventKind, ResponseKind
from campaign.domain.parcels import Outcome, Parcel, Receipt
from campaign.domain.statuses import Status
from campaign.journal import Journal
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.member import Member
from campaign.models.response import Response
from campaign.services import events, outbox, print_events, responses
from campaign.services.envelope import Envelope
from campaign.services.outbox import Loop
from campaign.simulator import scripted
from campaign.simulator.offices import OFFICE_DOMAIN
from campaign.simulator.scripted import Original
from campaign.simulator.scripted_channel import ScriptedChannel

Moment = Callable[[int, time, str], datetime]
"""A day of a plan, a time on the wall and the wall's zone -> the moment."""

_BY_MACHINE = (ChannelName.CWC_HOUSE, ChannelName.CWC_SENATE, ChannelName.SMTP, ChannelName.PRINT_PROVIDER)
_LOST = frozenset({"unmatched", "unreadable", "duplicate"})


@dataclass(frozen=True, slots=True)
class Signed:
    """A letter on its way: its rows, whose it is, what the plan says of it, and the answers that its receiver will give."""

    letter_id: int
    delivery_id: int
    member_id: int
    zone: str
    plan: LetterPlan
    moment: Moment
    answers: Answers
    rng: random.Random


@dataclass
class Mailroom:
    """`bounced` are the addresses whose invitation comes back. Commits step by step."""

    session: Session
    envelope: Envelope
    diary: Diary
    organizer: str
    began: datetime
    journal: Journal
    letters: dict[str, Signed] = field(default_factory=dict)  # by reference
    bounced: set[str] = field(default_factory=set)
    _mails: int = 0

    def __post_init__(self) -> None:
        self.clock = Clock(self.began)
        self.timeline = Timeline(self.clock, self._next_due, self._drain)
        self._loops = [
            Loop(
                channel=ScriptedChannel(self._answer, name),
                envelope=self.envelope,
                clock=self.clock,
                journal=self.journal,
                jitter=lambda: 0.5,
            )
            for name in _BY_MACHINE
        ]

    def _next_due(self) -> datetime | None:
        """When the next mail that waits may be handed over."""
        return self.session.scalar(
            sa.select(sa.func.min(Delivery.due_at)).where(
                Delivery.channel.in_(_BY_MACHINE), Delivery.status == Status.QUEUED
            )
        )

    def _drain(self) -> None:
        for loop in self._loops:
            outbox.send_due(self.session, loop)

    def _answer(self, parcel: Parcel) -> Outcome:
        now = self.clock.now
        signed = self.letters.get(parcel.reference)
        if signed is None:
            if parcel.to_address in self.bounced:
                self.timeline.at(now + timedelta(minutes=4), partial(self._notice, scripted.bounce, _original(parcel)))
            return Receipt("250 2.0.0 taken (simulation)")
        outcome = signed.answers.next(now)
        if isinstance(outcome, Receipt):
            self.diary.note(Act.SENT, now)
            self._after(signed, _original(parcel), now)
        return outcome

    def _after(self, signed: Signed, original: Original, now: datetime) -> None:
        """The notice that follows a letter that was taken, and the office's answers."""
        if signed.plan.outcome is Status.ACCEPTED:
            return
        if signed.plan.channel is ChannelName.PRINT_PROVIDER:
            told_at = signed.moment(signed.plan.settled_day, time(15), ORGANIZATION.time_zone)
            self.timeline.at(max(told_at, now + timedelta(hours=1)), partial(self._posted, signed))
            return
        compose, told = scripted.bounce if signed.plan.outcome is Status.BOUNCED else scripted.receipt, original
        if signed.plan.channel.kind is ChannelKind.CWC:  # the gateway acknowledges, to an address of the letter's own
            reference = original.message_id[1:].partition("@")[0]
            compose = scripted.acknowledgement
            told = replace(original, return_path=self.envelope.acknowledgement_address(reference))
        told_at = now + timedelta(seconds=signed.rng.randint(60, 900))
        self.timeline.at(told_at, partial(self._notice, compose, told))
        self.expect_replies(signed, original, told_at)

    def expect_replies(self, signed: Signed, original: Original | None, after: datetime) -> None:
        """By mail to us, or reported by the member, who alone hears where the letter went by hand (no `original`)."""
        for reply in signed.plan.replies:
            moment = signed.moment(reply.day, reply.at, signed.zone)
            moment = max(moment, after + timedelta(minutes=signed.rng.randint(1, 5)))
            if original is None or reply.known_by == "reported":
                self.timeline.at(moment, partial(self._reported, signed, reply))
            else:
                self.timeline.at(moment, partial(self._replied, original, reply))

    def _posted(self, signed: Signed, now: datetime) -> None:
        """What the print provider tells of a letter that it posted."""
        back = signed.plan.outcome is Status.BOUNCED
        kind = EventKind.BOUNCED if back else EventKind.DELIVERED
        word = "letter.returned_to_sender" if back else "letter.delivered"
        source_id = f"evt_{signed.letter_id}"
        raw = json.dumps(
            {"id": source_id, "event_type": {"id": word}, "note": "nothing was printed (simulation)"}
        ).encode()
        reference = self.session.get_one(Letter, signed.letter_id).reference
        with transaction(self.session):
            event = DeliveryEvent(house_events.SOURCE, source_id, kind, now, detail=word)
            print_events.take(self.session, Notice(event, reference, ""), raw, now)
        self.diary.note(Act.NOTICES, now)

    def _notice(self, compose: Callable[[Original, datetime], bytes], original: Original, now: datetime) -> None:
        self._take(compose, original, now)
        self.diary.note(Act.NOTICES, now)

    def _take(self, compose: Callable[[Original, datetime], bytes], original: Original, now: datetime) -> str:
        """Takes a mail in as the intake does; the id under which it was. Raises WrongState when it told us nothing."""
        now = now.replace(microsecond=0)
        raw = compose(original, now)
        self._mails += 1
        source_id = f"{int(now.timestamp())}.D{self._mails}.{self.journal.owner}"
        with transaction(self.session):
            taken = events.take(self.session, source_id, RawMail.of(raw), read_message(raw, self.envelope.signer), now)
        if taken.kind in _LOST:
            raise WrongState(f"a mail of the script was {taken.kind}")
        return source_id

    def _replied(self, original: Original, reply: ReplyPlan, now: datetime) -> None:
        match reply.kind:
            case ResponseKind.ACKNOWLEDGEMENT:
                self._take(scripted.acknowledgement, original, now)
            case ResponseKind.FORM:
                self._take(scripted.form_reply, original, now)
            case ResponseKind.SUBSTANTIVE:
                source_id = self._take(partial(_substantive, reply.text), original, now)
                self.timeline.at(now + timedelta(hours=1), partial(self._judge, source_id))
            case ResponseKind.MEETING:
                self._take(partial(_meeting, reply.text), original, now)
        self.diary.note(Act.ANSWERS, now)

    def _judge(self, source_id: str, now: datetime) -> None:
        """An organizer reads it and says that it is about the matter."""
        with transaction(self.session):
            response_id = self.session.scalars(
                sa.select(Response.id).where(Response.source == events.SOURCE, Response.source_id == source_id)
            ).one()
            responses.judge(self.session, response_id, ResponseKind.SUBSTANTIVE, now, self.organizer)

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
        self.diary.note(Act.ANSWERS, now)


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
        office_address=parcel.to_address
        if "@" in parcel.to_address
        else f"{parcel.to_address.lower()}@{OFFICE_DOMAIN}",
        office_name=parcel.to_name,
    )
