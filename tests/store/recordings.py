"""A store with a run in it."""

from pathlib import Path

from rnd_actors import Collection, Outcome, Sample
from rnd_actors.store import Recording, RunDescription

__all__ = ["DESCRIBED", "begin", "finish", "samples"]

DESCRIBED = RunDescription(
    settings={"workers": 2, "base_port": 3001, "deadline": 10.0},
    collector_spec={"target": "rnd_actors.collectors:SampleCount", "options": {"goal": 3}},
    collector="SampleCount(goal=3)",
    goal=3,
)


def begin(path: Path) -> Recording:
    """Begin a run of two workers, which wants three samples."""
    return Recording.begin(path, DESCRIBED)


def samples(count: int, first: int = 0, incarnation: int = 1) -> list[Sample]:
    """Return samples of the first worker, from an index on."""
    return [
        Sample(index, 40 + index, 1, incarnation, index - first, received_at=1e9 + index)
        for index in range(first, first + count)
    ]


def finish(recording: Recording, outcome: Outcome) -> None:
    """End a recording with what a run says that has this outcome."""
    collection = Collection.for_workers({1: 3001, 2: 3002})
    collection.conclude(outcome, "so it was")
    recording.finish(collection.result(goal=3, deadline_s=10.0))
