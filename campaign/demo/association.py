"""The association, its staff, and the 24 member companies with their people. Every name is invented.

Companies stand in a table of lines, a line for each address: easier to check against than constructor calls.
"""

from __future__ import annotations

import unicodedata

from campaign.demo.shapes import Company, Facility, FacilityRole, Organization, Person, PersonRole, StaffMember

ORGANIZATION = Organization(
    name="Bluestem Materials and Makers Association",
    short_name="BMMA",
    label="a demonstration association",
    street="1 Demo Way NW",
    city="Washington",
    state="DC",
    zip="20036",
    time_zone="America/New_York",
    contact_email="letters@bluestem.example",
    domain="bluestem.example",
    banner="Demonstration data: the association, its members and all activity are invented",
)

STAFF = (
    StaffMember(
        "Odalys", "Fernhollow", "organizer", "campaign manager", "odalys.fernhollow@bluestem.example", "202-555-0197"
    ),
    StaffMember(
        "Ignatius", "Plumley", "admin", "director of advocacy", "ignatius.plumley@bluestem.example", "202-555-0198"
    ),
    StaffMember("Wilhelmina", "Tarn", "analyst", "policy analyst", "wilhelmina.tarn@bluestem.example", "202-555-0199"),
)

GIVEN = (
    "Ambrose", "Beatrix", "Cormac", "Delphine", "Evander", "Fenella",
    "Gideon", "Hyacinth", "Isidore", "Juniper", "Leopold", "Marguerite",
)  # fmt: skip
FAMILY = (
    "Ashgrove", "Birdwhistle", "Copperthwaite", "Dovecote", "Elderkin", "Fallowmere",
    "Gorsefield", "Honeychurch", "Ivywell", "Larkhill", "Millbrook", "Nightingale",
)  # fmt: skip
PREFIXES = ("Ms.", "Mr.", "Dr.")

# makers of magnets, motors, sensors or alloys: the card on magnets is offered to them
_MAGNETS = frozenset({1, 7, 11, 17, 20, 22})

_OTHERS = (
    (PersonRole.AFFAIRS, "government affairs manager"),
    (PersonRole.ENGINEER, "process engineer"),
    (PersonRole.PURCHASING, "purchasing lead"),
)

