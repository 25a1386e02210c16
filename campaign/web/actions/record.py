"""Every step of a letter's way with its evidence, as a member reads it. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from campaign.domain.channels import ChannelKind, ChannelName
from campaign.domain.events import EventKind, ResponseKind
from campaign.domain.statuses import NEEDS_A_PERSON, Status
from campaign.models.delivery import DeliveryChange
from campaign.models.event import Event
from campaign.models.response import Response
from campaign.services import postings
from campaign.services.stories import Story
from campaign.web.actions.tracker import proof_of
from campaign.web.actions.ways import means
from campaign.web.formats import event_detail
from campaign.web.states import letter_state


@dataclass(frozen=True, slots=True)
class Step:
    """A row of the full record. `tone`: g good, b moving, o needs a person, '' neutral."""

    at: datetime
    text: str
    small: str = ""
    tone: str = ""


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


def steps(story: Story) -> list[Step]:
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
        return Step(change.at, f"It goes another way: {means(channel).lower()}", _said(change), "b")
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
            return Step(change.at, f"Delivered: {proof_of(change)}", "", "g")
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
            return Step(change.at, word, _said(change), "o" if change.new in NEEDS_A_PERSON else "")


def _said(change: DeliveryChange, *nothing_new: str) -> str:
    """The reason as it was recorded, as a sentence; without words that the step says already."""
    text = change.why
    for words in nothing_new:
        text = text.removeprefix(words)
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}." if text and not text.endswith(".") else text
