"""`campaign bench NAME`: measurements, each beside its own limit in the same run."""

from __future__ import annotations

import click


@click.group()
def bench() -> None:
    """Measure; figures as JSON."""