# number | company | signer | signer's title | product | minerals used | where they come from today
_COMPANIES = """
1 | Quillback Magnetics | Ada Quillback | plant manager | magnets for motors | neodymium, praseodymium, dysprosium | oxide from Australia, metal from Asia
2 | Larkspur Cathode Works | Bruno Larkspur | operations director | battery cathode powder | nickel, cobalt, manganese, lithium | Finland, Canada, Chile
3 | Nettlecombe Copper and Wire | Celia Nettlecombe | president | copper rod and wire | copper, tellurium | own mine, Peru
4 | Dunlin Ridge Mining | Desmond Dunlin | mine manager | rare-earth concentrate | neodymium, praseodymium | own deposit
5 | Ottermouth Graphite | Edda Ottermouth | general manager | anode graphite | natural graphite | Mozambique, Canada
6 | Teasel Bend Castings | Felix Teasel | owner | small castings | tungsten, nickel | distributor
7 | Rookwhistle Drives | Greta Rookwhistle | plant manager | servo motors | rare-earth magnets, copper | Japan, imports by distributor
8 | Mossback Transformers | Hollis Mossback | vice president | grid transformers | electrical steel, copper | Ohio, Mexico
9 | Coquí Norte Dispositivos | Ileana Coquí | gerente de planta | heart-device wire | tantalum, titanium, platinum | Australia, South Africa
10 | Bittern Materials Institute | Jonas Bittern | director | materials research | gallium, germanium | laboratory suppliers
11 | Thistlewick Tool and Alloy | Kestrel Thistlewick | general manager | cutting tools | tungsten, cobalt | Portugal, Canada
12 | Yarrowgate Cobalt | Lionel Yarrowgate | site manager | cobalt metal | cobalt, nickel | local tailings, Morocco
13 | Hobblebush Refractories | Mabel Hobblebush | president | furnace linings | graphite, magnesite, chromium | Brazil, Turkey
14 | Cattail Silicon Anodes | Nils Cattail | plant manager | anode powder | silicon, graphite | Norway, imports by distributor
15 | Gannetmoor Recycling | Opal Gannetmoor | chief executive | metals from scrap | cobalt, nickel, indium | US scrap
16 | Pennyroyal Cells | Percival Pennyroyal | plant director | battery cells | lithium, graphite, nickel | companies 2 and 5, South Korea
17 | Wrenhollow Sensors | Quilla Wrenhollow | engineering manager | infrared sensors | germanium, gallium, indium | Belgium, Canada
18 | Fiddlehead Circuits | Rufus Fiddlehead | owner | power electronics | gallium, silver, tin | Germany, Japan
19 | Marrowstone Lithium | Sabine Marrowstone | project director | lithium carbonate | lithium, boron | own deposit
20 | Sallowfield Aero Alloys | Tobias Sallowfield | plant manager | superalloy bar | rhenium, nickel, titanium | Chile, Japan
21 | Plover Creek Metals | Una Plover | mine manager | nickel concentrate | nickel, copper, cobalt | own ore
22 | Hartsedge Superalloys | Viola Hartsedge | vice president | turbine parts | rhenium, cobalt, hafnium | Chile, France
23 | Tamarisk Light Metals | Walter Tamarisk | plant manager | die castings | magnesium, aluminum | Israel, Canada
24 | Cloudberry Battery Metals | Xenia Cloudberry | owner | battery chemicals | manganese, lithium | South Africa
"""  # noqa: E501

# company | name of the site | kind in letters | city | state | ZIP | districts by ZIP | jobs | "We ..." | street, if a box
_FACILITIES = """
1 | Kokomo plant | plant | Kokomo | IN | 46902 | IN-5 | 340 | make magnets for motors
1 | Marinette plant | plant | Marinette | WI | 54143 | WI-8 | 210 | make magnets for motors
1 | Golden laboratory | laboratory | Golden | CO | 80401 | CO-7 | 58 | develop magnets for motors
2 | Bowling Green plant | plant | Bowling Green | KY | 42101 | KY-2 | 420 | make battery cathode powder
2 | Clarksville plant | plant | Clarksville | TN | 37040 | TN-7 | 265 | make battery cathode powder
2 | Savannah plant | plant | Savannah | GA | 31408 | GA-1 | 130 | make battery cathode powder
3 | El Dorado rod mill | mill | El Dorado | AR | 71730 | AR-4 | 188 | make copper rod
3 | Globe mine | mine | Globe | AZ | 85501 | AZ-2 | 510 | mine copper
3 | Lewiston wire mill | mill | Lewiston | ME | 04240 | ME-2 | 96 | draw copper wire
4 | Sundance mine project | mine project | Sundance | WY | 82729 | WY-0 | 74 | prepare a rare-earth mine
5 | Nome mine project | mine project | Nome | AK | 99762 | AK-0 | 39 | prepare a graphite mine
5 | Warren plant | plant | Warren | OH | 44483 | OH-14 | 122 | make anode graphite
6 | Warren post office box | business | Warren | OH | 44482 | suggested OH-14 | 41 | make small castings | PO Box 118
7 | Hayward plant | plant | Hayward | CA | 94544 | CA-14 | 150 | make servo motors
8 | Arlington plant | plant | Arlington | TX | 76014 | TX-6 TX-25 TX-30 TX-33 | 305 | make grid transformers
9 | Arecibo plant | plant | Arecibo | PR | 00612 | PR-0 | 230 | make heart-device wire
10 | Washington laboratory | laboratory | Washington | DC | 20036 | DC-0 | 12 | do materials research
11 | Latrobe plant | plant | Latrobe | PA | 15650 | PA-14 | 175 | make cutting tools
11 | Erie plant | plant | Erie | PA | 16509 | PA-16 | 88 | make cutting tools
12 | Farmington plant | plant | Farmington | MO | 63640 | MO-8 | 67 | make cobalt metal
13 | Kearney plant | plant | Kearney | NE | 68847 | NE-3 | 92 | make furnace linings
14 | Moses Lake plant | plant | Moses Lake | WA | 98837 | WA-4 | 140 | make anode powder
15 | Niagara Falls plant | plant | Niagara Falls | NY | 14303 | NY-26 | 83 | recover metals from scrap
16 | Midland plant | plant | Midland | MI | 48642 | MI-8 | 615 | make battery cells
17 | Hudson plant | plant | Hudson | NH | 03051 | NH-2 | 118 | make infrared sensors
18 | Rutland plant | plant | Rutland | VT | 05701 | VT-0 | 46 | make power electronics
19 | Winnemucca mine project | mine project | Winnemucca | NV | 89445 | NV-2 | 61 | prepare a lithium mine
20 | Lawton plant | plant | Lawton | OK | 73505 | OK-4 | 204 | make superalloy bar
21 | Babbitt mine and mill | mine | Babbitt | MN | 55706 | MN-8 | 330 | mine nickel
22 | Kings Mountain plant | plant | Kings Mountain | NC | 28086 | NC-14 | 157 | make turbine parts
23 | Brigham City plant | plant | Brigham City | UT | 84302 | UT-1 | 109 | make die castings
24 | Sheridan laboratory | laboratory | Sheridan | WY | 82801 | WY-0 MT-2 | 17 | develop battery chemicals
"""

