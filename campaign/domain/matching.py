"""A place -> its districts: the cascade, over any source of geography."""

from __future__ import annotations

from enum import StrEnum


class MatchStatus(StrEnum):
    ONE = "one"
    CANDIDATES = "candidates"  # choose
    NEAR_LINE = "near_line"  # choose
    VACANT = "vacant"
    STATE_ONLY = "state_only"  # the senators are certain; a street is wanted
    MILITARY = "military"
    NO_CONGRESS = "no_congress"
    CONFLICT = "conflict"
    INVALID = "invalid"
    UNKNOWN = "unknown"


class Method(StrEnum):
    """Which step of the cascade answered."""

    FORM = "form"
    PREFIX = "prefix"
    CONTRADICTION = "contradiction"
    AT_LARGE = "at_large"
    POINT = "point"
    NEAREST = "nearest"
    ZIP = "zip"
    NONE = "none"


class Confidence(StrEnum):
    CERTAIN = "certain"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
