"""Names of this machine, for rules such as "https, except to the simulation here"."""

from __future__ import annotations

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
