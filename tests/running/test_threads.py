"""Runs in threads of their own, each with an event loop of its own."""

import signal
from threading import get_native_id
from typing import Any

import gevent
import psutil
import pytest
from gevent.threadpool import ThreadPool

from rnd_actors.collectors import Outcome, Result
from rnd_actors.running import RunSettings, run
from tests.processes import PATIENCE_S


def run_in_a_thread(*flags: str, **settings: Any) -> tuple[Result, int]:
    """Do a small run; return its result, and which thread it was in."""
    arguments = ("-interval", "0.002", *flags)
    asked = RunSettings(samples=60, workers=4, base_port=0, worker_args=arguments, **settings)
    result = run(asked)
    gevent.get_hub().destroy(destroy_loop=True)
    return result, get_native_id()


@pytest.mark.parametrize("flags", [(), ("-crash-at", "9"), ("-crash-at", "9", "-exit-signal", "9")])
def test_a_run_in_a_thread_is_as_any_other(flags: tuple[str, ...]) -> None:
    pools = [ThreadPool(1), ThreadPool(1)]  # one of two could do both
    runs = [pool.spawn(run_in_a_thread, *flags) for pool in pools]
    results: list[Any] = [each.get(timeout=PATIENCE_S) for each in runs]
    for pool in pools:
        pool.kill()
    assert len({get_native_id(), *(thread for _, thread in results)}) == 3
    for result, _ in results:
        assert (result.outcome, result.samples) == (Outcome.COMPLETE, 60)
        if flags:
            died = f"was ended by {signal.SIGKILL.name}" if "9" in flags[2:] else "with code 2"
            assert result.restarts > 0
            for worker in result.workers:  # the loop of the main thread may have been faster
                last_exit = worker.last_exit or died
                assert died in last_exit or "has exited, and something else" in last_exit


def test_no_zombie_is_left_of_what_workers_have_started() -> None:
    pool = ThreadPool(1)
    done: Any = pool.spawn(run_in_a_thread, "-crash-at", "9", "-child")
    result, _ = done.get(timeout=PATIENCE_S)
    pool.kill()
    assert result.restarts > 0
    left = psutil.Process().children()
    assert [child for child in left if child.status() == psutil.STATUS_ZOMBIE] == []
