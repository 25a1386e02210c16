"""Brings what the tests need: a PostgreSQL server and a browser, where the machine has none and may get one.

`make test` runs it first. What cannot be had is said; with CI=true its tests fail instead of being skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess

from tests.services import CHROMIUM, chromium


def main() -> None:
    if chromium() is None and os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium for the browser tests (once).", flush=True)
        subprocess.run(["apt-get", "update", "-q"], check=False, stdout=subprocess.DEVNULL)
        subprocess.run(
            ["apt-get", "install", "-yq", "--no-install-recommends", "chromium"],
            check=False,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        )
    if chromium() is None:
        print(f"No browser: looked for {', '.join(CHROMIUM)}. Browser tests will be skipped.", flush=True)


if __name__ == "__main__":
    main()
