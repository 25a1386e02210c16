"""Bringing the offices' answers home when they are due: into the project's inbox folder, or a member's own mailbox."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path

from campaign.channels.smtp import maildir
from campaign.simulator import scripted
from campaign.simulator.clock import Clock
from campaign.simulator.offices import AnswerKind
from campaign.simulator.relay import read
from campaign.simulator.scripted import Original
from campaign.simulator.store import DueAnswer, Message, NewMessage, Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Postman:
    """`inbox` is the Maildir that takes everything for `bounce_domain`."""

    store: Store
    clock: Clock
    inbox: Path
    bounce_domain: str

    def deliver_due(self) -> int:
        """Brings what is due; how many. A kill between file and row brings the same file name again, which is no double."""
        now = self.clock.seconds()
        due = self.store.due(now)
        for answer in due:
            self._deliver(answer, now)
        return len(due)

    def _deliver(self, answer: DueAnswer, now: float) -> None:
        try:
            to, raw = compose(answer)
        except Exception as error:  # noqa: BLE001 - one letter that cannot be answered must not silence all offices
            log.error("answer %s could not be composed: %s", answer.id, type(error).__name__)
            self.store.delivered(answer, now)
            return
        if to.lower().rpartition("@")[2] == self.bounce_domain.lower():
            maildir.deliver(self.inbox, f"{int(answer.due_at)}.S{answer.id}.simulation", raw)
            self.store.delivered(answer, now)
        else:
            self.store.delivered(answer, now, _copy(raw, to, answer.due_at))


def compose(answer: DueAnswer) -> tuple[str, bytes]:
    """Where an answer goes, and its bytes."""
    original = original_of(answer.message)
    at = datetime.fromtimestamp(int(answer.due_at), UTC)
    match answer.kind:
        case AnswerKind.BOUNCE:
            return original.return_path, scripted.bounce(original, at)
        case AnswerKind.MOVED:
            words = "551 5.1.6 the mailbox has moved (simulation)"
            return original.return_path, scripted.bounce(original, at, "5.1.6", words)
        case AnswerKind.DELAY:
            return original.return_path, scripted.delay(original, at)
        case AnswerKind.ACKNOWLEDGEMENT:
            return original.return_path, scripted.acknowledgement(original, at)
        case AnswerKind.SUBSTANTIVE if original.stand_in:
            text = "We have read your letter with care and would like to know more about the two sites that you name."
            return original.reply_to, scripted.substantive_reply(original, at, text)
        case AnswerKind.POSITION if original.stand_in:
            text = "After reading what you and others have sent, the Member has decided to support what you ask for."
            return original.reply_to, scripted.substantive_reply(original, at, text)
        case AnswerKind.MEETING if original.stand_in:
            starts_at = (at + timedelta(days=14)).replace(hour=18, minute=0, second=0)
            text = "Could you come to our office, or join by telephone? The time is a proposal."
            return original.reply_to, scripted.meeting_offer(original, at, starts_at, text)
        case _:
            return original.reply_to, scripted.form_reply(original, at)


def original_of(message: Message) -> Original:
    """Addresses fall back from Reply-To to From, names from the To header to the office's code."""
    name, _ = parseaddr(message.to_header)
    sender = parseaddr(message.from_header)[1]
    return Original(
        message_id=message.message_id,
        subject=message.subject,
        return_path=message.envelope_from or sender,
        reply_to=parseaddr(message.reply_to)[1] or sender,
        office_address=message.envelope_to,
        office_name=name or f"Office {message.office or ''}".strip(),
    )


def _copy(raw: bytes, to: str, at: float) -> NewMessage:
    return replace(read(raw, "", to, at), outcome="answer", office=None)
