"""The script of the three weeks, as tables: who does what on which day, and what becomes of which letter.

People are written as in stories.yaml: the company's number and S(igner), A (government affairs), E(ngineer), P(urchasing).
All shapes are invented, chosen to fill every chart; none is a measurement. What is not listed in OUTCOMES is delivered.
"""

from __future__ import annotations

SEED = 4776

INVITATION_DAYS = (1, 9, 15)
"""Wave 1: signers and government affairs of all; 2: engineers of all, purchasing of companies 1-8; 3: the other purchasing."""

VISITS = (22, 19, 10, 7, 5, 1, 2, 6, 18, 11, 6, 4, 2, 1, 9, 10, 5, 4, 3, 0, 2)
ACTIONS_BY_DAY = (4, 6, 4, 3, 2, 0, 1, 2, 6, 5, 2, 2, 0, 0, 3, 5, 3, 2, 1, 0, 1)
LETTERS_BY_DAY = (13, 19, 13, 10, 6, 0, 3, 6, 19, 16, 6, 6, 0, 0, 10, 16, 10, 6, 3, 0, 4)

BOUNCED_INVITATIONS = ("6P", "13A", "18E")
# looked and did not act
OTHER_VISITORS = "4A 5A 6A 8A 9A 10A 12A 14A 15A 16A 18A 19A 21A 22A 5E 8E 12E 3P 13P"

# day | who | site | choices in order | time, where the outage of the House gateway on day 9 asks for one
ACTIONS = """
1 | 2S | Bowling Green | P1 P3
1 | 11S | Latrobe | P4 I1
1 | 17S | Hudson | P5
1 | 19S | Winnemucca | P1 P2 P3
2 | 1S | Kokomo | P4 P3 I1
2 | 3S | El Dorado | P1
2 | 10S | Washington | P5 I1
2 | 16S | Midland | P3 P6 I1
2 | 20S | Lawton | P4 P1
2 | 21S | Babbitt | P1 P2
3 | 1A | Kokomo | P4 I3 I1
3 | 5S | Nome | P1 P2
3 | 9S | Arecibo | P3 I1
3 | 14S | Moses Lake | P3 I1
4 | 2A | Savannah | P3
4 | 4S | Sundance | P1 P2 I1
4 | 15S | Niagara Falls | P5
5 | 3A | Globe | P1 P2
5 | 7A | Hayward | P3 I1
7 | 13S | Kearney | P1 I3
8 | 7S | Hayward | P4 I2
8 | 17A | Hudson | P4 P3
9 | 1E | Marinette | P4 P1 | 09:20
9 | 2E | Clarksville | P3 I3 | 14:05
9 | 3E | Lewiston | P1 P5 | 14:25
9 | 12S | Farmington | P1 P3 | 13:10
9 | 16E | Midland | P1 P3 I1 | 10:40
9 | 21E | Babbitt | P1 P2 | 13:50
10 | 8S | Arlington | P1 P6 I2
10 | 9E | Arecibo | P5 I1
10 | 11E | Erie | P3
10 | 22S | Kings Mountain | P4 P3 I1
10 | 23S | Brigham City | P1 P2
11 | 11A | Latrobe | P5
11 | 23E | Brigham City | P6 P3
12 | 5P | Warren | P3
12 | 6S | Warren | P5 P6
15 | 7P | Hayward | P4 I2
15 | 18S | Rutland | P5 P6 I2
15 | 20A | Lawton | P6 P3
16 | 8P | Arlington | I3 I2
16 | 10P | Washington | P3 I1
16 | 14E | Moses Lake | P1
16 | 15P | Niagara Falls | P3 I2
16 | 24S | Sheridan | P5 I3
17 | 7E | Hayward | P1 I2
17 | 19P | Winnemucca | P1 P3
17 | 22P | Kings Mountain | P1 I2
18 | 4E | Sundance | P1 P2
18 | 12P | Farmington | P1 P3
19 | 17E | Hudson | P6
21 | 1P | Golden | I3 I1
"""

CHOSEN_DISTRICTS = {"6S": "OH-14", "8S": "TX-6", "8P": "TX-6", "24S": "WY-0"}
"""Where the address leaves a choice: a PO box, a ZIP with four districts, a ZIP on a state line."""

# --- ways -----------------------------------------------------------------------------------------------------------

PRINT_ALL = ("5S", "6S", "15S", "19S")
"""Members who want paper for every office."""
PRINT_SENATE = ("3S", "18S", "21S")
WEB_FORM_SEATS = frozenset(
    {"SAZ03", "SCA03", "SMO03", "SNE02", "SNH03", "SNV01", "SPA03", "STX01", "SUT03", "SWA01", "SWY02"}
)
"""Senate offices that take no gateway: their web form, by hand. Which these are is part of the script."""

