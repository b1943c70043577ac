"""More workers than one machine takes, on hosts that are simulated: neither Dask nor processes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import gevent
import pytest

from rnd_actors import FixedTime, Outcome, RunSettings, run
from rnd_actors.cluster import _bridge_process
from rnd_actors.control import RunOperations
from rnd_actors.errors import SettingsError
from rnd_actors.running import LiveRun

_BRIDGE = sys.executable, "-m", "tests.benchmarks.cluster.simulated_bridge"
_SETTINGS = RunSettings(
    cluster="tcp://simulated:8786",
    hosts=4,
    workers=4,
    start_timeout=60.0,
    stall_timeout=60.0,
)


def test_a_run_over_a_cluster_is_scaled_to_more_than_a_thousand_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_bridge_process, "BRIDGE", _BRIDGE)

    def operate(live: LiveRun, operations: RunOperations) -> None:
        try:
            with gevent.Timeout(20.0):
                while live.collection.streaming < 4:
                    gevent.sleep(0.05)
            with pytest.raises(SettingsError, match="a whole number from 1 to 10000; got 10001"):
                live.scale(10_001)
            assert len(live.scale(1001).started) == 997
            status = operations.status()
            assert (len(status["workers"]), status["most_workers"]) == (1001, 10_000)
        finally:
            live.interrupted.set()

    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        operating = gevent.spawn(operate, live, RunOperations(live))
        yield
        operating.get()

    result = run(_SETTINGS, FixedTime(600.0), control=control)
    assert (result.outcome, len(result.workers)) == (Outcome.INTERRUPTED, 1001)
    assert result.lines.received == result.lines.accepted + result.lines.surplus
