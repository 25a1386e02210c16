"""Starts a few processes, shows what they print, restarts the dead, and stops them in order.

Each child has a session of its own: a terminal's Ctrl-C reaches this process alone, which then ends the children one after the
other with SIGTERM (workers finish the letters in their hands while the relay still listens). A child whose supervisor was
killed must not go on alone: it holds the reading end of a pipe and ends when that closes.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep

from campaign.domain.errors import CannotStart

STOP_WAIT_S = 35.0  # a hand-over may take 30 s to finish (reliability promise F4)
LOOK_EVERY_S = 0.3  # for children that died, and for a stop
RESTARTS = 5  # within a minute; then something is wrong that a restart does not mend

_GUARD = """
import os, signal, sys, threading, runpy
def watch(fd):
    try:
        while os.read(fd, 1): pass
    except OSError: pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(20)
    os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=watch, args=(int(sys.argv[1]),), daemon=True).start()
if os.path.isdir("campaign") and "" not in sys.path: sys.path.insert(0, "")
module = sys.argv[3]
sys.argv = [module, *sys.argv[4:]]
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


@dataclass(slots=True)
class Child:
    """A Python module to run (`-m MODULE ...`). `name` prefixes its lines; those of a lower `stage` are stopped first,
    all of one stage together."""

    name: str
    arguments: list[str]
    stage: int = 0
    process: subprocess.Popen[str] | None = None
    starts: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS + 1))


def check_ports(ports: Sequence[tuple[str, int, str]]) -> None:
    """Raises CannotStart for the first port that is taken, with the setting that names another."""
    for host, port, setting in ports:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CannotStart(
                    f"Port {port} is taken by another program. Stop it, or set {setting} to a free port."
                ) from error


class Supervisor:
    def __init__(self, children: Sequence[Child], *, echo: Callable[[str], None]) -> None:
        self.children = list(children)
        self.echo = echo
        self._stopping = (
            False  # no Event: a signal that finds the main thread with its lock in hand would wait for ever
        )
        self._alive_read, self._alive_write = os.pipe()
        os.set_inheritable(self._alive_read, True)

    def run(self) -> None:
        """Until SIGINT or SIGTERM, or until a child cannot be kept alive (CannotStart)."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stop())
        failed = ""
        try:
            for child in sorted(self.children, key=lambda each: -each.stage):  # the relay first, beat last
                self._start(child)
            while not failed and not self._stopping:
                sleep(LOOK_EVERY_S)
                failed = "" if self._stopping else self._restart_dead()
        finally:
            self.echo("Stopping; letters in hand are finished first.")
            for stage in sorted({child.stage for child in self.children}):
                self._end([child for child in self.children if child.stage == stage])
            os.close(self._alive_write)
        if failed:
            raise CannotStart(f"{failed} ended {RESTARTS} times within a minute; its lines above say why.")

    def stop(self) -> None:
        """Asks `run` to end; from any thread, and from a signal handler."""
        self._stopping = True

    def _start(self, child: Child) -> None:
        child.starts.append(monotonic())
        child.process = subprocess.Popen(
            [sys.executable, "-c", _GUARD, str(self._alive_read), *child.arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(self._alive_read,),
            text=True,
            errors="replace",
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        threading.Thread(target=self._show, args=(child.name, child.process), daemon=True).start()

    def _show(self, name: str, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self.echo(f"{name:<9}| {line.rstrip()}")

    def _restart_dead(self) -> str:
        """Restarts; the name of a child that died too often, or nothing."""
        for child in self.children:
            if child.process is None or child.process.poll() is None:
                continue
            if len(child.starts) > RESTARTS and monotonic() - child.starts[0] < 60:
                return child.name
            self.echo(f"{child.name} ended with {child.process.returncode}; starting it again.")
            self._start(child)
        return ""

    def _end(self, children: Sequence[Child]) -> None:
        living = [child.process for child in children if child.process is not None and child.process.poll() is None]
        for process in living:
            process.terminate()
        deadline = monotonic() + STOP_WAIT_S
        for process in living:
            try:
                process.wait(max(0.1, deadline - monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
