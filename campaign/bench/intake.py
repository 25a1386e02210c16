"""Reading what comes back by mail, beside a full parse of the same mails by the standard library's newest policy.

Both get bytes in memory, each mail another one. The full parse reads every header and the text of every part, as whoever used
it would have to. Memory is what the process grows by while it takes in one mail of 25 MB from a file, rows included.
"""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Callable, Sequence
from email import message_from_bytes, policy
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from campaign import intake
from campaign.channels.smtp.addresses import reply_address, return_path
from campaign.channels.smtp.inbox import InboundKind, read_message
from campaign.channels.smtp.raw import MAX_RAW, RawMail
from campaign.domain.references import TokenKind, new_reference
from campaign.runtime import runtime

_DOMAIN = "bounces.bench.example"
_LETTER = "\n".join(["Dear Representative,", *["We make magnets for motors, and this is why we write to you."] * 30])
_BOUNCE = """Return-Path: <>
Delivered-To: {back}
Received: from mail.example (mail.example [192.0.2.7]) by mx.bench.example with ESMTPS id 4X; Tue, 24 Nov 2026 10:12:06 -0500
Date: Tue, 24 Nov 2026 10:12:05 -0500 (EST)
From: MAILER-DAEMON@mail.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {back}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4F1.1764000000/mail.example"
Message-Id: <{reference}.4F2@mail.example>

This is a MIME-encapsulated message.

--4F1.1764000000/mail.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<staff@office.example>: host mx.office.example[192.0.2.9] said: 550 5.1.1 User unknown

--4F1.1764000000/mail.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example
X-Postfix-Queue-ID: 4F1
Arrival-Date: Tue, 24 Nov 2026 10:12:01 -0500 (EST)

Final-Recipient: rfc822; staff@office.example
Original-Recipient: rfc822;staff@office.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.office.example
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--4F1.1764000000/mail.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

Return-Path: <{back}>
From: Ada Quillback <letters@bench.example>
To: <staff@office.example>
Subject: Magnets
Date: Tue, 24 Nov 2026 10:11:58 -0500
Message-ID: <{reference}@bounces.bench.example>
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: 8bit

{letter}

--4F1.1764000000/mail.example--
"""
_REPLY = """Return-Path: <trudy@office.example>
Delivered-To: {reply}
Received: from edge.office.example ([192.0.2.25]) by mx.bench.example with ESMTPS id 4Y; Tue, 24 Nov 2026 10:19:07 -0500
From: Trudy Ashlar <trudy@office.example>
To: {reply}
Subject: RE: Magnets
Date: Tue, 24 Nov 2026 10:19:05 -0500
Message-ID: <{reference}.reply@office.example>
In-Reply-To: <{reference}@bounces.bench.example>
References: <{reference}@bounces.bench.example>
MIME-Version: 1.0
Content-Type: {kind}
Content-Transfer-Encoding: 8bit
{more}
Thank you. This office shares your concern and will raise it at the hearing.

On Tue, Nov 24, 2026 at 9:58 AM Ada Quillback wrote:
> {letter}
"""
_FOREIGN = (
    ('text/plain; charset="utf-8"', ""),
    ('text/plain; charset="utf-8"', "Auto-Submitted: auto-replied\nPrecedence: bulk\n"),
    ('text/html; charset="utf-8"', ""),
    ('text/plain; charset="utf-8"', "List-Id: <news.office.example>\nList-Unsubscribe: <https://office.example/u>\n"),
)


def run(mails: int, rounds: int) -> dict[str, Any]:
    """Mails per CPU second, the middle one of `rounds`; the ratios are what counts."""
    memory = _memory()  # first: a peak cannot be seen below another
    own, foreign = _own(mails), _foreign(mails)
    kinds = {read_message(raw, runtime().signer).kind for raw in own[:50]}
    if kinds != {InboundKind.BOUNCE}:
        raise RuntimeError("the samples are not read as bounces of ours")
    rates = {
        name: median(_rate(read, sample) for _ in range(rounds))
        for name, read, sample in (
            ("own", _read, own),
            ("own_full", _full, own[: mails // 20]),
            ("foreign", _read, foreign),
            ("foreign_full", _full, foreign[: mails // 20]),
        )
    }
    return {
        "mails": mails,
        "own_bounces_per_cpu_s": round(rates["own"]),
        "own_bounces_ratio": round(rates["own"] / rates["own_full"], 1),
        "foreign_per_cpu_s": round(rates["foreign"]),
        "foreign_ratio": round(rates["foreign"] / rates["foreign_full"], 1),
        "full_parse_per_cpu_s": round(rates["own_full"]),
        "large_mail_mb": round(MAX_RAW / 1024 / 1024),
        "large_mail_memory_mb": round(memory, 1),
    }


def _own(mails: int) -> list[bytes]:
    made = []
    for _ in range(mails):
        reference = new_reference()
        back = return_path(runtime().signer, TokenKind.LETTER, reference, _DOMAIN)
        made.append(_BOUNCE.format(back=back, reference=reference, letter=_LETTER).encode())
    return made


def _foreign(mails: int) -> list[bytes]:
    made = []
    for number in range(mails):
        reference = new_reference()
        kind, more = _FOREIGN[number % len(_FOREIGN)]
        reply = reply_address(runtime().signer, TokenKind.LETTER, reference, _DOMAIN)
        made.append(_REPLY.format(reply=reply, reference=reference, letter=_LETTER, kind=kind, more=more).encode())
    return made


def _read(raw: bytes) -> None:
    read_message(RawMail.of(raw), runtime().signer)


def _full(raw: bytes) -> None:
    mail = message_from_bytes(raw, policy=policy.default)
    for value in mail.values():
        str(value)
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            part.get_content()


def _rate(read: Callable[[bytes], None], sample: Sequence[bytes]) -> float:
    began = process_time()
    for raw in sample:
        read(raw)
    return len(sample) / (process_time() - began)


def _memory() -> float:
    """MB by which the peak of this process grows, over what a small mail has left it at."""
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as folder:
        for name, size in (("small", 0), ("large", MAX_RAW)):
            file = Path(folder) / name
            with file.open("wb") as written:
                written.write(_foreign(1)[0])
                while written.tell() < size:
                    written.write((b"QUJD" * 19 + b"\n") * 1000)
        before = _taken(Path(folder) / "small")
        return _taken(Path(folder) / "large") - before


def _taken(file: Path) -> float:
    intake.take(f"bench:{file.name}", RawMail.read(file))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
