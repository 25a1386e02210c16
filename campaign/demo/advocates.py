"""The 62 private persons of "One list, one rulebook": people of company 11 and its suppliers, at invented addresses."""

from __future__ import annotations

from campaign.demo.association import FAMILY, GIVEN, PREFIXES, address, company
from campaign.demo.shapes import Advocate

# city, ZIP, its one district; cycled over the first 60
_PLACES = (
    ("Allentown", "18102", "PA-7"),
    ("York", "17401", "PA-10"),
    ("Pittsburgh", "15203", "PA-12"),
    ("Bensalem", "19020", "PA-1"),
    ("Scranton", "18503", "PA-8"),
    ("Altoona", "16601", "PA-13"),
    ("Carlisle", "17013", "PA-10"),
    ("Saint Marys", "15857", "PA-15"),
    ("Latrobe", "15650", "PA-14"),
    ("Butler", "16001", "PA-16"),
)
# two more, to show the choice: city, ZIP, its districts, the one chosen
_SPLIT_PLACES = (
    ("Reading", "19601", ("PA-4", "PA-6"), "PA-6"),
    ("Easton", "18042", ("PA-1", "PA-7"), "PA-7"),
)
_EMPLOYERS = (
    (company(11).name, "tool grinder"),
    ("Sorrel Grinding Service", "machinist"),
    ("Foxglove Gauge and Fixture", "toolmaker"),
    ("Catkin Freight", "dispatcher"),
    ("Bracken Heat Treating", "furnace operator"),
)
_DOMAIN = "pennsylvania-advocates.example"


def _name(index: int) -> tuple[str, str]:
    """Goes on where the companies' people stop: six rounds later in the family names, so no name is used twice."""
    return GIVEN[index % 12], FAMILY[(index + 6 + index // 12) % 12]


def _advocate(index: int) -> Advocate:
    given, family = _name(index)
    employer, title = _EMPLOYERS[index % len(_EMPLOYERS)]
    if index < 60:
        city, zip_code, district = _PLACES[index % len(_PLACES)]
        districts: tuple[str, ...] = (district,)
    else:
        city, zip_code, districts, district = _SPLIT_PLACES[index - 60]
    return Advocate(
        prefix=PREFIXES[index % 3],
        given=given,
        family=family,
        title=title,
        employer=employer,
        email=address(given, family, _DOMAIN),
        phone=f"717-555-{100 + index:04d}",
        street=f"{3000 + index + 1} Demo Way",
        city=city,
        state="PA",
        zip=zip_code,
        districts=districts,
        district=district,
    )


ADVOCATES: tuple[Advocate, ...] = tuple(_advocate(index) for index in range(62))
