"""150 samples from 16 workers that send one a second: seconds over the nine that none can beat.

Sixteen workers give 144 numbers in the first 8 s; the other six come after 9 s. A worker that is
restarted sends its first number at once, so with crashes it may be less than nine.
"""

import logging

from rnd_actors import RunSettings, run
from tests.benchmarks.tool.compiled import worker

SAMPLES = 150


def ours(mtbf: float) -> dict[str, float]:
    """Return the seconds over nine, and how often workers were started again."""
    logging.getLogger("rnd_actors").addHandler(logging.NullHandler())
    arguments = ("-mtbf", str(mtbf)) if mtbf else ()
    result = run(RunSettings(samples=SAMPLES, worker=worker(), worker_args=arguments, base_port=0))
    assert len(result.values) == SAMPLES, result.reason
    return {"over_nine": result.elapsed_s - 9.0, "restarts": result.restarts}
