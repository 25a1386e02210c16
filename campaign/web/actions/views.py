"""What the journey's pages show besides the services' own values."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import TextAreaField
from wtforms.validators import ValidationError

from campaign.channels.handoff.form import Handoff, Writer, copy_fields, handoff
from campaign.domain import addressing, brackets, docket_rules, overlap
from campaign.domain.districts import STATES, district_label
from campaign.domain.errors import Invalid, WrongState
from campaign.domain.holders import Holder
from campaign.domain.letters import Part
from campaign.domain.overlap import Quality
from campaign.domain.statuses import CampaignStatus
from campaign.domain.texts import enumerated, tidy, words
from campaign.models.action import Action
from campaign.models.campaign import Campaign, Reason
from campaign.models.company import Facility
from campaign.models.delivery import Delivery
from campaign.models.docket import Docket
from campaign.models.letter import Letter
from campaign.models.member import Member
from campaign.models.recommendation import Fact, Recommendation
from campaign.runtime import runtime
from campaign.services import counts, drafts, offices, outgoing
from campaign.services.drafts import PARAGRAPH_LIMIT
from campaign.services.letters import Writer as LetterWriter
from campaign.services.previews import Outline, Prepared, Preview
from campaign.services.signing import Undone
from campaign.services.sites import Seats
from campaign.web import context
from campaign.web.actions.names import short_name


@dataclass(frozen=True, slots=True)
class Card:
    """A recommendation as the Pick page shows it. `to` says who hears it; a closed docket makes an ordinary letter."""

    key: str
    title: str
    why: str
    vehicle: str
    position: str
    sphere: str
    to: str
    facts: tuple[Fact, ...]
    docket: Docket | None
    docket_open: bool
    fits: bool


def cards(found: Sequence[Recommendation], site: Facility, now: datetime) -> list[Card]:
    """Of the campaign's recommendations those that fit the site, with an open docket first; the others are not shown."""
    made = [_card(each, site, now) for each in found]
    return sorted((card for card in made if card.fits), key=lambda card: (not card.docket_open,))


def _card(each: Recommendation, site: Facility, now: datetime) -> Card:
    role_fits = each.fit_role in (None, str(site.role))
    tag_fits = not each.fit_tags or bool(set(each.fit_tags) & set(site.tags))
    return Card(
        key=each.key,
        title=each.title,
        why=each.why,
        vehicle=each.vehicle,
        position=each.position,
        sphere=str(each.sphere),
        to=_to(each),
        facts=tuple(fact for fact in each.facts if fact.source),
        docket=each.docket,
        docket_open=each.docket is not None and each.docket.is_open(now),
        fits=role_fits and tag_fits,
    )


def _to(each: Recommendation) -> str:
    targets = {str(ask.target) for ask in each.asks}
    people = [
        name
        for kind, name in (
            ("house", "your representative"),
            ("senate", "both senators"),
            ("agency", "the U.S. Trade Representative"),
        )
        if kind in targets
    ]
    return enumerated(people)


def known(keys: Sequence[str] | None, shown: Sequence[Card]) -> list[str]:
    titles = {card.key for card in shown}
    return [key for key in keys or () if key in titles]


def pills(reasons: Iterable[Reason], site: Facility) -> list[tuple[str, str]]:
    """The reasons that fit the site, as choices of the form."""
    return [(row.key, row.label) for row in reasons if row.fit_role in (None, str(site.role))]


def candidates(session: Session, seats: Seats, now: datetime) -> Sequence[Holder]:
    """The House seats between which the place leaves the choice, also where the person has chosen before."""
    if not seats.chosen:
        return seats.choose
    return offices.offices_of(session, (*seats.match.districts, *seats.match.suggested), (), now)


def seat_choices(seats: Seats, house: Sequence[Holder]) -> list[tuple[str, str]]:
    """Named people, likeliest first, and senators only where the state is certain."""
    choices = [
        (holder.seat.key, f"{short_name(addressing.styled_name(holder))}, {district_label(*holder.seat)}")
        for holder in house
        if holder.seat is not None
    ]
    states = seats.choose_state or seats.match.states
    choices.extend((state, f"I do not know: senators of {_state_name(state)} only") for state in states)
    return choices


def _state_name(code: str) -> str:
    return STATES[code].name if code in STATES else code


def seat_notes(seats: Seats, house: Sequence[Holder]) -> dict[str, str]:
    """What stands below a choice: that a seat is vacant, or what senators only means."""
    notes = {
        holder.seat.key: "This seat is vacant: your senators hear from you."
        for holder in house
        if holder.seat is not None and holder.vacant
    }
    states = seats.choose_state or seats.match.states
    return notes | dict.fromkeys(states, "Your letters go to both senators; no representative hears from you.")


def why_choose(seats: Seats) -> str:
    """Why the place does not settle it, as the matching says it; in other words where a person has chosen before."""
    return "You chose this before. Choose again if it was not right." if seats.chosen else seats.match.message


@dataclass(frozen=True, slots=True)
class Meter:
    """How the letters would be read: the share of common text of the one that shares most, and what staff look for."""

    overlap: float
    quality: Quality
    words: int

    @property
    def individual(self) -> bool:
        return self.overlap < overlap.FORM_MAIL

    @property
    def percent(self) -> int:
        return round(self.overlap * 100)


