"""How a batch is printed."""

from __future__ import annotations

from dataclasses import dataclass

MAX_BATCH = 100
"""Letters in one document. Above it the typesetter's memory grows without measure: 130 MB for 100, 380 MB for 250."""


@dataclass(frozen=True, slots=True)
class Options:
    """`duplex`: each letter begins on a front page. `marks`: two short lines where to fold for a #10 envelope."""

    duplex: bool = False
    marks: bool = True


PLAIN = Options()
