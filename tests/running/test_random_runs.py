"""Whatever the workers do, a run returns exactly the samples asked for, and its ledger balances."""

import random
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnd_actors.actors import ActorSystem
from rnd_actors.collectors import Outcome, Result
from rnd_actors.running import RunSettings, run
from rnd_actors.simulation import (
    Crash,
    CutOff,
    Fault,
    Hang,
    SimulatedWorker,
    Slow,
    explore,
    simulate,
)

whatever = settings(
    deadline=None, print_blob=True, database=None, suppress_health_check=list(HealthCheck)
)


def assert_balanced(result: Result) -> None:
    lines = result.lines
    assert result.samples == lines.accepted == len(result.values)
    assert result.samples == sum(worker.samples for worker in result.workers)
    assert lines.received == lines.accepted + lines.surplus + lines.malformed
    assert lines.malformed == sum(worker.malformed for worker in result.workers)


flags = st.fixed_dictionaries(
    {},
    optional={
        "-crash-at": st.integers(2, 30),
        "-malformed-every": st.integers(2, 5),
        "-lines-per-chunk": st.integers(1, 7),
    },
)


@settings(whatever, max_examples=5)
@given(
    samples=st.integers(1, 80),
    workers=st.integers(1, 4),
    misbehaviour=flags,
    cut=st.sampled_from([(), ("-cut",)]),
)
def test_a_run_of_processes_is_exact_and_its_ledger_balances(
    samples: int, workers: int, misbehaviour: dict[str, int], cut: tuple[str, ...]
) -> None:
    extra = [text for name, value in misbehaviour.items() for text in (name, str(value))]
    result = run(
        RunSettings(
            samples=samples,
            workers=workers,
            base_port=0,
            worker_args=["-interval", "0.001", *extra, *cut],
        )
    )
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, samples)
    assert_balanced(result)


def faults(target: str, probability: float) -> list[Fault]:
    return [
        Crash(target, probability=probability),
        Hang(target, probability=probability),
        CutOff(target, seconds=1.0, probability=probability),
        Slow(target, seconds=2.5, probability=probability),
    ]


models = st.builds(
    SimulatedWorker,
    rate=st.floats(0.5, 20.0),
    first_delay=st.floats(0.0, 3.0),
    startup=st.floats(0.0, 3.0),
    lifetime=st.none() | st.floats(8.0, 60.0).map(lambda most: lambda: most * random.random()),
    hang=st.floats(0.0, 0.1),
    malformed=st.floats(0.0, 0.5),
)
runs = st.builds(
    RunSettings,
    samples=st.integers(1, 200),
    workers=st.integers(1, 8),
    deadline=st.none() | st.integers(1, 60).map(float),
)


@settings(whatever, max_examples=50)
@given(
    asked=runs,
    model=models,
    going_wrong=st.floats(0.0, 0.05).map(partial(faults, "process/*")),
    seed=st.integers(0, 10**9),
)
def test_a_simulated_run_is_exact_or_says_why_and_its_ledger_balances(
    asked: RunSettings, model: SimulatedWorker, going_wrong: list[Fault], seed: int
) -> None:
    simulated = simulate(lambda _: run(asked, spawn=model), seed, faults=going_wrong)
    result = simulated.result
    assert_balanced(result)
    assert result.samples <= asked.samples
    assert (result.outcome is Outcome.COMPLETE) == (result.samples == asked.samples)
    if asked.deadline is not None:
        assert simulated.elapsed_s <= asked.deadline
        if result.outcome is Outcome.DEADLINE:
            assert simulated.elapsed_s == asked.deadline


@pytest.mark.slow
def test_a_run_of_flaky_workers_is_exact_in_every_schedule() -> None:
    model = SimulatedWorker(
        rate=5.0, startup=0.5, lifetime=lambda: random.expovariate(1 / 20), malformed=0.1
    )

    def collect(_: ActorSystem) -> Result:
        result = run(RunSettings(samples=150, workers=6), spawn=model)
        assert (result.outcome, result.samples) == (Outcome.COMPLETE, 150)
        assert_balanced(result)
        return result

    going_wrong = [
        *faults("process/*", 0.005),
        Crash("workers/1", at=3.0),
        Crash("collector", at=4.0),
    ]
    results = [found.result for found in explore(collect, range(60), faults=going_wrong)]
    assert all(result.restarts > 0 for result in results)
    assert len({result.values for result in results}) == 60
