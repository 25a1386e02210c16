"""How a member reads a letter's way: badge, and five stops with their proof. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from campaign.channels.smtp.quotes import own_text
from campaign.domain.channels import BY_THE_MEMBERS_WORD, ChannelKind, ChannelName
from campaign.domain.events import ResponseKind
from campaign.domain.statuses import ENDED, NEEDS_A_PERSON, ResponseState, Status
from campaign.domain.texts import enumerated
from campaign.models.delivery import DeliveryChange
from campaign.models.response import Response
from campaign.services import postings
from campaign.services.stories import Line
from campaign.web.actions.names import is_agency, short_name
from campaign.web.actions.ways import means
from campaign.web.formats import as_zone, clock, moment, number, plural, time_tag
from campaign.web.states import letter_state

QUIET = timedelta(days=5)
"""Mail systems give up after four to five days (RFC 5321, 4.5.4.1): what has not come back by then is presumed there."""


@dataclass(frozen=True, slots=True)
class Badge:
    """What components/status.html wants of a letter."""

    status: Status
    channel: ChannelName
    attempts: int
    response: ResponseState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    label: str
    note: Markup | str = ""
    state: str = ""  # past, now, wait, or '' for not yet


@dataclass(frozen=True, slots=True)
class Row:
    """One letter in a list."""

    line: Line
    badge: Badge
    stops: list[Stop]
    presumed: bool = False

    @property
    def reference(self) -> str:
        return self.line.letter.reference

    @property
    def name(self) -> str:
        return short_name(self.line.letter.addressee)

    @property
    def agency(self) -> bool:
        return is_agency(self.line.letter.addressee)

    @property
    def about(self) -> str:
        words = means(self.line.delivery.channel) if self.line.letter.docket_id is None else "Public docket"
        return f"{', '.join(self.line.asks)} · {words[:1].lower()}{words[1:]}"

    @property
    def yours_to_send(self) -> bool:
        return self.line.delivery.channel in BY_THE_MEMBERS_WORD and self.line.delivery.status is Status.QUEUED

    @property
    def leaves_by_itself(self) -> bool:
        return self.line.delivery.status is Status.QUEUED and self.line.moving

    @property
    def taken_back(self) -> bool:
        """Undone before it left: a copy that the member does not count among their letters."""
        change = _change(self.line, Status.CANCELLED)
        return change is not None and change.by.startswith("member:")

    @property
    def off(self) -> str:
        """A sentence for a letter that somebody called off; empty for any other."""
        if self.line.delivery.status is not Status.CANCELLED:
            return ""
        return "You took this letter back." if self.taken_back else "This letter was cancelled."

    @property
    def answer(self) -> Response | None:
        """The newest real answer; receipts are none."""
        found = [each for each in self.line.responses if each.kind is not ResponseKind.ACKNOWLEDGEMENT]
        return found[-1] if found else None

    @property
    def excerpt(self) -> str:
        """The beginning of their own words, at a word's end."""
        text = " ".join(own_text(self.answer.text).split()) if self.answer else ""
        return text if len(text) <= 220 else f"{text[:220].rsplit(' ', 1)[0]} …"

    @property
    def trouble(self) -> tuple[str, str] | None:
        """A bold sentence and another for a letter that a person looks after; the member has nothing to do."""
        return _TROUBLE.get(self.line.delivery.status)


_TROUBLE = {
    Status.HELD: ("Your association looks at it before it goes.", "Nothing for you to do."),
    Status.UNCLEAR: ("It may be there already.", "We check with the office before anything is sent again."),
    Status.BOUNCED: ("It came back. Your association finds another way.", "Nothing for you to do."),
    Status.REFUSED: (
        "The office’s system did not take it. Your association finds another way.",
        "Nothing for you to do.",
    ),
    Status.FAILED: ("We could not hand it over. Your association finds another way.", "Nothing for you to do."),
}


def rows(lines: Sequence[Line], zone: str, now: datetime) -> list[Row]:
    return [Row(line, badge(line), stops(line, zone), presumed(line, now)) for line in lines]


def badge(line: Line) -> Badge:
    return Badge(line.delivery.status, line.delivery.channel, line.delivery.tries, line.letter.response)


def stops(line: Line, zone: str) -> list[Stop]:
    """Signed, Sent, Delivered, Acknowledged, Replied, each with its time and what proves it."""
    made = [
        ("Signed", _note(line.letter.signed_at, line, zone)),
        _sent(line, zone),
        _delivered(line, zone),
        ("Acknowledged", _answered(line, zone, receipt=True)),
        ("Replied", _answered(line, zone, receipt=False)),
    ]
    last = max(i for i, (_, note) in enumerate(made) if note)
    found = [
        Stop(label, note, "" if i > last else "now" if i == last and last < 4 else "past")
        for i, (label, note) in enumerate(made)
    ]
    return _with_trouble(found, line, zone)


