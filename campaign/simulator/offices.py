"""How the simulated offices behave: drawn from a seed, or told by the letter itself.

A letter is told what happens to it by a tag in its recipient (`hin05+refuse@offices.example`) or by the header
`X-Simulate: refuse`. Without either the draw decides, the same for the same seed, office and Message-ID.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

OFFICE_DOMAIN = "offices.example"
HEADER = "X-Simulate"

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


class Behavior(StrEnum):
    REFUSE = "refuse"  # 550 to the recipient, or 554 to the text where only the header says so
    BUSY = "busy"  # 450 or 451; drawn ones only the first time
    STALL = "stall"  # silence after the final dot; the letter is not kept
    DROP = "drop"  # the line is cut after the final dot; the letter is kept and acknowledged later
    BOUNCE = "bounce"  # taken, then a delivery report
    DELAY = "delay"  # taken, then a report that it is still tried
    ACK = "ack"  # an automatic acknowledgement
    FORM = "form"  # an acknowledgement, then a form reply
    SILENT = "silent"
    REPLY = "reply"  # a reply of substance: stand-ins only
    MEETING = "meeting"  # an offer to meet: stand-ins only


class AnswerKind(StrEnum):
    BOUNCE = "bounce"
    DELAY = "delay"
    ACKNOWLEDGEMENT = "acknowledgement"
    FORM = "form"
    SUBSTANTIVE = "substantive"
    MEETING = "meeting"


@dataclass(frozen=True, slots=True)
class Planned:
    kind: AnswerKind
    after_s: float  # simulated seconds from the receipt of the letter


@dataclass(frozen=True, slots=True)
class Script:
    """Shares of letters, out of 1; what is left over stays silent. The default is the demonstration's."""

    seed: int = 4776
    refuse: float = 0.01
    busy: float = 0.03
    bounce: float = 0.04
    ack: float = 0.20
    form: float = 0.35
    stall_s: float = 30.0  # real seconds; how long a stalled line is held
    draws: bool = True  # False: every letter is taken and nobody answers, unless the letter says otherwise

    def decide(self, recipient: str, message_id: str, header: str | None = None) -> Behavior:
        """What happens to this letter. Member mail (no office) is never drawn for."""
        told = told_by(recipient) or _behavior(header)
        if told is not None:
            return told
        code = office_code(recipient)
        if code is None or not self.draws:
            return Behavior.SILENT
        point = self.draw(code, message_id, "behavior")
        for behavior, share in (
            (Behavior.REFUSE, self.refuse),
            (Behavior.BUSY, self.busy),
            (Behavior.BOUNCE, self.bounce),
            (Behavior.ACK, self.ack),
            (Behavior.FORM, self.form),
        ):
            if point < share:
                return behavior
            point -= share
        return Behavior.SILENT

    def plan(self, behavior: Behavior, recipient: str, message_id: str) -> list[Planned]:
        """The answers that follow a letter that was taken, and when."""

        def between(low: float, high: float, use: str) -> float:
            return low + (high - low) * self.draw(recipient.lower(), message_id, use)

        acknowledged = Planned(AnswerKind.ACKNOWLEDGEMENT, between(5, 20, "ack"))
        later = acknowledged.after_s + between(15, 30, "later")
        match behavior:
            case Behavior.BOUNCE:
                return [Planned(AnswerKind.BOUNCE, between(5, 15, "bounce"))]
            case Behavior.DELAY:
                return [Planned(AnswerKind.DELAY, between(5, 15, "bounce"))]
            case Behavior.ACK | Behavior.DROP:
                return [acknowledged]
            case Behavior.FORM:
                return [acknowledged, Planned(AnswerKind.FORM, later)]
            case Behavior.REPLY:
                return [acknowledged, Planned(AnswerKind.SUBSTANTIVE, later)]
            case Behavior.MEETING:
                return [acknowledged, Planned(AnswerKind.MEETING, later)]
            case _:
                return []

    def draw(self, *parts: str) -> float:
        """A number in [0, 1) that is the same for the same seed and parts."""
        digest = hashlib.sha256("\n".join([str(self.seed), *parts]).encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64


QUIET = Script(draws=False)


def office_code(recipient: str) -> str | None:
    """`HIN05` for hin05@offices.example, hin05+tag@offices.example and any@hin05.offices.example; None for members."""
    local, _, domain = recipient.lower().rpartition("@")
    if domain == OFFICE_DOMAIN:
        code = local.partition("+")[0]
    elif domain.endswith(f".{OFFICE_DOMAIN}"):
        code = domain.removesuffix(f".{OFFICE_DOMAIN}").rpartition(".")[2]
    else:
        return None
    return code.upper() if _CODE.fullmatch(code) else None


def told_by(recipient: str) -> Behavior | None:
    """The behavior in the tag of a recipient, for offices and members alike; unknown tags tell nothing."""
    return _behavior(recipient.rpartition("@")[0].partition("+")[2])


def _behavior(word: str | None) -> Behavior | None:
    try:
        return Behavior((word or "").strip().lower())
    except ValueError:
        return None
