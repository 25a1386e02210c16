"""Names of tasks and queues, shared by those who ask and those who work. Nothing in `campaign` imports `workers`."""

from __future__ import annotations

from campaign.domain.channels import BY_HAND, ChannelName

DELIVER = "deliver"  # drain what is due on one channel
DUE = "due"  # look which channels have something due, and wake those
INBOX = "inbox"  # read new mail of bounces and replies
SWEEP = "sweep"  # leases that ran out, no reply after 60 days, heartbeats
PRINT = "print"  # files of print batches
REMIND = "remind"  # members who have not sent what goes by hand, or whose office answered
PUBLISHED = "published"  # look whether agencies have published comments
PROVE = "prove"  # once a night: figures against their rows, and the record of acts
GATEWAYS = "gateways"  # read the lists of offices that take letters by the gateways of Congress

QUEUE_DELIVERY = "delivery"
QUEUE_UPKEEP = "upkeep"

QUEUES = {
    DELIVER: QUEUE_DELIVERY,
    DUE: QUEUE_UPKEEP,
    INBOX: QUEUE_UPKEEP,
    PRINT: QUEUE_UPKEEP,
    REMIND: QUEUE_UPKEEP,
    SWEEP: QUEUE_UPKEEP,
    PROVE: QUEUE_UPKEEP,
    PUBLISHED: QUEUE_UPKEEP,
    GATEWAYS: QUEUE_UPKEEP,
}

WORKED = tuple(channel for channel in ChannelName if channel not in BY_HAND)
"""Channels that workers drain."""
