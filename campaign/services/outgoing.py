"""From rows to parcels: the frozen copies that a channel is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.channels.cwc.message import Agent, MoreInfo
from campaign.domain.channels import ChannelKind
from campaign.domain.districts import Chamber
from campaign.domain.parcels import Parcel
from campaign.domain.references import TokenKind, TokenSigner
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.models.mail import MemberMail
from campaign.models.member import Member
from campaign.models.organization import Organization
from campaign.services import cwc_filing
from campaign.services.many import among


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every parcel of this installation needs besides its row."""

    signer: TokenSigner
    bounce_domain: str
    base_url: str
    agents: Mapping[Chamber, Agent] = field(default_factory=dict)  # who delivers, by a gateway's chamber
    more_info_at: MoreInfo = MoreInfo.LAST

    def return_path(self, kind: TokenKind, reference: str) -> str:
        return f"b+{self.signer.sign(kind, reference)}@{self.bounce_domain}"

    def reply_address(self, reference: str) -> str:
        return f"r+{self.signer.sign(TokenKind.LETTER, reference)}@{self.bounce_domain}"

    def acknowledgement_address(self, reference: str) -> str:
        """Where a gateway's own acknowledgement of a letter goes: it says that the office's system has the letter."""
        return f"a+{self.signer.sign(TokenKind.LETTER, reference)}@{self.bounce_domain}"

    def message_id(self, reference: str) -> str:
        """Fixed for a letter or mail, whatever the number of tries, so that a receiver can tell a copy."""
        return f"<{reference}@{self.bounce_domain}>"

    def more_info(self, reference: str) -> str:
        """For the gateways' element of that name; empty where it is left out."""
        return "" if self.more_info_at is MoreInfo.NONE else self.verify_url(reference)

    def verify_url(self, reference: str) -> str:
        return f"{self.base_url}/verify/{reference}"


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
    by_gateway: list[int] = []
    for row in letters:
        if row.channel.kind is ChannelKind.CWC:
            by_gateway.append(row.id)
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
    if by_gateway:
        filings = cwc_filing.filings(
            session,
            by_gateway,
            envelope.agents,
            now,
            acknowledgements=envelope.acknowledgement_address,
            pages=envelope.more_info,
            more_info_first=envelope.more_info_at is MoreInfo.FIRST,
        )
        made |= {key: replace(made[key], cargo=filing) for key, filing in filings.items()}
    if len(made) < len(ids):
        made |= _mails(session, [key for key in ids if key not in made], organization, envelope)
    return made


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
