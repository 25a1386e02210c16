"""What is wrong with a message or a document, field by field, in words that say what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one value: a code for machines, and a sentence without the value."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Problem:
    """`field` is the path in the JSON ("member.city", "letter.bills[0].number") or in the XML ("Constituent/City")."""

    field: str
    code: str
    message: str
    severity: Severity = Severity.ERROR

    def as_json(self) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "message": self.message}

    def graded(self) -> dict[str, str]:
        return self.as_json() | {"severity": str(self.severity)}

    @property
    def words(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message
