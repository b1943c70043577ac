"""A run whose goal is reached ends soon, however its workers like that."""

import time

import pytest

from rnd_actors.collectors import Outcome, SamplesAccepted
from rnd_actors.events import Event
from rnd_actors.running import RunSettings, run
from rnd_actors.workers import WorkerSettings

GRACE = WorkerSettings(id=1, port=3001).grace


@pytest.mark.slow
def test_sixteen_workers_that_ignore_sigterm_cost_one_grace_period() -> None:
    reached_at = 0.0

    def note(event: Event) -> None:
        nonlocal reached_at
        if isinstance(event, SamplesAccepted) and event.progress == 1.0:
            reached_at = time.monotonic()

    flags = ("-interval", "0.01", "-ignore-term", "-child")
    settings = RunSettings(samples=2000, workers=16, worker_args=flags, base_port=0)
    result = run(settings, subscriber=note)
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, 2000)
    assert all(worker.samples for worker in result.workers)
    assert GRACE <= time.monotonic() - reached_at < 8 * GRACE  # one after the other: 16
