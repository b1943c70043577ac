"""A report as one JSON object, for programs."""

import json
from typing import Any, Final

from attrs import asdict

from rnd_actors.reporting._contents import Contents
from rnd_actors.reporting._values import histogram

__all__ = ["as_json"]

_SCHEMA: Final = 1
"""Counted up when a key is taken away or changes its meaning; keys may be added."""


def as_json(contents: Contents) -> str:
    """Return the object; what is not known is null."""
    history, figures = contents.history, contents.statistics
    run, result = history.run, history.result
    report: dict[str, Any] = {
        "schema": _SCHEMA,
        "run": {
            "id": run.id,
            "state": run.state,
            "reason": result.reason,
            "collector": run.collector,
            "started_at": run.started_at,
            "workers": run.workers,
            "worker": run.worker,
            "goal": run.goal,
            "deadline_s": result.deadline_s,
            "sessions": [asdict(session) for session in history.sessions],
        },
        "samples": len(contents.values),
        "elapsed_s": figures.elapsed_s,
        "time_to_goal_s": figures.time_to_goal_s,
        "rate_per_s": figures.rate_per_s,
        "ideal": {
            "worker_rate_per_s": figures.ideal.worker_rate_per_s,
            "rate_per_s": figures.ideal.rate_per_s,
            "samples": figures.ideal.samples(figures.elapsed_s),
            "share": figures.share_of_ideal,
        },
        "lines": asdict(result.lines),
        "values": asdict(figures.values),
        "gaps_s": asdict(figures.gaps_s),
        "uniformity": asdict(contents.uniformity),
        "histogram": [asdict(bar) for bar in histogram(contents.values)],
        "workers": [asdict(worker) for worker in figures.workers],
        "failures": [{"text": text, "count": count} for text, count in figures.failures],
        "findings": dict(result.findings),
    }
    return json.dumps(report, indent=2) + "\n"
