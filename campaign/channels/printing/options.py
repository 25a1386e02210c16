"""How a batch is printed."""

from __future__ import annotations

from dataclasses import dataclass

MAX_BATCH = 50
"""Letters in one document. The typesetter's memory grows with it: 117 MB at its peak for 50, 190 for 100, 380 for 250; the time
for a letter does not."""


@dataclass(frozen=True, slots=True)
class Options:
    """`duplex`: each letter begins on a front page. `marks`: two short lines where to fold for a #10 envelope."""

    duplex: bool = False
    marks: bool = True


PLAIN = Options()
