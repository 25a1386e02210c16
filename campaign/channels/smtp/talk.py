"""One conversation with a relay, as straight text: each method is a generator that yields its deadline where it waits.

What an outcome means follows RFC 5321, 4.2.5 and 4.5.4.1: until the final dot has left the receiver must not deliver, after
its 250 the receiver is responsible, and between the two nobody knows.
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Generator
from math import inf
from time import monotonic
from typing import TypeVar

from campaign.channels.smtp.answers import Reply, after_body, before_body, before_letters
from campaign.channels.smtp.batch import Batch, Letter
from campaign.channels.smtp.pipe import Pipe
from campaign.channels.smtp.wire import MAX_LINES, Address, LineError, Relay, Timeouts
from campaign.domain.errors import ChannelError, Misconfigured, TryLater, Unclear
from campaign.domain.parcels import Outcome, Receipt

CHUNK = 65_536  # octets: of a longer text all but this has left before its letter begins

T = TypeVar("T")
Talking = Generator[float, None, T]
"""Yields the moment (`monotonic`) until which it waits; is resumed when bytes came or left, or has a LineError thrown in."""


class Talk:
    """One connection. `steps` is what it is in the middle of, None while the relay waits for the next letter."""

    def __init__(self, relay: Relay, address: Address, timeouts: Timeouts, pipelining: bool) -> None:
        self._relay = relay
        self._timeouts = timeouts
        self._may_pipeline = pipelining
        self._offers: dict[str, list[str]] = {}
        self.fresh = True  # it has taken no letter
        self._unclear = False
        self.pipe = Pipe(address)
        self.entered = False
        self.steps: Talking[None] | None = self.enter()
        self.deadline = inf
        self.events = 0  # what the poll looks for

    @property
    def may_be_redialed(self) -> bool:
        """Relays close after so many letters; one that took a letter and lost none will do so again."""
        return not self.fresh and not self._unclear

    # entering

    def enter(self) -> Talking[None]:
        """To the first letter. Raises TryLater when the relay cannot be reached or says so, Misconfigured for wrong settings."""
        try:
            deadline = monotonic() + self._timeouts.connect_s
            while not self.pipe.connected():
                yield deadline
            _expect(220, (yield from self._answer()))
            yield from self._hello()
            if self._relay.starttls:
                yield from self._secure()
                yield from self._hello()
            if self._relay.username:
                yield from self._login()
        except LineError as error:
            raise TryLater("the relay cannot be reached") from error
        self.entered = True

    def _hello(self) -> Talking[None]:
        self._offers = {}
        reply = yield from self._ask(f"EHLO {self._relay.local_name}")
        if 500 <= reply.code <= 599:
            reply = yield from self._ask(f"HELO {self._relay.local_name}")
            if reply.ok:
                return
        if not reply.ok:
            raise before_letters(reply)
        for line in reply.text.upper().split("\n")[1:]:
            words = line.replace("=", " ").split()  # "AUTH=LOGIN" is an old way to write it
            if words:
                self._offers.setdefault(words[0], []).extend(words[1:])

    def _secure(self) -> Talking[None]:
        if "STARTTLS" not in self._offers:
            raise Misconfigured("the relay offers no encryption, and this channel requires it")
        _expect(220, (yield from self._ask("STARTTLS")))
        if self.pipe.rest:
            # clear bytes behind the 220 could be a stranger's answers to what we say under TLS (CVE-2011-0411)
            raise Misconfigured("the relay spoke in clear after it had agreed to encryption")
        deadline = monotonic() + self._timeouts.command_s
        try:
            self.pipe.secure(self._relay.context or ssl.create_default_context(), self._relay.host)
            while not self.pipe.shaken():
                yield deadline
        except ssl.SSLError as error:
            raise Misconfigured("the relay's certificate does not hold, or its encryption failed") from error

    def _login(self) -> Talking[None]:
        name, password = self._relay.username, self._relay.password
        ways = self._offers.get("AUTH", ())
        if "PLAIN" in ways:
            reply = yield from self._ask(f"AUTH PLAIN {_base64(f'{chr(0)}{name}{chr(0)}{password}')}")
        elif "LOGIN" in ways:
            _expect(334, (yield from self._ask("AUTH LOGIN")))
            _expect(334, (yield from self._ask(_base64(name))))
            reply = yield from self._ask(_base64(password))
        else:
            raise Misconfigured("the relay offers no login that this channel knows")
        _expect(235, reply)

    # letters

    def letters(self, batch: Batch) -> Talking[None]:
        """Hands over until no letter is left for this connection. Raises LineError, its letters told of, when it is over."""
        letter, offered = batch.take(fresh=self.fresh), False
        while letter is not None:
            if not offered and batch.stops():
                return batch.put_back(letter)
            try:
                refusal, over = yield from self._offer(letter, offered)
            except LineError as lost:
                batch.lost(letter, lost.before_dot(used_a_try=self.fresh))
                raise
            if refusal is not None:
                batch.settle(letter, refusal)
                if over:
                    raise LineError("the relay does not wait for a letter")
                letter, offered = batch.take(fresh=self.fresh), False
                continue
            if offered and batch.stops():
                batch.put_back(letter)
                # it waits for a text: even an empty one would be delivered
                raise LineError("stopped behind an offer")
            # written and signed before this one begins: behind that moment nothing slow may happen
            ahead = batch.take_ahead() if self._pipelining else None
            yield from self._text(batch, letter, ahead)
            letter, offered = (batch.take(fresh=self.fresh), False) if ahead is None else (ahead, True)
        return None

    @property
    def _pipelining(self) -> bool:
        return self._may_pipeline and "PIPELINING" in self._offers

    def _offer(self, letter: Letter, offered: bool) -> Talking[tuple[ChannelError | None, bool]]:
        """MAIL, RCPT and DATA: in one write, which may have left already, where the relay allows it (RFC 2920).

        None when the relay waits for the text, else the meaning of the first answer that was no yes, and whether the line
        is over. A 421 that comes first is a lost line.
        """
        replies: list[Reply] = []
        if self._pipelining and not offered:
            self._write(b"".join(letter.commands))
        for command in letter.commands:
            if not self._pipelining:
                self._write(command)
            reply = yield from self._answer()
            replies.append(reply)
            if reply.code == 421 or (not self._pipelining and not reply.ok):
                break
        *others, last = replies
        first = next((reply for reply in others if not reply.ok), last)
        if first.code == 421:
            raise LineError("the relay closes the line", first)
        if first is last and len(replies) == 3 and last.code == 354:
            return None, False
        why = (
            before_letters(first) if first is replies[0] else before_body(first)
        )  # MAIL names our sender, not the letter's
        return why, (yield from self._reset(replies, first))

    def _reset(self, replies: list[Reply], first: Reply) -> Talking[bool]:
        """Makes the line ready for the next letter after a no; whether that cannot be done."""
        if not 400 <= first.code <= 599 or replies[-1].code == 421:
            return True
        try:
            if replies[-1].code == 354:
                if not replies[0].ok:
                    return True  # a lone dot might deliver an empty letter: hang up instead
                # only the recipient was refused: a lone dot ends the offer, and nobody is there to get the empty letter
                self._write(b".\r\n")
                yield from self._answer()
            return not (yield from self._ask("RSET")).ok
        except LineError:
            return True

    def _text(self, batch: Batch, letter: Letter, ahead: Letter | None) -> Talking[None]:
        """The text and its dot, with the commands of the letter ahead behind it. Raises LineError where the line is over."""
        try:
            outcome, over = yield from self._end(batch, letter, b"".join(ahead.commands) if ahead else b"")
        except LineError as lost:
            self._put_ahead_back(batch, ahead)
            batch.lost(letter, lost.before_dot(used_a_try=self.fresh))
            raise
        self.fresh = self.fresh and not isinstance(outcome, Receipt)
        self._unclear = isinstance(outcome, Unclear)
        batch.settle(letter, outcome)
        if over or self._unclear:
            self._put_ahead_back(batch, ahead)
            raise LineError("the relay does not wait for a letter")

    def _put_ahead_back(self, batch: Batch, ahead: Letter | None) -> None:
        if ahead is not None:
            batch.put_back(ahead)

    def _end(self, batch: Batch, letter: Letter, group: bytes) -> Talking[tuple[Outcome, bool]]:
        """What became of the letter, and whether the line is over. Raises LineError when it was lost before `begins`."""
        self.pipe.put(letter.mail)
        deadline = monotonic() + self._timeouts.command_s
        if self.pipe.waiting > CHUNK:
            self.pipe.flush()
            while self.pipe.waiting > CHUNK and not self.pipe.rest:
                yield deadline
        if self.pipe.rest:
            return _early((yield from self._answer())), True
        batch.begins(letter)
        mark = self.pipe.mark
        try:
            self._write(b".\r\n" + group)
            while not self.pipe.has_left(mark):
                yield deadline
            reply = yield from self._answer(self._timeouts.data_end_s)
        except LineError as lost:
            if not self.pipe.has_left(mark):
                return lost.before_dot(used_a_try=self.fresh), True
            return Unclear(f"no answer to the letter's end: {lost}"), True
        return after_body(reply), reply.code == 421

    # words

    def _write(self, data: bytes) -> None:
        self.pipe.put(data)
        self.pipe.flush()

    def _ask(self, command: str) -> Talking[Reply]:
        self._write(f"{command}\r\n".encode())
        return (yield from self._answer())

    def _answer(self, timeout_s: float | None = None) -> Talking[Reply]:
        """The next whole answer. One deadline for all of it: a relay that drips keeps no one waiting."""
        deadline = monotonic() + (self._timeouts.command_s if timeout_s is None else timeout_s)
        texts: list[str] = []
        while len(texts) < MAX_LINES:
            while (line := self.pipe.line()) is None:
                yield deadline
            code, more, text = _parse(line)
            if not more and not texts:
                return Reply(code, text)
            texts.append(text)
            if not more:
                return Reply(code, "\n".join(texts))
        raise LineError("the relay's answer has no end")


def _parse(line: bytes) -> tuple[int, bool, str]:
    text = line.decode("utf-8", "replace").rstrip("\r")
    if not (text[:3].isascii() and text[:3].isdigit() and text[3:4] in ("", " ", "-")):
        raise LineError("the relay's answer makes no sense")
    return int(text[:3]), text[3:4] == "-", text[4:]


def _early(reply: Reply) -> Outcome:
    """An answer before the dot. A no is a no; a yes to half a letter is nothing to build on."""
    if 400 <= reply.code <= 599:
        return before_body(reply)
    return Unclear("the relay answered before the letter's end", code=str(reply.code), answer=reply.words)


def _expect(code: int, reply: Reply) -> None:
    if reply.code != code:
        raise before_letters(reply)


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")
