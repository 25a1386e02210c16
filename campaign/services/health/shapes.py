"""What a report of health is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaign.domain.channels import ChannelName
from campaign.models.proof import Proof


class Part(StrEnum):
    """What a problem is of."""

    DATABASE = "database"
    MIGRATIONS = "migrations"
    BROKER = "broker"
    FIGURES = "figures"
    WORKERS = "workers"
    CHANNELS = "channels"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Problem:
    """`words`: what is wrong and what it means. `why`: a receiver's own words, for staff only. `todo`: for who runs the machines.

    `holds`: letters that could leave do not; organizers are told on every page.
    """

    part: Part
    words: str
    todo: str
    why: str = ""
    holds: bool = False
    channel: ChannelName | None = None


class Condition(StrEnum):
    """Of a channel."""

    WORKING = "working"  # something left within the hour, or is about to
    IDLE = "idle"  # nothing is due
    UNATTENDED = "unattended"  # something is due, and no worker is heard
    LEFT_ALONE = "left_alone"  # it failed, and is tried again later
    MISCONFIGURED = "misconfigured"
    ABSENT = "absent"  # letters wait for it, and nothing here can send on it


@dataclass(frozen=True, slots=True)
class Queue:
    """What is queued on a channel, mail to members included. `waiting` holds `due`; `paused`: those whose campaign is paused and
    which nobody is to send; and `shut`: those that wait for their office to open, the first at `opens_at`."""

    waiting: int = 0
    due: int = 0
    paused: int = 0
    shut: int = 0
    oldest_due: datetime | None = None
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """Mail to members counts as a letter does, but in `unclear`, which is of letters."""

    channel: ChannelName
    condition: Condition
    queue: Queue = Queue()
    sent_hour: int = 0
    sent_minute: int = 0
    unclear: int = 0
    failures: int = 0
    since: datetime | None = None
    retry_at: datetime | None = None
    reason: str = ""
    todo: str = ""


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    name: str
    kinds: tuple[str, ...]
    started_at: datetime
    seen_at: datetime
    heard: bool


@dataclass(frozen=True, slots=True)
class Health:
    """`broker` None: not asked. Without a database only `at`, `broker` and `problems` say anything."""

    at: datetime
    database: bool = True
    migrated: bool = True
    broker: bool | None = None
    channels: tuple[ChannelHealth, ...] = ()
    workers: tuple[WorkerHealth, ...] = ()
    unworked: tuple[str, ...] = ()
    unmatched: int = 0
    oldest_unmatched: datetime | None = None
    proof: Proof | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether pages can be served: letters are taken without broker and workers."""
        return self.database and self.migrated

    @property
    def holding(self) -> tuple[Problem, ...]:
        """What holds letters back now."""
        return tuple(each for each in self.problems if each.holds)
