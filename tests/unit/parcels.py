"""Parcels for tests of channels: valid ones, each field open to change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from campaign.domain.parcels import Parcel

WRITTEN = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


def a_parcel(number: int = 1, /, **changes: Any) -> Parcel:
    parcel = Parcel(
        key=number,
        reference=f"{number:013d}",
        message_id=f"<{number:013d}@bounces.countersign.example>",
        to_address="hin05@offices.example",
        to_name="Office of Representative Testerly",
        subject="Magnets made in Kokomo",
        body="Dear Representative,\n\nWe make magnets.\n\nSincerely,\nAda Quillback\n",
        from_name="Ada Quillback",
        from_address="letters@association.example",
        envelope_sender=f"b+b{number:013d}0000000000000000@bounces.countersign.example",
        written_at=WRITTEN,
    )
    return replace(parcel, **changes)
