"""What to keep, when to stop, whom to restart; sinks and results."""

from rnd_actors.collecting._actor import CollectorActor, CollectorMessage, Conclude
from rnd_actors.collecting._collection import Collection, Tally
from rnd_actors.collecting._collector import Collector, SampleCount
from rnd_actors.collecting._events import SamplesAccepted, WorkerGivenUp
from rnd_actors.collecting._result import Lines, Outcome, Result, WorkerResult
from rnd_actors.collecting._sample import Sample
from rnd_actors.collecting._sink import Accepted, JsonLinesSink

__all__ = [
    "Accepted",
    "Collection",
    "Collector",
    "CollectorActor",
    "CollectorMessage",
    "Conclude",
    "JsonLinesSink",
    "Lines",
    "Outcome",
    "Result",
    "Sample",
    "SampleCount",
    "SamplesAccepted",
    "Tally",
    "WorkerGivenUp",
    "WorkerResult",
]
