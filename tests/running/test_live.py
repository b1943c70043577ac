"""A run that is looked at and steered while it goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import pytest

from rnd_actors.collectors import Collector, Outcome, Result, Sample, SampleCount, WorkerGivenUp
from rnd_actors.errors import ActorDeadError, UnknownChildError
from rnd_actors.events import Event
from rnd_actors.running import LiveRun, RunSettings, run
from rnd_actors.simulation import SimulatedWorker, explore, simulate
from rnd_actors.workers import Spawn


class Noting(SampleCount):
    """Counts samples, keeps them, and lets worker 2 rest when it crashes."""

    def __init__(self, goal: int) -> None:
        super().__init__(goal)
        self.samples: list[Sample] = []

    def accepts(self, sample: Sample) -> bool:
        self.samples.append(sample)
        return super().accepts(sample)

    def restarts(self, worker: int, reason: object) -> bool:
        return worker != 2


def steered(
    operate: Callable[[LiveRun], object],
    settings: RunSettings,
    collector: Collector | None = None,
    *,
    spawn: Spawn,
    subscriber: Callable[[Event], object] | None = None,
) -> Result:
    """Do a run beside which `operate` is called in a greenlet of its own."""

    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        operator = gevent.spawn(operate, live)
        yield
        operator.get()

    return run(settings, collector, control=control, spawn=spawn, subscriber=subscriber)


def assert_balanced(result: Result) -> None:
    lines = result.lines
    assert result.samples == lines.accepted == len(result.values)
    assert lines.received == lines.accepted + lines.surplus + lines.malformed


def dying_at_first(workers: int) -> Spawn:
    """Spawn workers of which the first ones die before they send anything, six times each."""
    left = dict.fromkeys(range(1, workers + 1), 6)

    def spawn(settings: Any) -> Any:
        mortal = left.get(settings.id, 0) > 0
        left[settings.id] = left.get(settings.id, 0) - 1
        return SimulatedWorker(lifetime=(lambda: 0.1) if mortal else None, first_delay=1.0)(
            settings
        )

    return spawn


def test_restarts_by_an_operator_keep_the_total_exact_and_are_no_crashes() -> None:
    def main(_: object) -> Result:
        def operate(live: LiveRun) -> None:
            for _ in range(5):
                gevent.sleep(1.7)
                for worker in live.collection.workers:
                    live.restart(worker)

        collector = Noting(200)
        result = steered(
            operate, RunSettings(samples=200, workers=4), collector, spawn=SimulatedWorker(rate=3.0)
        )
        places = {(sample.worker, sample.incarnation, sample.seq) for sample in collector.samples}
        assert len(places) == len(collector.samples)
        return result

    explore(lambda system: check(main(system)), seeds=range(20))


def check(result: Result) -> None:
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, 200)
    assert [worker.crashes for worker in result.workers] == [0, 0, 0, 0]
    assert result.restarts == 20
    assert_balanced(result)


def test_a_worker_that_is_given_up_is_started_again_and_its_incarnations_are_counted_on() -> None:
    collector = Noting(50)
    given_up: list[int] = []

    def operate(live: LiveRun) -> None:
        while not given_up:
            gevent.sleep(1.0)
        gevent.sleep(0.1)
        live.restart(given_up[0])

    def note(event: Event) -> None:
        if isinstance(event, WorkerGivenUp):
            given_up.append(event.worker)

    settings = RunSettings(workers=4)
    result = simulate(
        lambda _: steered(operate, settings, collector, spawn=dying_at_first(1), subscriber=note)
    ).result
    assert given_up == [1]
    assert not result.workers[0].given_up
    assert result.workers[0].samples > 0
    assert {sample.incarnation for sample in collector.samples if sample.worker == 1} == {7}
    assert_balanced(result)


def test_a_worker_that_rests_is_started_again_and_counts_as_one_that_is_left() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(0.5)
        assert live.collection.workers[2].rests
        live.restart(2)
        gevent.sleep(0.5)
        assert not live.collection.workers[2].rests

    def spawn(settings: Any) -> Any:
        spawned.append(settings.id)
        mortal = settings.id == 2 and spawned.count(2) == 1
        return SimulatedWorker(lifetime=(lambda: 0.1) if mortal else None)(settings)

    spawned: list[int] = []
    settings = RunSettings(workers=3)
    result = simulate(lambda _: steered(operate, settings, Noting(30), spawn=spawn)).result
    assert result.samples == 30
    assert result.workers[1].samples > 0
    assert [worker.crashes for worker in result.workers] == [0, 1, 0]


def test_a_worker_that_does_not_exist_and_one_of_a_run_that_has_not_begun_are_refused() -> None:
    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        with pytest.raises(ActorDeadError):
            live.restart(1)
        operator = gevent.spawn_later(1.0, refuse, live)
        yield
        operator.get()

    def refuse(live: LiveRun) -> None:
        with pytest.raises(UnknownChildError, match="the workers are 1 to 2"):
            live.restart(3)

    settings = RunSettings(samples=30, workers=2)
    result = simulate(lambda _: run(settings, control=control, spawn=SimulatedWorker())).result
    assert result.samples == 30


def test_the_flag_of_a_live_run_ends_it_with_the_samples_so_far() -> None:
    def operate(live: LiveRun) -> None:
        gevent.sleep(10.0)
        live.interrupted.set()

    settings = RunSettings(samples=1000, workers=2)
    result = simulate(lambda _: steered(operate, settings, spawn=SimulatedWorker())).result
    assert (result.outcome, 0 < result.samples < 1000) == (Outcome.INTERRUPTED, True)
