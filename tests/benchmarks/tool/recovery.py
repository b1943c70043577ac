"""A worker is killed: seconds until the first sample of the next one, the median of many.

In our run its supervisor asks the collector, and starts it again. Bare: spawn, connect as soon as
it listens, first byte of a line.
"""

import logging
import os
import posix
import signal
import time
from socket import create_connection
from statistics import median

import gevent

from rnd_actors import RunSettings, run
from rnd_actors.collectors import SamplesAccepted
from rnd_actors.events import Event
from rnd_actors.workers import WorkerSpawned, choose_ports
from tests.benchmarks.tool.compiled import worker


def ours(crashes: int) -> float:
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())
    killer = Killer()
    settings = RunSettings(samples=crashes + 1, workers=1, worker=worker(), base_port=0)
    run(settings, subscriber=killer.note)
    return median(killer.seconds)


class Killer:
    """Kills the worker at each of its first samples, and notes how long the next one takes."""

    def __init__(self) -> None:
        self.pid = 0
        self.killed_at = 0.0
        self.seconds: list[float] = []

    def note(self, event: Event) -> None:
        """Act on an event of the run."""
        if isinstance(event, WorkerSpawned):
            self.pid = event.pid
        elif isinstance(event, SamplesAccepted):
            now = time.perf_counter()
            if self.killed_at:
                self.seconds.append(now - self.killed_at)
            self.killed_at = now
            os.kill(self.pid, signal.SIGKILL)


def raw_posix_spawn(crashes: int) -> float:
    program, (port,) = worker(), choose_ports(0, 1)
    pid, seconds = _started(program, port), []
    for _ in range(crashes):
        killed_at = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        pid = _started(program, port)
        seconds.append(time.perf_counter() - killed_at)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return median(seconds)


def _started(program: str, port: int) -> int:
    """Start a worker and return its number after the first byte of its first line."""
    quiet = [(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
    pid = posix.posix_spawn(program, [program, "-port", str(port)], os.environ, file_actions=quiet)
    while True:
        try:
            sock = create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            gevent.sleep(0.0005)
        else:
            break
    with sock:
        sock.sendall(b"GET /rnd?n=1000000000 HTTP/1.1\r\nHost: worker\r\n\r\n")
        data = b""
        while b"rnd=" not in data:
            data += sock.recv(65536)
    return pid
