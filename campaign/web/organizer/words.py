"""The words of the desk: channels, causes, notices and decisions as people read them, and a letter's story as lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from campaign.domain.channels import CHANNEL_WORDS, WAY_WORDS, ChannelKind, ChannelName
from campaign.domain.districts import Chamber
from campaign.domain.events import EventKind, ResponseKind
from campaign.domain.hours import SendingHours
from campaign.domain.statuses import BatchState, ResponseState, Status
from campaign.models.delivery import Attempt, AttemptOutcome, DeliveryChange
from campaign.models.event import Event
from campaign.models.mail import MailKind
from campaign.models.response import Response
from campaign.services.decisions import Decision
from campaign.services.health import Condition, Figure
from campaign.services.stories import Story
from campaign.web.formats import event_detail, plural
from campaign.web.organizer.letter_filter import Stage
from campaign.web.states import letter_state

CHANNELS = CHANNEL_WORDS
WAYS = WAY_WORDS
CONDITIONS = {
    Condition.WORKING: ("Working", "there", "tick"),
    Condition.IDLE: ("Nothing is due", "done", "ring_bar"),
    Condition.UNATTENDED: ("Nobody hands them over", "stuck", "clock"),
    Condition.LEFT_ALONE: ("Left alone", "stuck", "retry"),
    Condition.MISCONFIGURED: ("Configured wrongly", "stuck", "alert"),
    Condition.ABSENT: ("Not set up here", "stuck", "alert"),
}
"""Of a channel: word, family and icon, as a letter's states have them (web/states.py)."""
FIGURES = {
    Figure.WAITING: "Waiting",
    Figure.DUE: "Due",
    Figure.PAUSED: "Waiting in campaigns that are paused",
    Figure.SHUT: "Waiting for their office to open",
    Figure.LATER: "Waiting for their time",
    Figure.MINUTE: "Taken in one minute",
    Figure.HOUR: "Taken in one hour",
    Figure.UNCLEAR: "Unclear",
}
"""Of a channel, as the heads of their lists."""
MAILS = {
    MailKind.INVITATION: "Invitation",
    MailKind.SIGN_IN: "Sign-in link",
    MailKind.COPY: "Copy of what was signed",
    MailKind.REMINDER: "Reminder",
    MailKind.REPLY_NOTICE: "Notice of an answer",
}
BATCHES = {
    BatchState.MAKING: ("Being made", "move", "clock"),
    BatchState.STOPPED: ("Stopped", "stuck", "held"),
    BatchState.READY: ("Ready to print", "you", "print"),
    BatchState.POSTED: ("Posted", "there", "tick"),
    BatchState.GIVEN_UP: ("Given up", "done", "ring_slash"),
}
"""Of a print batch: word, family and icon."""
WORK = {
    "delivery": "Hands letters over",
    "upkeep": "Reads incoming mail, clears up, wakes workers",
    "beat": "Asks every two seconds what has fallen due",
}
STAGES = {
    Stage.ACCEPTED: "Accepted",
    Stage.CONFIRMED: "Confirmed",
    Stage.MEMBER: "Member confirmed",
    Stage.MOVING: "Moving",
    Stage.WAITING: "Waiting in the outbox",
    Stage.RETRYING: "Waiting to retry",
    Stage.BY_HAND: "Waiting for a person to file or post",
    Stage.OFFICE: "With the office",
    Stage.ATTENTION: "Needs a person",
    Stage.CLOSED: "Closed",
}
STATUSES = {
    Status.HELD: "Held",
    Status.QUEUED: "Queued",
    Status.SENDING: "Sending",
    Status.ACCEPTED: "Sent, nothing heard since",
    Status.DELIVERED: "Delivered",
    Status.BOUNCED: "Undelivered",
    Status.REFUSED: "Failed: refused",
    Status.UNCLEAR: "Unclear",
    Status.FAILED: "Failed: given up",
    Status.CANCELLED: "Cancelled",
    Status.EXPIRED: "Expired",
}
RESPONSES = {
    ResponseState.NONE: "No answer yet",
    ResponseState.ACKNOWLEDGED: "Acknowledged",
    ResponseState.REPLIED: "Replied",
    ResponseState.NO_REPLY: "No reply",
}
CAUSES = {
    Status.UNCLEAR: ("May have arrived", "The connection ended before an answer came. It is never repeated by itself."),
    Status.HELD: ("Held before sending", "Something had changed. It waits until somebody decides."),
    Status.BOUNCED: ("Came back", "It was taken first and returned later."),
    Status.REFUSED: ("Refused", "The receiving system said no. Nothing was taken."),
    Status.FAILED: ("Given up after many tries", "Nothing went out in five days of trying."),
}
"""Head and one sentence for each kind of trouble."""

