"""Results and forecasts as JSON objects, for programs."""

import json
from math import inf
from typing import Final

from attrs import asdict

from rnd_actors.collecting import Result
from rnd_actors.planning import Forecast

__all__ = ["forecast_as_json", "result_as_json"]

_PERCENTILES: Final = (1, 5, 10, 25, 50, 75, 90, 95, 99)


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


def forecast_as_json(outlook: Forecast) -> str:
    """Return the object that `plan --json` prints; a time is null where a run is never complete."""
    plan, kept = outlook.plan, outlook.kept
    return json.dumps(
        {
            "samples": plan.samples,
            "deadline_s": plan.deadline,
            "workers": plan.workers,
            "figures": asdict(plan.figures),
            "runs": plan.runs,
            "kept": kept.hits,
            "probability": kept.estimate,
            "confidence_95": kept.limits,
            "workers_needed": outlook.workers_needed,
            "percentiles_s": {
                str(percent): _finite(outlook.percentile(percent)) for percent in _PERCENTILES
            },
            "histogram": [asdict(bar) for bar in outlook.histogram()],
            "never": outlook.times.count(inf),
        }
    )


def _finite(time: float) -> float | None:
    return time if time < inf else None
