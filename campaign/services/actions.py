"""A member's journey: draft, choices, facts, edits, signing, undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from campaign.domain.channels import ChannelName
from campaign.domain.errors import Invalid, NotFound, WrongState
from campaign.domain.references import new_reference
from campaign.domain.statuses import ENDED, NOT_LEFT, ActionStatus, CampaignStatus, Status
from campaign.domain.targeting import Destination
from campaign.domain.texts import digest, fold, tidy, tidy_line
from campaign.models.action import Action, ActionChoice, Consent, DraftLetter
from campaign.models.campaign import Campaign
from campaign.models.company import Facility
from campaign.models.delivery import Delivery
from campaign.models.docket import Docket
from campaign.models.letter import Letter, LetterRecommendation
from campaign.models.member import Member
from campaign.models.recommendation import Recommendation
from campaign.services import counts, cwc_filing, deliveries, docket_letters, letters, routes, sites, wakes
from campaign.services.docket_letters import Sender, Trouble
from campaign.services.letters import Addressees, Writer, Written
from campaign.services.routes import Route, Taking
from campaign.services.sites import Seats

STORY_LIMIT = 2_000  # characters
PARAGRAPH_LIMIT = 3_000
MOST_CHOICES = 3
MOST_REASONS = 2
OPEN = frozenset({CampaignStatus.LIVE, CampaignStatus.PAUSED})
"""A paused campaign still takes signatures: only hand-overs stop."""


NEWEST = (Action.changed_at.desc(), Action.id.desc())
_SITE = joinedload(Action.facility).joinedload(Facility.company)
_WHOLE = (_SITE, joinedload(Action.choices), joinedload(Action.drafts))


def check_open(campaign: Campaign, now: datetime) -> None:
    """Raises WrongState when this campaign takes no letters now."""
    if campaign.status in OPEN and (campaign.closes_at is None or now < campaign.closes_at):
        return
    raise WrongState(f"{campaign.name} is closed. No new letters can be signed.")


def find(session: Session, member_id: int, campaign: Campaign, facility_id: int | None = None) -> Action | None:
    """The member's action for this site, or the one they touched last; with its choices, drafts and site."""
    query = (
        sa.select(Action)
        .where(Action.member_id == member_id, Action.campaign_id == campaign.id, Action.wave == campaign.wave)
        .options(*_WHOLE)
        .order_by(*NEWEST)
        .limit(1)
    )
    if facility_id is not None:
        query = query.where(Action.facility_id == facility_id)
    return session.scalars(query).unique().first()


def with_campaign(member_id: int) -> sa.Select[Campaign, Action]:
    """Campaigns, each with the member's actions in its present wave, or with None; newest first, to be narrowed to one."""
    return (
        sa.select(Campaign, Action)
        .outerjoin(
            Action,
            sa.and_(Action.campaign_id == Campaign.id, Action.wave == Campaign.wave, Action.member_id == member_id),
        )
        .options(*_WHOLE)
        .order_by(*NEWEST)
        .limit(1)
    )


def start(session: Session, member: Member, campaign: Campaign, facility_id: int | None, now: datetime) -> Action:
    """The open draft for a site (the member's first one where none is named), made where there is none.

    Words and reasons are carried over from the member's last action, so that who speaks for three plants types once.
    Raises Invalid when the member has no such site.
    """
    own = sites.of_member(session, member)
    if not own:
        raise Invalid("We have no address for you yet, so we cannot tell which offices are yours.", field="site")
    site = next((each for each in own if each.id == facility_id), None) if facility_id else own[0]
    if site is None:
        raise Invalid("Choose one of your sites.", field="site")
    # two tabs at once: the second waits here and finds the draft of the first
    session.execute(sa.select(Member.id).where(Member.id == member.id).with_for_update(key_share=True))
    existing = find(session, member.id, campaign, site.id)
    if existing is not None:
        return existing
    before = find(session, member.id, campaign)
    action = Action(
        member_id=member.id,
        campaign_id=campaign.id,
        wave=campaign.wave,
        facility_id=site.id,
        status=ActionStatus.DRAFT,
        jobs=site.jobs,
        reasons=list(before.reasons) if before else [],
        story=before.story if before else "",
        created_at=now,
        changed_at=now,
        choices=[],
        drafts=[],
    )
    if before is not None:
        action.choices = [
            ActionChoice(recommendation_id=choice.recommendation_id, rank=choice.rank) for choice in before.choices
        ]
    session.add(action)
    session.flush()
    return action


