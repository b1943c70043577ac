"""A run of so many samples."""

import logging
import time

from rnd_actors import RunSettings
from rnd_actors import run as run_workers
from tests.benchmarks.tool.compiled import worker

__all__ = ["run"]


def run(lines: int, samples: int, streams: int) -> dict[str, float]:
    """Return seconds from the first spawn to the last sample, and microseconds of CPU a sample."""
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())
    settings = RunSettings(
        samples=samples,
        workers=streams,
        worker=worker(),
        worker_args=("-interval", "0", "-lines", str(lines)),
        base_port=0,
    )
    cpu = time.process_time()
    result = run_workers(settings)
    cpu = time.process_time() - cpu
    assert len(result.values) == samples, result.reason
    return {"seconds": result.elapsed_s, "cpu_us": cpu / samples * 1e6}