def _with_trouble(found: list[Stop], line: Line, zone: str) -> list[Stop]:
    """A stuck or ended letter stands at the stop that it did not pass, under its own word; after an end nothing follows."""
    status = line.delivery.status
    if line.responses or status not in NEEDS_A_PERSON | ENDED:
        return found
    at = 2 if status is Status.BOUNCED else 1
    word = letter_state(status, channel=line.delivery.channel, member=True).word
    stop = Stop(word, _note(line.delivery.changed_at, line, zone), "wait" if status in NEEDS_A_PERSON else "now")
    past = [Stop(each.label, each.note, "past") for each in found[:at]]
    if status in ENDED:
        return [*past, stop]
    return [*past, stop, *(Stop(each.label) for each in found[at + 1 :])]


def _note(at: datetime, line: Line, zone: str, proof: str = "") -> Markup:
    """The time, without its day where that is the day of signing, and the proof."""
    place = as_zone(zone)
    signed = line.letter.signed_at
    same_day = at != signed and at.astimezone(place).date() == signed.astimezone(place).date()
    words = time_tag(at, clock(at, place) if same_day else moment(at, place, None))
    return Markup("{}, {}").format(words, proof) if proof else words


def _sent(line: Line, zone: str) -> tuple[str, Markup | str]:
    change = _change(line, Status.ACCEPTED, Status.DELIVERED)
    label = {ChannelKind.PRINT: "Posted", ChannelKind.DOCKET: "Filed"}.get(line.delivery.channel.kind, "Sent")
    if change is None:
        return label, ""
    proof = "by you" if change.by.startswith("member:") else "handed over"
    return label, _note(change.at, line, zone, proof)


def _delivered(line: Line, zone: str) -> tuple[str, Markup | str]:
    change = _change(line, Status.DELIVERED)
    if change is not None:
        return "Delivered", _note(change.at, line, zone, proof_of(change))
    if line.responses:
        return "Delivered", "their answer proves it"
    return "Delivered", ""


def presumed(line: Line, now: datetime) -> bool:
    """Handed over, and nothing bad came back within the quiet period. Never counted as delivered."""
    return line.delivery.status is Status.ACCEPTED and now - line.delivery.changed_at >= QUIET and not line.responses


def proof_of(change: DeliveryChange) -> str:
    """Who says that it arrived."""
    if change.by.startswith("member:"):
        return "you confirmed it"
    if change.by.startswith("event:"):
        if change.why == postings.WHY:
            return "the agency published it"
        return "their answer proves it" if "office" in change.why else "confirmed by receipt"
    return "confirmed by staff"


def _answered(line: Line, zone: str, *, receipt: bool) -> Markup | str:
    kinds = [each for each in line.responses if (each.kind is ResponseKind.ACKNOWLEDGEMENT) is receipt]
    if not kinds:
        return "with their answer" if receipt and line.responses else ""
    first = kinds[0]
    return _note(first.received_at, line, zone, "you told us" if first.source == "member" else "")


def _change(line: Line, *statuses: Status) -> DeliveryChange | None:
    return next((change for change in line.changes if change.new in statuses), None)


def summary(found: Sequence[Row]) -> str:
    """ "1 answer, 2 with the office and 1 yours to send. 4 that you took back are not counted." """
    back = sum(row.taken_back for row in found)
    told = [f"{number(back)} that you took back {'is' if back == 1 else 'are'} not counted."] if back else []
    return " ".join([*_standing([row for row in found if not row.taken_back]), *told])


def _standing(found: Sequence[Row]) -> list[str]:
    """Where they are, as one sentence; none of none."""
    counted: dict[str, int] = {}
    for row in found:
        state = letter_state(
            row.badge.status, channel=row.badge.channel, attempts=row.badge.attempts, response=row.badge.response
        )
        group = _group(state.word, state.family, row.badge.channel)
        counted[group] = counted.get(group, 0) + 1
    words = [
        plural(counted[key], one, many)
        for key, one, many in (
            ("answer", "answer", "answers"),
            ("there", "with the office", "with the offices"),
            ("move", "on its way", "on their way"),
            ("you", "yours to send", "yours to send"),
            ("paper", "waiting to be printed", "waiting to be printed"),
            ("stuck", "looked after by staff", "looked after by staff"),
            ("done", "closed", "closed"),
        )
        if key in counted
    ]
    return [f"{enumerated(words)}."] if words else []


def _group(word: str, family: str, channel: ChannelName) -> str:
    if word == "Replied":
        return "answer"
    return "paper" if family == "you" and channel is ChannelName.PRINT else family
