"""Workers that come and go, another goal and another deadline, while a run goes on."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from random import Random
from typing import Any, Final

import gevent
import pytest

from rnd_actors.collectors import (
    Collector,
    DeadlineChanged,
    FixedTime,
    GoalChanged,
    Outcome,
    Result,
    RunScaled,
    Sample,
    SampleCount,
    WorkerDrained,
)
from rnd_actors.control import RunOperations
from rnd_actors.errors import (
    ActorDeadError,
    AskTimeoutError,
    SettingsError,
    UnknownChildError,
    WorkerStartError,
)
from rnd_actors.events import ActorFailed, Event
from rnd_actors.running import LiveRun, RunSettings, run
from rnd_actors.running._workers import Workers
from rnd_actors.simulation import SimulatedWorker, simulate
from rnd_actors.workers import Spawn, WorkerSpawned

LONG: Final = RunSettings(samples=10_000, workers=4)
LONG_OF_TWO: Final = RunSettings(samples=10_000, workers=2)
STEADY: Final = SimulatedWorker()
MORTAL: Final = SimulatedWorker(lifetime=lambda: 2.0)


class Resting(SampleCount):
    """Lets all workers rest that crash, but those with an id of `again`."""

    def __init__(self, goal: int, *again: int) -> None:
        super().__init__(goal)
        self.again = again

    def restarts(self, worker: int, reason: object) -> bool:
        return worker in self.again


class Keeping(SampleCount):
    """Counts samples and keeps them."""

    def __init__(self, goal: int) -> None:
        super().__init__(goal)
        self.samples: list[Sample] = []

    def accepts(self, sample: Sample) -> bool:
        self.samples.append(sample)
        return True


def steered(
    operate: Callable[[LiveRun], object],
    settings: RunSettings = LONG,
    collector: Collector | None = None,
    *,
    spawn: Spawn = STEADY,
    told: list[Event] | None = None,
) -> Result:
    """Do a run in virtual time, beside which `operate` runs; what it raises fails the test."""

    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        operator = gevent.spawn(operate, live)
        yield
        operator.get()

    subscriber = None if told is None else told.append
    return run(settings, collector, control=control, spawn=spawn, subscriber=subscriber)


def simulated(operate: Callable[[LiveRun], object], *args: Any, **options: Any) -> Result:
    return simulate(lambda _: steered(operate, *args, **options)).result


def assert_exact(result: Result) -> None:
    lines = result.lines
    assert result.samples == lines.accepted == len(result.values)
    assert result.samples == sum(worker.samples for worker in result.workers)
    assert lines.received == lines.accepted + lines.surplus + lines.malformed


def stop(live: LiveRun) -> None:
    live.interrupted.set()


def test_workers_that_are_missing_are_started_with_the_next_ids() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(2.5)
        assert live.scale(6) == RunScaled(6, started=(5, 6), draining=())
        gevent.sleep(3.2)
        assert live.collection.serving == {1, 2, 3, 4, 5, 6}
        stop(live)

    result = simulated(operate)
    assert [worker.id for worker in result.workers] == [1, 2, 3, 4, 5, 6]
    assert [worker.joined_s for worker in result.workers] == pytest.approx([0, 0, 0, 0, 2.5, 2.5])
    assert [worker.samples for worker in result.workers[4:]] == [4, 4]
    assert_exact(result)


def test_workers_that_are_too_many_are_drained_the_newest_first_and_stay_away() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(2.5)
        assert live.scale(2) == RunScaled(2, started=(), draining=(4, 3))
        gevent.sleep(5.0)
        assert live.collection.serving == {1, 2}
        assert live.workers is not None
        stop(live)

    told: list[Event] = []
    result = simulated(operate, told=told)
    assert [worker.left_s for worker in result.workers] == [None, None, pytest.approx(2.5), 2.5]
    assert [worker.samples for worker in result.workers] == [8, 8, 3, 3]
    assert [worker.starts for worker in result.workers] == [1, 1, 1, 1]
    assert [worker.crashes for worker in result.workers] == [0, 0, 0, 0]
    assert {event.worker for event in told if isinstance(event, WorkerDrained)} == {3, 4}
    assert [str(event) for event in told if isinstance(event, RunScaled)] == [
        "the run has 2 workers now; leaving: 3 to 4"
    ]
    assert_exact(result)


def test_named_workers_leave_and_are_replaced_if_the_number_stays() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(0.5)
        scaled = live.scale(0, relative=True, drain=[2])
        assert scaled == RunScaled(4, started=(5,), draining=(2,))
        assert live.scale(-1, relative=True, drain=[1]) == RunScaled(3, (), (1,))
        assert live.scale(1, relative=True) == RunScaled(4, (6,), ())
        gevent.sleep(0.5)
        assert live.collection.serving == {3, 4, 5, 6}
        stop(live)

    assert_exact(simulated(operate))


def test_a_drained_worker_that_waits_for_its_restart_does_not_come_back() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(1.6)  # worker 1 has failed a few times, and waits
        assert not live.collection.is_up(1)
        live.scale(3, drain=[1])
        gevent.sleep(30.0)
        stop(live)

    def spawn(settings: Any) -> Any:
        spawned.append(settings.id)
        mortal = settings.id == 1
        return SimulatedWorker(lifetime=(lambda: 0.1) if mortal else None, first_delay=0.5)(
            settings
        )

    spawned: list[int] = []
    result = simulated(operate, spawn=spawn)
    at_most = spawned.count(1)
    assert result.workers[0].starts == at_most < 6
    assert not result.workers[0].given_up
    assert_exact(result)


def test_what_cannot_be_scaled_says_why_and_changes_nothing() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(0.5)
        live.scale(3, drain=[2])
        gevent.sleep(0.5)
        with pytest.raises(SettingsError, match="workers takes a whole number from 1 to 1000"):
            live.scale(-3, relative=True)
        with pytest.raises(
            SettingsError, match="from 1 to 1000, or 10000 with a cluster; got 1001"
        ):
            live.scale(1001)
        with pytest.raises(UnknownChildError, match="worker 2 is not at work; at work are: 1, 3"):
            live.scale(3, drain=[2])
        with pytest.raises(UnknownChildError, match="worker 2 has left; the workers are 1, 3 to 4"):
            live.restart(2)
        assert live.collection.serving == {1, 3, 4}
        stop(live)
        gevent.sleep(0.1)
        with pytest.raises(ActorDeadError):
            live.scale(5)

    assert_exact(simulated(operate))


def test_all_workers_are_restarted_with_one_question_to_their_supervisor() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(0.5)
        live.scale(3)
        gevent.sleep(0.5)
        assert live.workers is not None
        told = live.workers.stats().told
        assert live.restart_all() == [1, 2, 3]
        assert live.workers.stats().told == told + 1
        gevent.sleep(1.5)
        assert [live.collection.workers[each].starts for each in (1, 2, 3, 4)] == [2, 2, 2, 1]
        stop(live)

    assert_exact(simulated(operate))


def test_a_run_that_has_not_begun_cannot_be_scaled() -> None:
    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        with pytest.raises(ActorDeadError, match="no workers yet"):
            live.scale(5)
        yield

    settings = RunSettings(samples=4, workers=2)
    simulate(lambda _: run(settings, control=control, spawn=SimulatedWorker()))


def test_a_new_worker_whose_start_fails_is_treated_like_any_other() -> None:
    """Started by nobody who waits for it, it is restarted, and given up at its intensity."""

    def operate(live: LiveRun) -> None:
        gevent.sleep(0.5)
        live.scale(3)
        gevent.sleep(60.0)
        stop(live)

    def spawn(settings: Any) -> Any:
        if settings.id == 3:
            raise WorkerStartError("worker 3: there is no such program")
        return SimulatedWorker()(settings)

    told: list[Event] = []
    result = simulated(operate, RunSettings(samples=10**6, workers=2), spawn=spawn, told=told)
    assert result.workers[2].given_up
    assert result.workers[2].starts == 6
    assert sum(isinstance(event, ActorFailed) for event in told) == 6


def test_the_last_worker_that_rests_ends_the_run_though_others_were_drained() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(0.5)
        live.scale(1)

    lives = count(1)
    result = simulated(
        operate,
        RunSettings(samples=100, workers=2),
        Resting(100),
        spawn=SimulatedWorker(lifetime=lambda: 2.0 * next(lives)),
    )
    assert (result.outcome, result.workers[1].crashes) == (Outcome.FAILED, 0)
    assert "no worker is left" in result.reason


def test_a_higher_goal_is_collected_exactly_and_a_lower_one_too() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(2.5)
        assert live.change_goal(30) == GoalChanged(30, progress=12 / 30)
        gevent.sleep(1.0)
        live.change_goal(22)

    result = simulated(operate, RunSettings(samples=20, workers=4))
    assert (result.outcome, result.samples, result.goal) == (Outcome.COMPLETE, 22, 22)
    assert_exact(result)


def test_a_goal_that_is_reached_already_completes_the_run_and_one_below_is_refused() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(2.5)
        with pytest.raises(SettingsError, match="goal takes 12 or more, since so many have come"):
            live.change_goal(11)
        live.change_goal(12)
        with pytest.raises(ActorDeadError, match="the goal is reached"):
            live.change_goal(13)

    result = simulated(operate)
    assert (result.outcome, result.samples, result.goal) == (Outcome.COMPLETE, 12, 12)
    assert_exact(result)


def test_a_goal_that_a_busy_collector_takes_late_is_known_nevertheless() -> None:
    class Slow(SampleCount):
        def accepts(self, sample: Sample) -> bool:
            gevent.sleep(20.0 * (sample.index == 5))
            return True

    def operate(live: LiveRun) -> None:
        gevent.sleep(2.5)
        with pytest.raises(AskTimeoutError):
            live.change_goal(30)
        assert live.goal == 10_000
        gevent.sleep(20.0)
        assert live.goal == 30

    assert simulated(operate, collector=Slow(10_000)).samples == 30


def test_all_are_restarted_that_do_not_leave() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(0.5)
        live.scale(4)
        gevent.spawn(live.scale, 2)
        [restarted] = RunOperations(live).answers("restart", {"worker": "all"})
        assert {1, 2} <= set(restarted) <= {1, 2, 3, 4}
        gevent.sleep(0.5)
        stop(live)

    result = simulated(operate, RunSettings(workers=8))
    assert [worker.starts for worker in result.workers] == [2, 2, *6 * [1]]


def test_the_goal_of_a_collector_that_counts_no_samples_cannot_be_changed() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(1.5)
        with pytest.raises(SettingsError, match="the goal of FixedTime cannot be changed"):
            live.change_goal(100)

    assert simulated(operate, collector=FixedTime(3.0)).outcome is Outcome.COMPLETE


@pytest.mark.parametrize(
    ("first", "later", "outcome", "elapsed_s"),
    [
        (3.0, 7.0, Outcome.DEADLINE, 7.0),
        (30.0, 4.0, Outcome.DEADLINE, 4.0),
        (None, 5.0, Outcome.DEADLINE, 5.0),
        (3.0, None, Outcome.COMPLETE, 9.0),
    ],
)
def test_a_deadline_can_be_moved_set_and_lifted(
    first: float | None, later: float | None, outcome: Outcome, elapsed_s: float
) -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(2.5)
        assert live.change_deadline(later) == DeadlineChanged(later)

    result = simulated(operate, RunSettings(samples=40, workers=4, deadline=first))
    assert (result.outcome, result.deadline_s) == (outcome, later)
    assert result.elapsed_s == pytest.approx(elapsed_s)


def test_a_deadline_that_has_passed_is_refused() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(2.5)
        with pytest.raises(SettingsError, match=r"more than the 2.5 s that have passed"):
            live.change_deadline(2.0)
        with pytest.raises(SettingsError, match="deadline takes seconds > 0; got nan"):
            live.change_deadline(float("nan"))
        stop(live)

    assert simulated(operate).outcome is Outcome.INTERRUPTED


def test_whatever_is_scaled_and_restarted_when_the_total_is_exact() -> None:
    def main(seed: int) -> None:
        random = Random(seed)

        def operate(live: LiveRun) -> None:
            while live.collection.conclusion is None:
                gevent.sleep(random.uniform(0.0, 0.4))
                with suppress(ActorDeadError):
                    if random.random() < 0.7:
                        live.scale(random.randint(1, 12))
                    else:
                        live.restart(random.choice(live.restartable))

        collector = Keeping(300)
        worker = SimulatedWorker(rate=4.0, lifetime=lambda: random.expovariate(0.3))
        result = steered(operate, RunSettings(samples=300), collector, spawn=worker)
        assert (result.outcome, result.samples) == (Outcome.COMPLETE, 300)
        assert_exact(result)
        places: dict[tuple[int, int], list[int]] = {}
        for sample in collector.samples:
            places.setdefault((sample.worker, sample.incarnation), []).append(sample.seq)
        assert all(seqs == [*range(len(seqs))] for seqs in places.values())

    for seed in range(20):
        simulate(partial(lambda seed, _: main(seed), seed), seed)


def test_events_say_who_spawns_only_after_the_run_was_scaled() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(0.5)
        live.scale(5)
        gevent.sleep(0.5)
        stop(live)

    told: list[Event] = []
    simulated(operate, told=told)
    kinds = [type(event) for event in told if isinstance(event, RunScaled | WorkerSpawned)]
    assert kinds == [WorkerSpawned] * 4 + [RunScaled, WorkerSpawned]


def test_a_worker_that_starts_as_it_is_told_to_leave_does_not_keep_the_run_alive() -> None:
    """Nobody tells of its end, since its supervisor ends it for good before it is known to run."""

    def operate(live: LiveRun) -> None:
        gevent.sleep(0.5)
        gevent.spawn(live.scale, 1, relative=True)
        gevent.spawn(live.scale, -1, relative=True)

    settings = RunSettings(samples=100, workers=2, deadline=60.0)
    for seed in range(20):
        result = simulate(
            lambda _: steered(operate, settings, Resting(100), spawn=MORTAL), seed
        ).result
        assert result.outcome is Outcome.FAILED
        assert result.reason.startswith("no worker is left")
        assert_exact(result)


def test_a_worker_that_crashes_as_it_is_told_to_leave_stays_away() -> None:
    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        def drain(failed: ActorFailed) -> None:
            if failed.actor == "workers/2" and 2 in live.collection.serving:
                gevent.spawn(live.scale, 1, drain=[2])

        live.system.events.subscribe(drain, to=ActorFailed)
        yield

    def spawn(settings: Any) -> Any:
        return SimulatedWorker(lifetime=lambda: 12.0 / settings.id)(settings)

    settings = RunSettings(samples=100, workers=2, deadline=60.0)
    for seed in range(20):
        result = simulate(
            lambda _: run(settings, Resting(100, 2), control=control, spawn=spawn), seed
        ).result
        assert (result.outcome, result.workers[1].left_s) == (Outcome.FAILED, 6.0)


def test_the_end_of_a_run_whose_last_worker_was_told_to_leave_says_so() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(0.5)
        live.scale(1)

    def spawn(settings: Any) -> Any:
        worker = SimulatedWorker(lifetime=(lambda: 1.0) if settings.id == 1 else None)(settings)
        if settings.id == 2:
            worker.end = lambda grace: gevent.sleep(3.0)  # type: ignore[method-assign]
        return worker

    result = simulated(operate, LONG_OF_TWO, Resting(100), spawn=spawn)
    told = "no worker is left; the last one: it was told to leave"
    assert (result.outcome, result.reason) == (Outcome.FAILED, told)


class Stubborn(SampleCount):
    def change_goal(self, goal: int) -> None:
        raise RuntimeError("not with me")


def test_what_goes_wrong_with_steering_is_told_to_who_steers_and_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Such as a system that has no file descriptors left."""

    def operate(live: LiveRun) -> None:
        gevent.sleep(0.5)
        for _ in range(10):
            with pytest.raises(OSError, match="Too many open files"):
                live.scale(3)
            with pytest.raises(RuntimeError, match="not with me"):
                live.change_goal(3)
        assert live.collection.serving == {1, 2}
        stop(live)

    def no_more(*_: object) -> list[int]:
        raise OSError(errno.EMFILE, "Too many open files")

    told: list[Event] = []
    monkeypatch.setattr(Workers, "more", no_more)
    result = simulated(operate, LONG_OF_TWO, Stubborn(100), told=told)
    assert result.outcome is Outcome.INTERRUPTED
    assert not [event for event in told if isinstance(event, ActorFailed)]
