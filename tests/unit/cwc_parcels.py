"""Parcels for a gateway of Congress."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from campaign.channels.cwc.message import Filing
from campaign.domain.parcels import Parcel
from tests.unit.cwc_samples import SENATE, a_message
from tests.unit.parcels import a_parcel


def a_filing(number: int = 1, /, *, senate: bool = False, **changes: Any) -> Filing:
    """With a message of its own delivery id."""
    return Filing(replace(a_message(**(SENATE if senate else {})), delivery_id=f"{number:032d}"), **changes)


def a_filed_parcel(number: int = 1, /, *, senate: bool = False, **changes: Any) -> Parcel:
    """Of `a_filing`; `try_number` and `in_doubt` go into the cargo, all else into the parcel."""
    tries = {name: changes.pop(name) for name in ("try_number", "in_doubt") if name in changes}
    return a_parcel(number, cargo=a_filing(number, senate=senate, **tries), **changes)


def a_senate_parcel(number: int = 1, /, **changes: Any) -> Parcel:
    return a_filed_parcel(number, senate=True, **changes)
