"""Countersign: members countersign their association's positions, one letter per office, tracked to the reply."""

__version__ = "0.1.0"
