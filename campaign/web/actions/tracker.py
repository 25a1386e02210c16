"""How a member reads a letter's way: badge, five stops with their proof, every step with its evidence. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from campaign.channels.smtp.quotes import own_text
from campaign.domain.channels import BY_THE_MEMBERS_WORD, ChannelKind, ChannelName
from campaign.domain.events import EventKind, ResponseKind
from campaign.domain.statuses import ENDED, ResponseState, Status
from campaign.domain.texts import enumerated
from campaign.models.delivery import DeliveryChange
from campaign.models.event import Event
from campaign.models.response import Response
from campaign.services import postings
from campaign.services.stories import Line, Story
from campaign.web.formats import as_zone, clock, event_detail, moment, plural, time_tag
from campaign.web.states import letter_state

QUIET = timedelta(days=5)
"""Mail systems give up after four to five days (RFC 5321, 4.5.4.1): what has not come back by then is presumed there."""

_SHORT = (("Representative ", "Rep. "), ("Senator ", "Sen. "), ("Delegate ", "Del. "))
_WAYS = {
    ChannelName.CWC_HOUSE: ("Their intake system", "within minutes"),
    ChannelName.CWC_SENATE: ("Their intake system", "within minutes"),
    ChannelName.SMTP: ("E-mail to their staff", "within minutes"),
    ChannelName.DOCKET_API: ("Public docket", "within an hour"),
    ChannelName.DOCKET_PACKET: ("Public docket", "you file it"),
    ChannelName.HANDOFF: ("Their web form", "you send it"),
    ChannelName.PRINT: ("Printed and posted", "2 to 3 weeks"),
    ChannelName.PRINT_PROVIDER: ("Printed and posted", "2 to 3 weeks"),
}
_STUCK = frozenset({Status.HELD, Status.UNCLEAR, Status.BOUNCED, Status.REFUSED, Status.FAILED})


def short_name(name: str) -> str:
    """ "Senator Ada Example" -> "Sen. Ada Example"; a vacant post ("Representative for Ohio") stays whole."""
    for long, short in _SHORT:
        if name.startswith(long) and not name.startswith(f"{long}for "):
            return short + name.removeprefix(long)
    return name


def is_agency(name: str) -> bool:
    return not name.startswith(("Representative ", "Senator ", "Delegate ", "Resident Commissioner "))


def way(channel: ChannelName, *, docket: bool) -> str:
    """How a letter goes and when it arrives, as honestly as can be said before it went."""
    if docket and channel is ChannelName.HANDOFF:
        return "Public docket · you file it"
    return " · ".join(_WAYS[channel])


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
class Step:
    """A row of the full record. `tone`: g good, b moving, o needs a person, '' neutral."""

    at: datetime
    text: str
    small: str = ""
    tone: str = ""


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
        words, _ = _WAYS[self.line.delivery.channel]
        if self.line.letter.docket_id is not None:
            words = "Public docket"
        return f"{', '.join(self.line.asks)} · {words[:1].lower()}{words[1:]}"

    @property
    def yours_to_send(self) -> bool:
        return self.line.delivery.channel in BY_THE_MEMBERS_WORD and self.line.delivery.status is Status.QUEUED

    @property
    def leaves_by_itself(self) -> bool:
        return self.line.delivery.status is Status.QUEUED and self.line.moving

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
    if line.responses or status not in _STUCK | ENDED:
        return found
    at = 2 if status is Status.BOUNCED else 1
    word = letter_state(status, channel=line.delivery.channel, member=True).word
    stop = Stop(word, _note(line.delivery.changed_at, line, zone), "wait" if status in _STUCK else "now")
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
        return "Delivered", _note(change.at, line, zone, _proof(change))
    if line.responses:
        return "Delivered", "their answer proves it"
    return "Delivered", ""


def presumed(line: Line, now: datetime) -> bool:
    """Handed over, and nothing bad came back within the quiet period. Never counted as delivered."""
    return line.delivery.status is Status.ACCEPTED and now - line.delivery.changed_at >= QUIET and not line.responses


def _proof(change: DeliveryChange) -> str:
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
    """ "1 answer, 2 with the office, 1 yours to send." """
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
    return f"{enumerated(words)}." if words else ""


def _group(word: str, family: str, channel: ChannelName) -> str:
    if word == "Replied":
        return "answer"
    return "paper" if family == "you" and channel is ChannelName.PRINT else family


# --- the full record ------------------------------------------------------------------------------------------------

_RESPONSES = {
    ResponseKind.ACKNOWLEDGEMENT: "They acknowledged it",
    ResponseKind.FORM: "They sent a general letter",
    ResponseKind.SUBSTANTIVE: "They answered what you wrote",
    ResponseKind.MEETING: "They offered to meet",
}
_EVENTS = {
    EventKind.DEFERRED: ("Their mail system still tries to hand it on", "b"),
    EventKind.PRINTING: ("The print house has it in hand", "b"),
    EventKind.MAILED: ("Printed and given to the mail", "g"),
    EventKind.IN_TRANSIT: ("In the mail, on its way", "g"),
    EventKind.PUBLISHED: ("The agency published your comment", "g"),
    EventKind.AUTO_REPLY: ("An automatic answer came: somebody is away or has moved", "b"),
    EventKind.COMPLAINED: ("The receiver marked it as unwanted", "b"),
}


def record(story: Story) -> list[Step]:
    """Every step with its evidence, oldest first. What says the same twice is told once."""
    made = [_step(entry, at, story) for at, _, entry in story.timeline]
    return [step for step in made if step is not None]


def _step(entry: object, at: datetime, story: Story) -> Step | None:
    match entry:
        case DeliveryChange() if entry.why == postings.WHY:
            return None  # the notice says it, with the way there
        case DeliveryChange():
            return _changed(entry, story)
        case Event() if entry.kind in _EVENTS:
            text, tone = _EVENTS[entry.kind]
            return Step(at, text, event_detail(entry), tone)
        case Response():
            return Step(at, _RESPONSES[entry.kind], _source(entry), "g")
        case _:
            return None


def _source(response: Response) -> str:
    if response.source == "member":
        return "You told us."
    return "It came to our mailbox." if response.event_id is not None else "Recorded by your association."


def _changed(change: DeliveryChange, story: Story) -> Step | None:
    letter = story.letter
    delivery = next((each for each in story.deliveries if each.id == change.delivery_id), story.delivery)
    channel = delivery.channel
    if change.old is None and change.delivery_id != story.deliveries[0].id:
        return Step(change.at, f"It goes another way: {_WAYS[channel][0].lower()}", _said(change), "b")
    if change.old is None:
        size = f"Text fixed, {len(letter.body):,} characters, fingerprint {letter.digest[:4]} {letter.digest[4:8]}."
        return Step(change.at, "You signed", size, "g")
    match change.new:
        case Status.ACCEPTED if channel is ChannelName.DOCKET_API and delivery.provider_id:
            return Step(change.at, "Filed: the portal took it", f"Tracking number {delivery.provider_id}.", "g")
        case Status.ACCEPTED if channel.kind is ChannelKind.PRINT:
            return Step(change.at, "Printed and posted", _said(change, "posted"), "g")
        case Status.ACCEPTED if change.by.startswith("user:"):
            return Step(change.at, "Staff checked: it is with the office", _said(change), "g")
        case Status.ACCEPTED:
            return Step(change.at, "Handed over: the office’s system took it", "", "g")
        case Status.DELIVERED if change.by.startswith("member:"):
            return Step(
                change.at, "You sent it", _said(change, "the member says it was sent", "the member filed it, "), "g"
            )
        case Status.DELIVERED:
            return Step(change.at, f"Delivered: {_proof(change)}", "", "g")
        case Status.QUEUED:
            tried = change.old is Status.SENDING
            text = "Not taken yet; we try again by ourselves" if tried else "Queued again"
            return Step(change.at, text, _said(change), "b")
        case Status.SENDING:
            return None
        case Status.CANCELLED if change.by.startswith("member:"):
            return Step(change.at, "You took it back")
        case _:
            word = letter_state(change.new, channel=channel, member=True).word
            return Step(change.at, word, _said(change), "o" if change.new in _STUCK else "")


def _said(change: DeliveryChange, *nothing_new: str) -> str:
    """The reason as it was recorded, as a sentence; without words that the step says already."""
    text = change.why
    for words in nothing_new:
        text = text.removeprefix(words)
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}." if text and not text.endswith(".") else text
