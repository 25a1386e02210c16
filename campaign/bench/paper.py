"""Letters on paper: files of a batch a second, bytes and memory, beside bare typst with the same letters in the same portions."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaign import printshop
from campaign.bench import world
from campaign.channels.printing.letter import as_data
from campaign.channels.printing.options import MAX_BATCH, PLAIN
from campaign.database import transaction
from campaign.domain.channels import ChannelName
from campaign.models.base import Base
from campaign.models.delivery import Delivery
from campaign.models.letter import Letter
from campaign.services import printing
from campaign.services.envelope import Envelope

_EMPTY = (
    "import campaign.channels.printing.typesetter; print([int(l.split()[1]) // 1024 for l in open('/proc/self/status')"
    " if l.startswith('VmRSS')][0])"
)
_BARE = "import sys, campaign.bench.paper as p; p.bare(sys.argv[1])"


def run(session: Session, letters: int, var_dir: Path, envelope: Envelope) -> dict[str, Any]:
    """Times are of the wall from rows to files on the disk, start of the typesetter's process included; bare typst's are of
    compiling and writing alone, its data drawn beforehand, its process running."""
    now = datetime.now(UTC)
    with transaction(session):
        campaign_id = _written(session, letters, now)
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as folder:
        with transaction(session):
            batch_id = printing.make(session, campaign_id, PLAIN, now, "bench").id
        _keep_data(session, batch_id, Path(folder), envelope)
        ours = _ours(batch_id, var_dir, envelope)
        beside = json.loads(
            subprocess.run(
                [sys.executable, "-c", _BARE, folder], capture_output=True, text=True, check=True
            ).stdout.splitlines()[-1]
        )
    size = sum(path.stat().st_size for path in (var_dir / "print").rglob("*.pdf"))
    return {
        "letters": letters,
        "letters_a_document": MAX_BATCH,
        "letters_per_second": round(letters / ours["wall_s"], 1),
        "bare_per_second": round(letters / beside["wall_s"], 1),
        "ratio": round(beside["wall_s"] / ours["wall_s"], 3),
        "typesetter_cpu_ms_a_letter": round(1000 * ours["setting_cpu_s"] / letters, 2),
        "other_cpu_ms_a_letter": round(1000 * ours["own_cpu_s"] / letters, 2),
        "bare_cpu_ms_a_letter": round(1000 * beside["cpu_s"] / letters, 2),
        "bytes_a_letter": round(size / letters),
        "process_grew_mb": ours["grew_mb"],
        "typesetter_empty_mb": _empty_mb(),
        "typesetter_mb": ours["typesetter_mb"],
        "typesetter_peak_mb": ours["peak_mb"],
        "bare_peak_mb": beside["peak_mb"],
    }


def _written(session: Session, letters: int, now: datetime) -> int:
    """As `world.build`, on paper, each letter with words of its own."""
    campaign_id = world.build(session, letters, now)
    session.execute(sa.update(Delivery).values(channel=ChannelName.PRINT))
    keys = session.scalars(sa.select(Letter.id)).all()
    table = Base.metadata.tables["letters"]
    session.connection().execute(
        sa.update(table)
        .where(table.c.id == sa.bindparam("key"))
        .values(parts=sa.bindparam("text"), address_block=sa.bindparam("to")),
        [{"key": key, "text": _parts(key), "to": _TO} for key in keys],
    )
    return campaign_id


_TO = ["The Honorable Testa Testerly", "United States House of Representatives", "Washington, DC 20515"]


def _parts(number: int) -> list[dict[str, str]]:
    """About 1.6 KB: an ordinary letter."""
    return [
        {
            "text": f"Sentence {number}-{place}: we make magnets in Kokomo, and the {number} people who work with us would "
            "like to plan further than a season. "
            + "A mine that the United States needs waits for its permits longer than it takes to build. "
            * 3
        }
        for place in range(4)
    ]


def _keep_data(session: Session, batch_id: int, folder: Path, envelope: Envelope) -> None:
    """What bare typst is given."""
    number = 0
    while (found := printing.next_file(session, batch_id, number)) is not None:
        number = found
        data = [as_data(letter) for letter in printing.file(session, batch_id, number, envelope).letters]
        (folder / f"{number:05}.json").write_text(json.dumps(data))
    session.rollback()


def _ours(batch_id: int, var_dir: Path, envelope: Envelope) -> dict[str, Any]:
    seen: list[int] = []
    peaks: list[int] = []

    def told(_number: int) -> None:
        for child in Path(f"/proc/self/task/{_thread()}/children").read_text().split():
            seen.append(resident_mb(child, "VmRSS"))
            peaks.append(resident_mb(child, "VmHWM"))

    before = resident_mb("self", "VmRSS")
    wall, own, theirs = perf_counter(), process_time(), resource.getrusage(resource.RUSAGE_CHILDREN)
    if not printshop.make(batch_id, var_dir, envelope, told=told):
        raise RuntimeError("the batch was not made")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    own_cpu = process_time() - own
    setting = after.ru_utime + after.ru_stime - theirs.ru_utime - theirs.ru_stime
    step = max(1, len(seen) // 5)
    return {
        "wall_s": perf_counter() - wall,
        "own_cpu_s": own_cpu,
        "setting_cpu_s": setting,
        "grew_mb": resident_mb("self", "VmHWM") - before,
        "typesetter_mb": [*seen[:1], *seen[step::step]],
        "peak_mb": max(peaks, default=0),
    }


def _thread() -> int:
    return int(Path("/proc/thread-self").resolve().name)


def resident_mb(pid: str, what: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(what))


def _empty_mb() -> int:
    asked = subprocess.run([sys.executable, "-c", _EMPTY], capture_output=True, text=True, check=True)
    return int(asked.stdout)


def bare(folder: str) -> None:
    """Typst with nothing around it, in a process of its own."""
    from campaign.channels.printing import render  # loads the typesetter

    portions = [json.loads(path.read_text()) for path in sorted(Path(folder).glob("*.json"))]
    wall, cpu = perf_counter(), process_time()
    for number, data in enumerate(portions):
        made = render.set_data(data, "Letters", "Benchmark", PLAIN)
        (Path(folder) / f"{number}.pdf").write_bytes(made.pdf)
    figures = {"wall_s": perf_counter() - wall, "cpu_s": process_time() - cpu, "peak_mb": resident_mb("self", "VmHWM")}
    print(json.dumps(figures))
