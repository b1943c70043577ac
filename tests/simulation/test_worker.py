"""Simulated workers under the real worker actor."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import pytest

from rnd_actors.actors import ActorSystem, Crashed
from rnd_actors.errors import (
    SettingsError,
    StreamCutError,
    WorkerError,
    WorkerExitedError,
    WorkerRefusedError,
    WorkerSilentError,
    WorkerStartError,
    WorkerUnreachableError,
)
from rnd_actors.running import RunSettings, run
from rnd_actors.simulation import (
    Crash,
    CutOff,
    Fault,
    Hang,
    SimulatedWorker,
    Slow,
    VirtualTime,
    simulate,
)
from rnd_actors.supervision import ChildDown, ChildSpec, Restart, Supervisor
from rnd_actors.testing import Probe
from rnd_actors.workers import (
    MalformedLine,
    Samples,
    Worker,
    WorkerActor,
    WorkerSettings,
    WorkerSpawned,
)

HOUR = 3600.0
STEADY = SimulatedWorker()


def settings(**options: Any) -> WorkerSettings:
    return WorkerSettings(id=3, port=3003, **options)


class Bench:
    """A supervisor with one simulated worker, and a probe in the place of its collector."""

    def __init__(self, system: ActorSystem, model: SimulatedWorker, **options: Any) -> None:
        self.events: list[Any] = []
        system.events.subscribe(self.events.append)
        self.collector = Probe(system, "collector", timeout=24 * HOUR)
        self.system = system
        child = ChildSpec(
            "3",
            lambda: WorkerActor(settings(**options), self.collector.ref, model),
            restart=Restart.DELEGATED,
            decider=self.collector.ref,
        )
        system.start(ChildSpec("workers", lambda: Supervisor([child]), restart=Restart.TEMPORARY))

    def crash(self) -> tuple[float, WorkerError]:
        """Wait for the worker to go down; return when and why."""
        down = self.collector.fish_for(ChildDown)
        assert isinstance(down.reason, Crashed)
        assert isinstance(down.reason.error, WorkerError)
        return time.monotonic(), down.reason.error

    def samples(self) -> list[Samples]:
        return [message for message in self.collector.seen if isinstance(message, Samples)]

    def times(self) -> list[float]:
        """When each line came that is a sample."""
        return [batch.received_at for batch in self.samples() for _ in batch.values]

    def seen(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@contextmanager
def bench(model: SimulatedWorker = STEADY, *faults: Fault, **options: Any) -> Iterator[Bench]:
    with VirtualTime(faults=faults), ActorSystem() as system:
        yield Bench(system, model, **options)


def test_numbers_come_at_their_rate_after_the_first_delay() -> None:
    model = SimulatedWorker(rate=4.0, first_delay=2.0, startup=1.0)
    with bench(model, Crash("process/3", at=4.1)) as worker:
        worker.crash()
        assert worker.times() == [3.0, 3.25, 3.5, 3.75, 4.0]
        assert all(0 <= value < 100 for batch in worker.samples() for value in batch.values)


def test_a_slow_one_needs_so_many_times_as_long_for_each_number() -> None:
    model = SimulatedWorker(slow_share=1.0, slow_factor=3.0, lifetime=lambda: 7.5)
    with bench(model) as worker:
        worker.crash()
        assert worker.times() == [0.0, 3.0, 6.0]


def test_each_process_is_slow_by_the_same_chance() -> None:
    def gap_s() -> float:
        return SimulatedWorker(slow_share=0.2)(settings()).draw_gap_s()

    with VirtualTime(seed=1):
        gaps = [gap_s() for _ in range(1000)]
    assert set(gaps) == {1.0, 4.0}
    assert 160 < gaps.count(4.0) < 240


def test_irregular_numbers_come_after_exponential_gaps() -> None:
    with VirtualTime(seed=1):
        process = SimulatedWorker(rate=2.0, irregular=True)(settings())
        gaps = [process.draw_gap_s() for _ in range(1000)]
    assert sum(gaps) == pytest.approx(500.0, rel=0.1)
    assert sum(gap * gap for gap in gaps) == pytest.approx(500.0, rel=0.2)


def test_a_simulated_worker_runs_for_its_lifetime() -> None:
    lifetimes = iter([2.5, 1.5])
    with bench(SimulatedWorker(lifetime=lambda: next(lifetimes))) as worker:
        when, error = worker.crash()
        assert (when, worker.times()) == (2.5, [0.0, 1.0, 2.0])
        assert isinstance(error, WorkerExitedError)
        assert str(error) == "worker 3 exited with code 2"
        assert error.last_words == ("panic: out of luck",)


def test_a_restart_is_a_new_process_with_a_lifetime_of_its_own() -> None:
    lifetimes = iter([2.5, 1.5, 100.0])

    def main(_: ActorSystem) -> tuple[int, float]:
        result = run(RunSettings(samples=8, workers=1), spawn=model)
        return result.restarts, result.elapsed_s

    model = SimulatedWorker(lifetime=lambda: next(lifetimes))
    restarts, elapsed = simulate(main).result
    assert restarts == 2
    assert elapsed == 2.5 + 1.5 + 2.0


def test_a_crash_at_its_time_explains_the_end_of_the_stream() -> None:
    with bench(STEADY, Crash("process/3", at=10.5)) as worker:
        when, error = worker.crash()
        assert when == 10.5
        assert str(error) == "worker 3 exited with code 2"
        assert len(worker.times()) == 11


def test_a_crash_by_chance_comes_before_a_line() -> None:
    with bench(STEADY, Crash("process/*", probability=0.1)) as worker:
        when, error = worker.crash()
        assert isinstance(error, WorkerExitedError)
        assert len(worker.times()) == when > 0


def test_a_worker_that_hangs_is_given_up_after_just_the_stall_timeout() -> None:
    with bench(STEADY, Hang("process/3", at=5.5), stall_timeout=7.0) as worker:
        when, error = worker.crash()
        assert worker.times()[-1] == 5.0
        assert when == 6.0 + 7.0
        assert isinstance(error, WorkerSilentError)
        assert str(error) == "worker 3: silent for 7 s"


def test_a_simulated_worker_hangs_by_its_law() -> None:
    with bench(SimulatedWorker(hang=0.2), stall_timeout=7.0) as worker:
        when, error = worker.crash()
        assert isinstance(error, WorkerSilentError)
        assert when == len(worker.times()) + 7.0
    with bench(SimulatedWorker(hang=1.0), stall_timeout=7.0) as worker:
        assert worker.crash()[0] == 7.0
        assert worker.times() == []


def test_a_first_number_that_comes_too_late_does_not_come() -> None:
    with bench(SimulatedWorker(first_delay=60.0), stall_timeout=7.0) as worker:
        when, error = worker.crash()
        assert (when, worker.times()) == (7.0, [])
        assert isinstance(error, WorkerSilentError)


def test_a_slow_line_holds_up_those_behind_it() -> None:
    faults = Slow("process/3", seconds=2.5, at=1.5), Crash("process/3", at=6.5)
    with bench(STEADY, *faults) as worker:
        worker.crash()
        assert worker.times() == [0.0, 1.0, 4.5, 4.5, 4.5, 5.0, 6.0]


def test_a_worker_that_is_slower_than_the_stall_timeout_is_silent() -> None:
    with bench(STEADY, Slow("process/3", seconds=8.0, at=1.5), stall_timeout=7.0) as worker:
        when, error = worker.crash()
        assert when == 2.0 + 7.0
        assert isinstance(error, WorkerSilentError)


def test_a_stream_that_is_cut_off_ends_in_half_a_line_that_is_malformed() -> None:
    with bench(STEADY, CutOff("process/3", at=2.5)) as worker:
        when, error = worker.crash()
        assert when == 3.0 + 0.5
        assert isinstance(error, StreamCutError)
        assert str(error) == "worker 3: the connection was cut"
        assert (worker.times(), worker.samples()[-1].received) == ([0.0, 1.0, 2.0], 4)
        assert [event.line for event in worker.seen(MalformedLine)] == [b"rnd=1"]


def test_malformed_lines_come_by_their_law_and_the_ledger_balances() -> None:
    model = SimulatedWorker(malformed=0.3, lifetime=lambda: 100.5)
    with bench(model) as worker:
        worker.crash()
        malformed = sum(batch.malformed for batch in worker.samples())
        assert 10 < malformed < 60
        assert len(worker.times()) + malformed == worker.samples()[-1].received == 101
    with bench(SimulatedWorker(malformed=1.0, lifetime=lambda: 5.5)) as worker:
        worker.crash()
        assert {event.line for event in worker.seen(MalformedLine)} == {b"oops"}


@pytest.mark.parametrize(("startup", "first"), [(0.0, 0.0), (0.12, 0.12), (4.99, 4.99)])
def test_a_worker_that_listens_late_is_asked_as_soon_as_it_does(
    startup: float, first: float
) -> None:
    faults = Crash("process/3", at=first + 0.5)
    with bench(SimulatedWorker(startup=startup), faults) as worker:
        worker.crash()
        assert worker.times() == [pytest.approx(first)]


def test_a_worker_that_does_not_listen_within_the_start_timeout_is_given_up() -> None:
    with bench(SimulatedWorker(startup=60.0), start_timeout=2.0) as worker:
        when, error = worker.crash()
        assert 2.0 <= when <= 2.06
        assert isinstance(error, WorkerStartError)
        assert str(error) == "worker 3: does not listen on port 3003 after 2 s"


def test_a_worker_that_crashes_before_it_listens_is_noticed_at_once() -> None:
    with bench(SimulatedWorker(startup=60.0, lifetime=lambda: 1.25)) as worker:
        when, error = worker.crash()
        assert when == 1.25
        assert str(error) == "worker 3 exited with code 2"


def test_a_worker_is_asked_again_when_it_has_sent_all_it_was_asked_for() -> None:
    model = SimulatedWorker(first_delay=2.0, lifetime=lambda: 11.5)
    with bench(model, numbers_per_request=3) as worker:
        worker.crash()
        assert worker.times() == [2.0, 3.0, 4.0, 6.0, 7.0, 8.0, 10.0, 11.0]
        assert [batch.first_seq for batch in worker.samples()] == list(range(8))
        assert len(worker.seen(WorkerSpawned)) == 1


def test_stopping_a_simulated_worker_takes_no_time_and_ends_it() -> None:
    model = RecordingWorker()

    def main(system: ActorSystem) -> None:
        probe = Probe(system)
        system.start(ChildSpec("3", lambda: WorkerActor(settings(), probe.ref, model)))
        gevent.sleep(10.5)

    assert simulate(main).elapsed_s == 10.5
    [process] = model.spawned
    assert process.exit_code == -15


class RecordingWorker:
    """A steady worker that is kept, to be looked at."""

    def __init__(self) -> None:
        self.spawned: list[Worker] = []

    def __call__(self, settings: WorkerSettings) -> Worker:
        self.spawned.append(STEADY(settings))
        return self.spawned[-1]


def test_a_simulated_worker_serves_one_request_at_a_time() -> None:
    with VirtualTime():
        process = STEADY(settings())
        gevent.sleep(1.0)
        stream = process.open_stream(settings())
        with pytest.raises(WorkerRefusedError, match="429"):
            process.open_stream(settings())
        stream.close()
        assert next(iter(process.open_stream(settings()))).startswith(b"rnd=")


def test_a_worker_that_was_cut_off_lives_on_and_can_be_asked_again() -> None:
    with VirtualTime(faults=[CutOff("process/3", at=0.5)]):
        process = STEADY(settings())
        gevent.sleep(1.0)
        stream = process.open_stream(settings())
        with pytest.raises(StreamCutError):
            list(stream)
        stream.close()
        assert process.exit_code is None
        assert next(iter(process.open_stream(settings()))).startswith(b"rnd=")


def test_nobody_listens_before_the_startup_and_after_the_end() -> None:
    with VirtualTime():
        process = SimulatedWorker(startup=1.0)(settings())
        with pytest.raises(WorkerUnreachableError):
            process.open_stream(settings())
        gevent.sleep(2.0)
        process.open_stream(settings())
        process.end(grace=2.0)
        assert (process.exit_code, process.exited.is_set()) == (-15, True)
        with pytest.raises(WorkerUnreachableError):
            process.open_stream(settings())


def test_simulated_workers_work_in_real_time_too() -> None:
    model = SimulatedWorker(rate=10_000.0)
    result = run(RunSettings(samples=50, workers=2), spawn=model)
    assert (result.samples, result.restarts) == (50, 0)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_fails_a_run_is_exact_and_its_ledger_balances(seed: int) -> None:
    model = SimulatedWorker(rate=2.0, malformed=0.05, hang=0.01, startup=0.5)
    faults = [
        Crash("process/*", probability=0.02),
        CutOff("process/*", probability=0.01),
        Slow("process/*", seconds=3.0, probability=0.02),
        Crash("process/1", at=20.0),
    ]
    simulated = simulate(
        lambda _: run(RunSettings(samples=500, workers=4), spawn=model), seed, faults=faults
    )
    lines = simulated.result.lines
    assert simulated.result.samples == lines.accepted == 500
    assert lines.received == lines.accepted + lines.surplus + lines.malformed
    assert simulated.result.restarts > 0
    assert lines.malformed > 0


@pytest.mark.parametrize(
    "options",
    [
        {"rate": 0.0},
        {"first_delay": -1.0},
        {"startup": -0.1},
        {"hang": 1.5},
        {"malformed": float("nan")},
        {"slow_share": -0.1},
        {"slow_factor": 0.5},
        {"irregular": 1},
    ],
)
def test_a_law_is_in_its_ranges(options: dict[str, Any]) -> None:
    [name] = options
    with pytest.raises(SettingsError, match=f"{name} takes"):
        SimulatedWorker(**options)


def test_a_simulated_run_needs_no_free_ports_and_is_the_same_again() -> None:
    settings = RunSettings(samples=10, workers=3, base_port=0)
    results = [simulate(lambda _: run(settings, spawn=SimulatedWorker())).result for _ in range(2)]
    assert results[0] == results[1]
    assert [worker.port for worker in results[0].workers] == [1, 2, 3]
