"""From rows to parcels: the frozen copies that a channel is given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.cwc.message import MoreInfo
from campaign.domain.channels import ChannelName
from campaign.domain.parcels import Parcel
from campaign.domain.references import TokenKind
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.mail import MemberMail
from campaign.models.member import Member
from campaign.models.organization import Organization
from campaign.services import cwc_filing, filings, on_paper
from campaign.services.envelope import Envelope
from campaign.services.many import among


def letter_text(body: str, verify_url: str) -> str:
    """What an office reads: the signed text, and where to check it, which is no part of it."""
    return f"{body}\n\n-- \nCheck that this letter is genuine:\n{verify_url}\n"


def parcels(session: Session, ids: Sequence[int], envelope: Envelope, now: datetime) -> dict[int, Parcel]:
    """By delivery id. Two statements at most, whatever the number, and a few more for what goes by a gateway.

    Writes the ids under which a gateway knows letters; does not commit.
    """
    organization = session.get_one(Organization, 1)
    made: dict[int, Parcel] = {}
    letters = session.execute(
        sa.select(
            Delivery.id,
            Delivery.to_address,
            Delivery.channel,
            Letter.reference,
            Letter.subject,
            Letter.body,
            Letter.addressee,
            Letter.signed_at,
            Member.first,
            Member.last,
        )
        .join(Letter, Letter.id == Delivery.letter_id)
        .join(Member, Member.id == Letter.member_id)
        .where(among(session, Delivery.id, ids))
    )
    by_channel: dict[ChannelName, list[int]] = defaultdict(list)
    for row in letters:
        by_channel[row.channel].append(row.id)
        made[row.id] = Parcel(
            key=row.id,
            reference=row.reference,
            message_id=envelope.message_id(row.reference),
            to_address=row.to_address,
            to_name=row.addressee,
            subject=row.subject,
            body=letter_text(row.body, envelope.verify_url(row.reference)),
            from_name=f"{row.first} {row.last}",
            from_address=organization.sending_address,
            envelope_sender=envelope.return_path(TokenKind.LETTER, row.reference),
            reply_to=envelope.reply_address(row.reference),
            written_at=row.signed_at,
        )
    for channel, keys in by_channel.items():
        cargoes = _cargoes(session, channel, keys, organization, envelope, now)
        made |= {key: replace(made[key], cargo=cargo) for key, cargo in cargoes.items()}
    if len(made) < len(ids):
        made |= _mails(session, [key for key in ids if key not in made], organization, envelope)
    return made


def _cargoes(
    session: Session,
    channel: ChannelName,
    ids: Sequence[int],
    organization: Organization,
    envelope: Envelope,
    now: datetime,
) -> Mapping[int, object]:
    """What these channels take instead of a mail's text, by delivery id; nothing for mail."""
    match channel:
        case ChannelName.CWC_HOUSE | ChannelName.CWC_SENATE:
            return cwc_filing.filings(
                session,
                ids,
                envelope.agents,
                now,
                acknowledgements=envelope.acknowledgement_address,
                pages=envelope.more_info,
                more_info_first=envelope.more_info_at is MoreInfo.FIRST,
            )
        case ChannelName.DOCKET_API:
            return filings.comments(session, ids)
        case ChannelName.PRINT_PROVIDER:
            return on_paper.cargoes(session, ids, organization, envelope)
        case _:
            return {}


def _mails(session: Session, ids: Sequence[int], organization: Organization, envelope: Envelope) -> dict[int, Parcel]:
    made: dict[int, Parcel] = {}
    mails = session.execute(
        sa.select(Delivery.id, Delivery.to_address, MemberMail)
        .join(MemberMail, MemberMail.id == Delivery.mail_id)
        .where(among(session, Delivery.id, ids))
    )
    for delivery_id, to_address, mail in mails:
        made[delivery_id] = Parcel(
            key=delivery_id,
            reference=mail.reference,
            message_id=envelope.message_id(mail.reference),
            to_address=to_address,
            subject=mail.subject,
            body=mail.text,
            html=mail.html,
            from_name=organization.name,
            from_address=organization.sending_address,
            envelope_sender=envelope.return_path(TokenKind.MAIL, mail.reference),
            reply_to=organization.contact_email or None,
            written_at=mail.created_at,
            unsubscribe_url=mail.unsubscribe_url,
            headers=(("Auto-Submitted", "auto-generated"),),
        )
    return made
