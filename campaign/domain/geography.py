"""What is known of ZIPs under the map of one Congress, in memory: about 40,000 rows, shared by a whole process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from campaign.domain.districts import STATES, District
from campaign.domain.matches import Area, Shapes, ZipPlace

Pair = tuple[str, str, int, str, int]
"""ZIP, state, district, basis, Congress."""

Spot = tuple[str, str, str, str | None, int | None]
"""ZIP, place, state, state and district around its point."""


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
    """Pairs of other Congresses say only which states a ZIP is in: that does not change with the maps."""
    areas: dict[str, list[Area]] = {}
    states: dict[str, list[str]] = {}
    places: dict[str, ZipPlace] = {}
    for zip5, name, state, point_state, point_district in spots:
        point = (
            District(point_state, point_district) if point_state is not None and point_district is not None else None
        )
        places[zip5] = ZipPlace(name, state, point)
        if state in STATES:
            states.setdefault(zip5, []).append(state)
    for zip5, state, number, basis, of_congress in pairs:
        states.setdefault(zip5, []).append(state)
        if of_congress == congress:
            areas.setdefault(zip5, []).append(Area(District(state, number), basis))
    return Atlas(
        congress=congress,
        vintage=vintage,
        zip_areas={zip5: tuple(found) for zip5, found in areas.items()},
        zip_places=places,
        zip_states={zip5: tuple(dict.fromkeys(found)) for zip5, found in states.items()},
        prefixes={prefix: tuple(found) for prefix, found in prefixes},
    )
