"""The listener keeps a mail on disk before it says yes, relays nothing, and no mail stops it."""

from __future__ import annotations

import asyncio
import os
import signal
import smtplib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.channels.smtp import maildir
from campaign.channels.smtp.inbox import InboundKind, read_message
from campaign.channels.smtp.raw import MAX_RAW, RawMail
from campaign.listener import Listener
from tests.unit.test_inbox import DOMAIN, LETTER, SIGNER, filled

BACK = f"b+something@{DOMAIN}"


class Served:
    """A listener in a thread of its own."""

    def __init__(self, folder: Path, **how: int) -> None:
        self.folder, self.loop, self.port = folder, asyncio.new_event_loop(), 0
        self.listener = Listener(folder, DOMAIN, **how)
        self._up = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        assert self._up.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(self.listener.serve("127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._up.set()
        self.loop.run_forever()
        server.close()
        self.loop.run_until_complete(self.listener.finish())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(15)

    def new(self) -> list[RawMail]:
        return [RawMail.read(path) for path in sorted((self.folder / "new").iterdir())]

    def client(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.port, timeout=20)

    def talk(self, said: bytes) -> bytes:
        """Everything at once, as a client that does not wait; what was answered until the line ended."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            line.sendall(said)
            line.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: line.recv(65536), b""))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path / "inbox")
    yield made
    made.end()


def test_a_bounce_that_is_taken_lies_in_the_maildir_and_names_its_letter(served: Served) -> None:
    with served.client() as client:
        client.sendmail("", [BACK], filled("bounce-no-such-person.eml"))
        [kept] = served.new()
    message = read_message(kept, SIGNER)
    assert (message.kind, message.code, message.token) == (InboundKind.BOUNCE, "5.1.1", LETTER)
    assert kept.head.startswith(b"Return-Path: <>\r\nDelivered-To: " + BACK.encode())
    assert list((served.folder / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    "address",
    ["someone@elsewhere.example", f"a%elsewhere.example@x{DOMAIN}", f"@relay.example:a@{DOMAIN}", "postmaster"],
)
def test_nothing_is_relayed(served: Served, address: str) -> None:
    with served.client() as client:
        client.ehlo()
        client.mail("a@office.example")
        assert client.rcpt(address)[0] == 550
        assert client.data.__name__ == "data"
    assert served.new() == []


def test_a_mail_beyond_the_limit_is_refused_and_the_line_goes_on(served: Served) -> None:
    body = (b"x" * 998 + b"\r\n") * (MAX_RAW // 1000 + 10)
    with served.client() as client:
        client.ehlo()
        assert client.mail("a@office.example", [f"size={MAX_RAW + 1}"])[0] == 552
        client.mail("a@office.example")
        client.rcpt(BACK)
        assert client.data(body)[0] == 552
        client.sendmail("a@office.example", [BACK], b"Subject: small\r\n\r\nHello.\r\n")
    assert len(served.new()) == 1
    assert list((served.folder / "tmp").iterdir()) == []


def test_a_line_of_a_million_characters_and_dots_arrive_unchanged(served: Served) -> None:
    body = b"Subject: x\r\n\r\n.one\r\n..two\r\n" + b"y" * 1_000_000 + b"\r\n.\x00\xff\r\nend\r\n"
    with served.client() as client:
        client.sendmail("a@office.example", [BACK], body)
    assert served.new()[0].head.endswith(body)


def test_a_bare_line_feed_ends_no_mail(served: Served) -> None:
    said = b"EHLO x\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<%b>\r\nDATA\r\n" % BACK.encode()
    smuggled = (
        b"Subject: one\r\n\r\nHi\n.\nMAIL FROM:<b@x.example>\r\nRCPT TO:<%b>\r\nDATA\r\n\n.\r\nx\r\n.\r\nQUIT\r\n"
        % BACK.encode()
    )
    served.talk(said + smuggled)
    [kept] = served.new()
    assert b"MAIL FROM:<b@x.example>" in kept.head


def test_lmtp_answers_for_each_recipient(served: Served) -> None:
    to = "".join(f"RCPT TO:<b+{n}@{DOMAIN}>\r\n" for n in range(3)).encode()
    answers = served.talk(b"LHLO mx\r\nMAIL FROM:<>\r\n" + to + b"DATA\r\nSubject: x\r\n\r\nHi\r\n.\r\nQUIT\r\n")
    assert answers.count(b"250 2.0.0 kept\r\n") == 3
    assert answers.endswith(b"221 2.0.0 bye\r\n")
    assert served.new()[0].head.count(b"Delivered-To: ") == 3


@pytest.mark.parametrize(
    "said",
    [
        b"\x00\xff" * 5000 + b"\r\n",
        b"x" * 100_000,
        b"DATA\r\nRCPT TO:<a>\r\nMAIL FROM\r\n",
        b"EHLO x\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<%b>\r\nDATA\r\nSubject: cut off" % BACK.encode(),
        b"\r\n" * 100,
    ],
)
def test_whatever_one_line_says_the_next_is_served(served: Served, said: bytes) -> None:
    served.talk(said)
    assert served.new() == []
    with served.client() as client:
        client.sendmail("", [BACK], b"Subject: x\r\n\r\nHello.\r\n")
    assert len(served.new()) == 1
    assert [path.name for path in (served.folder / "tmp").iterdir()] == []


def test_one_line_too_many_is_asked_to_come_later(tmp_path: Path) -> None:
    served = Served(tmp_path / "inbox", most=1)
    try:
        with served.client(), pytest.raises(smtplib.SMTPConnectError) as refused:
            served.client()
        assert refused.value.smtp_code == 421
    finally:
        served.end()


def test_a_full_disk_is_a_temporary_no(served: Served) -> None:
    maildir.make(served.folder)
    (served.folder / "tmp").rmdir()
    with served.client() as client:
        client.ehlo()
        client.mail("a@x.example")
        client.rcpt(BACK)
        assert client.data(b"Subject: x\r\n\r\nHello.\r\n")[0] == 452
        (served.folder / "tmp").mkdir()
        client.sendmail("a@x.example", [BACK], b"Subject: x\r\n\r\nHello.\r\n")
    assert len(served.new()) == 1


def test_the_command_finishes_the_mail_in_hand_and_ends(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = os.environ | {
        "CAMPAIGN_VAR_DIR": str(tmp_path),
        "CAMPAIGN_BOUNCE_DOMAIN": DOMAIN,
        "CAMPAIGN_INTAKE_PORT": str(port),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "campaign", "listen"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert DOMAIN in process.stdout.readline()
        line = _connected(port)
        line.sendall(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<%b>\r\nDATA\r\nSubject: x\r\n" % BACK.encode())
        answers = b""
        while b"354" not in answers:
            answers += line.recv(4096)
        process.send_signal(signal.SIGTERM)
        line.sendall(b"\r\nHello.\r\n.\r\n")
        answers = b"".join(iter(lambda: line.recv(4096), b""))
        assert answers.startswith(b"250 2.0.0 kept")
        line.close()
        assert process.wait(20) == 0
        assert "Traceback" not in process.stdout.read()
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    assert len(list((tmp_path / "inbox" / "new").iterdir())) == 1


def _connected(port: int) -> socket.socket:
    """The command says where it listens just before it does."""
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=20)
        except ConnectionRefusedError:
            threading.Event().wait(0.05)
    raise AssertionError("nobody listens")