_EXPLAINED = {
    Status.QUEUED: (
        "The letter waits for a channel that is not set up here.",
        "Nothing has left.",
        "It would wait until somebody sets that channel up.",
    ),
    Status.UNCLEAR: (
        "We handed the letter over, and the connection ended before the office’s system answered.",
        "It may be there already.",
        "Two copies look like spam to staff, so the system stopped and asks you.",
    ),
    Status.HELD: (
        "The letter was looked at again before it left, and something had changed.",
        "Nothing has left.",
        "Send it as it was signed, or let it end here.",
    ),
    Status.BOUNCED: (
        "The receiving system took the letter and sent it back later.",
        "The office has not read it.",
        "Sending again helps only when the cause is gone.",
    ),
    Status.REFUSED: (
        "The receiving system refused the letter.",
        "Nothing was taken.",
        "The same letter will be refused again unless the cause is gone.",
    ),
    Status.FAILED: (
        "Every try ended without the letter being taken, until the time for tries was over.",
        "Nothing has left.",
        "Sending again starts another five days of tries.",
    ),
}
"""Before, in bold, after."""
_IN_DOUBT = "An earlier try may have arrived all the same."

WAY_NEEDS = {
    ChannelKind.CWC: "For seats on their chamber’s list. The letter needs a subject term, the member a form of address.",
    ChannelKind.SMTP: "For offices whose staff address is known here.",
    ChannelKind.HANDOFF: "For offices with a web form: the member copies the text there and says so.",
    ChannelName.PRINT_PROVIDER: "For every office: a company prints and posts the letter.",
    ChannelKind.PRINT: "For every office: you print and post the letter.",
}
"""What each way of an order asks for."""

DECISIONS = {
    Decision.ARRIVED: "It arrived: record as sent",
    Decision.SEND_AGAIN: "It did not arrive: send once more",
    Decision.ANOTHER_WAY: "Send it another way",
    Decision.GIVE_UP: "Give up: this letter ends here",
}
NOTES = {
    Decision.ARRIVED: "Say in the note what proves it: a call, an e-mail, a receipt.",
    Decision.SEND_AGAIN: "Same text, same reference. Recorded with your name.",
    Decision.ANOTHER_WAY: "Over the next channel that the office takes. This one keeps its record.",
    Decision.GIVE_UP: "It becomes cancelled and is kept for the record. This cannot be undone.",
}
BARRED = "This cannot be decided about it now: choose something else."
SEND_HELD = "Send it now, as it was signed"
SEND_REFUSED = "Send once more"

