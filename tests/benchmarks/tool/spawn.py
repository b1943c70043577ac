"""Starting 16 workers, one after the other: seconds until the last process exists.

Ours are watched and guarded.
"""

import os
import posix
import signal

from rnd_actors.workers import WorkerProcess, choose_ports
from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.tool.compiled import worker


def ours(workers: int) -> float:
    program, ports = worker(), choose_ports(0, workers)
    with Stopwatch() as watch:
        processes = [WorkerProcess((program, "-port", str(port)), port) for port in ports]
    for process in processes:
        process.end(grace=0)
    return watch.seconds


def raw_posix_spawn(workers: int) -> float:
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
