"""What is known of ZIPs under the map of one Congress, in memory: about 40,000 rows, shared by a whole process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from campaign.domain.districts import STATES, District
from campaign.domain.matches import Area, Shapes, ZipPlace

Pair = tuple[str, str, int, str, int]
"""ZIP, state, district, basis, Congress."""

Spot = tuple[str, str, str | None, int | None]
"""ZIP, state, state and district around its point."""


@dataclass(slots=True)
class Atlas:
    """A `Geography`. `index` stays empty until somebody needs polygons: they and shapely take memory."""

    congress: int
    vintage: str
    zip_areas: Mapping[str, tuple[Area, ...]]
    zip_places: Mapping[str, ZipPlace]
    zip_states: Mapping[str, tuple[str, ...]]
    prefixes: Mapping[str, tuple[str, ...]]
    index: Shapes | None = field(default=None, repr=False)

    @property
    def has_map(self) -> bool:
        return bool(self.zip_areas)

    def areas(self, zip5: str) -> Sequence[Area]:
        return self.zip_areas.get(zip5, ())

    def states(self, zip5: str) -> Sequence[str]:
        return self.zip_states.get(zip5, ())

    def place(self, zip5: str) -> ZipPlace | None:
        return self.zip_places.get(zip5)

    def prefix_states(self, prefix: str) -> Sequence[str]:
        return self.prefixes.get(prefix, ())

    def shapes(self) -> Shapes | None:
        return self.index


def build(
    congress: int,
    vintage: str,
    pairs: Iterable[Pair],
    spots: Iterable[Spot],
    prefixes: Iterable[tuple[str, Iterable[str]]],
) -> Atlas:
    """Pairs of other Congresses say only which states a ZIP is in: that does not change with the maps.

    Equal answers are one object, which halves the memory.
    """
    seen: dict[Any, Any] = {}
    areas: dict[str, tuple[Area, ...]] = {}
    states: dict[str, tuple[str, ...]] = {}
    places: dict[str, ZipPlace] = {}
    for zip5, state, point_state, point_district in spots:
        point = None if point_state is None or point_district is None else District(point_state, point_district)
        place = ZipPlace(state, point)
        places[zip5] = seen.setdefault(place, place)
        if state in STATES:
            states[zip5] = seen.setdefault((state,), (state,))
    for zip5, state, number, basis, of_congress in pairs:
        known = states.get(zip5, ())
        if state not in known:
            longer = (*known, state)
            states[zip5] = seen.setdefault(longer, longer)
        if of_congress == congress:
            touched = (*areas.get(zip5, ()), Area(District(state, number), basis))
            areas[zip5] = seen.setdefault(touched, touched)
    return Atlas(
        congress=congress,
        vintage=vintage,
        zip_areas=areas,
        zip_places=places,
        zip_states=states,
        prefixes={prefix: tuple(found) for prefix, found in prefixes},
    )
