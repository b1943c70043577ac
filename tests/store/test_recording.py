"""What is recorded is there, and is there once."""

from itertools import count
from pathlib import Path
from sys import float_info
from types import SimpleNamespace

import pytest
from attrs import evolve

from rnd_actors import Collection, Crashed, Outcome, StoreError, WorkerError
from rnd_actors.collectors import Counts, SamplesAccepted, WorkerOnHost
from rnd_actors.errors import SinkError
from rnd_actors.events import ActorFailed, ActorStarted, ChildRestarting
from rnd_actors.store import (
    Recording,
    _recording,
    list_runs,
    read_checkpoint,
    read_events,
    read_run,
)
from rnd_actors.workers import LinesLost, MalformedLine, WorkerSpawned, WorkerStreaming
from tests.store.recordings import DESCRIBED, begin, finish, samples


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def test_samples_are_there_as_soon_as_they_are_written(path: Path) -> None:
    recording = begin(path)
    recording.write(samples(2))
    assert read_run(path).samples == tuple(samples(2))
    recording.abandon()


def test_a_finished_run_tells_how_it_ended(path: Path) -> None:
    finish(begin(path), Outcome.DEADLINE)
    history = read_run(path)
    assert history.run.state == "deadline"
    assert (history.result.outcome, history.result.reason) == (Outcome.DEADLINE, "so it was")
    assert (history.result.goal, history.result.deadline_s) == (3, 10.0)


def test_any_deadline_that_a_run_may_have_can_be_read_again(path: Path) -> None:
    settings = {**DESCRIBED.settings, "deadline": float_info.max}
    Recording.begin(path, evolve(DESCRIBED, settings=settings)).abandon()
    assert read_run(path).result.deadline_s == float_info.max


def test_a_run_may_have_as_many_workers_as_a_cluster_takes(path: Path) -> None:
    settings = {**DESCRIBED.settings, "workers": 10_000}
    Recording.begin(path, evolve(DESCRIBED, settings=settings)).abandon()
    assert read_run(path).run.workers == 10_000