# Companies 9 and 10 are not in a state: their name stands where a letter names one.
_STATES = {
    "AK": ("Alaska", "America/Nome"),
    "AR": ("Arkansas", "America/Chicago"),
    "AZ": ("Arizona", "America/Phoenix"),
    "CA": ("California", "America/Los_Angeles"),
    "CO": ("Colorado", "America/Denver"),
    "DC": ("the District of Columbia", "America/New_York"),
    "GA": ("Georgia", "America/New_York"),
    "IN": ("Indiana", "America/Indiana/Indianapolis"),
    "KY": ("Kentucky", "America/Chicago"),
    "ME": ("Maine", "America/New_York"),
    "MI": ("Michigan", "America/Detroit"),
    "MN": ("Minnesota", "America/Chicago"),
    "MO": ("Missouri", "America/Chicago"),
    "NC": ("North Carolina", "America/New_York"),
    "NE": ("Nebraska", "America/Chicago"),
    "NH": ("New Hampshire", "America/New_York"),
    "NV": ("Nevada", "America/Los_Angeles"),
    "NY": ("New York", "America/New_York"),
    "OH": ("Ohio", "America/New_York"),
    "OK": ("Oklahoma", "America/Chicago"),
    "PA": ("Pennsylvania", "America/New_York"),
    "PR": ("Puerto Rico", "America/Puerto_Rico"),
    "TN": ("Tennessee", "America/Chicago"),
    "TX": ("Texas", "America/Chicago"),
    "UT": ("Utah", "America/Denver"),
    "VT": ("Vermont", "America/New_York"),
    "WA": ("Washington", "America/Los_Angeles"),
    "WI": ("Wisconsin", "America/Chicago"),
    "WY": ("Wyoming", "America/Denver"),
}


