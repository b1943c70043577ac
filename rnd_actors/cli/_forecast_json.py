"""A forecast as one JSON object, for programs."""

import json
from math import inf
from typing import Final

from attrs import asdict

from rnd_actors.planning import Forecast

__all__ = ["forecast_as_json"]

_PERCENTILES: Final = (1, 5, 10, 25, 50, 75, 90, 95, 99)


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
