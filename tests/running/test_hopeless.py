"""Workers that never send a sample: the run ends, however patient it is."""

import pytest

from rnd_actors.collectors import Outcome
from rnd_actors.running import RunSettings, run
from rnd_actors.simulation import SimulatedWorker, simulate


@pytest.mark.parametrize("model", [SimulatedWorker(hang=1.0), SimulatedWorker(malformed=1.0)])
@pytest.mark.parametrize("patience", [0.5, 5.0, 60.0, pytest.param(3600.0, marks=pytest.mark.slow)])
def test_a_worker_that_never_sends_a_sample_is_given_up(
    model: SimulatedWorker, patience: float
) -> None:
    settings = RunSettings(samples=9, workers=2, start_timeout=patience, stall_timeout=patience)
    result = simulate(lambda _: run(settings, spawn=model), seed=1).result
    assert result.outcome is Outcome.FAILED
    assert "no worker is left" in result.reason
    assert [worker.starts for worker in result.workers] == [6, 6]


def test_patience_may_be_as_long_as_a_number_can_be() -> None:
    settings = RunSettings(samples=2, workers=1, start_timeout=1e308, stall_timeout=1e308)
    result = simulate(lambda _: run(settings, spawn=SimulatedWorker()), seed=1).result
    assert result.outcome is Outcome.COMPLETE
