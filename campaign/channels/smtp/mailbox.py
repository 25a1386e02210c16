"""Polling a mailbox by IMAP (RFC 3501): each mail is put into the Maildir first, then moved away or marked as read.

A kill between the two finds the mail again, under the same name, and the Maildir knows it: twice is safe.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaign.channels.smtp import maildir
from campaign.channels.smtp.raw import MAX_RAW
from campaign.domain.errors import Misconfigured, TryLater

TIMEOUT_S = 30.0
PIECE = 1024 * 1024  # octets of one FETCH: a mail of 25 MB is never in memory as a whole
_UIDVALIDITY = re.compile(rb"^\d{1,20}$")
_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,12})")


@dataclass(frozen=True, slots=True)
class Mailbox:
    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: bool = True
    folder: str = "INBOX"
    done: str = ""  # empty: mails stay and are marked as read


def poll(box: Mailbox, inbox: Path, limit: int = 100) -> int:
    """Moves up to `limit` mails into the Maildir `inbox`, oldest first; how many.

    Raises Misconfigured for a login or folder that is refused, TryLater for everything that time may mend.
    """
    try:
        with _opened(box) as line:
            return _poll(line, box, inbox, limit)
    except (imaplib.IMAP4.abort, OSError) as error:
        raise TryLater("the mailbox cannot be reached") from error
    except imaplib.IMAP4.error as error:
        raise Misconfigured("the mailbox refuses what is asked of it") from error


@contextmanager
def _opened(box: Mailbox) -> Iterator[imaplib.IMAP4]:
    line: imaplib.IMAP4
    if box.tls:
        line = imaplib.IMAP4_SSL(box.host, box.port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT_S)
    else:
        line = imaplib.IMAP4(box.host, box.port, timeout=TIMEOUT_S)
    try:
        line.login(box.username, box.password)
        yield line
    finally:
        line.shutdown() if line.state == "NONAUTH" else _leave(line)


def _leave(line: imaplib.IMAP4) -> None:
    try:
        line.logout()
    except (imaplib.IMAP4.error, OSError):
        line.shutdown()


def _poll(line: imaplib.IMAP4, box: Mailbox, inbox: Path, limit: int) -> int:
    _ok(line.select(_quoted(box.folder)))
    _, told = line.response("UIDVALIDITY")
    validity = told[0] if told and isinstance(told[0], bytes) and _UIDVALIDITY.match(told[0]) else b"0"
    found = _ok(line.uid("SEARCH", "UNDELETED" if box.done else "UNSEEN"))
    uids = (found[0] or b"").split()[:limit]
    if uids and box.done:
        line.create(_quoted(box.done))  # NO where it is there already
    for uid in uids:
        name = f"{int(uid):010}.I{validity.decode()}.imap"
        if maildir.is_new(inbox, name):
            _fetch(line, uid.decode(), inbox, name)
        _done(line, uid.decode(), box)
    return len(uids)


def _fetch(line: imaplib.IMAP4, uid: str, inbox: Path, name: str) -> None:
    """In pieces, without marking it as read; what lies beyond 25 MB stays behind."""
    parts = _ok(line.uid("FETCH", uid, "(RFC822.SIZE)"))
    size = next((int(m[1]) for part in parts if isinstance(part, bytes) and (m := _SIZE.search(part))), MAX_RAW)

    def pieces() -> Iterator[bytes]:
        for start in range(0, min(size, MAX_RAW), PIECE):
            got = _ok(line.uid("FETCH", uid, f"(BODY.PEEK[]<{start}.{PIECE}>)"))
            yield next((part[1] for part in got if isinstance(part, tuple)), b"")

    maildir.deliver_pieces(inbox, name, pieces())


def _done(line: imaplib.IMAP4, uid: str, box: Mailbox) -> None:
    """MOVE where the server has it (RFC 6851), else a copy and the mark that it is deleted."""
    if not box.done:
        _ok(line.uid("STORE", uid, "+FLAGS.SILENT", "(\\Seen)"))
    elif "MOVE" in line.capabilities:
        _ok(line.uid("MOVE", uid, _quoted(box.done)))
    else:
        _ok(line.uid("COPY", uid, _quoted(box.done)))
        _ok(line.uid("STORE", uid, "+FLAGS.SILENT", "(\\Deleted)"))
        line.expunge()


def _ok(answer: tuple[str, Any]) -> list[Any]:
    """The parts of an answer: octets, pairs of octets around a literal, or None."""
    status, parts = answer
    if status != "OK":
        raise imaplib.IMAP4.error("refused")
    return list(parts)


def _quoted(folder: str) -> str:
    """RFC 3501, 9: a quoted string; names beyond ASCII are given in their modified UTF-7 form."""
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