def meter(outline: Outline, writer: LetterWriter, action: Action, form: Any) -> Meter | None:
    """For what is in the form now; None when no letter can be written yet."""
    story = tidy(form.story.data or "")[: drafts.STORY_LIMIT]
    jobs = form.jobs.data if isinstance(form.jobs.data, int) else action.jobs
    written = [
        writer.write(destination, reasons=form.reasons.data or (), story=story, jobs=jobs)
        for destination in outline.destinations
    ]
    found = [(each.overlap, each.quality) for each in written if each.letter is not None and each.quality is not None]
    if not found:
        return None
    share, quality = max(found, key=lambda pair: pair[0])
    return Meter(share, quality, len(words(story)))


def plain_parts(view: Preview, prepared: Prepared, action: Action) -> list[Part]:
    """The paragraphs of one letter before any edit."""
    to, text = prepared.written.destination, prepared.written.letter
    bracketed = text is not None and brackets.has_passages("\n\n".join(text.paragraphs))
    plain = view.writer.write(to, reasons=action.reasons, story=action.story, jobs=action.jobs, bracketed=bracketed)
    if plain.letter is None:
        raise WrongState(plain.problem)
    return list(plain.letter.parts)


_LABELS = {"opening": "Opening", "story": "Your own words", "reasons": "Your reasons", "closing": "Closing"}


def _label(key: str, titles: Mapping[str, str]) -> str:
    """ "What you ask: Build a reserve" for "ask:P3"; two paragraphs of one letter never have the same label."""
    kind, _, card = key.partition(":")
    words = _LABELS.get(key) or ("What you ask" if kind == "ask" else "Why")
    return f"{words}: {titles[card]}" if card in titles else words


def paragraph_limit(prepared: Prepared) -> int:
    """In characters. A comment may be one paragraph of all that its portal takes."""
    return PARAGRAPH_LIMIT if prepared.docket is None else max(PARAGRAPH_LIMIT, docket_rules.COMMENT_LIMIT)


def edit_form(prepared: Prepared, plain: Sequence[Part], titles: Mapping[str, str]) -> Any:
    """A form with a field for each paragraph that may be edited, filled with the text as it stands."""
    limit = paragraph_limit(prepared)
    now = {part.key: part.text for part in (prepared.written.letter.parts if prepared.written.letter else ())}

    class EditForm(FlaskForm):  # type: ignore[misc]
        originals: ClassVar[dict[str, str]] = {part.key: part.text for part in plain if part.editable}
        keys: ClassVar[dict[str, str]] = {_field_name(part.key): part.key for part in plain if part.editable}

    for part in plain:
        if part.editable:
            field = TextAreaField(
                _label(part.key, titles),
                default=now.get(part.key, ""),
                filters=[lambda text: tidy(text or "")],
                validators=[_at_most(limit)],
            )
            setattr(EditForm, _field_name(part.key), field)
    return EditForm()


def _at_most(limit: int) -> Callable[[Any, Any], None]:
    def check(_form: Any, field: Any) -> None:
        length = len(field.data or "")
        if length > limit:
            raise ValidationError(
                f"A paragraph takes {limit:,} characters. This one has {length:,}; cut {length - limit:,}."
            )

    return check


def _field_name(key: str) -> str:
    return "part_" + key.replace(":", "_")


def edits_of(form: Any) -> dict[str, str]:
    """Only what differs from the text that would stand there anyway: a save without change is no edit."""
    texts: Mapping[str, str] = {key: form[name].data for name, key in form.keys.items()}
    return {key: text for key, text in texts.items() if text != form.originals[key]}


def moment_of(day: date, now: datetime, session: Session) -> datetime:
    """Noon of that day in the organization's zone; today means now."""
    zone = counts.zone(session)
    if day == now.astimezone(zone).date():
        return now
    return datetime.combine(day, time(12), zone)


def put_error(form: Any, error: Invalid) -> None:
    """Beside the field that it is about, or above the form."""
    if error.field and error.field in form:
        form[error.field].errors = [*form[error.field].errors, str(error)]
    else:
        form.form_errors.append(str(error))


def network(address: str | None) -> str:
    """The first 24 (or 48) bits: enough to tell a pattern, too little to name a household."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{parsed}/{24 if parsed.version == 4 else 48}", strict=False))


def partly_undone(found: Undone) -> str:
    n = found.cancelled
    kept = "The other letter is a draft again." if n == 1 else f"The other {n} are drafts again."
    return f"Undo came too late for {enumerated(found.left)}. {kept}"


def open_campaigns(session: Session, only: int | None) -> Sequence[Campaign]:
    query = sa.select(Campaign).where(Campaign.status.in_((CampaignStatus.LIVE, CampaignStatus.PAUSED)))
    if only is not None:
        query = query.where(Campaign.id == only)
    return session.scalars(query.order_by(Campaign.id)).all()


def handoff_of(session: Session, letter: Letter, delivery: Delivery) -> Handoff:
    """Each field of the office's own form, as text to copy, and its page where a safe one is known."""
    parcel = outgoing.parcels(session, [delivery.id], runtime().envelope, context.now())[delivery.id]
    member, site = session.execute(
        sa.select(Member, Facility)
        .join(Action, Action.member_id == Member.id)
        .join(Facility, Facility.id == Action.facility_id)
        .where(Action.id == letter.action_id)
    ).one()
    writer = Writer(
        prefix=member.prefix,
        first=member.first,
        last=member.last,
        email=member.email,
        phone=member.phone,
        street=site.street,
        city=site.city,
        state=site.state,
        zip=site.zip,
    )
    try:
        return handoff(parcel, writer, delivery.to_address)
    except Invalid:
        return Handoff("", "", copy_fields(parcel, writer))
