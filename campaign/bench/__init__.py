"""Measurements: each figure beside its own limit, measured in the same run. `campaign bench NAME` and `make bench`."""
