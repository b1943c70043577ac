"""A result as one JSON object, for programs."""

import json

from attrs import asdict

from rnd_actors.collecting import Result

__all__ = ["result_as_json"]


def result_as_json(result: Result) -> str:
    """Return the object that `--json` prints; times are seconds, `goal` and others may be null."""
    return json.dumps(
        {
            "outcome": result.outcome.value,
            "reason": result.reason,
            "goal": result.goal,
            "samples": result.samples,
            "elapsed_s": result.elapsed_s,
            "deadline_s": result.deadline_s,
            "rate_per_s": result.rate_per_s,
            "restarts": result.restarts,
            "lines": asdict(result.lines),
            "values": result.values,
            "workers": [asdict(worker) for worker in result.workers],
        }
    )
