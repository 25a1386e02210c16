"""A seat changes hands while letters wait for its old holder. The people below are invented."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.orm import Session

from campaign.channels.memory import MemoryChannel
from campaign.cli.data import data
from campaign.database import transaction
from campaign.domain.statuses import Status
from campaign.extensions import db
from campaign.models.delivery import Delivery, DeliveryChange
from campaign.models.letter import Letter
from campaign.services import held, metrics, outbox, snapshots
from campaign.services.snapshot_files import Snapshot, Source, read_person
from tests import factories
from tests.factories import ENVELOPE
from tests.shipped import snapshot

MOVER = read_person(
    {
        "id": {"bioguide": "Z000611"},
        "name": {"first": "Wilhelmina", "last": "Cobb-Arden"},
        "terms": [
            {"type": "rep", "start": "2025-01-03", "end": "2026-06-01", "state": "IN", "district": 5},
            {"type": "sen", "start": "2026-06-01", "end": "2031-01-03", "state": "IN", "class": 1},
        ],
    }
)
AFTER = datetime(2026, 6, 15, 15, tzinfo=UTC)


def patched() -> Snapshot:
    """The shipped people without the holders of IN-5 and of the class 1 seat of Indiana, and with one who moved."""
    kept = [each for each in snapshot().people or [] if each.terms[-1].code not in ("HIN05", "SIN01")]
    return Snapshot(sources=[Source("legislators", 0, "test", "test", "test", "0" * 64)], people=[*kept, MOVER])


def waiting_letters(session: Session) -> None:
    """Three members sign: three letters each to HIN05, SIN01 and SIN03, all queued."""
    with transaction(session):
        factories.staff_address(session)
        card = factories.recommendation(session)
        on = factories.campaign(session, card)
        for _ in range(3):
            company, _ = factories.company(session)
            factories.signed(session, factories.member(session, company), on, card.key)


def write_folder(folder: Path, files: Snapshot) -> None:
    """The people as the public file has them; JSON is YAML too."""
    entries = [
        {
            "id": {"bioguide": person.bioguide},
            "name": {
                "first": person.first,
                "last": person.last,
                "suffix": person.suffix,
                "official_full": person.official_full,
            },
            "bio": {"gender": person.gender},
            "terms": [
                {
                    "type": "sen" if term.code[0] == "S" else "rep",
                    "state": "AS" if term.code[1:3] == "AQ" else term.code[1:3],  # American Samoa's code
                    "class" if term.code[0] == "S" else "district": int(term.code[3:]),
                    "start": str(term.starts_on),
                    "end": str(term.ends_on),
                    "party": person.party,
                    "office": term.room,
                    "phone": term.phone,
                    "contact_form": term.form_url,
                    "url": term.site_url,
                    "state_rank": term.state_rank,
                }
                for term in person.terms
            ],
        }
        for person in files.people or []
    ]
    (folder / "legislators-current.yaml").write_text(json.dumps(entries, ensure_ascii=False), encoding="utf-8")


def standing(session: Session) -> dict[str, list[tuple[Status, str]]]:
    session.expire_all()
    found: dict[str, list[tuple[Status, str]]] = {}
    for target, status, reason in session.execute(
        sa.select(Letter.target, Delivery.status, Delivery.reason).join(Delivery, Delivery.letter_id == Letter.id)
    ):
        found.setdefault(target, []).append((status, reason))
    return found


def test_f06_letters_to_both_seats_are_held_and_name_the_old_and_the_new_holder(each_session: Session) -> None:
    session = each_session
    waiting_letters(session)
    with transaction(session):
        applied = snapshots.apply(session, snapshots.plan(session, patched(), AFTER), AFTER)
        assert held.hold_for_new_holders(session, applied.changes, AFTER) == 6
    found = standing(session)
    assert [status for status, _ in found["HIN05"] + found["SIN01"]] == [Status.HELD] * 6
    assert [status for status, _ in found["SIN03"]] == [Status.QUEUED] * 3
    assert all("Spartz" in why and "vacant now" in why for _, why in found["HIN05"])
    assert all("Banks" in why and "Wilhelmina Cobb-Arden now" in why for _, why in found["SIN01"])
    memory = MemoryChannel()
    later = AFTER.replace(hour=16)
    assert outbox.send_due(session, outbox.Loop(memory, ENVELOPE, lambda: later, factories.journal())) == 3
    assert metrics.differences(session) == []


def test_f06_a_second_import_of_the_same_files_holds_nothing_more(session: Session) -> None:
    waiting_letters(session)
    counts = []
    for _ in range(2):
        with transaction(session):
            applied = snapshots.apply(session, snapshots.plan(session, patched(), AFTER), AFTER)
            counts.append(held.hold_for_new_holders(session, applied.changes, AFTER))
    assert counts == [6, 0]
    history = sa.select(sa.func.count()).select_from(DeliveryChange).where(DeliveryChange.new == Status.HELD)
    assert session.scalar(history) == 6


def test_f06_letters_that_had_left_stay_where_they_are(session: Session) -> None:
    waiting_letters(session)
    outbox.send_due(session, outbox.Loop(MemoryChannel(), ENVELOPE, lambda: AFTER, factories.journal()))
    with transaction(session):
        applied = snapshots.apply(session, snapshots.plan(session, patched(), AFTER), AFTER)
        assert held.hold_for_new_holders(session, applied.changes, AFTER) == 0
    assert {status for rows in standing(session).values() for status, _ in rows} == {Status.ACCEPTED}


def test_f06_the_command_that_imports_holds_them_and_says_how_many(app: Flask, tmp_path: Path) -> None:
    session = db.session()
    waiting_letters(session)
    write_folder(tmp_path, patched())
    shown = CliRunner().invoke(data, ["import", str(tmp_path), "--json"])
    assert shown.exit_code == 0, shown.output
    assert (json.loads(shown.output)["applied"], json.loads(shown.output)["held"]) == (False, 0)
    assert {status for rows in standing(session).values() for status, _ in rows} == {Status.QUEUED}
    done = CliRunner().invoke(data, ["import", str(tmp_path), "--apply"])
    assert done.exit_code == 0, done.output
    assert "6 letters that waited for these offices are held" in done.output
    assert sorted(status for rows in standing(session).values() for status, _ in rows) == (
        [Status.HELD] * 6 + [Status.QUEUED] * 3
    )
