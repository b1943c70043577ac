"""The metrics of a run: its figures are those of its result, while it goes on and at its end."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import gevent
import pytest
from attrs import define, evolve

from rnd_actors import errors
from rnd_actors.collectors import Result
from rnd_actors.control import ask, runs, serve_run
from rnd_actors.metrics import Metrics
from rnd_actors.running import LiveRun, RunSettings, run
from rnd_actors.simulation import SimulatedWorker, simulate
from rnd_actors.workers import LinesLost, WorkerSpawned
from tests.metrics.figures import Series, counters_of, scraped

FLAKY = SimulatedWorker(
    rate=3.0, startup=0.5, malformed=0.1, lifetime=lambda: random.expovariate(1 / 5)
)


@define
class Measured:
    """A run that was measured: its result, and the series at its end."""

    result: Result
    series: Series


def measured(
    settings: RunSettings,
    spawn: Callable[[Any], Any],
    look: Callable[[LiveRun, Metrics], object] = lambda *_: None,
) -> Measured:
    """Do a run in virtual time beside which `look` is called in a greenlet of its own."""
    kept: list[Metrics] = []

    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        kept.append(Metrics(live.system, live))
        looking = gevent.spawn(look, live, kept[0])
        yield
        looking.get()

    def main(_: object) -> Measured:
        result = run(settings, control=control, spawn=spawn)
        return Measured(result, scraped(kept[0]))

    return simulate(main).result


def assert_equal(series: Series, result: Result) -> None:
    """The figures of a run are those of its result."""
    for outcome in ("accepted", "surplus", "malformed", "lost"):
        number = getattr(result.lines, outcome)
        assert series[f'rnd_actors_run_samples_total{{outcome="{outcome}"}}'] == number
    for worker in result.workers:
        label = f'{{worker="{worker.id}"}}'
        assert series[f"rnd_actors_worker_starts_total{label}"] == worker.starts
        if worker.startup_s is not None:
            waited_s = series[f"rnd_actors_worker_first_sample_seconds_sum{label}"]
            streams = series[f"rnd_actors_worker_first_sample_seconds_count{label}"]
            assert waited_s / streams == pytest.approx(worker.startup_s)
    crashes = [worker.crashes for worker in result.workers]
    assert sum(crashes_of(series).values()) == sum(crashes)
    assert series['rnd_actors_restarts_total{actor="workers/*"}'] == result.restarts
    for host in result.hosts:
        for name in ("samples", "crashes", "lost"):
            number = getattr(host, name)
            assert series[f'rnd_actors_host_{name}_total{{host="{host.host}"}}'] == number
    ended = {name for name, value in series.items() if "run_ended" in name and value}
    assert ended == {f'rnd_actors_run_ended{{outcome="{result.outcome.value}"}}'}


def crashes_of(series: Series) -> dict[str, float]:
    """The crashes by their reasons, of those that came to pass."""
    return {
        name.split('"')[1]: value
        for name, value in series.items()
        if name.startswith("rnd_actors_worker_crashes_total") and value
    }


def test_the_figures_at_the_end_are_those_of_the_result() -> None:
    run = measured(RunSettings(samples=300, workers=4, deadline=3600.0), FLAKY)
    assert_equal(run.series, run.result)
    assert run.result.restarts > 5
    assert run.result.lines.malformed > 5
    assert crashes_of(run.series).keys() == {"WorkerExitedError"}
    assert run.series["rnd_actors_run_goal"] == 300
    assert {run.series[f'rnd_actors_worker_up{{worker="{n}"}}'] for n in range(1, 5)} == {0}


@pytest.mark.parametrize("ends", ["deadline", "interrupted", "failed"])
def test_the_figures_of_a_run_that_misses_its_goal_are_those_of_the_result(ends: str) -> None:
    def look(live: LiveRun, _: Metrics) -> None:
        if ends == "interrupted":
            gevent.sleep(10.0)
            live.interrupted.set()

    spawn = SimulatedWorker(lifetime=lambda: 0.1, first_delay=1.0) if ends == "failed" else FLAKY
    deadline = 15.0 if ends == "deadline" else None
    run = measured(RunSettings(samples=10_000, workers=2, deadline=deadline), spawn, look)
    assert run.result.outcome.value == ends
    assert_equal(run.series, run.result)


def test_no_counter_goes_down_and_the_gauges_follow_a_run() -> None:
    seen: list[Series] = []

    def look(live: LiveRun, metrics: Metrics) -> None:
        before = counters_of(metrics)
        begun_at = time.time()
        while live.collection.conclusion is None:
            gevent.sleep(0.7)
            after = counters_of(metrics)
            assert not {each for each, value in before.items() if after[each] < value}
            before = after
            seen.append(scraped(metrics))
            deadline = seen[-1]["rnd_actors_run_deadline_timestamp_seconds"]
            assert deadline == pytest.approx(begun_at + 3600.0, abs=0.1)

    measured(RunSettings(samples=300, workers=4, deadline=3600.0), FLAKY, look)
    assert {each['rnd_actors_worker_up{worker="3"}'] for each in seen} == {0, 1}
    assert {each['rnd_actors_actors{actor="workers/*"}'] for each in seen[:-1]} == {4}


def test_the_projected_end_comes_close_to_the_real_one_and_is_gone_then() -> None:
    name = "rnd_actors_run_projected_end_timestamp_seconds"
    projected: list[float] = []
    ended_at: list[float] = []

    def look(live: LiveRun, metrics: Metrics) -> None:
        assert name not in scraped(metrics)
        gevent.sleep(20.0)
        projected.append(scraped(metrics)[name])
        while live.collection.conclusion is None:
            gevent.sleep(0.1)
        ended_at.append(time.time())

    run = measured(RunSettings(samples=200, workers=2), SimulatedWorker(rate=2.0), look)
    assert projected[0] == pytest.approx(ended_at[0], abs=1.5)
    assert name not in run.series
    assert "rnd_actors_run_deadline_timestamp_seconds" not in run.series


def test_crashes_have_a_bounded_number_of_reasons_which_are_there_from_the_beginning() -> None:
    numbers = count(1)

    def spawn(settings: Any) -> Any:
        number = next(numbers)
        if number > 12:
            raise type(f"Mishap{number}Error", (Exception,), {})
        return SimulatedWorker(rate=10.0, lifetime=lambda: 1.0)(settings)

    run = measured(RunSettings(samples=1000, workers=12), spawn)
    reasons = [name for name in run.series if name.startswith("rnd_actors_worker_crashes_total")]
    assert len(reasons) <= 30
    assert 'rnd_actors_worker_crashes_total{reason="other"}' in reasons
    expected = {each for each in errors.__all__ if each.startswith(("Worker", "Stream"))}
    for name in expected - {"WorkerError"}:
        assert f'rnd_actors_worker_crashes_total{{reason="{name}"}}' in reasons
    assert_equal(run.series, run.result)


def test_status_metrics_and_result_of_a_real_run_agree() -> None:
    kept: list[Metrics] = []
    status: dict[str, Any] = {}

    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        kept.append(Metrics(live.system, live))
        with serve_run(live):
            yield
            [address] = runs()
            status.update(ask(address, "status"))

    settings = RunSettings(
        samples=200,
        workers=3,
        base_port=0,
        worker_args=("-interval", "0.005", "-crash-every", "30"),
    )
    result = run(settings, control=control)
    series = scraped(kept[0])
    assert_equal(series, result)
    assert status["samples"] == series['rnd_actors_run_samples_total{outcome="accepted"}'] == 200
    assert status["goal"] == series["rnd_actors_run_goal"]
    for worker in status["workers"]:
        starts = series[f'rnd_actors_worker_starts_total{{worker="{worker["id"]}"}}']
        assert worker["restarts"] == starts - 1


def test_a_run_that_is_scaled_and_given_another_goal_and_deadline_is_followed() -> None:
    seen: list[Series] = []

    def look(live: LiveRun, metrics: Metrics) -> None:
        gevent.sleep(5.0)
        seen.append(scraped(metrics))
        live.scale(3)
        live.change_goal(60)
        live.change_deadline(120.0)
        gevent.sleep(5.0)
        seen.append(scraped(metrics))
        live.scale(1, drain=[1, 2])
        gevent.sleep(5.0)
        seen.append(scraped(metrics))

    run = measured(RunSettings(samples=1000, workers=2, deadline=60.0), SimulatedWorker(), look)
    assert [each["rnd_actors_run_goal"] for each in seen] == [1000, 60, 60]
    deadlines = [each["rnd_actors_run_deadline_timestamp_seconds"] for each in seen]
    assert [each - deadlines[0] for each in deadlines] == pytest.approx([0.0, 60.0, 60.0])
    up = 'rnd_actors_worker_up{{worker="{}"}}'
    assert [[each.get(up.format(n)) for n in (1, 2, 3)] for each in seen] == [
        [1, 1, None],
        [1, 1, 1],
        [0, 0, 1],
    ]
    assert run.result.samples == 60
    assert_equal(run.series, run.result)


def test_the_figures_of_hosts_are_those_of_the_result() -> None:
    seen: list[Series] = []

    def look(live: LiveRun, metrics: Metrics) -> None:
        def place(spawned: WorkerSpawned) -> None:
            """Say, as a cluster does, on which host a worker is: the odd ones go from A to B."""
            if spawned.host is None:
                host = "B" if spawned.worker % 2 == 0 or spawned.incarnation > 1 else "A"
                gevent.spawn(live.system.events.publish, evolve(spawned, host=host))

        live.system.events.subscribe(place, to=WorkerSpawned)
        gevent.sleep(1.0)
        seen.append(scraped(metrics))
        gevent.sleep(19.0)
        live.system.events.publish(LinesLost(1, 1, lines=7, host="A"))

    run = measured(RunSettings(samples=300, workers=4), FLAKY, look)
    up = 'rnd_actors_host_workers_up{{host="{}"}}'
    assert [seen[0][up.format(host)] for host in "AB"] == [2, 2]
    assert [run.series[up.format(host)] for host in "AB"] == [0, 0]
    assert [host.host for host in run.result.hosts] == ["A", "B"]
    assert sum(host.samples for host in run.result.hosts) == 300
    assert run.result.lines.lost == 7
    assert_equal(run.series, run.result)


def test_hosts_are_bounded_and_without_a_cluster_there_are_none() -> None:
    def look(live: LiveRun, _: Metrics) -> None:
        for number in range(300):
            live.system.events.publish(WorkerSpawned(1, 1, 99, 3001, f"10.0.1.{number}"))

    series = measured(RunSettings(samples=300, workers=2), SimulatedWorker(), look).series
    hosts = [name for name in series if name.startswith("rnd_actors_host_samples_total")]
    assert len(hosts) == 200
    assert 'rnd_actors_host_samples_total{host="other"}' in hosts
    alone = measured(RunSettings(samples=10, workers=2), SimulatedWorker()).series
    assert not any("_host_" in name for name in alone)