# --- outcomes: who | office or docket | status | reason | tries ---------------------------------------------------------

OUTCOMES = """
4E | HWY00 | accepted | no notice yet | 1
1P | HCO07 | accepted | no notice yet | 1
8S | HTX06 | refused | address outside the district | 1
8P | HTX06 | refused | address outside the district | 1
24S | HWY00 | refused | address outside the district | 1
16E | HMI08 | unclear | silence after the body was sent | 1
22S | HNC14 | unclear | silence after the body was sent | 1
11A | HPA14 | failed | five days of trying used up | 24
4E | SWY01 | accepted | no notice yet | 1
17E | SNH02 | accepted | no notice yet | 1
19P | SNV03 | accepted | no notice yet | 1
22P | SNC03 | accepted | no notice yet | 1
7E | SCA01 | refused | topic code rejected | 1
22P | SNC02 | refused | topic code rejected | 1
8S | STX02 | refused | postal code mismatch | 1
24S | SWY01 | refused | postal code mismatch | 1
12P | SMO01 | unclear | silence after the body was sent, and after each repeat | 3
16E | SMI02 | unclear | silence after the body was sent, and after each repeat | 3
1P | SCO02 | queued | the gateway takes no more today | 0
1P | SCO03 | queued | the gateway takes no more today | 0
4E | SWY02 | queued | waiting for the member | 0
7E | SCA03 | queued | waiting for the member | 0
7P | SCA03 | queued | waiting for the member | 0
8P | STX01 | queued | waiting for the member | 0
12P | SMO03 | queued | waiting for the member | 0
17E | SNH03 | queued | waiting for the member | 0
19P | SNV01 | queued | waiting for the member | 0
24S | SWY02 | queued | waiting for the member | 0
11A | SPA03 | cancelled | member withdrew | 0
14E | SWA01 | cancelled | member withdrew | 0
23E | SUT03 | cancelled | member withdrew | 0
6S | SOH03 | accepted | printed and posted | 1
18S | SVT03 | accepted | printed and posted | 1
18S | SVT01 | failed | the print provider could not make the page | 1
15S | SNY03 | bounced | returned by the carrier | 1
7P | USTR | accepted | printed and posted | 1
18S | USTR | accepted | printed and posted | 1
8P | USTR | accepted | printed and posted | 1
15P | USTR | accepted | printed and posted | 1
7E | USTR | accepted | printed and posted | 1
22P | USTR | accepted | printed and posted | 1
9E | DEMO-2026-0001 | queued | packet not filed yet | 0
10P | DEMO-2026-0001 | queued | packet not filed yet | 0
16E | DEMO-2026-0001 | queued | packet not filed yet | 0
22S | DEMO-2026-0001 | queued | packet not filed yet | 0
1P | DEMO-2026-0001 | queued | packet not filed yet | 0
7S | DEMO-2026-0002 | cancelled | docket closed | 0
8S | DEMO-2026-0002 | cancelled | docket closed | 0
17E | HNH02 | refused | policy | 1
14E | HWA04 | bounced | mailbox unknown | 1
20A | SOK02 | bounced | mailbox unknown | 1
"""

# The outage of day 9 cost three letters a second try and one a third.
SECOND_TRY = (("2E", "HTN07"), ("3E", "HME02"), ("12S", "HMO08"))
THIRD_TRY = (("21E", "HMN08"), ("16S", "SMI01"))
SECOND_TRIES_ELSEWHERE = 8  # of Senate letters by gateway, drawn

# --- replies: who | office | kind | days after delivery | which text | what came of a meeting offer -----------------------

STAND_IN_REPLIES = """
17S | HNH02 | substantive | 8 | 0
17S | HNH02 | meeting | 9 | 0 | accepted
20S | SOK02 | substantive | 10 | 0
20S | SOK02 | meeting | 15 | 0 | declined for the date, new date proposed
1A | HIN05 | substantive | 12 | 1
1A | HIN05 | meeting | 14 | 0 | open
1S | HIN05 | substantive | 14 | 0
14S | HWA04 | substantive | 15 | 0
1E | SWI03 | substantive | 10 | 0
"""

ACKNOWLEDGEMENTS = {("cwc", "house"): 26, ("cwc", "senate"): 25, ("handoff", "senate"): 5, ("smtp", ""): 4}
NEXT_DAY_ACKNOWLEDGEMENTS = 18  # the other 42 come on the day of delivery
# days after delivery, from the House, from the Senate
FORM_REPLIES = (((15, 19), 3, 2), ((10, 14), 5, 5), ((5, 9), 3, 2))


def rows(table: str) -> list[list[str]]:
    """The cells of a table above, line by line."""
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
