"""The letters that need a person, by cause: the SQL."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.domain.statuses import NEEDS_A_PERSON, Status
from campaign.models.company import Company
from campaign.models.delivery import Delivery, DeliveryChange
from campaign.models.letter import Letter
from campaign.models.member import Member


def _attention(campaign_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Delivery.campaign_id == campaign_id,
        Delivery.letter_id.is_not(None),
        ~Delivery.superseded,
        Delivery.status.in_(NEEDS_A_PERSON),
    )


_URGENCY = sa.case({"unclear": 0, "held": 1, "bounced": 2, "refused": 3, "failed": 4}, value=Delivery.status, else_=9)


def count(session: Session, campaign_id: int) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Delivery).where(*_attention(campaign_id))) or 0


def causes(session: Session, campaign_id: int) -> list[Any]:
    """Rows of (status, reason, number, oldest), most urgent kind first."""
    return list(
        session.execute(
            sa.select(
                Delivery.status,
                Delivery.reason,
                sa.func.count().label("number"),
                sa.func.min(Delivery.changed_at).label("oldest"),
            )
            .where(*_attention(campaign_id))
            .group_by(Delivery.status, Delivery.reason)
            .order_by(_URGENCY, sa.func.min(Delivery.changed_at), Delivery.reason)
        )
    )


def waiting(session: Session, campaign_id: int, status: Status, reason: str, after: int, limit: int) -> list[Any]:
    """Rows of (delivery, letter, member, company) of one cause, in the order of their signing, from delivery `after` on."""
    return list(
        session.execute(
            sa.select(Delivery, Letter, Member, Company.name.label("company"))
            .join(Letter, Letter.id == Delivery.letter_id)
            .join(Member, Member.id == Letter.member_id)
            .outerjoin(Company, Company.id == Member.company_id)
            .where(*_attention(campaign_id), Delivery.status == status, Delivery.reason == reason, Delivery.id > after)
            .order_by(Delivery.id)
            .limit(limit)
        )
    )


def last_change(session: Session, delivery_id: int) -> DeliveryChange:
    return session.scalars(
        sa.select(DeliveryChange)
        .where(DeliveryChange.delivery_id == delivery_id)
        .order_by(DeliveryChange.id.desc())
        .limit(1)
    ).one()
