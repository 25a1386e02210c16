"""The way in for mail: nothing is lost by a kill or a fault, and nothing is read twice that was dealt with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from campaign.channels.smtp import maildir
from campaign.channels.smtp.raw import RawMail


def test_mail_is_read_once_in_order_and_moved_when_it_is_done(tmp_path: Path) -> None:
    maildir.deliver(tmp_path, "2.b.host", b"second")
    maildir.deliver(tmp_path, "1.a.host", b"first")
    read: list[tuple[str, bytes]] = []
    assert maildir.read_new(tmp_path, lambda name, raw: read.append((name, raw.head))) == 2
    assert read == [("1.a.host", b"first"), ("2.b.host", b"second")]
    assert maildir.read_new(tmp_path, lambda name, raw: read.append((name, raw.head))) == 0
    assert sorted(path.name for path in (tmp_path / "cur").iterdir()) == ["1.a.host:2,S", "2.b.host:2,S"]


def test_a_mail_whose_reader_failed_is_read_again_and_does_not_stop_the_others(tmp_path: Path) -> None:
    for name in ("1", "2", "3"):
        maildir.deliver(tmp_path, name, name.encode())
    seen: list[str] = []

    def take(name: str, _mail: RawMail) -> None:
        seen.append(name)
        if name == "2" and seen.count("2") == 1:
            raise RuntimeError("the database is away")

    with pytest.raises(RuntimeError):
        maildir.read_new(tmp_path, take)
    assert maildir.read_new(tmp_path, take) == 1
    assert seen == ["1", "2", "3", "2"]


def test_delivering_the_same_name_again_is_no_second_mail(tmp_path: Path) -> None:
    maildir.deliver(tmp_path, "1", b"x")
    maildir.deliver(tmp_path, "1", b"x")
    assert maildir.read_new(tmp_path, lambda _name, _raw: None) == 1
    maildir.deliver(tmp_path, "1", b"x")
    assert maildir.read_new(tmp_path, lambda _name, _raw: None) == 0


def test_a_mail_that_another_process_moved_meanwhile_is_no_fault(tmp_path: Path) -> None:
    maildir.deliver(tmp_path, "1", b"x")
    assert maildir.read_new(tmp_path, lambda _name, _raw: (tmp_path / "new" / "1").unlink()) == 0


def test_only_what_was_read_long_ago_is_forgotten(tmp_path: Path) -> None:
    for name in ("1", "2", "3"):
        maildir.deliver(tmp_path, name, b"x")
    assert maildir.read_new(tmp_path, lambda _name, _mail: None) == 3
    maildir.deliver(tmp_path, "4", b"not read yet")
    for name, at in (("1:2,S", 1_000), ("2:2,S", 3_000), ("3:2,S", 1_999)):
        os.utime(tmp_path / "cur" / name, (at, at))
    os.utime(tmp_path / "new" / "4", (1, 1))
    assert maildir.forget(tmp_path, 2_000) == 2
    assert maildir.forget(tmp_path, 2_000) == 0
    assert [path.name for path in (tmp_path / "cur").iterdir()] == ["2:2,S"]
    assert (tmp_path / "new" / "4").exists()
    assert maildir.forget(tmp_path / "nowhere", 2_000) == 0
