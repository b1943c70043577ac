"""Collecting samples: what to keep, when to stop, whom to restart; and the result."""

from rnd_actors.collecting._actor import (
    Accepted,
    CollectorActor,
    CollectorMessage,
    Conclude,
    SamplesAccepted,
    WorkerGivenUp,
)
from rnd_actors.collecting._collection import Collection, Tally
from rnd_actors.collecting._collector import Collector, Sample
from rnd_actors.collecting._factory import (
    CollectorInfo,
    OptionInfo,
    Recipe,
    installed_collectors,
    make_collector,
)
from rnd_actors.collecting._goals import (
    EveryValue,
    FixedTime,
    MeanWithin,
    SampleCount,
    WorkerQuota,
)
from rnd_actors.collecting._result import Lines, Outcome, Result, WorkerResult

__all__ = [
    "Accepted",
    "Collection",
    "Collector",
    "CollectorActor",
    "CollectorInfo",
    "CollectorMessage",
    "Conclude",
    "EveryValue",
    "FixedTime",
    "Lines",
    "MeanWithin",
    "OptionInfo",
    "Outcome",
    "Recipe",
    "Result",
    "Sample",
    "SampleCount",
    "SamplesAccepted",
    "Tally",
    "WorkerGivenUp",
    "WorkerQuota",
    "WorkerResult",
    "installed_collectors",
    "make_collector",
]
