"""Metrics for Prometheus. Every figure is asked of the database at the scrape, so that it is true of all processes and machines.

docs/operations.md explains each; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from campaign.domain.channels import ChannelName
from campaign.models.rollup import Measure, Rollup
from campaign.services import breaker, health
from campaign.services.health import Health
from campaign.tasknames import WORKED

MINUTE = timedelta(minutes=1)
LATENCY_OVER = timedelta(minutes=5)
QUANTILES = (0.5, 0.95, 0.99)
Family = GaugeMetricFamily


class Figures(Collector):
    """Of one scrape: `found` is the glance that was made for it."""

    def __init__(self, session: Session, found: Health, set_up: Collection[ChannelName]) -> None:
        self._session, self._found, self._set_up = session, found, set_up

    def collect(self) -> Iterator[Family]:
        found = self._found
        yield Family("countersign_database_up", "1 when the database answers and is migrated.", value=found.ready)
        yield Family("countersign_broker_up", "1 when the broker answers.", value=bool(found.broker))
        if found.ready:
            yield from self._workers(found)
            yield from self._queues(found.at)
            yield from self._deliveries()
            yield from self._attempts(found.at)
            yield from self._notices(found.at)

    def _workers(self, found: Health) -> Iterator[Family]:
        ages = Family(
            "countersign_worker_heartbeat_age_seconds",
            "Since a worker was last heard; it beats every 20 s.",
            labels=["worker", "kind"],
        )
        for each in found.workers:
            for kind in each.kinds:
                ages.add_metric([each.name, kind], (found.at - each.seen_at).total_seconds())
        yield ages
        heard = Family("countersign_workers_heard", "Workers heard within 90 s, by kind of work.", labels=["kind"])
        for kind in health.UNWORKED:
            heard.add_metric([kind], sum(each.heard and kind in each.kinds for each in found.workers))
        yield heard

    def _queues(self, now: datetime) -> Iterator[Family]:
        queued = Family("countersign_queued", "Deliveries that wait, by channel and why.", labels=["channel", "state"])
        oldest = Family(
            "countersign_queue_oldest_due_seconds",
            "How long the oldest delivery that could leave now has been due; 0 where none is.",
            labels=["channel"],
        )
        queues = health.queues_of(self._session, now)
        for channel in self._channels(queues):
            queue = queues.get(channel, health.Queue())
            queued.add_metric([channel, "due"], queue.due)
            queued.add_metric([channel, "later"], queue.waiting - queue.due - queue.paused)
            queued.add_metric([channel, "paused"], queue.paused)
            oldest.add_metric([channel], (now - queue.oldest_due).total_seconds() if queue.oldest_due else 0)
        yield queued
        yield oldest
        left_alone = Family("countersign_breaker_open", "1 while a channel is left alone.", labels=["channel"])
        failures = Family("countersign_breaker_failures", "Failures of a channel in a row.", labels=["channel"])
        wrong = Family("countersign_channel_misconfigured", "1 when a person must mend it.", labels=["channel"])
        states = {state.channel: state for state in breaker.states(self._session)}
        for channel in self._channels(states):
            state = states.get(channel)
            left_alone.add_metric([channel], bool(state and state.retry_at and state.retry_at > now))
            failures.add_metric([channel], state.failures if state else 0)
            wrong.add_metric([channel], bool(state and state.misconfigured))
        yield from (left_alone, failures, wrong)

    def _deliveries(self) -> Iterator[Family]:
        family = Family("countersign_letters", "Letters by channel and state.", labels=["channel", "status"])
        rows = self._session.execute(
            sa.select(Rollup.channel, Rollup.status, sa.func.sum(Rollup.count))
            .where(Rollup.measure == Measure.STANDING)
            .group_by(Rollup.channel, Rollup.status)
        )
        for channel, status, number in rows:
            family.add_metric([channel, status], int(number))
        yield family

    def _attempts(self, now: datetime) -> Iterator[Family]:
        ended = Family(
            "countersign_attempts_last_minute",
            "Tries that ended in the last minute, by channel and outcome.",
            labels=["channel", "outcome"],
        )
        for (channel, outcome), number in health.outcomes_since(self._session, now - MINUTE, now).items():
            ended.add_metric([channel, outcome], number)
        yield ended
        times = Family(
            "countersign_handover_seconds",
            "From marking a letter as leaving to its recorded outcome, over the last five minutes. A window shares both moments.",
            labels=["channel", "quantile"],
        )
        for channel, found in health.handover_times(self._session, now - LATENCY_OVER, now).items():
            for share in QUANTILES:
                times.add_metric([channel, str(share)], health.quantile(found, share))
        yield times

    def _notices(self, now: datetime) -> Iterator[Family]:
        count, oldest = health.unmatched(self._session)
        yield Family("countersign_unmatched_notices", "Notices that belong to no letter.", value=count)
        yield Family(
            "countersign_unmatched_notice_oldest_seconds",
            "Since the oldest of them came; 0 where there is none.",
            value=(now - oldest).total_seconds() if oldest else 0,
        )

    def _channels(self, more: Collection[ChannelName]) -> list[ChannelName]:
        return [each for each in WORKED if each in self._set_up or each in more]


def registry(session: Session, found: Health, set_up: Collection[ChannelName]) -> CollectorRegistry:
    """Of one scrape; nothing is kept between two, nor shared with another thread."""
    made = CollectorRegistry(auto_describe=False)
    made.register(Figures(session, found, set_up))
    return made
