"""The main job, as a library."""

import logging

from rnd_actors import RunSettings
from rnd_actors import run as run_workers
from tests.benchmarks.tool.compiled import worker

__all__ = ["run"]

SAMPLES = 150


def run(mtbf: float) -> dict[str, float]:
    """Return the seconds over nine, and how often workers were started again."""
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())
    arguments = ("-mtbf", str(mtbf)) if mtbf else ()
    result = run_workers(
        RunSettings(samples=SAMPLES, worker=worker(), worker_args=arguments, base_port=0)
    )
    assert len(result.values) == SAMPLES, result.reason
    return {"over_nine": result.elapsed_s - 9.0, "restarts": result.restarts}
