"""Collecting samples: what to keep, when to stop, whom to restart; and the result."""

from rnd_actors.collectors._actor import CollectorActor
from rnd_actors.collectors._autoscaling import Autoscaling
from rnd_actors.collectors._checks import check_declared, findings_of
from rnd_actors.collectors._collection import Collection
from rnd_actors.collectors._collector import (
    Collector,
    EveryValue,
    FixedTime,
    MeanWithin,
    Sample,
    SampleCount,
    WorkerQuota,
)
from rnd_actors.collectors._counts import Counts
from rnd_actors.collectors._factory import (
    CollectorInfo,
    CollectorSpec,
    OptionInfo,
    installed_collectors,
    make_collector,
)
from rnd_actors.collectors._lifetimes import Lifetimes
from rnd_actors.collectors._messages import (
    Accepted,
    ChangeGoal,
    CollectorMessage,
    Conclude,
    DeadlineChanged,
    GoalChanged,
    GoalOutOfReach,
    RunScaled,
    SamplesAccepted,
    Scale,
    WorkerDrained,
    WorkerGivenUp,
    WorkerReplaced,
)
from rnd_actors.collectors._result import Outcome, Result
from rnd_actors.collectors._worker_result import (
    HostResult,
    Ledger,
    WorkerOnHost,
    WorkerResult,
    by_host,
)

__all__ = [
    "Accepted",
    "Autoscaling",
    "ChangeGoal",
    "Collection",
    "Collector",
    "CollectorActor",
    "CollectorInfo",
    "CollectorMessage",
    "CollectorSpec",
    "Conclude",
    "Counts",
    "DeadlineChanged",
    "EveryValue",
    "FixedTime",
    "GoalChanged",
    "GoalOutOfReach",
    "HostResult",
    "Ledger",
    "Lifetimes",
    "MeanWithin",
    "OptionInfo",
    "Outcome",
    "Result",
    "RunScaled",
    "Sample",
    "SampleCount",
    "SamplesAccepted",
    "Scale",
    "WorkerDrained",
    "WorkerGivenUp",
    "WorkerOnHost",
    "WorkerQuota",
    "WorkerReplaced",
    "WorkerResult",
    "by_host",
    "check_declared",
    "findings_of",
    "installed_collectors",
    "make_collector",
]
