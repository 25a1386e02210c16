"""Signing freezes an action's letters and queues them; undo takes back what has not left."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.channels import ChannelName
from campaign.domain.errors import Invalid, NotFound, WrongState
from campaign.domain.references import new_reference
from campaign.domain.statuses import NOT_LEFT, ActionStatus, Status
from campaign.domain.texts import fold, tidy_line
from campaign.models.action import Action, Consent
from campaign.models.campaign import Campaign
from campaign.models.letter import Letter, LetterRecommendation
from campaign.services import actions, confidential, counts, deliveries, doubts, previews, routes, wakes
from campaign.services.letters import Writer


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


def sign(
    session: Session,
    action_id: int,
    signature: Signature,
    set_up: Collection[ChannelName],
    now: datetime,
    *,
    undo_s: int = 60,
) -> tuple[Action, list[Letter]]:
    """Freezes the letters, records the consent and queues each letter, due when the time for undo is over.

    A second press finds the action signed and returns the letters of the first. Raises Invalid for the name, WrongState
    when the letters are no longer those that were shown.
    """
    action = actions.locked(session, action_id)
    campaign, member = action.campaign, action.member
    if action.status is not ActionStatus.DRAFT:
        return action, signed_letters(session, action)
    actions.check_open(campaign, now)
    name = tidy_line(signature.name)
    if not name:
        raise Invalid("Type your full name to sign.", field="name")
    if fold(name) != fold(member.name):
        raise Invalid(f"Sign with your own name, {member.name}.", field="name")
    view = previews.preview(session, action, set_up, now)
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
    by_post = routes.on_paper(campaign.channels, set_up)
    ways = [by_post if each.target in signature.on_paper else each.route for each in view.going]
    confidential.expect(session, [each for each, of in zip(made, view.going, strict=True) if of.hides_passages])
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


def public_count(view: previews.Preview) -> int:
    return sum(each.written.destination.docket_id is not None for each in view.going)


def _consent(
    session: Session,
    action: Action,
    campaign: Campaign,
    name: str,
    signature: Signature,
    view: previews.Preview,
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


def _freeze(session: Session, view: previews.Preview, consent: Consent) -> list[Letter]:
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


def _values(maker: Writer, prepared: previews.Prepared, consent: Consent, day: date) -> dict[str, Any]:
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

    Raced by a worker, each letter has one winner; one that may have arrived by an earlier try has left. Twice is safe.
    """
    action = actions.locked(session, action_id)
    if action.status is not ActionStatus.APPROVED:
        return Undone(0, ())
    by = f"member:{action.member_id}"
    cancelled, left = 0, []
    found = {letter.id: letter for letter in signed_letters(session, action)}
    rows = deliveries.locked_of_letters(session, found)
    doubted = doubts.among_these(session, [row.id for row in rows if row.tries])
    for delivery in rows:
        if delivery.status in NOT_LEFT and delivery.id not in doubted:
            deliveries.move(session, delivery, Status.CANCELLED, now, "undone by the member", by)
            cancelled += 1
        elif not delivery.superseded and delivery.letter_id is not None:
            left.append(found[delivery.letter_id].addressee)
    if cancelled:
        session.add(action.become(ActionStatus.DRAFT, now, "undone", by))
    return Undone(cancelled, tuple(left))