def check_draft(action: Action) -> None:
    if action.status is not ActionStatus.DRAFT:
        raise WrongState("These letters are signed already. Undo them first to change something.")


def choose(session: Session, action: Action, keys: Sequence[str], now: datetime) -> None:
    """One to three recommendations of the campaign, in the member's order. Raises Invalid."""
    check_draft(action)
    known = letters.ids_by_key(session, action.campaign_id)
    chosen = list(dict.fromkeys(keys))
    if not chosen:
        raise Invalid("Pick at least one recommendation.", field="choices")
    if len(chosen) > MOST_CHOICES:
        raise Invalid(f"Pick at most {MOST_CHOICES}: offices answer letters that ask for few things.", field="choices")
    if any(key not in known for key in chosen):
        raise Invalid("Pick from the recommendations shown.", field="choices")
    if [known[key] for key in chosen] != [choice.recommendation_id for choice in action.choices]:
        action.choices.clear()
        session.flush()
        action.choices.extend(
            ActionChoice(action_id=action.id, recommendation_id=known[key], rank=rank)
            for rank, key in enumerate(chosen, 1)
        )
        action.changed_at = now


def tell(
    session: Session, action: Action, *, jobs: int | None, reasons: Sequence[str], story: str, now: datetime
) -> None:
    """Site facts and own words. `jobs` corrects the site's own count when given. Raises Invalid."""
    check_draft(action)
    if len(reasons) > MOST_REASONS:
        raise Invalid(f"Choose at most {MOST_REASONS} reasons.", field="reasons")
    story = tidy(story)
    if len(story) > STORY_LIMIT:
        raise Invalid(
            f"Your words are {len(story):,} characters; a letter takes {STORY_LIMIT:,}. Cut {len(story) - STORY_LIMIT:,}.",
            field="story",
        )
    action.reasons, action.story, action.changed_at = list(reasons), story, now
    if jobs is not None:
        action.jobs = jobs
        session.get_one(Facility, action.facility_id).jobs = jobs


def edit(
    action: Action,
    target: str,
    now: datetime,
    *,
    included: bool,
    edits: Mapping[str, str] | None = None,
    limit: int = PARAGRAPH_LIMIT,
) -> None:
    """Leaves a letter out or in, or rewrites its paragraphs (by part key; only real changes are kept). `limit` is of
    characters in a paragraph."""
    check_draft(action)
    draft = next((each for each in action.drafts if each.target == target), None)
    if draft is None:
        draft = DraftLetter(action_id=action.id, target=target, included=True, edits={})
        action.drafts.append(draft)
    draft.included = included
    if edits is not None:
        clean = {key: tidy(text) for key, text in edits.items()}  # browsers send two characters for a line end
        for text in clean.values():
            if len(text) > limit:
                raise Invalid(f"A paragraph takes {limit:,} characters. Cut {len(text) - limit:,}.")
        draft.edits = clean
    action.changed_at = now


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


def preview(session: Session, action: Action, at: datetime) -> Preview:
    """The letters of this action as they would be signed now. Writes nothing."""
    found, maker = drafting(session, action, at)
    drafts = {draft.target: draft for draft in action.drafts}
    takes = routes.taking(session, [destination.office_id for destination in found.destinations], at)
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
    member, site = maker.member, maker.facility
    company = maker.company.name if maker.company else ""
    sender = Sender(member.first, member.last, company, member.email, site.city, site.state, site.zip)
    return docket_letters.troubles(written.letter, docket, sender)