def ascii_slug(name: str) -> str:
    """ "Coquí Norte Dispositivos" -> "coqui-norte-dispositivos": for domains and keys."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "-".join(folded.lower().replace(".", " ").split())


def address(given: str, family: str, domain: str) -> str:
    return f"{ascii_slug(given)}.{ascii_slug(family)}@{domain}"


def other_name(index: int) -> tuple[str, str]:
    """The lists joined in order; each time they are used up the family names move on by one, so that no name repeats."""
    return GIVEN[index % 12], FAMILY[(index + index // 12) % 12]


def _rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def _facilities(number: int, slug: str, product: str, minerals: tuple[str, ...]) -> tuple[Facility, ...]:
    rows = [row for row in _rows(_FACILITIES) if row[0] == str(number)]
    return tuple(_facility(slug, place, row, product, minerals) for place, row in enumerate(rows, start=1))


def _facility(slug: str, place: int, row: list[str], product: str, minerals: tuple[str, ...]) -> Facility:
    number, name, kind, city, state, zip_code, seats, jobs, activity = row[:9]
    state_name, time_zone = _STATES[state]
    suggested = seats.removeprefix("suggested ") if seats.startswith("suggested ") else None
    is_mine = kind in {"mine", "mine project"}
    return Facility(
        key=f"{slug}/{ascii_slug(city)}",
        name=name,
        kind=kind,
        street=row[9] if len(row) > 9 else f"{int(number) * 100 + place * 10} Demo Way",
        city=city,
        state=state,
        state_name=state_name,
        zip=zip_code,
        districts=() if suggested else tuple(seats.split()),
        suggested_district=suggested,
        time_zone=time_zone,
        jobs=int(jobs),
        product=product,
        activity=activity,
        role=FacilityRole.PRODUCER if is_mine else FacilityRole.USER,
        minerals=minerals,
        tags=("magnets",) if int(number) in _MAGNETS else (),
    )


def _people(number: int, signer: str, title: str, domain: str, home: str) -> tuple[Person, ...]:
    """Four: the signer and three of the joined lists. Prefixes and phones go in turn over all 96."""
    given, family = signer.split()
    named = [(given, family, title, PersonRole.SIGNER)]
    for place, (role, other_title) in enumerate(_OTHERS):
        given, family = other_name((number - 1) * 3 + place)
        named.append((given, family, other_title, role))
    first = (number - 1) * 4
    return tuple(
        Person(
            prefix=PREFIXES[index % 3],
            given=given,
            family=family,
            title=title,
            role=role,
            email=address(given, family, domain),
            phone=f"202-555-{100 + index:04d}",
            signs=role is PersonRole.SIGNER,
            company=number,
            address_of=home,
        )
        for index, (given, family, title, role) in enumerate(named, start=first)
    )


def _company(row: list[str]) -> Company:
    number, name, signer, title, product, minerals_text, sources = row
    slug = ascii_slug(name)
    domain = f"{slug}.example"
    minerals = tuple(minerals_text.split(", "))
    facilities = _facilities(int(number), slug, product, minerals)
    return Company(
        number=int(number),
        name=name,
        slug=slug,
        domain=domain,
        product=product,
        minerals=minerals,
        sources=sources,
        facilities=facilities,
        people=_people(int(number), signer, title, domain, facilities[0].key),
    )


COMPANIES: tuple[Company, ...] = tuple(_company(row) for row in _rows(_COMPANIES))
PEOPLE: tuple[Person, ...] = tuple(person for company in COMPANIES for person in company.people)
FACILITIES: tuple[Facility, ...] = tuple(place for company in COMPANIES for place in company.facilities)


def company(number: int) -> Company:
    return COMPANIES[number - 1]


def facility(key: str) -> Facility:
    return next(each for each in FACILITIES if each.key == key)


_ROLES = {
    "S": PersonRole.SIGNER,
    "A": PersonRole.AFFAIRS,
    "E": PersonRole.ENGINEER,
    "P": PersonRole.PURCHASING,
}
"""How the tables and stories write a person: the company's number and a letter."""


def person(code: str) -> Person:
    """ "17S" -> the signer of company 17."""
    return company(int(code[:-1])).person(_ROLES[code[-1]])


def code_of(who: Person) -> str:
    return f"{who.company}{next(letter for letter, role in _ROLES.items() if role is who.role)}"
