"""Structured logs: JSON in production, lines for people elsewhere. Ids, durations and counts; no address, name or text."""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

_ADDRESS = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
_TOKEN = re.compile(r"\b[a-z][0-9a-hjkmnp-tv-z]{29}\b")


def scrub(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last wall: what looks like an address or one of our tokens leaves every field."""
    for key, value in entry.items():
        if isinstance(value, str):
            entry[key] = _TOKEN.sub("[token]", _ADDRESS.sub("[address]", value))
    return entry


class _ScrubFilter(logging.Filter):
    """The same for lines of libraries."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        record.msg, record.args = _TOKEN.sub("[token]", _ADDRESS.sub("[address]", text)), None
        return True


def configure(level: str, *, as_json: bool) -> None:
    """Once per process, at its start; twice is safe."""
    renderer: Any = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            scrub,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.addFilter(_ScrubFilter())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("kombu.connection").setLevel(logging.ERROR)  # warns that a folder has no host name
    for name in ("celery", "kombu", "amqp", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd writes addresses at INFO
