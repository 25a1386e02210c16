"""Letters of which an earlier try may have arrived: their receiver knows one that comes twice, or a person sent them again."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign.models.delivery import Attempt
from campaign.services.many import among


def of_delivery(delivery_id: sa.SQLColumnExpression[int]) -> sa.Exists:
    """Whether a try of that delivery ended in doubt."""
    return sa.exists().where(Attempt.delivery_id == delivery_id, Attempt.in_doubt)


def among_these(session: Session, delivery_ids: Sequence[int]) -> frozenset[int]:
    """Those with a try that ended in doubt. One statement, or none."""
    if not delivery_ids:
        return frozenset()
    query = sa.select(Attempt.delivery_id).where(among(session, Attempt.delivery_id, delivery_ids), Attempt.in_doubt)
    return frozenset(session.scalars(query))