_EVENTS = {
    EventKind.DEFERRED: ("The mail system still tries", "b"),
    EventKind.PRINTING: ("The print house has it in hand", "b"),
    EventKind.MAILED: ("Printed and given to the mail", "g"),
    EventKind.IN_TRANSIT: ("In the mail, on its way", "g"),
    EventKind.DELIVERED: ("Receipt: delivered", "g"),
    EventKind.PUBLISHED: ("The agency published it", "g"),
    EventKind.BOUNCED: ("Came back", "o"),
    EventKind.REFUSED: ("Came back: not accepted", "o"),
    EventKind.COMPLAINED: ("Reported as spam", "o"),
    EventKind.AUTO_REPLY: ("Automatic answer", ""),
    EventKind.ACKNOWLEDGED: ("The office’s receipt", "g"),
    EventKind.REPLIED: ("Answer came in", "g"),
    EventKind.UNKNOWN: ("Notice that no table knows", ""),
}
ANSWERS = {
    ResponseKind.ACKNOWLEDGEMENT: "Acknowledged receipt",
    ResponseKind.FORM: "General letter about the subject",
    ResponseKind.SUBSTANTIVE: "Answer to what was written",
    ResponseKind.MEETING: "Offer to meet, visit or call",
}
LOOKS_LIKE = {
    "bounce": "Looks like a bounce",
    "delay": "Looks like a notice of delay",
    "delivered": "Looks like a receipt",
    "complaint": "Looks like a complaint",
    "auto_reply": "Looks like an automatic answer",
    "acknowledgement": "Looks like an office’s receipt",
    "reply": "Looks like an answer",
    "unreadable": "Cannot be read",
}
"""By what a mail would have been with a token of ours."""
OUTCOMES = {
    AttemptOutcome.RECEIPT: "Taken",
    AttemptOutcome.TRY_LATER: "Not now",
    AttemptOutcome.REFUSED: "Refused",
    AttemptOutcome.UNCLEAR: "No answer",
}
OFFICES_OF = {
    Chamber.HOUSE: "All House offices",
    Chamber.SENATE: "All Senate offices",
    Chamber.EXECUTIVE: "All agencies",
}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ZONES = {
    "America/New_York": "Washington (Eastern)",
    "America/Chicago": "Chicago (Central)",
    "America/Denver": "Denver (Mountain)",
    "America/Phoenix": "Phoenix (Mountain, no summer time)",
    "America/Los_Angeles": "Los Angeles (Pacific)",
    "America/Anchorage": "Anchorage (Alaska)",
    "Pacific/Honolulu": "Honolulu (Hawaii)",
    "America/Puerto_Rico": "San Juan (Atlantic)",
    "Pacific/Guam": "Guam (Chamorro)",
    "Pacific/Pago_Pago": "Pago Pago (Samoa)",
}
"""Where offices are."""
_TONES = {"there": "g", "move": "b", "stuck": "o"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a timeline (components/stops.html)."""

    at: datetime
    text: str
    small: str = ""
    tone: str = ""


def days(hours: SendingHours) -> str:
    """ "Monday to Friday", "Monday, Wednesday": what follows each other is a span from three days on."""
    chosen = sorted(hours.days)
    if len(chosen) > 2 and chosen[-1] - chosen[0] == len(chosen) - 1:
        return f"{DAYS[chosen[0] - 1]} to {DAYS[chosen[-1] - 1]}"
    return ", ".join(DAYS[day - 1] for day in chosen)


def decision(choice: Decision, status: Status) -> str:
    """Its words for a delivery in this status: what was refused did not fail to arrive."""
    if choice is Decision.SEND_AGAIN and status is not Status.UNCLEAR:
        return SEND_HELD if status is Status.HELD else SEND_REFUSED
    return DECISIONS[choice]


def order(ways: Iterable[str]) -> str:
    """ "E-mail, then Web form, by hand"."""
    return ", then ".join(WAYS[way] for way in ways)


def explained(story: Story) -> tuple[str, str, str] | None:
    """What happened, in bold what that proves, and what helps; for a letter that needs a person."""
    found = _EXPLAINED.get(story.delivery.status)
    if found is None or not story.in_doubt or story.delivery.status is Status.UNCLEAR:
        return found
    return found[0], _IN_DOUBT, found[2]


def released(waiting: int) -> str:
    """What a resumed campaign lets go."""
    if not waiting:
        return "No letter waits now; what is signed from here on leaves as usual."
    return f"{plural(waiting, 'letter that waits leaves', 'letters that wait leave')} now, the longest waiting first."


def cause(status: Status, reason: str) -> str:
    """ "Refused: the address lies outside the district"."""
    head, why = CAUSES[status][0], reason.removeprefix("given up: ").removeprefix("it came back: ")
    return f"{head}: {why}" if why else head


def event(kind: EventKind) -> str:
    return _EVENTS[kind][0]


def event_tone(kind: EventKind) -> str:
    return _EVENTS[kind][1]


def timeline(story: Story, people: Mapping[str, str]) -> list[Row]:
    """Changes, notices and answers, oldest first; `people` names who did what (queries.people)."""
    return [_row(at, what, story, people) for at, _kind, what in story.timeline]


def _row(at: datetime, what: object, story: Story, people: Mapping[str, str]) -> Row:
    if isinstance(what, DeliveryChange):
        return _change(at, what, story, people)
    if isinstance(what, Event):
        text, tone = _EVENTS[what.kind]
        return Row(at, text, _joined(what.code, what.detail) if what.code else event_detail(what), tone)
    if isinstance(what, Response):
        return Row(at, ANSWERS[what.kind], f"recorded by {people.get(what.recorded_by, 'the system')}", "g")
    raise TypeError(f"no line for {type(what).__name__}")


def _change(at: datetime, what: DeliveryChange, story: Story, people: Mapping[str, str]) -> Row:
    channel = next((way.channel for way in story.deliveries if way.id == what.delivery_id), None)
    state = letter_state(what.new, channel=channel, attempts=1 if what.old is Status.SENDING else 0)
    by = people.get(what.by, "the system")
    text, why = state.word, what.why
    if what.old is None and what.delivery_id == story.deliveries[0].id:
        text, why = "Signed and queued", ""
    elif what.old is None and channel is not None:
        text = f"Goes another way: {CHANNELS[channel]}"
    return Row(at, text, _joined(why, "" if by == "the system" else f"by {by}"), _TONES.get(state.family, ""))


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def attempt(each: Attempt) -> str:
    """Outcome in a word; a try whose worker has not said anything is under way, or was cut off."""
    return OUTCOMES[each.outcome] if each.outcome else "Under way"
