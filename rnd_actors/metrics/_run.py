"""The figures of a run: its samples, its goal and deadline, and its workers."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)

from rnd_actors import errors
from rnd_actors.collectors import Outcome
from rnd_actors.metrics._labels import LabelValues
from rnd_actors.running import LiveRun, Progress, WorkerState

_MOST_WORKERS: Final = 1000
_MOST_REASONS: Final = 30
_MOST_HOSTS: Final = 200
_REASONS: Final = tuple(
    name for name in errors.__all__ if errors.WorkerError in getattr(errors, name).__mro__[1:]
)
"""They are 0 from the beginning on, so that `increase` sees the first crash."""
_EARLIER: Final = "earlier session"
"""The reason of crashes in sessions before this one: their number was stored, not their reasons."""


class RunFigures:
    """Reads the figures of a run from its collection and its progress, so that all agree."""

    def __init__(self, live: LiveRun) -> None:
        self._live = live
        settings, clock = live.settings, time.monotonic  # in a simulation, that of virtual time
        self._progress = Progress(live.goal, live.first_workers, settings.deadline, clock)
        self._worker = LabelValues(_MOST_WORKERS)
        self._reason = LabelValues(_MOST_REASONS)
        self._host = LabelValues(_MOST_HOSTS)
        self._epoch_offset = time.time() - time.monotonic()
        self._undo = live.system.events.subscribe(self._progress)

    def close(self) -> None:
        """Follow the run no more."""
        self._undo()

    def families(self) -> Iterator[Metric]:
        """Give the metrics of the run."""
        yield self._samples()
        yield self._ended()
        yield from self._clock()
        yield self._workers_up()
        yield from self._worker_counts()
        yield self._crashes()
        yield from self._hosts()

    def _samples(self) -> Metric:
        ledger = self._live.collection.ledger
        family = CounterMetricFamily(
            "rnd_actors_run_samples",
            "Lines of workers, by whether they count as samples of the run or are known as lost.",
            labels=("outcome",),
        )
        for outcome in ("accepted", "surplus", "malformed", "lost"):
            family.add_metric((outcome,), getattr(ledger, outcome))
        return family

    def _ended(self) -> Metric:
        family = GaugeMetricFamily(
            "rnd_actors_run_ended",
            "1 for the outcome with which the run has ended, 0 for all others.",
            labels=("outcome",),
        )
        conclusion = self._live.collection.conclusion
        for outcome in Outcome:
            is_it = conclusion is not None and conclusion.outcome is outcome
            family.add_metric((outcome.value,), is_it)
        return family

    def _clock(self) -> Iterator[Metric]:
        """Give the goal and the times; what is not known, or not set, has no value."""
        report, collection = self._progress.report(), self._live.collection
        yield _gauge("rnd_actors_run_goal", "Samples that the run is to collect.", report.goal)
        begun_at = None
        if collection.started_at is not None:
            begun_at = collection.started_at + self._epoch_offset
        yield _gauge(
            "rnd_actors_run_deadline_timestamp_seconds",
            "Unix time at which the run ends, whatever it has collected.",
            _sum_of(begun_at, report.deadline_s),
        )
        yield _gauge(
            "rnd_actors_run_deadline_lost",
            "1 once even all workers that the run may have will most likely miss its deadline.",
            collection.lost is not None,
        )
        projected_s = report.finish_s if collection.conclusion is None else None
        yield _gauge(
            "rnd_actors_run_projected_end_timestamp_seconds",
            "Unix time at which the run reaches its goal if it goes on at its mean rate.",
            _sum_of(begun_at, projected_s),
        )

    def _workers_up(self) -> Metric:
        family = GaugeMetricFamily(
            "rnd_actors_worker_up",
            "1 while the worker streams; 0 while it starts, is down or has ended.",
            labels=("worker",),
        )
        up = Counter[str]()
        for worker, row in self._progress.workers.items():
            up[self._worker(str(worker))] += row.state is WorkerState.STREAMING
        for label, number in up.items():
            family.add_metric((label,), number)
        return family

    def _worker_counts(self) -> Iterator[Metric]:
        starts, streams, replaced = Counter[str](), Counter[str](), Counter[str]()
        waited_s, now = defaultdict[str, float](float), time.monotonic()
        for worker, counts in self._live.collection.workers.items():
            label = self._worker(str(worker))
            starts[label] += counts.starts
            replaced[label] += counts.replaced
            measured = counts.times.measured(now)
            streams[label] += measured.first_samples
            waited_s[label] += measured.starting_s
        started = CounterMetricFamily(
            "rnd_actors_worker_starts",
            "Starts of the worker's process, the first one included.",
            labels=("worker",),
        )
        replacements = CounterMetricFamily(
            "rnd_actors_worker_replacements",
            "Ends of the worker's process because it was slow, which are no crashes.",
            labels=("worker",),
        )
        first_sample = SummaryMetricFamily(
            "rnd_actors_worker_first_sample_seconds",
            "Seconds from starts of the worker's process to the first line that it sent.",
            labels=("worker",),
        )
        for label, number in starts.items():
            started.add_metric((label,), number)
            replacements.add_metric((label,), replaced[label])
            first_sample.add_metric((label,), streams[label], waited_s[label])
        yield from (started, replacements, first_sample)

    def _crashes(self) -> Metric:
        family = CounterMetricFamily(
            "rnd_actors_worker_crashes",
            "Ends of workers that nobody had asked for, by the class of the error.",
            labels=("reason",),
        )
        collection, crashes = (
            self._live.collection,
            Counter(dict.fromkeys(map(self._reason, _REASONS), 0)),
        )
        for reason, number in collection.crash_reasons.items():
            crashes[self._reason(reason)] += number
        all_crashes = sum(counts.crashes for counts in collection.workers.values())
        if earlier := all_crashes - crashes.total():
            crashes[self._reason(_EARLIER)] += earlier
        for reason, number in crashes.items():
            family.add_metric((reason,), number)
        return family

    def _hosts(self) -> Iterator[Metric]:
        """Give what the workers do on each host; nothing if they are all on this machine."""
        up = Counter[str]()
        for row in self._progress.workers.values():
            if row.host is not None:
                up[self._host(row.host)] += row.state is WorkerState.STREAMING
        done = Counter[tuple[str, str]]()
        for host in self._live.collection.hosts:
            label = self._host(host.host)
            up.setdefault(label, 0)
            for name in _HOST_COUNTS:
                done[name, label] += getattr(host, name)
        workers = GaugeMetricFamily(
            "rnd_actors_host_workers_up",
            "Workers that stream, on each host of a cluster.",
            labels=("host",),
        )
        for label, number in up.items():
            workers.add_metric((label,), number)
        yield workers
        for name, text in _HOST_COUNTS.items():
            family = CounterMetricFamily(f"rnd_actors_host_{name}", text, labels=("host",))
            for label in up:
                family.add_metric((label,), done[name, label])
            yield family


_HOST_COUNTS: Final = {
    "samples": "Samples that count, by the host of a cluster that they came from.",
    "crashes": "Ends of workers that nobody had asked for, their loss with the host included.",
    "lost": "Lines that are known to have been read on each host of a cluster, and did not come.",
}
"""What is counted on each host, by the names of the fields of `HostResult`."""


def _gauge(name: str, text: str, value: float | None) -> Metric:
    family = GaugeMetricFamily(name, text)
    if value is not None:
        family.add_metric((), value)
    return family


def _sum_of(begun_at: float | None, seconds: float | None) -> float | None:
    return None if begun_at is None or seconds is None else begun_at + seconds
