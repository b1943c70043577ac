"""The figures of a run and of each of its workers, and a test of whether its values are uniform."""

from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import inf
from statistics import fmean, median, quantiles, stdev
from typing import Final

from attrs import frozen

from rnd_actors._histogram import Bar, histogram
from rnd_actors.collectors import Outcome, WorkerOnHost
from rnd_actors.reporting._timeline import RunClock, Timeline, timeline
from rnd_actors.store import RunHistory


@frozen
class Spread:
    """Mean, standard deviation and quantiles; None where there are too few numbers."""

    count: int
    mean: float | None = None
    deviation: float | None = None
    """The standard deviation of a sample (n - 1); None for fewer than two numbers."""
    minimum: float | None = None
    lower_quartile: float | None = None
    median: float | None = None
    upper_quartile: float | None = None
    percentile_95: float | None = None
    maximum: float | None = None

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Spread":
        """Return the spread of numbers; quantiles are interpolated linearly."""
        if not numbers:
            return cls(0)
        ordered = sorted(numbers)
        several = ordered if len(ordered) > 1 else ordered * 2  # quantiles takes two or more
        twentieths = quantiles(several, n=20, method="inclusive")
        return cls(
            count=len(ordered),
            mean=fmean(ordered),
            deviation=stdev(ordered) if len(ordered) > 1 else None,
            minimum=ordered[0],
            lower_quartile=twentieths[4],
            median=twentieths[9],
            upper_quartile=twentieths[14],
            percentile_95=twentieths[18],
            maximum=ordered[-1],
        )


@frozen
class Ideal:
    """The samples of a run whose workers all stream all the time from the first spawn on.

    Those that were added or have left while it went on stream only between these times. A run can
    be a little ahead of it, since the first number of a worker comes at once, and not after one
    interval.

    Args:
        worker_rate_per_s: numbers a second of a worker: the median of those that were measured,
            or 1 if none was.
        terms: from when to when each worker was at work, in seconds of the run; infinite: to its
            end.
    """

    worker_rate_per_s: float
    terms: tuple[tuple[float, float], ...]

    @property
    def workers(self) -> int:
        """The number of workers in the end."""
        return sum(end == inf for _, end in self.terms)

    @property
    def rate_per_s(self) -> float:
        """Samples a second of all workers together, in the end."""
        return self.worker_rate_per_s * self.workers

    @property
    def changes_s(self) -> tuple[float, ...]:
        """When its rate changes, in seconds of the run, in order."""
        times = {time for term in self.terms for time in term}
        return tuple(sorted(times - {0.0, inf}))

    def samples(self, at_s: float) -> float:
        """Return the number of samples after `at_s` seconds."""
        served_s = (max(0.0, min(at_s, end) - begin) for begin, end in self.terms)
        return self.worker_rate_per_s * sum(served_s)


@frozen(kw_only=True)
class WorkerStatistics:
    """The figures of one worker.

    Args:
        id: of the worker.
        samples: the number of its samples that count.
        crashes: how often it went down by itself.
        restarts: how often it was started again, resumptions of the run included.
        streaming_s: seconds of the run in which it was streaming.
        uptime: the share of the run in which it was streaming, from 0 to 1; None if the run took
            no time.
        rate_per_s: numbers a second while it streamed; None if it sent too few.
        given_up: whether its restart intensity was exceeded.
        last_exit: why it went down by itself the last time.
        replaced: how many of its incarnations were ended because they were slow.
        joined_s: when it was added, in seconds of the run; 0.0: it is one of the first.
        left_s: when it was told to leave; None: it was not.
        hosts: what it did on each host of a cluster, the last one last; empty: it was in none.
    """

    id: int
    samples: int
    crashes: int
    restarts: int
    streaming_s: float
    uptime: float | None
    rate_per_s: float | None
    given_up: bool
    last_exit: str | None
    replaced: int
    joined_s: float
    left_s: float | None
    hosts: tuple[WorkerOnHost, ...]


@frozen(kw_only=True)
class RunStatistics:
    """The figures of a run; times are seconds of the run, without its breaks.

    Args:
        times_s: when its samples came, in order.
        values: how the samples are spread.
        gaps: seconds between consecutive samples.
        gaps_s: how they are spread.
        elapsed_s: from the first spawn to the last sample.
        time_to_goal_s: the same if the run is complete, else None.
        rate_per_s: samples a second over `elapsed_s`; None if it took no time.
        ideal: the samples that all workers could have delivered.
        share_of_ideal: the samples divided by those of the ideal after `elapsed_s`; None if that
            is none.
        timeline: the activities of its workers.
        workers: the figures of each worker.
        failures: the reasons why workers went down by themselves, and how often, summed over all
            workers; the most frequent first.
    """

    times_s: Sequence[float]
    values: Spread
    gaps: Sequence[float]
    gaps_s: Spread
    elapsed_s: float
    time_to_goal_s: float | None
    rate_per_s: float | None
    ideal: Ideal
    share_of_ideal: float | None
    timeline: Timeline
    workers: tuple[WorkerStatistics, ...]
    failures: tuple[tuple[str, int], ...]


