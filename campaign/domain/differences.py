"""What an import of newer files would change, in words and counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Differences:
    """What an import would change, in words and counts; empty when nothing would."""

    added: list[str] = field(default_factory=list)  # "Ottoline Marsh-Finch (Z000601): SIN01"
    gone: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)  # "Ottoline Marsh-Finch (Z000601): HIN05 -> SIN01"
    vacated: list[str] = field(default_factory=list)  # codes of seats that become vacant
    filled: list[str] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)  # names, rooms, phones, dates
    tables: dict[str, dict[str, int]] = field(default_factory=dict)  # rows added, gone, changed
    sources: list[str] = field(default_factory=list)  # files that are new, with their vintage

    def __bool__(self) -> bool:
        people = (self.added, self.gone, self.moved, self.vacated, self.filled, self.corrected)
        return any(people) or any(any(counts.values()) for counts in self.tables.values())

    def lines(self, most: int = 25) -> list[str]:
        found = []
        titles = {
            "added": "Members added", "gone": "Members gone", "moved": "Members moved",
            "vacated": "Seats newly vacant", "filled": "Seats newly filled", "corrected": "Details corrected",
        }  # fmt: skip
        for name, title in titles.items():
            entries: list[str] = getattr(self, name)
            if entries:
                rest = [f"... and {len(entries) - most} more"] if len(entries) > most else []
                found += [f"{title}: {len(entries)}", *(f"  {line}" for line in [*entries[:most], *rest])]
        for table, counts in self.tables.items():
            if any(counts.values()):
                found.append(f"{table}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
        return found or ["No differences."]

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}
