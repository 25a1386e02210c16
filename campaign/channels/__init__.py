"""Ways of sending: a folder for each, all behind the interface of `base.py`, listed in `registry.py`."""
