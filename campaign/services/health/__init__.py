"""Whether letters leave, and what stands in their way: one report for the page, `/readyz`, `campaign check` and the metrics."""

from campaign.services.health.channels import queues_of
from campaign.services.health.complaints import measure as measure_complaints
from campaign.services.health.figures import SPANS, Figure, lines, rows
from campaign.services.health.rates import handover_times, outcomes_since, quantile
from campaign.services.health.report import (
    glance,
    is_migrated,
    migration_head,
    not_migrated,
    report,
    unmatched,
    without_database,
)
from campaign.services.health.shapes import ChannelHealth, Condition, Health, Part, Problem, Queue, WorkerHealth
from campaign.services.health.workers import HEARD, UNWORKED

__all__ = [
    "HEARD",
    "SPANS",
    "UNWORKED",
    "ChannelHealth",
    "Condition",
    "Figure",
    "Health",
    "Part",
    "Problem",
    "Queue",
    "WorkerHealth",
    "glance",
    "handover_times",
    "is_migrated",
    "lines",
    "measure_complaints",
    "migration_head",
    "not_migrated",
    "outcomes_since",
    "quantile",
    "queues_of",
    "report",
    "rows",
    "unmatched",
    "without_database",
]
