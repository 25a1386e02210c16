"""Structured logs: JSON in production, lines for people elsewhere. Ids, durations and counts; no address, name or text."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

_ADDRESS = re.compile(r"[^\s@<>\"]+@[^\s@<>\"']+")
_TOKEN = re.compile(r"\b[a-z][0-9a-hjkmnp-tv-z]{29}\b", re.IGNORECASE)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _TOKEN.sub("[token]", _ADDRESS.sub("[address]", value))
    if isinstance(value, Mapping):
        return {key: _clean(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(each) for each in value]
    return value


def scrub(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last wall: what looks like an address or one of our tokens leaves every field."""
    for key, value in entry.items():
        entry[key] = _clean(value)
    return entry


class _ScrubFormatter(logging.Formatter):
    """The same for lines of libraries, with the trace below them."""

    def format(self, record: logging.LogRecord) -> str:
        text: str = _clean(super().format(record))
        return text


@contextmanager
def quiet() -> Iterator[None]:
    """Only warnings, for work that replays much and would tell it all again."""
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING), cache_logger_on_first_use=False
    )
    try:
        yield
    finally:
        structlog.configure(wrapper_class=before, cache_logger_on_first_use=True)


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
    handler.setFormatter(_ScrubFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("kombu.connection").setLevel(logging.ERROR)  # warns that a folder has no host name
    for name in (
        "celery",
        "kombu",
        "amqp",
        "alembic",
        "httpx",
        "httpcore",
    ):  # httpx writes addresses, with keys in them
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd writes addresses at INFO
