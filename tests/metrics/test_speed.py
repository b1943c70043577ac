"""A scrape is short: the loop stands still while it lasts."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import gevent
import pytest

from rnd_actors.actors import Actor, ActorSystem
from rnd_actors.metrics import Metrics
from rnd_actors.running import LiveRun, RunSettings, run
from rnd_actors.simulation import SimulatedWorker
from rnd_actors.supervision import ChildSpec, DynamicSupervisor, StartChild


def least_s(call: Callable[[], object]) -> float:
    """The least processor time that a call takes: nobody else's work counts."""
    times = []
    for _ in range(10):
        begun = time.process_time()
        call()
        times.append(time.process_time() - begun)
    return min(times)


def slowness() -> float:
    """How many times as long as on the machine of the limits a piece of work takes, at least 1."""

    def work() -> None:
        numbers = dict[int, str]()
        for number in range(100_000):
            numbers[number % 100] = str(number)

    return max(1.0, least_s(work) / 0.015)


@pytest.mark.slow
def test_a_thousand_actors_take_less_than_50_ms(system: ActorSystem) -> None:
    metrics = Metrics(system)
    supervisor = system.start(ChildSpec("all", DynamicSupervisor))
    for _ in range(1000):
        supervisor.ask(StartChild(ChildSpec[object]("one", Actor)))
    for number in range(300):
        name = "".join("ghijklmnop"[int(digit)] for digit in str(number))
        system.start(ChildSpec[object](name, Actor))
    assert metrics.text().count(b"\n") > 1000
    assert least_s(metrics.text) < 0.05 * slowness()
    metrics.close()


@pytest.mark.slow
def test_a_run_of_32_workers_takes_less_than_20_ms() -> None:
    taken: list[float] = []

    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        metrics = Metrics(live.system, live)

        def scrape() -> None:
            while len(live.collection.values) < 32:
                gevent.sleep(0.05)
            taken.append(least_s(metrics.text))
            live.interrupted.set()

        scraping = gevent.spawn(scrape)
        yield
        scraping.get()

    run(RunSettings(workers=32), control=control, spawn=SimulatedWorker(rate=2.0))
    assert taken[0] < 0.02 * slowness()
