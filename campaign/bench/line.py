"""Speed of the smtp line alone: letters that are in memory, to a sink, beside a bare `smtplib` loop in the same round.

No database and no journal: what `deliver` measures on top of this is the engine's.
"""

from __future__ import annotations

import smtplib
import ssl
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import monotonic, process_time
from typing import Any

from campaign.bench import keys, world
from campaign.bench.sink import Sink
from campaign.channels.smtp.client import SmtpChannel
from campaign.channels.smtp.dkim import Signer
from campaign.channels.smtp.message import build
from campaign.domain.parcels import Outcome, Parcel, Receipt

WINDOW = 500  # letters in one send, as the engine gives them
LATE_MS = 100
BARE = "smtplib, 1 connection"


@dataclass(slots=True)
class _Count:
    """A watcher that counts what was taken."""

    taken: int = 0

    def begins(self, _parcel: Parcel) -> None:
        pass

    def outcome(self, _parcel: Parcel, outcome: Outcome) -> None:
        self.taken += isinstance(outcome, Receipt)

    def should_stop(self) -> bool:
        return False


def letters(number: int) -> list[Parcel]:
    now = datetime.now(UTC)
    return [
        Parcel(
            key=n,
            reference=f"{n:013d}",
            message_id=f"<{n:013d}@bench.example>",
            to_address="bench@offices.example",
            subject="Kokomo employer on H.R. 4776",
            body=world.BODY,
            from_name="Ada Quillback",
            from_address="letters@bench.example",
            envelope_sender=f"b+b{n:013d}0000000000000000@bench.example",
            written_at=now,
        )
        for n in range(number)
    ]


Send = Callable[[tuple[str, int], Sequence[Parcel]], int]
"""Hands letters to the relay at an address; how many were taken."""


def _bare(address: tuple[str, int], parcels: Sequence[Parcel]) -> int:
    messages = [build(parcel) for parcel in parcels]
    with smtplib.SMTP(*address, timeout=30) as client:
        client.ehlo()
        for parcel, message in zip(parcels, messages, strict=True):
            client.sendmail(parcel.envelope_sender, [parcel.to_address], message)
    return len(messages)


def _line(connections: int, *, signer: Signer | None = None, context: ssl.SSLContext | None = None) -> Send:
    def send(address: tuple[str, int], parcels: Sequence[Parcel]) -> int:
        channel = SmtpChannel(
            "localhost" if context else address[0],
            address[1],
            connections=connections,
            signer=signer,
            starttls=context is not None,
            context=context,
        )
        count, line = _Count(), channel.open()
        for start in range(0, len(parcels), WINDOW):
            line.send(parcels[start : start + WINDOW], count)
        line.close()
        return count.taken

    return send


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    send: Send
    options: tuple[str, ...] = ()  # of the sink
    share: float = 1.0  # of the letters


def cases(folder: Path) -> list[Case]:
    certificate = keys.certificate(folder, "localhost")
    context = ssl.create_default_context(cafile=str(certificate))
    encrypted = ("--certificate", str(certificate))
    rsa = Signer.from_file(keys.signing_key(folder, "rsa"), "bench", "bench.example")
    ed25519 = Signer.from_file(keys.signing_key(folder, "ed25519"), "bench", "bench.example")
    late = ("--late-ms", str(LATE_MS))
    return [
        Case(BARE, _bare, share=0.25),
        Case("1 connection", _line(1)),
        Case("8 connections", _line(8)),
        Case("20 connections", _line(20)),
        Case("8, TLS", _line(8, context=context), encrypted),
        Case("8, ed25519", _line(8, signer=ed25519)),
        Case("8, RSA-2048", _line(8, signer=rsa), share=0.5),
        Case("8, TLS and RSA-2048", _line(8, signer=rsa, context=context), encrypted, share=0.5),
        Case(f"20, relay {LATE_MS} ms late", _line(20), late, share=0.05),
    ]


def run(number: int, rounds: int) -> dict[str, Any]:
    """Medians over interleaved rounds, by case. `cpu` is seconds per 1,000 letters: the sender's, and the sink's beside it."""
    parcels = letters(number)
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as folder:
        every = cases(Path(folder))
        found: dict[str, list[tuple[float, float, float]]] = {case.name: [] for case in every}
        for _ in range(rounds):
            for case in every:
                found[case.name].append(_measured(case, parcels[: max(WINDOW, int(number * case.share))]))
    figures = {name: [median(column) for column in zip(*rows, strict=True)] for name, rows in found.items()}
    return {
        name: {
            "per_second": round(speed, 1),
            "of_smtplib": round(speed / figures[BARE][0], 3),
            "cpu_seconds_per_1000": round(cpu, 4),
            "sink_cpu_seconds_per_1000": round(sink_cpu, 4),
        }
        for name, (speed, cpu, sink_cpu) in figures.items()
    }


def _measured(case: Case, parcels: Sequence[Parcel]) -> tuple[float, float, float]:
    """Letters a second, CPU seconds per 1,000 of sender and sink."""
    with Sink(*case.options) as sink:
        began, cpu = monotonic(), process_time()
        taken = case.send(sink.address, parcels)
        seconds, cpu = monotonic() - began, process_time() - cpu
    if not taken == sink.seen["different"] == len(parcels) or sink.seen["twice"]:
        raise RuntimeError(f"{case.name}: {taken} of {len(parcels)} taken, the sink saw {sink.seen}")
    thousands = len(parcels) / 1000
    return len(parcels) / seconds, cpu / thousands, sink.seen["cpu_seconds"] / thousands
