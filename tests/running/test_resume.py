"""Runs that go on after a break."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Set
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import gevent
import pytest
from attrs import evolve
from gevent.event import Event as Flag

from rnd_actors import (
    Collector,
    EveryValue,
    FixedTime,
    Outcome,
    Result,
    RunSettings,
    Sample,
    SettingsError,
    StoreError,
    WorkerQuota,
    resume,
    run,
)
from rnd_actors.collectors import SamplesAccepted
from rnd_actors.events import Event
from rnd_actors.running import LiveRun
from rnd_actors.store import list_runs, read_run
from rnd_actors.workers import WorkerSpawned
from tests.processes import until


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


FEW: Final = ("-hang-at", "19")
"""Of three such workers one session has 54 samples at most, so that it cannot reach a goal of 60,
however late a test is to interrupt it."""


def settings(*outputs: Path, flags: tuple[str, ...] = FEW) -> RunSettings:
    return RunSettings(
        worker_args=("-interval", "0.005", *flags),
        outputs=outputs,
        samples=60,
        workers=3,
        base_port=0,
    )


def interrupted_after(count: int, of: RunSettings, collector: Collector | None = None) -> Result:
    """Run until at least so many samples are there, and then interrupt it."""
    flag, begun = Flag(), list[LiveRun]()

    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        begun.append(live)
        yield

    def listen(event: Event) -> None:
        if isinstance(event, SamplesAccepted) and event.total >= count:
            flag.set()
            until(lambda: begun[0].collection.conclusion)

    result = run(of, collector, control=control, subscriber=listen, interrupted=flag)
    assert result.outcome is Outcome.INTERRUPTED
    assert result.samples >= count
    return result


def assert_balanced(result: Result) -> None:
    lines = result.lines
    assert lines.received == lines.accepted + lines.surplus + lines.malformed
    assert lines.accepted == result.samples == sum(worker.samples for worker in result.workers)


def test_an_interrupted_run_goes_on_to_exactly_its_goal(store: Path) -> None:
    first = interrupted_after(20, settings(store))
    second = resume(store)
    assert (second.outcome, second.samples) == (Outcome.COMPLETE, 60)
    assert second.values[: first.samples] == first.values
    assert second.elapsed_s > first.elapsed_s
    assert second.lines.surplus >= first.lines.surplus
    assert_balanced(second)
    [stored] = list_runs(store)
    assert (stored.state, stored.samples, stored.sessions) == ("complete", 60, 2)
    assert read_run(store).result == second


def test_no_sample_is_told_twice_and_incarnations_are_counted_on(store: Path) -> None:
    interrupted_after(20, settings(store, flags=("-crash-at", "7")))
    before = max(life.number for life in read_run(store).incarnations)
    spawned: list[int] = []

    def listen(event: Event) -> None:
        if isinstance(event, WorkerSpawned):
            spawned.append(event.incarnation)

    resume(store, subscriber=listen)
    samples = read_run(store).samples
    assert len({(s.worker, s.incarnation, s.seq) for s in samples}) == 60
    assert [s.index for s in samples] == list(range(60))
    assert max(spawned) > before


def test_a_run_that_missed_its_deadline_gets_a_new_one(store: Path) -> None:
    slow = RunSettings(
        samples=16, workers=2, base_port=0, worker_args=("-interval", "0.3"), deadline=0.5,
        outputs=store,
    )  # fmt: skip
    assert run(slow).outcome is Outcome.DEADLINE
    assert resume(store, deadline=0.2).outcome is Outcome.DEADLINE
    result = resume(store, deadline=100.0)
    assert (result.outcome, result.samples, result.deadline_s) == (Outcome.COMPLETE, 16, 100.0)
    assert len(read_run(store).sessions) == 3


def test_a_run_whose_deadline_was_taken_away_goes_on_with_its_workers(store: Path) -> None:
    by_deadline = evolve(
        settings(store, flags=("-interval", "0.2")),
        workers=6,
        scale="deadline",
        deadline=60.0,
        give_up_early=True,
    )

    def operate(live: LiveRun) -> None:
        until(lambda: live.workers is not None and len(live.collection.values) > 1)
        live.change_deadline(None)
        live.scale(3)
        live.interrupted.set()

    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        operator = gevent.spawn(operate, live)
        yield
        operator.get()

    assert run(by_deadline, control=control).outcome is Outcome.INTERRUPTED
    result = resume(store)
    assert (result.outcome, result.samples, result.deadline_s) == (Outcome.COMPLETE, 60, None)
    assert sum(worker.left_s is None for worker in result.workers) == 3


def test_files_are_written_anew_with_all_samples(store: Path) -> None:
    lines, rows = store.with_name("s.jsonl"), store.with_name("s.csv")
    interrupted_after(20, settings(lines, store, rows))
    lines.write_text("somebody has scribbled here\n")
    result = resume(store)
    written = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [row["value"] for row in written] == list(result.values)
    assert len(rows.read_text().splitlines()) == 61


def test_a_run_goes_on_in_the_files_that_it_appends_to(store: Path) -> None:
    lines, rows = store.with_name("s.jsonl"), store.with_name("s.csv")
    run(evolve(settings(lines, rows), samples=5))
    earlier = (lines.read_text(), rows.read_text())
    interrupted_after(20, evolve(settings(lines, store, rows), existing="append"))
    result = resume(store)
    assert lines.read_text().startswith(earlier[0])
    assert rows.read_text().startswith(earlier[1])
    written = [json.loads(line) for line in lines.read_text().splitlines()][5:]
    assert [row["value"] for row in written] == list(result.values)
    assert len(rows.read_text().splitlines()) == 66


def test_what_another_run_has_appended_since_is_not_lost(store: Path) -> None:
    lines = store.with_name("s.jsonl")
    interrupted_after(20, evolve(settings(lines, store), existing="append"))
    run(evolve(settings(lines), samples=5, existing="append"))
    before = lines.read_text()
    with pytest.raises(SettingsError, match="that end with the run that goes on; move this one"):
        resume(store)
    assert lines.read_text() == before
    lines.rename(store.with_name("moved.jsonl"))
    assert resume(store).samples == len(lines.read_text().splitlines()) == 60


def test_the_collector_has_seen_what_was_collected_before(store: Path) -> None:
    values = range(0, 100, 3)
    crashing = settings(store, flags=("-crash-at", "40"))
    first = interrupted_after(20, crashing, EveryValue(values))
    second = resume(store)
    assert second.outcome is Outcome.COMPLETE
    assert second.values[: first.samples] == first.values
    last = second.values[-1]
    assert last in values
    assert set(values) - set(second.values[:-1]) == {last}
    assert second.findings == {"missing": 0}


def test_a_fixed_time_goes_on_without_its_breaks(store: Path) -> None:
    slow = settings(store, flags=("-interval", "0.1"))
    first = interrupted_after(60, slow, FixedTime(6.0))  # after two seconds at least
    second = resume(store)
    assert second.outcome is Outcome.COMPLETE
    assert first.elapsed_s < second.elapsed_s < first.elapsed_s + 6.0


def test_a_run_that_died_with_its_goal_reached_is_complete_without_a_worker(store: Path) -> None:
    run(settings(store))
    _forget_the_end_of(store)
    spawned: list[Event] = []
    result = resume(store, subscriber=spawned.append)
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, 60)
    assert not any(isinstance(event, WorkerSpawned) for event in spawned)
    assert list_runs(store)[0].state == "complete"


def _forget_the_end_of(store: Path) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE runs SET outcome = NULL, reason = NULL")


class Unmakeable(Collector):
    def __init__(self, wanted: int) -> None:
        self.wanted = wanted

    def is_reached(self, sample: Sample) -> bool:
        return sample.index + 1 >= self.wanted


def test_a_collector_that_cannot_be_made_again_has_to_be_given(store: Path) -> None:
    interrupted_after(10, settings(store), Unmakeable(30))
    before = store.read_bytes()
    with pytest.raises(StoreError, match=r"resume it from a program, with resume\(store, run, co"):
        resume(store)
    assert store.read_bytes() == before
    result = resume(store, collector=Unmakeable(30))
    assert (result.outcome, result.samples) == (Outcome.COMPLETE, 30)


class Forgetful(WorkerQuota):
    def accepts(self, sample: Sample) -> bool:
        raise LookupError(f"no worker {sample.worker}")


class Unsure(WorkerQuota):
    def attainable(self, workers: Set[int]) -> int:
        raise LookupError("no worker 1")


@pytest.mark.parametrize("kind", [Forgetful, Unsure])
def test_a_collector_that_raises_at_what_is_stored_is_told_in_words(
    store: Path, kind: type[WorkerQuota]
) -> None:
    interrupted_after(5, settings(store))
    with pytest.raises(SettingsError, match=rf"LookupError: no worker \d.*{kind.__name__}"):
        resume(store, collector=kind(20, workers=3))


def test_a_store_that_was_moved_is_the_store_of_the_run(store: Path) -> None:
    interrupted_after(20, settings(store))
    moved = store.rename(store.with_name("moved.db"))
    assert resume(moved).samples == 60
    assert not store.exists()


def test_a_complete_run_has_nothing_to_resume(store: Path) -> None:
    run(settings(store))
    with pytest.raises(StoreError, match="is complete: there is nothing to resume"):
        resume(store)


def test_a_run_that_goes_on_is_not_resumed_by_anybody_else(store: Path) -> None:
    refused: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, SamplesAccepted) and not refused:
            with pytest.raises(StoreError) as caught:
                resume(store)
            refused.append(str(caught.value))

    assert run(settings(store), subscriber=listen).outcome is Outcome.COMPLETE
    assert refused == [f"run 1 in {store} is still running; wait until it has ended"]


def test_a_deadline_that_is_none_is_refused(store: Path) -> None:
    interrupted_after(10, settings(store))
    with pytest.raises(SettingsError, match="deadline takes seconds > 0"):
        resume(store, deadline=-1.0)


def test_what_is_no_store_is_refused_before_a_worker_is_started(tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    events: list[Event] = []
    store.write_text("index,value\n" * 20)
    with pytest.raises(StoreError, match="it is no SQLite database"):
        run(settings(store), subscriber=events.append)
    assert events == []
    assert store.read_text() == "index,value\n" * 20


def steered_until(
    count: int,
    of: RunSettings,
    steer: Callable[[LiveRun], object],
    collector: Collector | None = None,
) -> Result:
    """Run until so many samples are there, after `steer` was called in the middle of it."""
    flag = Flag()

    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        def operate() -> None:
            until(lambda: len(live.collection.values) > 5)
            steer(live)
            until(lambda: len(live.collection.values) >= count)
            flag.set()

        operator = gevent.spawn(operate)
        yield
        operator.get()

    return run(of, collector, control=control, interrupted=flag)


def test_a_run_goes_on_with_the_goal_the_deadline_and_the_workers_that_it_had_last(
    store: Path,
) -> None:
    def steer(live: LiveRun) -> None:
        live.change_goal(80)
        live.change_deadline(60.0)
        live.scale(4, drain=[1])

    first = steered_until(40, settings(store, flags=("-hang-at", "14")), steer)
    assert (first.outcome, first.goal, first.deadline_s) == (Outcome.INTERRUPTED, 80, 60.0)
    stored = read_run(store).result
    assert stored == first
    spawned: set[int] = set()
    second = resume(store, subscriber=partial(_note_spawned, spawned))
    assert (second.outcome, second.samples) == (Outcome.COMPLETE, 80)
    assert spawned == {1, 2, 3, 4}
    assert [worker.id for worker in second.workers] == [1, 2, 3, 4, 5]
    came_back = second.workers[0]
    assert first.elapsed_s - 0.05 <= came_back.joined_s < second.elapsed_s
    assert came_back.left_s is None
    joined_s = [[each.joined_s for each in result.workers[1:]] for result in (first, second)]
    assert joined_s[0] == joined_s[1]
    assert second.workers[4].left_s is not None
    assert first.elapsed_s - 0.05 <= second.workers[4].left_s < second.elapsed_s
    assert_balanced(second)


def test_workers_that_left_come_back_if_the_others_cannot_reach_a_quota(
    store: Path,
) -> None:
    def steer(live: LiveRun) -> None:
        live.scale(1)

    first = steered_until(20, settings(store), steer, WorkerQuota(20, workers=3))
    assert first.samples < 60
    second = resume(store)
    assert (second.outcome, second.samples) == (Outcome.COMPLETE, 60)
    assert [worker.samples for worker in second.workers] == [20, 20, 20]
    assert_balanced(second)


def test_a_quota_that_its_last_workers_reach_goes_on_with_those(store: Path) -> None:
    def steer(live: LiveRun) -> None:
        live.scale(3, drain=[2])

    first = steered_until(20, settings(store), steer, WorkerQuota(30, workers=3))
    assert first.outcome is Outcome.INTERRUPTED
    spawned: set[int] = set()
    second = resume(store, subscriber=partial(_note_spawned, spawned))
    assert (second.outcome, second.samples, spawned) == (Outcome.COMPLETE, 90, {1, 2, 3})


def _note_spawned(spawned: set[int], event: Event) -> None:
    if isinstance(event, WorkerSpawned):
        spawned.add(event.worker)


def test_a_run_of_somebody_else_stays_one_when_it_is_steered(store: Path) -> None:
    interrupted_after(10, settings(store, flags=("-hang-at", "9")))
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("UPDATE runs SET seal = 'of somebody else'")
    flag = Flag()

    @contextmanager
    def control(live: LiveRun) -> Iterator[None]:
        operator = gevent.spawn(operate, live)
        yield
        operator.get()

    def operate(live: LiveRun) -> None:
        until(lambda: live.workers is not None)
        live.change_deadline(60.0)
        flag.set()

    resume(store, trusted=True, control=control, interrupted=flag)
    with pytest.raises(StoreError, match="was not begun by you"):
        resume(store)
