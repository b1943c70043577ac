"""Runs whose number of workers, and whose slow workers, a policy decides on."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import gevent
import pytest

from rnd_actors.collectors import (
    Collector,
    Outcome,
    Result,
    RunScaled,
    Sample,
    SampleCount,
    WorkerQuota,
    WorkerReplaced,
)
from rnd_actors.errors import SettingsConflictError, SettingsError
from rnd_actors.events import ActorFailed, Event
from rnd_actors.running import LiveRun, Progress, RunSettings, first_workers, run
from rnd_actors.scaling import DeadlineLost, Decision, RunView, Scaling, ScalingPolicy
from rnd_actors.simulation import SimulatedWorker, simulate
from rnd_actors.workers import Spawn, WorkerSpawned

STEADY: Final = SimulatedWorker()


def by_deadline(deadline: float, **others: Any) -> RunSettings:
    return RunSettings(**{"samples": 150, "deadline": deadline, "scale": "deadline", **others})


def simulated(
    settings: RunSettings,
    collector: Collector | None = None,
    *,
    spawn: Spawn = STEADY,
    told: list[Event] | None = None,
    operate: Callable[[LiveRun], object] = bool,
) -> Result:
    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        operator = gevent.spawn(operate, live)
        yield
        operator.get()

    subscriber = None if told is None else told.append
    return simulate(
        lambda _: run(settings, collector, spawn=spawn, subscriber=subscriber, control=control)
    ).result


def spawned(told: list[Event]) -> Counter[int]:
    return Counter(event.worker for event in told if isinstance(event, WorkerSpawned))


def of_kind(told: list[Event], kind: type[Event]) -> list[Any]:
    return [event for event in told if isinstance(event, kind)]


def assert_balanced(result: Result) -> None:
    lines = result.lines
    assert lines.received == lines.accepted + lines.surplus + lines.malformed
    assert lines.accepted == result.samples == sum(worker.samples for worker in result.workers)


def slow_first(worker: int) -> Spawn:
    """Spawn workers of which one is slow in its first incarnation."""
    incarnations = Counter[int]()

    def spawn(settings: Any) -> Any:
        incarnations[settings.id] += 1
        slow = settings.id == worker and incarnations[worker] == 1
        return SimulatedWorker(rate=0.1 if slow else 1.0)(settings)

    return spawn


def test_a_run_with_time_to_spare_has_fewer_workers_and_keeps_its_deadline() -> None:
    told: list[Event] = []
    result = simulated(by_deadline(40.0), told=told)
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, 150)
    assert result.elapsed_s < 40.0
    assert 4 <= len(spawned(told)) <= 6
    assert_balanced(result)


def test_a_run_without_time_to_spare_has_all_its_workers_at_once() -> None:
    told: list[Event] = []
    result = simulated(by_deadline(9.5), told=told)
    assert result.outcome is Outcome.COMPLETE
    assert result.elapsed_s == pytest.approx(9.0, abs=0.1)
    assert len(spawned(told)) == 16
    assert not of_kind(told, RunScaled)


def test_workers_are_added_when_those_that_there_are_fall_short() -> None:
    told: list[Event] = []
    mortal = SimulatedWorker(lifetime=lambda: 3.0, first_delay=1.0)
    result = simulated(by_deadline(40.0), spawn=mortal, told=told)
    assert result.outcome is Outcome.COMPLETE
    scaled = of_kind(told, RunScaled)
    assert scaled
    assert all(event.started and not event.draining for event in scaled)
    assert [worker.left_s for worker in result.workers] == [None] * len(result.workers)
    assert len(result.workers) <= 16
    assert_balanced(result)


def test_the_bounds_of_the_workers_are_kept() -> None:
    told: list[Event] = []
    simulated(by_deadline(1000.0, workers=12, least_workers=8), told=told)
    assert len(spawned(told)) == 8


@pytest.mark.parametrize("scale", ["fixed", "deadline"])
def test_a_slow_worker_is_replaced_which_is_no_crash_and_its_samples_count(scale: str) -> None:
    told: list[Event] = []
    settings = RunSettings(samples=400, deadline=60.0, workers=8, scale=scale, replace_slow=True)
    result = simulated(settings, spawn=slow_first(3), told=told)
    [replaced] = of_kind(told, WorkerReplaced)
    assert replaced.worker == 3
    assert replaced.rate_per_s == pytest.approx(0.1, abs=0.1)
    assert spawned(told)[3] == 2
    worker = result.workers[2]
    assert (worker.replaced, worker.crashes, worker.starts) == (1, 0, 2)
    assert worker.last_exit is None
    assert not of_kind(told, ActorFailed)
    assert result.outcome is Outcome.COMPLETE
    assert_balanced(result)


def asks(decide: Callable[[RunView], Decision], goal: int = 40) -> SampleCount:
    """Return a collector with a policy of its own."""

    class Own(ScalingPolicy):
        def decide(self, view: RunView) -> Decision:
            return decide(view)

    class Mine(SampleCount):
        policy = Own()

    return Mine(goal)


def test_a_policy_that_raises_before_the_first_worker_is_told_in_words() -> None:
    def decide(view: RunView) -> Decision:
        raise ZeroDivisionError("no workers")

    told = list[Event]()
    with pytest.raises(SettingsError, match=r"ZeroDivisionError: no workers.*'Own'"):
        simulated(RunSettings(workers=3), asks(decide), told=told)
    assert not told


def test_a_worker_that_is_long_to_end_is_replaced_once() -> None:
    def decide(view: RunView) -> Decision:
        replace = (2,) if 5.0 < view.elapsed_s < 8.5 else ()
        seen.append((view.replaced, view.workers[1].first_s if len(view.workers) > 1 else None))
        return Decision(start=3 - len(view.workers), replace=replace)

    def spawn(settings: Any) -> Any:
        process = STEADY(settings)
        process.end = partial(end_later, process.end)  # type: ignore[method-assign]
        return process

    def end_later(end: Callable[[float], None], grace: float) -> None:
        gevent.sleep(2.2)
        end(grace)

    told, seen = list[Event](), list[tuple[int, float | None]]()
    result = simulated(RunSettings(workers=3), asks(decide), spawn=spawn, told=told)
    worker = result.workers[1]
    assert (worker.replaced, worker.starts, worker.crashes) == (1, 2, 0)
    assert len(of_kind(told, WorkerReplaced)) == 1
    assert (1, None) in seen  # it waits for its next incarnation, and is in the budget
    assert_balanced(result)


def test_slow_workers_are_kept_unless_it_is_asked_for() -> None:
    told: list[Event] = []
    settings = RunSettings(samples=400, deadline=90.0, workers=8)
    simulated(settings, spawn=slow_first(3), told=told)
    simulated(by_deadline(90.0, replace_slow=False), spawn=slow_first(3), told=told)
    assert not of_kind(told, WorkerReplaced)


def test_a_lost_deadline_is_said_once_and_early() -> None:
    told: list[Event] = []
    result = simulated(by_deadline(10.0, workers=8), told=told)
    assert result.outcome is Outcome.DEADLINE
    assert result.elapsed_s == pytest.approx(10.0)
    [lost] = of_kind(told, DeadlineLost)
    assert lost.missing == pytest.approx(150 - 8 * 13, abs=10)
    assert lost.expected + lost.missing == 150


@pytest.mark.parametrize("scale", ["fixed", "deadline"])
def test_a_run_can_give_up_as_soon_as_its_deadline_is_lost(scale: str) -> None:
    settings = RunSettings(samples=150, deadline=10.0, workers=8, scale=scale, give_up_early=True)
    result = simulated(settings)
    assert result.outcome is Outcome.DEADLINE
    assert result.elapsed_s < 3.0
    assert result.reason.startswith("the deadline is lost: ")
    assert_balanced(result)


@pytest.mark.parametrize("scale", ["fixed", "deadline"])
@pytest.mark.parametrize(
    ("rate", "startup", "deadline"),
    [(10.0, 0.1, 1.2), (10.0, 0.5, 3.0), (100.0, 1.0, 2.0), (2.0, 1.5, 6.5)],
)
def test_a_run_of_workers_faster_than_the_contract_does_not_give_up(
    scale: str, rate: float, startup: float, deadline: float
) -> None:
    told: list[Event] = []
    settings = by_deadline(deadline, scale=scale, give_up_early=True)
    result = simulated(settings, spawn=SimulatedWorker(rate=rate, startup=startup), told=told)
    assert result.outcome is Outcome.COMPLETE
    assert not of_kind(told, DeadlineLost)


@pytest.mark.parametrize("scale", ["fixed", "deadline"])
def test_a_deadline_or_a_goal_that_is_changed_may_be_lost_again(scale: str) -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(3.0)
        live.change_goal(1000)
        gevent.sleep(2.0)
        live.change_deadline(30.0)
        gevent.sleep(2.0)
        live.change_goal(150)
        gevent.sleep(0.0)
        assert live.collection.lost is None

    told: list[Event] = []
    settings = by_deadline(20.0, workers=8, scale=scale)
    result = simulated(settings, told=told, operate=operate)
    assert result.outcome is Outcome.COMPLETE
    assert [lost.expected + lost.missing for lost in of_kind(told, DeadlineLost)] == [1000, 1000]


@pytest.mark.parametrize("scale", ["fixed", "deadline"])
def test_a_lost_deadline_is_saved_by_more_workers_than_were_allowed(scale: str) -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(3.0)
        assert live.collection.lost is not None
        live.scale(24)
        assert live.collection.lost is None

    told: list[Event] = []
    settings = by_deadline(10.0, workers=8, scale=scale)
    result = simulated(settings, told=told, operate=operate)
    assert result.outcome is Outcome.COMPLETE
    assert len(of_kind(told, DeadlineLost)) == 1


@pytest.mark.parametrize("scale", ["fixed", "deadline"])
def test_a_deadline_is_lost_again_if_more_workers_do_not_save_it(scale: str) -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(3.0)
        live.scale(9)
        gevent.sleep(3.0)
        assert live.collection.lost is not None

    told: list[Event] = []
    simulated(by_deadline(10.0, workers=8, scale=scale), told=told, operate=operate)
    assert len(of_kind(told, DeadlineLost)) == 2


@pytest.mark.parametrize("earlier", [None, 600.0])
def test_a_deadline_that_is_given_or_drawn_near_while_the_run_goes_on_may_be_lost(
    earlier: float | None,
) -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(3.0)
        live.change_deadline(9.0)

    told: list[Event] = []
    settings = RunSettings(samples=150, deadline=earlier, workers=8)
    result = simulated(settings, told=told, operate=operate)
    assert result.outcome is Outcome.DEADLINE
    assert result.elapsed_s == pytest.approx(9.0)
    [lost] = of_kind(told, DeadlineLost)
    assert lost.expected + lost.missing == 150


def test_a_collector_that_refuses_samples_gets_the_workers_that_it_needs() -> None:
    class EveryThird(SampleCount):
        def accepts(self, sample: Sample) -> bool:
            return sample.seq % 3 == 0

    result = simulated(by_deadline(30.0), EveryThird(90))
    assert result.outcome is Outcome.COMPLETE
    assert 9 <= len(result.workers) < 16


def test_a_quota_of_each_worker_needs_all_of_them_at_once() -> None:
    result = simulated(by_deadline(20.0), WorkerQuota(10, workers=16))
    assert result.outcome is Outcome.COMPLETE
    assert result.elapsed_s == pytest.approx(9.0)


def test_a_policy_that_asks_for_what_cannot_be_says_so() -> None:
    with pytest.raises(SettingsError, match="replace takes ids of workers in the view; got 99"):
        simulated(RunSettings(), asks(lambda _: Decision(replace=(99,))))
    decide: Any = lambda _: None  # noqa: E731
    with pytest.raises(SettingsError, match="decide takes what returns a Decision"):
        simulated(RunSettings(), asks(decide))


def test_a_collector_can_bring_a_policy_of_its_own() -> None:
    class OneByOne(ScalingPolicy):
        def decide(self, view: RunView) -> Decision:
            return Decision(start=1 + int(view.elapsed_s) - len(view.workers))

    class Mine(SampleCount):
        policy = OneByOne()

    told: list[Event] = []
    result = simulated(RunSettings(workers=5), Mine(40), told=told)
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, 40)
    assert len(spawned(told)) == 5
    assert [event.workers for event in of_kind(told, RunScaled)] == [2, 3, 4, 5]
    assert [round(worker.joined_s) for worker in result.workers] == [0, 1, 2, 3, 4]


def test_samples_that_have_arrived_count_before_the_policy_is_asked() -> None:
    def decide(view: RunView) -> Decision:
        seen[round(view.elapsed_s, 3)] = view.samples
        return Decision(start=4 - len(view.workers))

    prompt, settings = SimulatedWorker(startup=1.0), RunSettings(deadline=60.0, workers=4)
    for seed in range(20):  # the first samples come when the policy is to be asked the second time
        seen = dict[float, int]()
        simulate(lambda _: run(settings, asks(decide, 12), spawn=prompt), seed)
        assert seen == {0.0: 0, 1.0: 4, 2.0: 8}


@pytest.mark.parametrize(
    ("settings", "collector"),
    [
        (by_deadline(40.0), None),
        (RunSettings(), asks(lambda view: Decision(start=4 - len(view.workers)), 100)),
    ],
)
def test_a_view_of_a_run_shows_the_workers_that_there_are(
    settings: RunSettings, collector: Collector | None
) -> None:
    progress = Progress(None, first_workers(settings, collector))
    inside = list[Progress]()

    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        inside.append(Progress(None, live.first_workers))
        live.system.events.subscribe(inside[0])
        yield

    result = simulate(
        lambda _: run(settings, collector, spawn=STEADY, subscriber=progress, control=control)
    ).result
    assert 4 <= len(result.workers) < 16
    for each in (progress, *inside):
        assert each.workers.keys() == {worker.id for worker in result.workers}


@pytest.mark.parametrize("scale", ["fixed", "deadline"])
def test_what_an_operator_scales_the_policy_does_not_undo(scale: str) -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(3.0)
        live.scale(2)
        gevent.sleep(20.0)
        assert len(live.collection.serving) == 2
        live.scale(3)
        gevent.sleep(20.0)
        assert len(live.collection.serving) == 3
        live.interrupted.set()

    settings = RunSettings(samples=10_000, deadline=100.0, workers=8, scale=scale)
    assert simulated(settings, operate=operate).outcome is Outcome.INTERRUPTED


@pytest.mark.parametrize("scale", ["fixed", "deadline"])
def test_workers_that_are_given_up_are_not_started_under_other_names(scale: str) -> None:
    told: list[Event] = []
    dead = SimulatedWorker(lifetime=lambda: 0.1, first_delay=1.0)
    settings = RunSettings(samples=100, deadline=600.0, workers=4, scale=scale)
    result = simulated(settings, spawn=dead, told=told)
    assert result.outcome is Outcome.FAILED
    assert all(worker.given_up for worker in result.workers)
    assert len(result.workers) <= 4


def test_steady_workers_are_never_replaced() -> None:
    for seed in range(30):
        told: list[Event] = []
        settings = RunSettings(deadline=12.0, replace_slow=True)
        simulate(lambda _: run(settings, spawn=STEADY, subscriber=told.append), seed)  # noqa: B023
        assert not of_kind(told, WorkerReplaced)


def test_scaling_by_deadline_needs_one_and_wrong_values_say_so() -> None:
    with pytest.raises(SettingsConflictError, match="scale='deadline' needs a deadline"):
        RunSettings(scale=Scaling.DEADLINE)
    with pytest.raises(SettingsConflictError, match="give_up_early needs a deadline"):
        RunSettings(give_up_early=True)
    with pytest.raises(SettingsError, match="least_workers takes a number up to that of the work"):
        RunSettings(workers=4, least_workers=5)
    with pytest.raises(SettingsError, match="scale takes 'fixed' or 'deadline'; got 'auto'"):
        RunSettings(scale="auto")
    with pytest.raises(SettingsError, match="confidence takes a probability"):
        RunSettings(confidence=1.0)
    with pytest.raises(SettingsError, match=r"confidence takes .* at least 0\.5"):
        RunSettings(confidence=0.3)