def test_the_counts_of_thousands_of_workers_are_taken_less_often(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds, taken = count(), list[Counts]()
    monkeypatch.setattr(_recording, "time", SimpleNamespace(time=lambda: float(next(seconds))))
    collection = Collection.for_workers(dict.fromkeys(range(1, 10_001), 3001))

    def take() -> Counts:
        taken.append(collection.counts())
        return taken[-1]

    recording = begin(path)
    recording.follow(take)
    for _ in range(20):
        recording.note(WorkerStreaming(1, 1))
    recording.abandon()
    assert 3 <= len(taken) <= 6


def test_findings_that_json_does_not_know_become_null(path: Path) -> None:
    result = Collection.for_workers({1: 3001}).result(goal=3, deadline_s=None)
    begin(path).finish(evolve(result, findings={"mean": float("nan"), "half": 0.5, "word": "so"}))
    assert read_run(path).result.findings == {"mean": None, "half": 0.5, "word": "so"}


def test_a_run_that_is_recorded_is_running_and_one_whose_program_is_gone_has_died(
    path: Path,
) -> None:
    recording = begin(path)
    assert [run.state for run in list_runs(path)] == ["running"]
    recording.abandon()
    assert [run.state for run in list_runs(path)] == ["died"]


def test_nothing_but_the_store_is_left_behind(path: Path) -> None:
    finish(begin(path), Outcome.COMPLETE)
    assert list(path.parent.iterdir()) == [path]


def test_runs_are_numbered_in_the_order_of_their_beginning(path: Path) -> None:
    first, second = begin(path), begin(path)
    first.write(samples(1))
    second.write(samples(2))
    first.abandon()
    second.abandon()
    assert [(run.id, run.samples) for run in list_runs(path)] == [(1, 1), (2, 2)]


def test_the_life_of_a_worker_is_told_from_its_events(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = begin(path)
    seconds = count(100)
    monkeypatch.setattr("time.time", lambda: float(next(seconds)))
    failure = Crashed(WorkerError("worker 1 exited with code 2"))
    for event in (
        WorkerSpawned(1, 1, pid=99, port=3001),
        WorkerStreaming(1, 1),
        WorkerStreaming(1, 1),
        ActorFailed("workers/1", 1, failure),
        ChildRestarting("workers/1", delay_s=0.25),
        WorkerSpawned(1, 2, pid=100, port=3001),
    ):
        recording.note(event)
    recording.close()
    first, second = read_run(path).incarnations
    recording.abandon()
    assert (first.number, first.pid, first.port) == (1, 99, 3001)
    assert (first.spawned_at, first.streaming_at, first.ended_at) == (100.0, 101.0, 103.0)
    assert first.failure is not None
    assert "exited with code 2" in first.failure
    assert (second.number, second.streaming_at, second.ended_at) == (2, None, None)
    [restart] = [event for event in read_events(path) if event.kind == "ChildRestarting"]
    assert restart.at == 104.0
    assert "workers/1" in restart.text
    assert "0.25" in restart.text


def test_events_are_kept_but_those_of_the_framework_that_nobody_logs(path: Path) -> None:
    recording = begin(path)
    recording.note(ActorStarted("workers/1", 1))
    recording.note(SamplesAccepted(1, 1, 42, 1, 0.5))
    recording.note(MalformedLine(1, 1, b"oops"))
    recording.close()
    [event] = read_events(path)
    recording.abandon()
    assert (event.kind, event.level) == ("MalformedLine", 30)
    assert event.text == "worker 1 sent a malformed line: b'oops'"


def test_words_that_no_encoding_has_are_stored_as_escapes(path: Path) -> None:
    recording = Recording.begin(path, evolve(DESCRIBED, collector="Of('\udce9')"))
    recording.note(WorkerSpawned(1, 1, pid=99, port=3001, host="\udce9"))
    recording.note(ActorFailed("workers/1", 1, Crashed(ValueError("caf\udce9"))))
    collection = Collection.for_workers({1: 3001})
    collection.conclude(Outcome.FAILED, "caf\udce9")
    recording.finish(collection.result(goal=3, deadline_s=10.0))
    history = read_run(path)
    assert (history.run.collector, history.result.reason) == (r"Of('\udce9')", r"caf\udce9")
    [life] = history.incarnations
    assert (life.host, life.failure) == (r"\udce9", r"crashed: ValueError: caf\udce9")


def test_no_worker_can_fill_the_memory_with_events(path: Path) -> None:
    recording = begin(path)
    for _ in range(10_050):
        recording.note(MalformedLine(1, 1, b"oops"))
    recording.note(WorkerSpawned(1, 1, pid=99, port=3001))
    recording.close()
    assert len(list(read_events(path))) == 10_000
    assert len(read_run(path).incarnations) == 1
    recording.abandon()


def test_the_same_sample_is_not_stored_twice(path: Path) -> None:
    recording = begin(path)
    recording.write(samples(2))
    twice = evolve(samples(1)[0], index=2)
    with pytest.raises(SinkError, match=r"runs\.db: UNIQUE"):
        recording.write([twice])
    assert read_run(path).run.samples == 2
    recording.abandon()


def test_a_write_that_fails_stores_none_of_its_samples(path: Path) -> None:
    recording = begin(path)
    with pytest.raises(SinkError):
        recording.write(samples(2) + samples(1))
    assert read_run(path).samples == ()
    recording.abandon()


def test_a_resumed_run_goes_on_where_it_was(path: Path) -> None:
    recording = begin(path)
    collection = Collection.for_workers({1: 3001, 2: 3002})
    collection.workers[1].crashes = 5
    recording.follow(collection.counts)
    recording.note(WorkerSpawned(2, 7, pid=99, port=3002))
    recording.write(samples(2, incarnation=3))
    recording.abandon()

    checkpoint = read_checkpoint(path)
    assert checkpoint.samples == tuple(samples(2, incarnation=3))
    assert checkpoint.counts.workers[1].crashes == 5
    assert checkpoint.incarnations == {1: 3, 2: 7}
    assert (checkpoint.settings, checkpoint.collector_spec) == (
        DESCRIBED.settings,
        DESCRIBED.collector_spec,
    )

    resumed = Recording.resume(path, checkpoint.run)
    assert resumed.session == 2
    resumed.write(samples(1, first=2, incarnation=4))
    finish(resumed, Outcome.COMPLETE)
    history = read_run(path)
    assert (history.run.state, history.run.samples, history.run.sessions) == ("complete", 3, 2)


def test_samples_are_counted_on_the_host_that_they_came_from(path: Path) -> None:
    recording = begin(path)
    collection = Collection.for_workers({1: 3001, 2: 3002})
    collection.lines_lost(LinesLost(1, 1, lines=5, host="10.0.0.1"))
    recording.follow(collection.counts)
    recording.note(WorkerSpawned(1, 1, pid=99, port=3001, host="10.0.0.1"))
    recording.note(WorkerSpawned(1, 2, pid=99, port=3001, host="10.0.0.2"))
    recording.write([*samples(2), *samples(1, first=2, incarnation=2)])
    recording.abandon()  # as if it was killed before it wrote its counts again
    history = read_run(path)
    assert [life.host for life in history.incarnations] == ["10.0.0.1", "10.0.0.2"]
    assert history.result.workers[0].hosts == (
        WorkerOnHost("10.0.0.1", samples=2, lost=5),
        WorkerOnHost("10.0.0.2", samples=1),
    )
    assert history.result.lines.lost == 5
    assert read_checkpoint(path).hosts == {(1, 1): "10.0.0.1", (1, 2): "10.0.0.2"}


def test_what_died_twice_without_a_word_still_knows_its_workers(path: Path) -> None:
    recording = begin(path)
    collection = Collection.for_workers({1: 3001, 2: 3002})
    collection.workers[1].starts = 4
    recording.follow(collection.counts)
    recording.close()
    recording.abandon()
    Recording.resume(path, read_checkpoint(path).run).abandon()
    assert read_checkpoint(path).counts.workers[1].starts == 4


def test_a_run_cannot_be_resumed_twice_at_once(path: Path) -> None:
    begin(path).abandon()
    stale = read_checkpoint(path).run
    resumed = Recording.resume(path, stale)
    with pytest.raises(StoreError, match="still running"):
        read_checkpoint(path)
    with pytest.raises(StoreError, match="somebody else has resumed run 1 meanwhile"):
        Recording.resume(path, stale)
    resumed.abandon()
    assert read_run(path).run.sessions == 2


def test_a_run_is_worked_on_by_one_program_at_a_time(path: Path) -> None:
    recording = begin(path)
    with pytest.raises(StoreError, match=r"run 1 in .* is being worked on"):
        Recording.resume(path, list_runs(path)[0])
    recording.abandon()


def test_a_complete_run_is_not_resumed(path: Path) -> None:
    finish(begin(path), Outcome.COMPLETE)
    with pytest.raises(StoreError, match=r"run 1 in .* is complete: there is nothing to resume"):
        read_checkpoint(path)


def test_a_run_that_is_not_there_is_named_with_those_that_are(path: Path) -> None:
    begin(path).abandon()
    begin(path).abandon()
    with pytest.raises(StoreError, match=r"holds no run 7; it holds 1, 2$"):
        read_run(path, 7)


def test_by_default_the_latest_run_is_read(path: Path) -> None:
    begin(path).abandon()
    begin(path).abandon()
    assert read_run(path).run.id == 2
    assert read_checkpoint(path).run.id == 2