def statistics(history: RunHistory) -> RunStatistics:
    """Return the figures of a run, whether it is over or not."""
    clock, activities = RunClock(history), timeline(history)
    times = array("d", sorted(clock.seconds(sample.received_at) for sample in history.samples))
    gaps = array("d", (after - before for before, after in pairwise(times)))
    elapsed = history.run.elapsed_s
    rates = [worker.rate_per_s for worker in history.result.workers if worker.rate_per_s]
    terms = (
        (worker.joined_s, inf if worker.left_s is None else worker.left_s)
        for worker in history.result.workers
    )
    ideal = Ideal(median(rates) if rates else 1.0, tuple(terms))
    failures = Counter(
        life.failure.replace(f"worker {life.worker} ", "worker ")
        for life in history.incarnations
        if life.failure is not None
    )
    return RunStatistics(
        times_s=times,
        values=Spread.of(history.result.values),
        gaps=gaps,
        gaps_s=Spread.of(gaps),
        elapsed_s=elapsed,
        time_to_goal_s=elapsed if history.run.state == Outcome.COMPLETE.value else None,
        rate_per_s=len(times) / elapsed if elapsed else None,
        ideal=ideal,
        share_of_ideal=len(times) / ideal.samples(elapsed) if ideal.samples(elapsed) else None,
        timeline=activities,
        workers=_workers(history, activities),
        failures=tuple(failures.most_common()),
    )


def _workers(history: RunHistory, activities: Timeline) -> tuple[WorkerStatistics, ...]:
    streaming = {lane.worker: lane.streaming_s for lane in activities.lanes}
    return tuple(
        WorkerStatistics(
            id=worker.id,
            samples=worker.samples,
            crashes=worker.crashes,
            restarts=worker.restarts,
            streaming_s=streaming[worker.id],
            uptime=streaming[worker.id] / activities.end_s if activities.end_s else None,
            rate_per_s=worker.rate_per_s,
            given_up=worker.given_up,
            last_exit=worker.last_exit,
            replaced=worker.replaced,
            joined_s=worker.joined_s,
            left_s=worker.left_s,
            hosts=worker.hosts,
        )
        for worker in history.result.workers
    )


@frozen
class Uniformity:
    """The result of the test; all but `verdict` is None if there is nothing to test.

    Args:
        low: the least value that is held possible.
        high: the greatest value that is held possible.
        bars: the number of bars that this range is cut into.
        chi_square: sum of (observed - expected)² / expected over the bars.
        degrees: of freedom, the number of bars less one.
        p_value: how likely uniform values deviate at least as much, from 0 to 1.
        verdict: the same in words.
    """

    low: int | None
    high: int | None
    bars: int | None
    chi_square: float | None
    degrees: int | None
    p_value: float | None
    verdict: str


def uniformity(values: Sequence[int]) -> Uniformity:
    """Test by Pearson's chi-square whether all values from 0 to 99 are equally likely.

    If a value is outside of that, the range of the values is taken for the possible one. It is
    cut into as many bars as expect 5 samples each, at most 100. Needs scipy.
    """
    bars = _bars_to_test(values)
    if len(bars) < 2:  # noqa: PLR2004  # with one there is nothing to compare
        few = f"too few samples ({len(values)}), since two bars have to expect 5 each"
        why = "all samples are the same" if bars else few
        return Uniformity(None, None, None, None, None, None, f"not tested: {why}")
    from scipy.special import chdtrc  # type: ignore[import-untyped] # noqa: PLC0415  # an extra

    chi_square = sum((bar.count - bar.expected) ** 2 / bar.expected for bar in bars)
    degrees = len(bars) - 1
    p_value = float(chdtrc(degrees, chi_square))
    verdict = f"nothing speaks against uniform values (p = {p_value:.2f}, tested at the 5 % level)"
    if p_value < _LEVEL:
        verdict = (
            f"not uniform at the 5 % level: uniform values deviate as much in {p_value:.2g} of all "
            "runs"
        )
    low, high = bars[0].low, bars[-1].high
    return Uniformity(low, high, len(bars), chi_square, degrees, p_value, verdict)


_LEAST_EXPECTED: Final = 5
"""Cochran's rule: with fewer expected in a bar, the distribution of chi-square is not known."""
_MOST_TESTED_BARS: Final = 100
_LEVEL: Final = 0.05


def _bars_to_test(values: Sequence[int]) -> tuple[Bar, ...]:
    """Return the most bars that all expect enough samples."""
    for most in range(min(_MOST_TESTED_BARS, len(values) // _LEAST_EXPECTED), 1, -1):
        bars = histogram(values, most)
        if all(bar.expected >= _LEAST_EXPECTED for bar in bars):
            return bars
    return ()
