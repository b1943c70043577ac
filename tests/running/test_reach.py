"""Goals that the workers of a run cannot reach, in virtual time."""

from collections.abc import Callable, Set
from typing import Any, Final

import gevent

from rnd_actors.collectors import GoalOutOfReach, Outcome, Sample, WorkerQuota
from rnd_actors.errors import WorkerStartError
from rnd_actors.events import Event
from rnd_actors.running import LiveRun, RunSettings
from rnd_actors.workers import WorkerSettings
from tests.running.test_scaling import STEADY, simulated

FOUR: Final = RunSettings(workers=4)
MISSING_12: Final = "the goal is out of reach: the workers cannot send 12 of its samples"


def scaling(*steps: tuple[float, int]) -> Callable[[LiveRun], None]:
    """Return what scales a run, after so many seconds each, to so many workers."""

    def operate(live: LiveRun) -> None:
        for seconds, workers in steps:
            gevent.sleep(seconds)
            live.scale(workers)

    return operate


def missing(told: list[Event]) -> list[int]:
    return [event.missing for event in told if isinstance(event, GoalOutOfReach)]


def test_a_quota_whose_workers_have_left_fails_when_the_others_are_done() -> None:
    told: list[Event] = []
    result = simulated(scaling((3.5, 2)), FOUR, WorkerQuota(10, workers=4), told=told)
    assert (result.outcome, result.reason) == (Outcome.FAILED, MISSING_12)
    assert [worker.samples for worker in result.workers] == [10, 10, 4, 4]
    assert missing(told) == [12]


def test_new_workers_bring_a_quota_within_reach_again() -> None:
    told: list[Event] = []
    operate = scaling((3.5, 2), (2.0, 4))
    result = simulated(operate, FOUR, WorkerQuota(10, workers=4), told=told)
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, 40)
    assert missing(told) == [12]


def test_a_quota_for_more_workers_than_there_are_fails() -> None:
    told: list[Event] = []
    result = simulated(scaling(), FOUR, WorkerQuota(10, workers=5), told=told)
    assert (result.outcome, result.samples) == (Outcome.FAILED, 40)
    assert missing(told) == [10]


def all_but_the_second(settings: WorkerSettings) -> Any:
    if settings.id == 2:
        raise WorkerStartError("no")
    return STEADY(settings)


def test_a_quota_one_of_whose_workers_is_given_up_fails() -> None:
    told: list[Event] = []
    result = simulated(
        scaling(), FOUR, WorkerQuota(100, workers=4), spawn=all_but_the_second, told=told
    )
    assert (result.outcome, result.samples) == (Outcome.FAILED, 300)
    assert missing(told) == [100]


class CountingLooks(WorkerQuota):
    """A quota that counts how often somebody asks what can be reached."""

    looks = 0

    def attainable(self, workers: Set[int]) -> int:
        self.looks += 1
        return super().attainable(workers)


def test_not_every_sample_has_all_workers_looked_at() -> None:
    quota = CountingLooks(100, workers=5)
    result = simulated(scaling(), FOUR, quota)
    assert (result.outcome, result.samples) == (Outcome.FAILED, 400)
    assert quota.looks < 20


class RaisingOnce(WorkerQuota):
    """A quota that raises at one sample of the first worker."""

    has_raised = False

    def accepts(self, sample: Sample) -> bool:
        if (sample.worker, sample.seq) == (1, 6) and not self.has_raised:
            self.has_raised = True
            raise ValueError("unlucky")
        return super().accepts(sample)


def test_a_collector_that_was_restarted_still_knows_what_is_out_of_reach() -> None:
    told: list[Event] = []
    result = simulated(scaling((3.5, 2)), FOUR, RaisingOnce(10, workers=4), told=told)
    assert (result.outcome, result.reason) == (Outcome.FAILED, MISSING_12)
    assert missing(told) == [12]


class UnsureOnce(WorkerQuota):
    """A quota that raises when it is asked for the first time what three workers can send."""

    has_raised = False

    def attainable(self, workers: Set[int]) -> int:
        if len(workers) == 3 and not self.has_raised:
            self.has_raised = True
            raise ValueError("unlucky")
        return super().attainable(workers)


def test_a_collector_that_raises_at_that_question_is_asked_again() -> None:
    told: list[Event] = []
    quota = UnsureOnce(100, workers=4)
    result = simulated(scaling(), FOUR, quota, spawn=all_but_the_second, told=told)
    assert quota.has_raised
    assert (result.outcome, result.samples) == (Outcome.FAILED, 300)
    assert missing(told) == [100]


class Growing(WorkerQuota):
    """A quota whose goal can be any other number of samples."""

    def change_goal(self, goal: int) -> None:
        self.goal = goal


def test_a_goal_that_is_changed_may_be_out_of_reach_then() -> None:
    told: list[Event] = []

    def operate(live: LiveRun) -> None:
        gevent.sleep(3.5)
        live.change_goal(52)

    result = simulated(operate, FOUR, Growing(10, workers=4), told=told)
    assert (result.outcome, result.reason) == (Outcome.FAILED, MISSING_12)
    assert missing(told) == [12]
