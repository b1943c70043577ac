"""Runs that go on after a break."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

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
    resume,
    run,
)
from rnd_actors.collectors import SamplesAccepted
from rnd_actors.events import Event
from rnd_actors.store import list_runs, read_run
from rnd_actors.workers import WorkerSpawned


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def settings(*outputs: Path, flags: tuple[str, ...] = ()) -> RunSettings:
    return RunSettings(
        worker_args=("-interval", "0.005", *flags),
        outputs=outputs,
        samples=60,
        workers=3,
        base_port=0,
    )


def interrupted_after(count: int, of: RunSettings, collector: Collector | None = None) -> Result:
    """Run until at least so many samples are there, and then interrupt it."""
    flag = Flag()

    def listen(event: Event) -> None:
        if isinstance(event, SamplesAccepted) and event.total >= count:
            flag.set()

    result = run(of, collector, subscriber=listen, interrupted=flag)
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
        samples=8, workers=2, base_port=0, worker_args=("-interval", "0.3"), deadline=0.5,
        outputs=store,
    )  # fmt: skip
    assert run(slow).outcome is Outcome.DEADLINE
    assert resume(store, deadline=0.2).outcome is Outcome.DEADLINE
    result = resume(store, deadline=20.0)
    assert (result.outcome, result.samples, result.deadline_s) == (Outcome.COMPLETE, 8, 20.0)
    assert len(read_run(store).sessions) == 3


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
    first = interrupted_after(20, settings(store), EveryValue(values))
    second = resume(store)
    assert second.outcome is Outcome.COMPLETE
    assert second.values[: first.samples] == first.values
    last = second.values[-1]
    assert last in values
    assert set(values) - set(second.values[:-1]) == {last}
    assert second.findings == {"missing": 0}


def test_a_fixed_time_goes_on_without_its_breaks(store: Path) -> None:
    first = interrupted_after(20, settings(store), FixedTime(0.5))
    second = resume(store)
    assert second.outcome is Outcome.COMPLETE
    assert first.elapsed_s < second.elapsed_s <= 0.6


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
