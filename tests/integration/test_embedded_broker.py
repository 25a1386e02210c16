"""The embedded broker: messages appear whole, and a broken one stops nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from uuid import uuid4

import pytest
from kombu import Connection
from kombu.simple import SimpleQueue
from structlog.testing import capture_logs

from campaign import embedded_broker

ROOT = Path(__file__).resolve().parents[2]
PRODUCERS, EACH = 4, 150
PRODUCE = """
import sys
from pathlib import Path
from kombu import Connection
from campaign import embedded_broker
folder, queue_name, name, each = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
with Connection(transport="campaign.embedded_broker:Transport", transport_options=embedded_broker.options(folder)) as there:
    queue = there.SimpleQueue(queue_name)
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(each):
        queue.put({"from": name, "n": n, "padding": "x" * 2000})
    queue.close()
"""


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[SimpleQueue]:
    """Under a name of its own: kombu remembers for the whole process which queues have been declared, in whatever folder."""
    options = embedded_broker.options(tmp_path)
    with Connection(transport="campaign.embedded_broker:Transport", transport_options=options) as here:
        made = here.SimpleQueue(f"delivery-{uuid4().hex}")
        yield made
        made.close()


def taken(queue: SimpleQueue, timeout: float = 20) -> object:
    message = queue.get(timeout=timeout)
    message.ack()
    return message.payload


def test_what_several_processes_publish_at_once_arrives_whole_and_once(queue: SimpleQueue, tmp_path: Path) -> None:
    producers = [
        subprocess.Popen(
            [sys.executable, "-c", PRODUCE, str(tmp_path), queue.queue.name, f"producer {n}", str(EACH)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(PRODUCERS)
    ]
    for producer in producers:
        assert producer.stdout is not None
        assert producer.stdout.readline() == "ready\n"
    for producer in producers:
        assert producer.stdin is not None
        producer.stdin.write("go\n")
        producer.stdin.flush()
    seen: set[tuple[str, int]] = set()
    empty_files = 0
    while len(seen) < PRODUCERS * EACH:
        empty_files += sum(_size(entry) == 0 for entry in os.scandir(tmp_path / "queue") if entry.name.endswith(".msg"))
        payload = taken(queue)
        assert isinstance(payload, dict)
        key = (payload["from"], payload["n"])
        assert key not in seen
        seen.add(key)
    for producer in producers:
        producer.communicate(timeout=30)
        assert producer.returncode == 0
    assert empty_files == 0
    with pytest.raises(Empty):
        taken(queue, timeout=0.1)


def _size(entry: os.DirEntry[str]) -> int | None:
    try:
        return entry.stat().st_size
    except FileNotFoundError:
        return None


@pytest.mark.parametrize("left", [b"", b'{"body": "cut', b'{"body": "W10=", "headers": {}, "proper'])
def test_f40_a_message_that_a_kill_cut_is_put_aside_with_one_warning(
    queue: SimpleQueue, tmp_path: Path, left: bytes
) -> None:
    broken = tmp_path / "queue" / f"000000000000001_0000.{queue.queue.name}.msg"
    broken.write_bytes(left)
    queue.put({"n": 1})
    with capture_logs() as lines:
        assert taken(queue) == {"n": 1}
        queue.put({"n": 2})
        assert taken(queue) == {"n": 2}
    assert [line["event"] for line in lines] == ["a broken message file was put aside"]
    assert not broken.exists()
    assert (tmp_path / "done" / broken.name).exists()


def test_a_file_that_is_still_being_written_is_no_message(queue: SimpleQueue, tmp_path: Path) -> None:
    (tmp_path / "queue" / f".000000000000001_0000.{queue.queue.name}.msg.part").write_bytes(b"")
    with pytest.raises(Empty):
        taken(queue, timeout=0.1)


def test_its_folders_are_the_owners_alone_and_a_start_empties_them(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    embedded_broker.options(folder)
    assert [path.stat().st_mode & 0o777 for path in sorted(folder.iterdir())] == [0o700] * 3
    (folder / "queue" / "old.delivery.msg").write_text("{}")
    embedded_broker.empty(folder)
    embedded_broker.options(folder)
    assert list((folder / "queue").iterdir()) == []


def test_messages_that_were_dealt_with_are_forgotten_after_their_time(tmp_path: Path) -> None:
    embedded_broker.options(tmp_path)
    for name, age_s in (("old", 4000), ("young", 10)):
        path = tmp_path / "done" / name
        path.write_text("{}")
        os.utime(path, (1_000_000 - age_s,) * 2)
    assert embedded_broker.forget_done(tmp_path, 3600, now=1_000_000) == 1
    assert [path.name for path in (tmp_path / "done").iterdir()] == ["young"]
