"""How far a run is and what its workers and hosts do, as plain data; and that data described."""

import os
import shlex
from collections.abc import Mapping
from typing import Any, Final

from attrs import asdict

from rnd_actors.running import LiveRun, Progress

_TEXT: Final = {"type": "string"}
_WHOLE: Final = {"type": "integer"}
_NUMBER: Final = {"type": "number"}


def _or_null(schema: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {"oneOf": [schema, {"type": "null"}], "description": text}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": _object(properties)}


_WORKER: Final = {
    "id": _WHOLE,
    "state": _TEXT,
    "host": _or_null(_TEXT, "Of a cluster, where it was last; null: it has no host."),
    "port": _or_null(_WHOLE, "Where it listens."),
    "pid": _or_null(_WHOLE, "Its process, on its host."),
    "samples": _WHOLE,
    "restarts": _WHOLE,
    "replaced": _WHOLE,
    "last_value": _or_null(_WHOLE, "Of any size: a reader with doubles rounds above 2^53."),
}
_HOST: Final = {
    "host": _TEXT,
    "state": {"type": "string", "enum": ["up", "lost", "refused", "left"]},
    "why": _or_null(_TEXT, "Why it is lost or refused."),
    "shards": {"type": "array", "items": _WHOLE},
    **dict.fromkeys(("workers", "samples", "starts", "crashes", "lost"), _WHOLE),
}
STATUS: Final = _object(
    {
        "id": _TEXT,
        "pid": _WHOLE,
        "url": _or_null(_TEXT, "Of its page, without the token."),
        "worker": _TEXT,
        "started_at": _NUMBER,
        "goal": _or_null(_WHOLE, "In samples; null: it is no number of samples."),
        "samples": _WHOLE,
        "progress": _NUMBER,
        "elapsed_s": _NUMBER,
        "rate_per_s": _or_null(_NUMBER, "Null: there are too few samples to tell."),
        "ideal_rate_per_s": _or_null(_NUMBER, "If all workers streamed all the time."),
        "finish_s": _or_null(_NUMBER, "From the first spawn to the goal, at this rate."),
        "deadline_s": _or_null(_NUMBER, "From the first spawn."),
        "deadline_lost": _or_null(
            _object({"expected": _NUMBER, "missing": _NUMBER}), "Samples by the deadline."
        ),
        "lines": _object(
            dict.fromkeys(("received", "accepted", "surplus", "malformed", "lost"), _WHOLE)
        ),
        "restarts": _WHOLE,
        "warnings": _WHOLE,
        "last_warning": _or_null(_TEXT, "In words."),
        "hosts": {**_list(_HOST), "description": "Of a cluster; without one there are none."},
        "most_workers": {**_WHOLE, "description": "How many there may be at work."},
        "workers": {**_list(_WORKER), "description": "Host by host."},
    }
)
"""What `status_of` returns, as a JSON schema."""


def status_of(
    run: str, started_at: float, live: LiveRun, progress: Progress, hosts: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return how far a run with this id is, with a row for each worker and host."""
    report, collection, settings = progress.report(), live.collection, live.settings
    return {
        "id": run,
        "pid": os.getpid(),
        "url": live.url,
        "worker": shlex.join([*settings.worker, *settings.worker_args]),
        "started_at": started_at,
        "goal": report.goal,
        "samples": report.samples,
        "progress": report.progress,
        "elapsed_s": report.elapsed_s,
        "rate_per_s": report.rate_per_s,
        "ideal_rate_per_s": report.ideal_rate_per_s,
        "finish_s": report.finish_s,
        "deadline_s": report.deadline_s,
        "deadline_lost": None if collection.lost is None else asdict(collection.lost),
        "lines": asdict(collection.ledger),
        "restarts": report.restarts,
        "warnings": report.warnings,
        "last_warning": report.last_warning,
        "hosts": hosts,
        "most_workers": collection.possible_workers,
        "workers": [
            {
                "id": worker,
                "state": row.state.value,
                "host": row.host,
                "port": row.port,
                "pid": row.pid,
                "samples": row.samples,
                "restarts": row.restarts,
                "replaced": row.replaced,
                "last_value": row.last_value,
            }
            for worker, row in progress.by_host
        ],
    }
