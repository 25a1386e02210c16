"""Bracketed passages of letters to dockets: certified by who files them, and deleted here when their time is over.

What is deleted: the passages in the letter, in the member's copy of it by mail, and in the words from which it was made. What
stays: the public version, the digest of the text that was signed, who certified it and why. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from markupsafe import escape
from sqlalchemy.orm import Session, selectinload

from campaign.domain import brackets, letters
from campaign.domain.channels import ChannelName
from campaign.domain.errors import Invalid, WrongState
from campaign.domain.letters import Part
from campaign.domain.statuses import NOT_LEFT, ActionStatus, Status
from campaign.domain.texts import is_placeholder, tidy_line
from campaign.models.action import Action
from campaign.models.confidential import ConfidentialText
from campaign.models.delivery import Delivery
from campaign.models.docket import Docket
from campaign.models.letter import Letter
from campaign.models.mail import MailKind, MemberMail
from campaign.services import audit

REASON_LIMIT = 300  # characters
_ON_ITS_WAY = NOT_LEFT | {Status.SENDING}


def expect(session: Session, letters_with_passages: Iterable[Letter]) -> None:
    """To be called at the signing: whoever files one of these will have to certify it."""
    session.add_all(ConfidentialText(letter_id=letter.id) for letter in letters_with_passages)


def certify(found: ConfidentialText, text: str, reason: str, statement: str, now: datetime, by: str) -> None:
    """Keeps why the passages of `text` are confidential, and the sentence that was certified. Again replaces both.

    Raises Invalid with its field for a reason that says nothing, is too long, or repeats what is in brackets: the reason is
    public. Raises WrongState once the passages are deleted.
    """
    if found.deleted_at is not None:
        raise WrongState("The confidential passages have been deleted here.")
    reason = tidy_line(reason)
    if not reason or is_placeholder(reason):
        raise Invalid("Say in a few words why this is confidential.", "reason")
    if len(reason) > REASON_LIMIT:
        raise Invalid(f"A reason takes {REASON_LIMIT} characters. Cut {len(reason) - REASON_LIMIT}.", "reason")
    if brackets.faults(f"{text}\n\n{reason}") or brackets.has_passages(reason):
        raise Invalid("The reason is public and repeats what is in brackets. Say why without it.", "reason")
    found.reason, found.statement = reason, statement
    found.certified_at, found.certified_by = now, by


def check_whole(session: Session, letter_id: int) -> None:
    """Raises WrongState for a letter whose passages have been deleted: what is left is not what was signed, so it goes no way.

    Locks the row, so that nothing is deleted before the end of the transaction.
    """
    query = sa.select(ConfidentialText.deleted_at).where(ConfidentialText.letter_id == letter_id).with_for_update()
    if session.scalar(query) is not None:
        raise WrongState("The confidential passages have been deleted here, so this letter is no longer sent.")


def kept_until(docket: Docket, filed_at: datetime | None, keep: timedelta) -> datetime:
    """When the passages may be deleted: a while after the filing, or after the docket has closed without one."""
    return (filed_at or docket.closes_at) + keep


def delete_due(session: Session, keep: timedelta, now: datetime, limit: int = 100) -> int:
    """Deletes the passages whose time is over, of at most `limit` letters; how many. Recorded. Twice is safe.

    A letter that is still to leave another way, on paper after its docket has closed, is left until it has.
    """
    rows = session.execute(_due(now - keep).limit(limit)).all()
    for found, letter, closes_at in rows:
        _delete(session, letter, closed=closes_at <= now)
        found.deleted_at = now
        audit.record(
            session, at=now, by="system", act="confidential passages deleted", subject=f"letter:{letter.reference}"
        )
    return len(rows)


def _due(before: datetime) -> sa.Select[ConfidentialText, Letter, datetime]:
    of_this = Delivery.letter_id == Letter.id
    filed = sa.exists().where(
        of_this,
        Delivery.channel == ChannelName.DOCKET_PACKET,
        Delivery.status == Status.DELIVERED,
        Delivery.changed_at <= before,
    )
    waits = sa.exists().where(of_this, Delivery.channel != ChannelName.DOCKET_PACKET, Delivery.status.in_(_ON_ITS_WAY))
    return (
        sa.select(ConfidentialText, Letter, Docket.closes_at)
        .join(Letter, Letter.id == ConfidentialText.letter_id)
        .join(Docket, Docket.id == Letter.docket_id)
        .where(ConfidentialText.deleted_at.is_(None), sa.or_(filed, Docket.closes_at <= before), ~waits)
        .order_by(ConfidentialText.letter_id)
        .with_for_update(of=ConfidentialText, skip_locked=True)
    )


def _delete(session: Session, letter: Letter, *, closed: bool) -> None:
    signed = letters.Letter(
        subject=letter.subject,
        address_block=tuple(letter.address_block),
        salutation=letter.salutation,
        parts=tuple(Part(**part) for part in letter.parts),
        valediction=letter.valediction,
        signature=tuple(letter.signature),
    )
    hidden = [passage.text for text in signed.paragraphs for passage in brackets.passages(text)]
    public = signed.public()
    letter.parts, letter.body = public.stored_parts(), public.body
    letter.statement, letter.message = public.statement, public.message
    _delete_in_copies(session, letter, hidden)
    _delete_in_words(session, letter, closed=closed)


def _delete_in_copies(session: Session, letter: Letter, hidden: list[str]) -> None:
    """In the mails that brought the member a copy of this signing's letters."""
    copies = session.scalars(
        sa.select(MemberMail).where(
            MemberMail.member_id == letter.member_id,
            MemberMail.kind == MailKind.COPY,
            MemberMail.key == f"consent:{letter.consent_id}",
        )
    )
    for mail in copies:
        for text in hidden:
            mail.text = mail.text.replace(f"[{text}]", brackets.DELETED)
            mail.html = mail.html.replace(str(escape(f"[{text}]")), brackets.DELETED)


def _delete_in_words(session: Session, letter: Letter, *, closed: bool) -> None:
    """In the own words and edits of its action, and once its docket has `closed` in those that the member carried on to other
    sites and never signed: until then they may still be filed."""
    of_this = Action.id == letter.action_id
    unsigned = sa.and_(
        Action.member_id == letter.member_id,
        Action.campaign_id == letter.campaign_id,
        Action.status == ActionStatus.DRAFT,
    )
    which = sa.or_(of_this, unsigned) if closed else of_this
    for action in session.scalars(sa.select(Action).where(which).options(selectinload(Action.drafts))):
        action.story = brackets.public(action.story)
        for draft in action.drafts:
            edits: dict[str, Any] = {key: brackets.public(text) for key, text in draft.edits.items()}
            if edits != draft.edits:
                draft.edits = edits
