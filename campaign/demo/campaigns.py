"""The three campaigns: one live, one closed, one draft that shows what the checks before a launch find."""

from __future__ import annotations

from campaign.demo.shapes import CampaignPlan, Goal
from campaign.domain.statuses import CampaignStatus

_CONSENT = (
    "I have read these letters and every sentence is true for my company. Bluestem Materials and Makers Association may send "
    "them in my name, with my name, company and address, to the offices listed above. I understand that a comment on a "
    "docket is published with my name and my company."
)
_PERSONAL_CONSENT = (
    "I have read these letters and they say what I think. Bluestem Materials and Makers Association may send them in my name, "
    "with my name and address, to the offices listed above."
)

CRITICAL_MINERALS = CampaignPlan(
    slug="critical-minerals",
    name="Critical minerals strategy",
    status=CampaignStatus.LIVE,
    summary="A permit process with dates, a production credit that lasts, and trade rules with partners.",
    public_text=(
        "Magnets, wire, batteries and tools begin with minerals, and most of ours come from far away. At home we ask for "
        "permitting with firm deadlines and a production credit without an end date. Abroad we ask for enforceable "
        "agreements among partners that bring the market back into balance. Pick what matters to your site and tell your "
        "offices why."
    ),
    goal=Goal(letters=200, substantive_replies=12, meetings=3),
    recommendations=("P1", "P2", "P3", "P4", "P5", "P6", "I1", "I2", "I3"),
    states=(),
    opens_on_day=1,
    closes_on_day=45,
    weeks=None,
    consent_text=_CONSENT,
)

# ran six weeks and ended on the last day of the quarter before `--as-of`
ONE_LIST = CampaignPlan(
    slug="one-list-one-rulebook",
    name="One list, one rulebook",
    status=CampaignStatus.CLOSED,
    summary="Pennsylvanians ask for one federal list of minerals in place of two.",
    public_text=(
        "Two federal departments keep two lists of minerals, with different benefits. People in Pennsylvania who make tools, "
        "and who supply those who do, asked their representatives and both senators for one list."
    ),
    goal=Goal(letters=60),
    recommendations=("P5",),
    states=("PA",),
    opens_on_day=None,
    closes_on_day=None,
    weeks=6,
    consent_text=_PERSONAL_CONSENT,
)

KEEP_SCRAP = CampaignPlan(
    slug="keep-scrap-at-work",
    name="Keep scrap at work",
    status=CampaignStatus.DRAFT,
    summary="Metal that is already here should be recovered here.",
    public_text="A worn-out tool or battery is a small mine above the ground. This campaign is not ready yet.",
    goal=None,
    recommendations=("S1", "S2"),
    states=(),
    opens_on_day=None,
    closes_on_day=None,
    weeks=None,
    consent_text=_CONSENT,
    expected_findings=(
        "S1: one fact has no source",
        "S2: no target",
        "docket DEMO-2026-0002 has closed",
    ),
)

CAMPAIGNS = (CRITICAL_MINERALS, ONE_LIST, KEEP_SCRAP)
