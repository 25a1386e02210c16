"""Field case F11: one refusal inside a batch. Each outcome is its own letter's, whatever becomes of neighbors and process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from campaign import journal
from campaign.journal import State
from campaign.models.delivery import Attempt, Delivery
from campaign.models.letter import Letter
from campaign.settings import Settings
from tests.fault.processes import environment, prepared, until
from tests.integration.loopback import HANG, Sink, listening

LETTERS, REFUSED, BUSY, LAST = 20, 7, 12, 11  # LAST: the one in hand when the process is killed
NO_RECIPIENT = "554 5.5.1 no valid recipients"
ANSWERS = {
    REFUSED: {"rcpt": "550 5.1.1 nobody of that name", "data": NO_RECIPIENT},
    BUSY: {"rcpt": "452 4.5.3 come back later", "data": NO_RECIPIENT},
}
EHLO = {"pipelining": ("PIPELINING", "ENHANCEDSTATUSCODES"), "one by one": ("ENHANCEDSTATUSCODES",)}


def address(number: int) -> str:
    return f"office{number}@offices.example"


def by_address(answers: Mapping[int, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    return {address(number): answer for number, answer in answers.items()}


@dataclass
class World:
    """Twenty letters to twenty addresses, all due, in the order of their numbers; and a relay."""

    settings: Settings
    sink: Sink

    def command(self) -> list[str]:
        return [sys.executable, "-m", "campaign", "send", "--json"]

    def environment(self) -> dict[str, str]:
        return environment(
            self.settings.var_dir,
            CAMPAIGN_DATABASE_URL=self.settings.database_url,
            CAMPAIGN_SMTP_PORT=str(self.sink.port),
            CAMPAIGN_SMTP_CONNECTIONS="1",
            CAMPAIGN_LOG_LEVEL="ERROR",
        )

    def send(self) -> int:
        """`campaign send`, to its end; how many letters it tried."""
        ended = subprocess.run(self.command(), env=self.environment(), capture_output=True, check=True, timeout=60)
        tried: int = json.loads(ended.stdout)["tried"]["smtp"]
        return tried

    def send_and_kill(self, *, outcomes: int, taken: int) -> None:
        """`campaign send`, killed as soon as it knows so many outcomes and the relay has taken so many letters."""
        process = subprocess.Popen(self.command(), env=self.environment())
        try:
            until(lambda: self.answered() >= outcomes and len(self.sink.kept) >= taken, 30, 0.01)
        finally:
            process.kill()
            process.wait()
        assert (self.answered(), len(self.sink.kept)) == (outcomes, taken)

    def answered(self) -> int:
        return sum(
            entry.state is State.ANSWERED
            for path in (self.settings.var_dir / "journal").glob("*.jnl")
            for entry in journal._entries(path.read_bytes())
        )

    def rows(self) -> dict[int, Any]:
        """By letter: id, status, reference, due_at, and the code of its one attempt."""
        engine = sa.create_engine(self.settings.database_url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            found = connection.execute(
                sa.select(Delivery.id, Delivery.status, Letter.reference, Delivery.due_at, Attempt.code)
                .join(Letter, Letter.id == Delivery.letter_id)
                .join(Attempt, Attempt.delivery_id == Delivery.id)
            ).all()
        assert len(found) == LETTERS, "one attempt each"
        return {row.id: row for row in found}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = prepared(tmp_path, letters=LETTERS)
    engine = sa.create_engine(made.database_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for number in range(1, LETTERS + 1):
            connection.execute(sa.update(Delivery).where(Delivery.id == number).values(to_address=address(number)))
    return made


def judge(world: World, *, unclear: frozenset[int] = frozenset()) -> None:
    rows = world.rows()
    expected = dict.fromkeys(range(1, LETTERS + 1), "accepted")
    expected |= {REFUSED: "refused", BUSY: "queued"} | dict.fromkeys(unclear, "unclear")
    assert {number: str(row.status) for number, row in rows.items()} == expected
    assert rows[REFUSED].code == "550"
    assert rows[BUSY].code == "452"
    assert rows[BUSY].due_at > datetime.now(UTC)
    kept = Counter(each.strip("<>").partition("@")[0] for each in world.sink.kept)
    assert kept == Counter(row.reference for number, row in rows.items() if number not in (REFUSED, BUSY))


@pytest.mark.parametrize("ehlo", EHLO.values(), ids=EHLO.keys())
def test_f11_one_refusal_inside_a_batch_costs_its_neighbours_nothing(ehlo: tuple[str, ...], settings: Settings) -> None:
    with listening(Sink(recipients=by_address(ANSWERS), ehlo=ehlo)) as sink:
        world = World(settings, sink)
        assert [world.send() for _ in range(3)] == [LETTERS, 0, 0]
        assert sink.lines_opened == 1
        assert sink.transactions == LETTERS
        judge(world)


@pytest.mark.parametrize("ehlo", EHLO.values(), ids=EHLO.keys())
def test_f11_killed_before_a_letter_was_begun_it_leaves_with_the_next_run(
    ehlo: tuple[str, ...], settings: Settings
) -> None:
    silent = {LAST: {"rcpt": HANG}}
    with listening(Sink(recipients=by_address(ANSWERS | silent), ehlo=ehlo)) as sink:
        world = World(settings, sink)
        world.send_and_kill(outcomes=LAST - 1, taken=LAST - 2)
        sink.recipients = by_address(ANSWERS)
        assert [world.send() for _ in range(2)] == [LETTERS - LAST + 1, 0]
        judge(world)


def test_f11_killed_behind_a_letters_end_it_is_unclear_and_not_sent_again(settings: Settings) -> None:
    silent = {LAST: {"data": HANG, "kept": "yes"}}
    with listening(Sink(recipients=by_address(ANSWERS | silent))) as sink:
        world = World(settings, sink)
        world.send_and_kill(outcomes=LAST - 1, taken=LAST - 1)
        sink.recipients = by_address(ANSWERS)
        assert [world.send() for _ in range(2)] == [LETTERS - LAST, 0]
        judge(world, unclear=frozenset({LAST}))
