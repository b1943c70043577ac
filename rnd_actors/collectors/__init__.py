"""Collecting samples: what to keep, when to stop, whom to restart; and the result."""

from rnd_actors.collectors._actor import (
    Accepted,
    CollectorActor,
    CollectorMessage,
    Conclude,
    SamplesAccepted,
    WorkerGivenUp,
)
from rnd_actors.collectors._collection import Collection, Counts, Lifetimes
from rnd_actors.collectors._collector import (
    Collector,
    EveryValue,
    FixedTime,
    MeanWithin,
    Sample,
    SampleCount,
    WorkerQuota,
)
from rnd_actors.collectors._factory import (
    CollectorInfo,
    CollectorSpec,
    OptionInfo,
    installed_collectors,
    make_collector,
)
from rnd_actors.collectors._result import Ledger, Outcome, Result, WorkerResult

__all__ = [
    "Accepted",
    "Collection",
    "Collector",
    "CollectorActor",
    "CollectorInfo",
    "CollectorMessage",
    "CollectorSpec",
    "Conclude",
    "Counts",
    "EveryValue",
    "FixedTime",
    "Ledger",
    "Lifetimes",
    "MeanWithin",
    "OptionInfo",
    "Outcome",
    "Result",
    "Sample",
    "SampleCount",
    "SamplesAccepted",
    "WorkerGivenUp",
    "WorkerQuota",
    "WorkerResult",
    "installed_collectors",
    "make_collector",
]
