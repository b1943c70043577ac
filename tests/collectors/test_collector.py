"""Goals: when each is reached, how far it is, and what it finds out."""

import random
import time
from collections.abc import Callable
from statistics import NormalDist, fmean, stdev

import pytest

from rnd_actors import (
    Collector,
    EveryValue,
    FixedTime,
    MeanWithin,
    Sample,
    SampleCount,
    SettingsError,
    WorkerQuota,
)
from rnd_actors.actors import Killed


def sample(index: int = 0, value: int = 7, worker: int = 1) -> Sample:
    return Sample(index, value, worker, incarnation=1, seq=index, received_at=0.0)


class Never(Collector):
    def is_reached(self, sample: Sample) -> bool:
        return False


def test_only_the_goal_has_to_be_written() -> None:
    collector = Never()
    assert collector.accepts(sample())
    assert collector.restarts(1, Killed())
    assert collector.progress() == 0.0
    assert collector.findings() == {}
    assert (collector.goal, collector.duration) == (None, None)


def test_a_subclass_with_its_own_judgement_is_shown_each_sample() -> None:
    class Even(SampleCount):
        def accepts(self, sample: Sample) -> bool:
            return sample.value % 2 == 0

    class Renamed(SampleCount):
        pass

    class StillCounts(SampleCount):
        counts_only = True

        def is_reached(self, sample: Sample) -> bool:
            return super().is_reached(sample)

    classes = (Never, SampleCount, FixedTime, Even, Renamed, StillCounts, MeanWithin)
    assert [kind.counts_only for kind in classes] == [False, True, True, False, True, True, False]


def test_a_sample_count_is_reached_at_exactly_its_goal() -> None:
    collector = SampleCount(2)
    reached = [(collector.is_reached(sample(n)), collector.progress()) for n in range(2)]
    assert reached == [(False, 0.5), (True, 1.0)]
    assert collector.goal == 2


def test_every_value_has_to_be_seen() -> None:
    collector = EveryValue([1, 2, 2, 5])
    reached = [collector.is_reached(sample(value=value)) for value in (2, 9, 2, 5)]
    assert reached == [False] * 4
    assert collector.findings() == {"missing": 1}
    assert collector.progress() == pytest.approx(2 / 3)
    assert collector.is_reached(sample(value=1))
    assert collector.progress() == 1.0


def test_the_mean_is_known_as_soon_as_its_interval_is_narrow_enough() -> None:
    numbers = random.Random(1)
    collector = MeanWithin(epsilon=10.0, confidence=0.9)
    values: list[int] = []
    reached = False
    while not reached:
        values.append(numbers.randrange(100))
        reached = collector.is_reached(sample(len(values) - 1, values[-1]))
    width = 2 * NormalDist().inv_cdf(0.95) * stdev(values) / len(values) ** 0.5
    one_fewer = 2 * NormalDist().inv_cdf(0.95) * stdev(values[:-1]) / (len(values) - 1) ** 0.5
    assert width <= 10.0 < one_fewer
    assert collector.findings() == pytest.approx({"mean": fmean(values), "width": width})
    assert collector.progress() == 1.0


def test_a_mean_takes_thirty_samples_at_least() -> None:
    collector = MeanWithin(epsilon=1.0)
    reached = [collector.is_reached(sample(n)) for n in range(30)]
    assert reached == [False] * 29 + [True]


def test_how_far_a_mean_is_grows_with_the_samples() -> None:
    collector = MeanWithin(epsilon=0.1)
    assert collector.progress() == 0.0
    for n in range(100):
        collector.is_reached(sample(n, value=n % 10))
    half = collector.progress()
    for n in range(100):
        collector.is_reached(sample(n, value=n % 10))
    assert collector.progress() == pytest.approx(2 * half, rel=0.02)


def test_a_quota_takes_as_many_of_each_worker_and_no_more() -> None:
    collector = WorkerQuota(quota=1, workers=2)
    assert collector.goal == 2
    assert collector.accepts(sample(worker=1))
    assert not collector.is_reached(sample(worker=1))
    assert not collector.accepts(sample(worker=1))
    assert collector.progress() == 0.5
    assert collector.accepts(sample(worker=2))
    assert collector.is_reached(sample(worker=2))


def test_a_fixed_time_is_the_business_of_the_clock() -> None:
    collector = FixedTime(3.0)
    assert collector.duration == 3.0
    assert not collector.is_reached(sample())


@pytest.mark.parametrize(
    "make",
    [
        lambda: SampleCount(0),
        lambda: EveryValue([]),
        lambda: MeanWithin(0.0),
        lambda: MeanWithin(1.0, confidence=1.0),
        lambda: WorkerQuota(0),
        lambda: WorkerQuota(1, workers=0),
        lambda: FixedTime(0.0),
    ],
)
def test_a_goal_that_makes_no_sense_is_refused(make: Callable[[], Collector]) -> None:
    with pytest.raises(SettingsError):
        make()


def test_a_sample_of_a_quota_costs_as_much_whatever_the_number_of_workers() -> None:
    def cost_s(workers: int) -> float:
        quota = WorkerQuota(quota=10, workers=workers)
        for worker in range(1, workers + 1):
            quota.accepts(sample(worker=worker))
        began = time.thread_time()
        for _ in range(200):
            quota.is_reached(sample(worker=1))
            quota.progress()
        return time.thread_time() - began

    assert min(cost_s(10_000) for _ in range(3)) < 20 * min(cost_s(10) for _ in range(3))
