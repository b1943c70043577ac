"""The workers' processes, watched and guarded."""

from rnd_actors import WorkerProcess, choose_ports
from tests.benchmarks.stopwatch import Stopwatch
from tests.benchmarks.tool.compiled import worker

__all__ = ["run"]


def run(workers: int) -> float:
    """Return the seconds from before the first spawn until after the last."""
    program, ports = worker(), choose_ports(0, workers)
    with Stopwatch() as watch:
        processes = [WorkerProcess((program, "-port", str(port)), port) for port in ports]
    for process in processes:
        process.end(grace=0)
    return watch.seconds
