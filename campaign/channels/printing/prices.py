"""What a letter on paper costs, as agreed with the house that prints it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prices:
    """In US cents; postage included. Both 0: not known."""

    first_sheet: int = 0
    further_sheet: int = 0

    def of(self, sheets: int) -> int:
        """Cents for a letter of so many sheets, one or more; 0 where no price is known."""
        return self.first_sheet + self.further_sheet * (sheets - 1)

    def words(self, sheets: int) -> str:
        """ "2 sheets, $1.05 as agreed"; empty where no price is known."""
        if not (self.first_sheet or self.further_sheet):
            return ""
        return f"{sheets} sheet{'' if sheets == 1 else 's'}, ${self.of(sheets) / 100:,.2f} as agreed"
