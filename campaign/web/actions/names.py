"""How a page names who a letter goes to."""

from __future__ import annotations

_SHORT = (("Representative ", "Rep. "), ("Senator ", "Sen. "), ("Delegate ", "Del. "))


def short_name(name: str) -> str:
    """ "Senator Ada Example" -> "Sen. Ada Example"; a vacant post ("Representative for Ohio") stays whole."""
    for long, short in _SHORT:
        if name.startswith(long) and not name.startswith(f"{long}for "):
            return short + name.removeprefix(long)
    return name


def is_agency(name: str) -> bool:
    return not name.startswith(("Representative ", "Senator ", "Delegate ", "Resident Commissioner "))
