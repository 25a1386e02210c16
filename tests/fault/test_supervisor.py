"""The supervisor ends whatever comes, and however often it is asked."""

from __future__ import annotations

import signal
import subprocess
import sys

SUPERVISED = """
from campaign.supervisor import Child, Supervisor
child = Child("server", ["-m", "http.server", "0", "--bind", "127.0.0.1"])
Supervisor([child], echo=lambda line: print(line, flush=True)).run()
"""


def test_an_impatient_person_is_no_reason_to_hang() -> None:
    """Ctrl-C, again and again: a signal may come while the one before is still being handled."""
    process = subprocess.Popen([sys.executable, "-c", SUPERVISED], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert "Serving HTTP" in process.stdout.readline()
        for _ in range(2_000):
            process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[0]
    finally:
        process.kill()
    assert "Stopping" in said
    assert process.returncode == 0
