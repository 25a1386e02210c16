"""What a channel is given and what it gives back. Frozen copies: no row, no session, nothing lazy."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from campaign.domain.errors import ChannelError


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery, ready to hand over.

    `key` is the delivery's id and `reference` the public one of its letter or member mail (13 characters); together they
    are all that a provider ever learns of our rows. `body` is plain text with LF line ends. `message_id` is fixed for a
    delivery, whatever the number of tries. `moment` is when it may leave, on the monotonic clock; None: at once. `cargo` is
    what a channel other than mail takes instead of the text: a frozen value of a class that the channel itself defines.
    """

    key: int
    reference: str
    message_id: str
    to_address: str
    subject: str
    body: str
    from_name: str
    from_address: str
    envelope_sender: str
    written_at: datetime
    reply_to: str | None = None
    to_name: str = ""
    html: str | None = None
    unsubscribe_url: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=())
    moment: float | None = None
    cargo: object = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receiver took the parcel: its words (scrubbed) and its own id for it, where it gave one."""

    answer: str = ""
    provider_id: str | None = None


Outcome = Receipt | ChannelError
