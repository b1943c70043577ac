"""`os.posix_spawn` alone."""

import os
import posix
import signal

from rnd_actors import choose_ports
from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.tool.compiled import worker

__all__ = ["run"]


def run(workers: int) -> float:
    """Return the seconds from before the first spawn until after the last."""
    program, ports = worker(), choose_ports(0, workers)
    quiet = [(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
    with Stopwatch() as watch:
        pids = [
            posix.posix_spawn(
                program, [program, "-port", str(port)], os.environ, file_actions=quiet
            )
            for port in ports
        ]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return watch.seconds
