"""The collecting of samples: what to keep, when to stop, whom to restart; and the result."""

from rnd_actors.collecting._actor import CollectorActor, CollectorMessage, Conclude, WorkerGivenUp
from rnd_actors.collecting._collection import Collection, Tally
from rnd_actors.collecting._collector import Collector
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
from rnd_actors.collecting._sample import Accepted, Sample, SamplesAccepted

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
