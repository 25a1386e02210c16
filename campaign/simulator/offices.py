"""How the simulated offices behave: drawn from a seed, or told by the letter itself.

A letter is told what happens to it by a tag in its recipient (`hin05+refuse@offices.example`) or by the header
`X-Simulate: refuse`. Without either the draw decides, the same for the same seed, office and Message-ID.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
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
    POSITION = "position"  # a reply that says where the office stands now: stand-ins only
    MOVED = "moved"  # taken, then a report that the mailbox has moved


class Pace(StrEnum):
    """How long offices take."""

    BRISK = "brisk"  # seconds: somebody watches
    REAL = "real"  # minutes to weeks, as real ones do; for a clock that runs fast


class AnswerKind(StrEnum):
    BOUNCE = "bounce"
    DELAY = "delay"
    ACKNOWLEDGEMENT = "acknowledgement"
    FORM = "form"
    SUBSTANTIVE = "substantive"
    MEETING = "meeting"
    POSITION = "position"
    MOVED = "moved"


_DAY = 86_400.0
_WAITS: dict[Pace, dict[AnswerKind, tuple[float, float]]] = {
    Pace.BRISK: dict.fromkeys(AnswerKind, (15.0, 30.0))
    | {
        AnswerKind.BOUNCE: (5.0, 15.0),
        AnswerKind.MOVED: (5.0, 15.0),
        AnswerKind.DELAY: (5.0, 15.0),
        AnswerKind.ACKNOWLEDGEMENT: (5.0, 20.0),
    },
    Pace.REAL: {
        AnswerKind.BOUNCE: (60.0, 900.0),
        AnswerKind.MOVED: (60.0, 900.0),
        AnswerKind.DELAY: (4 * 3600.0, 5 * 3600.0),  # mail systems tell after four hours or so
        AnswerKind.ACKNOWLEDGEMENT: (60.0, _DAY),
        AnswerKind.FORM: (5 * _DAY, 19 * _DAY),
        AnswerKind.SUBSTANTIVE: (8 * _DAY, 16 * _DAY),
        AnswerKind.MEETING: (9 * _DAY, 17 * _DAY),
        AnswerKind.POSITION: (8 * _DAY, 19 * _DAY),
    },
}
"""Seconds from the receipt of a letter, or from the acknowledgement before; shortest and longest. Invented, after
the shapes of the demonstration."""


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
    pace: Pace = Pace.BRISK
    told: Mapping[str, Behavior] = field(default_factory=dict)  # by office code, before any draw
    draws: bool = True  # False: every letter is taken and nobody answers, unless the letter says otherwise

    def decide(self, recipient: str, message_id: str, header: str | None = None) -> Behavior:
        """What happens to this letter. Member mail (no office) is never drawn for."""
        told = told_by(recipient) or _behavior(header)
        if told is not None:
            return told
        code = office_code(recipient)
        if code is not None and code in self.told:
            return self.told[code]
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

        planned: list[Planned] = []
        for kind in _ANSWERS.get(behavior, ()):
            low, high = _WAITS[self.pace][kind]
            waits = low + (high - low) * self.draw(recipient.lower(), message_id, kind)
            planned.append(Planned(kind, waits + (planned[-1].after_s if planned else 0)))
        return planned

    def draw(self, *parts: str) -> float:
        """A number in [0, 1) that is the same for the same seed and parts."""
        digest = hashlib.sha256("\n".join([str(self.seed), *parts]).encode()).digest()
        return int.from_bytes(digest[:8], "big") / 2**64


_ANSWERS = {
    Behavior.BOUNCE: (AnswerKind.BOUNCE,),
    Behavior.MOVED: (AnswerKind.MOVED,),
    Behavior.DELAY: (AnswerKind.DELAY,),
    Behavior.ACK: (AnswerKind.ACKNOWLEDGEMENT,),
    Behavior.DROP: (AnswerKind.ACKNOWLEDGEMENT,),
    Behavior.FORM: (AnswerKind.ACKNOWLEDGEMENT, AnswerKind.FORM),
    Behavior.REPLY: (AnswerKind.ACKNOWLEDGEMENT, AnswerKind.SUBSTANTIVE),
    Behavior.MEETING: (AnswerKind.ACKNOWLEDGEMENT, AnswerKind.MEETING),
    Behavior.POSITION: (AnswerKind.ACKNOWLEDGEMENT, AnswerKind.POSITION),
}

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
