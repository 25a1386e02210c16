"""What the demonstration adds to the real offices: true public acts, five stand-ins, two invented dockets.

Nothing invented is put in a real legislator's mouth. Codes name seats as the gateways do: chamber, state, district or class.
"""

from __future__ import annotations

from datetime import date

from campaign.demo.shapes import Docket, Mark, StandIn, TruePosition
from campaign.domain.districts import STATES, District, house_code, senate_code

SIMULATED_REPLY = "Simulated reply. Not written by this office."
"""The whole text of every acknowledgement and form reply that is shown as coming from a real office."""

PUBLIC_NOTE = (
    "Your comment, your name and your company will be public. Do not include prices, customers or personal data that you "
    "want to keep private."
)

DOCKETS = (
    Docket(
        number="DEMO-2026-0001",
        title="Demonstration docket: agreement on trade in critical minerals",
        agency="USTR",
        portal="ustr",
        opens_on_day=1,
        closes_on_day=60,
        public_note=PUBLIC_NOTE,
    ),
    Docket(
        number="DEMO-2026-0002",
        title="Demonstration docket: price measures and downstream industry",
        agency="USTR",
        portal="ustr",
        opens_on_day=1,
        closes_on_day=12,
        public_note=PUBLIC_NOTE,
    ),
)


def _act(
    office: str,
    who: str,
    recommendation: str,
    act: str,
    on: date | None,
    source: str,
    mark: Mark = Mark.READ,
    *,
    thanks_for: str,
    asks_next_step: bool = True,
) -> TruePosition:
    bioguide, legislator = who.split(" ", 1)
    return TruePosition(office, bioguide, legislator, recommendation, act, on, source, mark, thanks_for, asks_next_step)


TRUE_POSITIONS = (
    _act(
        "HAR04",
        "W000821 Bruce Westerman",
        "P1",
        "sponsor of H.R. 4776",
        date(2025, 7, 25),
        "bill text",
        thanks_for="H.R. 4776",
    ),
    _act(
        "HME02",
        "G000592 Jared Golden",
        "P1",
        "first cosponsor of H.R. 4776",
        date(2025, 7, 25),
        "bill text",
        thanks_for="H.R. 4776",
    ),
    # H.R. 4090 is the vehicle of no card: thanks for it, and the usual ask, as chair of HSII06
    _act(
        "HMN08",
        "S001212 Pete Stauber",
        "P2",
        "sponsor of H.R. 4090, Critical Mineral Dominance Act, passed the House 224 to 195",
        date(2026, 2, 4),
        "his release, 4 Feb 2026",
        thanks_for="H.R. 4090",
        asks_next_step=False,
    ),
    _act(
        "HUT01",
        "M001213 Blake Moore",
        "P3",
        "sponsor of H.R. 8780",
        date(2026, 5, 13),
        "bill page",
        thanks_for="H.R. 8780",
    ),
    _act(
        "HUT01",
        "M001213 Blake Moore",
        "P2",
        "cosponsor of H.R. 1501",
        date(2025, 2, 26),
        "his release, 26 Feb 2025",
        thanks_for="H.R. 1501",
    ),
    _act(
        "HPA14",
        "R000610 Guy Reschenthaler",
        "P4",
        "sponsor of H.R. 1496",
        date(2025, 2, 21),
        "bill text",
        thanks_for="H.R. 1496",
    ),
    _act(
        "SNV03",
        "C001113 Catherine Cortez Masto",
        "P4",
        "sponsor of S. 1979",
        date(2025, 6, 5),
        "bill text",
        thanks_for="S. 1979",
    ),
    _act(
        "SNH02",
        "S001181 Jeanne Shaheen",
        "P6",
        "sponsor of S. 3659",
        None,
        "bill summary site, 2026",
        Mark.SECONDARY,
        thanks_for="S. 3659",
    ),
    _act("SIN03", "Y000064 Todd Young", "I3", "sponsor of S. 429", date(2025, 2, 5), "bill text", thanks_for="S. 429"),
    _act(
        "STX02", "C001056 John Cornyn", "I3", "cosponsor of S. 429", date(2025, 2, 5), "bill text", thanks_for="S. 429"
    ),
    _act(
        "SCO02",
        "H000273 John Hickenlooper",
        "I3",
        "cosponsor of S. 429",
        date(2025, 2, 5),
        "bill text",
        thanks_for="S. 429",
    ),
)
"""Each loads as `supports`. Everyone else starts as `unknown`, never as `opposes`."""

# Wisconsin's and Oklahoma's take the seat of the state's second senator in file order.
STAND_INS = (
    StandIn(
        "DEMO001",
        "HIN05",
        "Marigold",
        "Testerly",
        "house",
        "marigold.testerly@hin05.offices.example",
        {"P4": "leans_for"},
    ),
    StandIn(
        "DEMO002",
        "HNH02",
        "Cuthbert",
        "Samplewood",
        "house",
        "cuthbert.samplewood@hnh02.offices.example",
        {"P5": "unknown"},
    ),
    StandIn(
        "DEMO003",
        "HWA04",
        "Rosalind",
        "Mockridge",
        "house",
        "rosalind.mockridge@hwa04.offices.example",
        {"P3": "leans_for"},
    ),
    StandIn("DEMO004", "SWI03", "Thaddeus", "Examplar", "senate", "thaddeus.examplar@swi03.offices.example", {}),
    StandIn("DEMO005", "SOK02", "Philippa", "Placeholt", "senate", "philippa.placeholt@sok02.offices.example", {}),
)

VACANT_SEATS = frozenset({"CA-14"})
"""Of the districts used here, vacant in the snapshot of 15 June 2026."""

STAND_IN_OFFICES = frozenset(each.office for each in STAND_INS)


def senate_offices(state: str) -> tuple[str, ...]:
    """By class, the lower first; none for DC and Puerto Rico."""
    return tuple(senate_code(state, each) for each in STATES[state].classes)


def house_office(district: str) -> str | None:
    """ "OH-14" -> "HOH14"; None for a vacant seat, whose senators are offered instead."""
    seat = District.parse(district)
    return None if district in VACANT_SEATS else house_code(seat.state, seat.number)