@dataclass(frozen=True, slots=True)
class Signature:
    """What the member gave: their typed name, where from, and the digest of the letters that the page showed.

    `on_paper` names the targets that shall go by post, whatever their office takes.
    """

    name: str
    shown: str
    method: str
    network: str = ""
    on_paper: frozenset[str] = frozenset()


def _taken(takes: Taking, maker: Writer, destination: Destination) -> Taking:
    """Without the gateways that would refuse this letter."""
    if not takes.gateways:
        return takes
    asks = [maker.recommendations[key] for key in destination.choices]
    return takes.without(cwc_filing.unfit(maker.member, maker.facility, maker.company, asks))


def sign(
    session: Session, action_id: int, signature: Signature, now: datetime, *, undo_s: int = 60
) -> tuple[Action, list[Letter]]:
    """Freezes the letters, records the consent and queues each letter, due when the time for undo is over.

    A second press finds the action signed and returns the letters of the first. Raises Invalid for the name, WrongState
    when the letters are no longer those that were shown.
    """
    action = locked(session, action_id)
    campaign, member = action.campaign, action.member
    if action.status is not ActionStatus.DRAFT:
        return action, signed_letters(session, action)
    check_open(campaign, now)
    name = tidy_line(signature.name)
    if not name:
        raise Invalid("Type your full name to sign.", field="name")
    if fold(name) != fold(member.name):
        raise Invalid(f"Sign with your own name, {member.name}.", field="name")
    view = preview(session, action, now)
    if not view.seats.settled:
        raise WrongState("Choose your representative first: your address fits more than one.")
    if not view.going:
        raise Invalid("No letter is left to send. Keep at least one office.", field="offices")
    for each in view.going:
        if each.troubles:
            raise Invalid(f"The comment to {each.written.addressee}: {each.troubles[0].message}", field="letters")
    if view.digest != signature.shown:
        raise WrongState("The letters have changed since this page was loaded. Read them again, then sign.")
    by = f"member:{member.id}"
    session.add(action.become(ActionStatus.APPROVED, now, "signed", by))
    made = _freeze(session, view, _consent(session, action, campaign, name, signature, view, now))
    by_post = Route(
        ChannelName.PRINT_PROVIDER if ChannelName.PRINT_PROVIDER in campaign.channels else ChannelName.PRINT
    )
    ways = [by_post if each.target in signature.on_paper else each.route for each in view.going]
    due_at = now + timedelta(seconds=undo_s)
    deliveries.enqueue_letters(session, list(zip(made, ways, strict=True)), due_at=due_at, now=now, by=by)
    if undo_s == 0:
        wakes.wake(session, ChannelName.SMTP)
    return action, made


def consent_text(campaign: Campaign, count: int, public: int) -> str:
    """The sentence beside the box, as it is stored."""
    noun = "this letter" if count == 1 else f"these {count} letters"
    sentence = f"Send {noun} in my name."
    if public:
        sentence += " The docket comment is public." if public == 1 else f" The {public} docket comments are public."
    return f"{sentence}\n\n{campaign.consent_text}".strip()


def public_count(view: Preview) -> int:
    return sum(each.written.destination.docket_id is not None for each in view.going)


def _consent(
    session: Session,
    action: Action,
    campaign: Campaign,
    name: str,
    signature: Signature,
    view: Preview,
    now: datetime,
) -> Consent:
    text = consent_text(campaign, len(view.going), public_count(view))
    action.signings += 1
    consent = Consent(
        action_id=action.id,
        number=action.signings,
        signed_name=name,
        text=text,
        digest=view.digest,
        at=now,
        method=signature.method,
        network=signature.network,
    )
    session.add(consent)
    session.flush()
    return consent


