"""A mailbox is read by IMAP into the Maildir, once, however often and wherever it is interrupted."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.channels.smtp import maildir
from campaign.channels.smtp.mailbox import Mailbox, poll
from campaign.channels.smtp.raw import RawMail
from campaign.domain.errors import Misconfigured, TryLater

SMALL = b"From: a@office.example\r\nSubject: Thank you\r\n\r\nWe read it.\r\n"
LARGE = SMALL + b"x" * 2_500_000


class _Server(socketserver.ThreadingTCPServer):
    """As much of IMAP4rev1 as is asked: one folder of mails by uid, and one for those that are done."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *, moves: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.moves = moves
        self.mails: dict[int, bytes] = {}
        self.done: dict[int, bytes] = {}
        self.seen: set[int] = set()
        self.fail_once = ""  # a command that closes the line instead of doing anything


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        while line := self.rfile.readline():
            tag, _, said = line.decode().strip().partition(" ")
            name = said.upper().removeprefix("UID ").split(" ")[0]
            if name == self.server.fail_once:
                self.server.fail_once = ""
                return
            answer = getattr(self, f"on_{name.lower()}", lambda _said: b"")(said)
            good = b"OK done" if answer is not None else b"NO refused"
            self.wfile.write((answer or b"") + tag.encode() + b" " + good + b"\r\n")
            if name == "LOGOUT":
                return

    def on_capability(self, _said: str) -> bytes:
        return b"* CAPABILITY IMAP4rev1" + (b" MOVE" if self.server.moves else b"") + b"\r\n"

    def on_login(self, said: str) -> bytes | None:
        return b"" if "secret" in said else None

    def on_select(self, said: str) -> bytes | None:
        if "INBOX" not in said:
            return None
        return b"* %d EXISTS\r\n* OK [UIDVALIDITY 77] ok\r\n" % len(self.server.mails)

    def on_search(self, said: str) -> bytes:
        uids = [uid for uid in sorted(self.server.mails) if "UNSEEN" not in said or uid not in self.server.seen]
        return b"* SEARCH " + " ".join(map(str, uids)).encode() + b"\r\n"

    def on_fetch(self, said: str) -> bytes:
        uid = int(said.split(" ")[2])
        raw = self.server.mails[uid]
        if "RFC822.SIZE" in said:
            return b"* 1 FETCH (UID %d RFC822.SIZE %d)\r\n" % (uid, len(raw))
        match = re.search(r"<(\d+)\.(\d+)>", said)
        assert match is not None
        piece = raw[int(match[1]) : int(match[1]) + int(match[2])]
        return b"* 1 FETCH (UID %d BODY[]<%s> {%d}\r\n%s)\r\n" % (uid, match[1].encode(), len(piece), piece)

    def on_move(self, said: str) -> bytes:
        uid = int(said.split(" ")[2])
        self.server.done[uid] = self.server.mails.pop(uid)
        return b""

    def on_copy(self, said: str) -> bytes:
        uid = int(said.split(" ")[2])
        self.server.done[uid] = self.server.mails[uid]
        return b""

    def on_store(self, said: str) -> bytes:
        uid = int(said.split(" ")[2])
        if "Deleted" in said:
            del self.server.mails[uid]
        else:
            self.server.seen.add(uid)
        return b""


@pytest.fixture(params=[True, False], ids=["move", "copy"])
def server(request: pytest.FixtureRequest) -> Iterator[_Server]:
    with _Server(moves=request.param) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def box(server: _Server, *, given: str = "secret", done: str = "Done", folder: str = "INBOX") -> Mailbox:
    return Mailbox("127.0.0.1", server.server_address[1], "us", given, False, folder, done)


def new(folder: Path) -> list[bytes]:
    return [b"".join(RawMail.read(path).pieces()) for path in sorted((folder / "new").iterdir())]


def test_mails_go_into_the_maildir_whole_and_out_of_the_folder(server: _Server, tmp_path: Path) -> None:
    server.mails = {3: SMALL, 5: LARGE}
    assert poll(box(server), tmp_path) == 2
    assert new(tmp_path) == [SMALL, LARGE]
    assert (server.mails, sorted(server.done)) == ({}, [3, 5])
    assert poll(box(server), tmp_path) == 0


@pytest.mark.parametrize("command", ["MOVE", "COPY", "STORE", "FETCH"])
def test_a_line_that_breaks_anywhere_loses_and_doubles_nothing(server: _Server, tmp_path: Path, command: str) -> None:
    server.mails = {3: SMALL, 5: SMALL.replace(b"Thank", b"Many thank")}
    server.fail_once = command
    for _ in range(3):
        try:
            poll(box(server), tmp_path)
        except TryLater:
            continue
    assert len(new(tmp_path)) == 2
    assert server.mails == {}


def test_a_mail_that_was_read_meanwhile_is_not_delivered_again(server: _Server, tmp_path: Path) -> None:
    server.mails = {3: SMALL}
    poll(box(server), tmp_path)
    assert maildir.read_new(tmp_path, lambda _name, _mail: None) == 1
    server.mails = {3: SMALL}  # as if it had never been moved
    poll(box(server), tmp_path)
    assert new(tmp_path) == []


def test_without_another_folder_mails_stay_and_are_marked_as_read(server: _Server, tmp_path: Path) -> None:
    server.mails = {3: SMALL}
    assert poll(box(server, done=""), tmp_path) == 1
    assert (list(server.mails), server.seen) == ([3], {3})
    assert poll(box(server, done=""), tmp_path) == 0


def test_a_wrong_password_and_a_missing_folder_are_settings_and_a_closed_port_is_not(
    server: _Server, tmp_path: Path
) -> None:
    with pytest.raises(Misconfigured):
        poll(box(server, given="wrong"), tmp_path)
    with pytest.raises(Misconfigured):
        poll(box(server, folder="Nowhere"), tmp_path)
    with pytest.raises(TryLater):
        poll(Mailbox("127.0.0.1", 1, "us", "secret", False), tmp_path)
    assert "secret" not in repr(box(server))
