"""What is known of ZIPs under the map of one Congress, in memory: about 40,000 rows, shared by a whole process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from campaign.domain.matching import Area, Shapes, ZipPlace


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