def _freeze(session: Session, view: Preview, consent: Consent) -> list[Letter]:
    """In the order in which they were shown. Two statements, whatever their number."""
    day = counts.day_of(session, consent.at)
    values = [_values(view.writer, each, consent, day) for each in view.going]
    options = {"render_nulls": True}  # else those with a docket are another statement
    made = session.scalars(sa.insert(Letter).returning(Letter), values, execution_options=options)
    rows = {row.target: row for row in made}
    asks = [
        {"letter_id": rows[each.target].id, "recommendation_id": view.writer.recommendations[key].id, "rank": rank}
        for each in view.going
        for rank, key in enumerate(each.written.destination.choices, 1)
    ]
    session.execute(sa.insert(LetterRecommendation), asks)
    return [rows[each.target] for each in view.going]


def _values(maker: Writer, prepared: Prepared, consent: Consent, day: date) -> dict[str, Any]:
    written, text = prepared.written, prepared.written.letter
    if text is None:
        raise NotFound("This letter cannot be written.")
    return dict(  # noqa: C408 - reads like the row
        reference=new_reference(),
        action_id=consent.action_id,
        consent_id=consent.id,
        campaign_id=maker.campaign.id,
        member_id=maker.member.id,
        office_id=written.holder.office_id,
        docket_id=written.destination.docket_id,
        holder=written.holder.identity,
        template_version_id=maker.version.id,
        target=prepared.target,
        addressee=written.addressee,
        subject=text.subject,
        address_block=list(text.address_block),
        salutation=text.salutation,
        parts=text.stored_parts(),
        valediction=text.valediction,
        signature=list(text.signature),
        body=text.body,
        statement=text.statement,
        message=text.message,
        digest=text.digest,
        overlap=round(written.overlap, 4),
        signed_at=consent.at,
        signed_on=day,
        search=fold(
            " ".join((written.addressee, maker.member.name, maker.company.name if maker.company else "", text.subject))
        ),
    )


def signed_letters(session: Session, action: Action) -> list[Letter]:
    """Those of the newest signing, in the order in which they were shown."""
    return list(
        session.scalars(
            sa.select(Letter)
            .join(Consent, Consent.id == Letter.consent_id)
            .where(Letter.action_id == action.id, Consent.number == action.signings)
            .order_by(Letter.id)
        )
    )


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo found: letters that are drafts again, and those that had left already."""

    cancelled: int
    left: tuple[str, ...]


def undo(session: Session, action_id: int, now: datetime) -> Undone:
    """Cancels what has not left and makes the action a draft again, when at least one letter was still here.

    Raced by a worker, each letter has one winner. Twice is safe.
    """
    action = locked(session, action_id)
    if action.status is not ActionStatus.APPROVED:
        return Undone(0, ())
    by = f"member:{action.member_id}"
    cancelled, left = 0, []
    found = {letter.id: letter for letter in signed_letters(session, action)}
    for delivery in deliveries.locked_of_letters(session, found):
        if delivery.status in NOT_LEFT:
            deliveries.move(session, delivery, Status.CANCELLED, now, "undone by the member", by)
            cancelled += 1
        elif not delivery.superseded and delivery.letter_id is not None:
            left.append(found[delivery.letter_id].addressee)
    if cancelled:
        session.add(action.become(ActionStatus.DRAFT, now, "undone", by))
    return Undone(cancelled, tuple(left))


def _gone(session: Session, action: Action) -> frozenset[str]:
    """Targets whose letter of an earlier signing has left: signing again does not write to them twice."""
    if not action.signings:
        return frozenset()
    return frozenset(
        session.scalars(
            sa.select(Letter.target)
            .join(Delivery, Delivery.letter_id == Letter.id)
            .where(
                Letter.action_id == action.id,
                ~Delivery.superseded,
                Delivery.status.not_in(ENDED),
            )
        )
    )


def locked(session: Session, action_id: int) -> Action:
    """The action as it is now, ours until the end of the transaction, with all that belongs to it."""
    found = session.scalar(
        sa.select(Action)
        .where(Action.id == action_id)
        .options(
            _SITE,
            joinedload(Action.campaign),
            joinedload(Action.member),
            # after the lock, each by a statement of its own: joined rows would be those from before a wait
            selectinload(Action.choices),
            selectinload(Action.drafts),
        )
        .with_for_update(of=Action)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is no such letter.")
    return found
