"""The send loop: rows are the queue. One transaction per window: what came of the last one, and the next one marked.

At most once: a letter is marked `sending`, with its attempt and its place in the journal, in a committed transaction before its
first byte leaves. What a dead process had in its hands is told by its journal: untouched letters go back, answered ones get
their outcome, and only those whose last byte was being written become `unclear`, for a person to decide. No transaction is open
while anything talks to the network.

`loop` drives, `claims` takes what is due, `paces` keeps limits, `outcomes` writes what came of it, `recovery` settles what the
dead left, and `bulk` holds the statements of all.
"""

from campaign.services.outbox.claims import due_channels
from campaign.services.outbox.loop import Loop, send_due
from campaign.services.outbox.paces import Limits
from campaign.services.outbox.recovery import recover, sweep_leases

__all__ = ["Limits", "Loop", "due_channels", "recover", "send_due", "sweep_leases"]
