"""What a collection tells of itself, also when it goes on with what an earlier session has left."""

import pytest
from attrs import evolve

from rnd_actors import ActorSystem, ChildSpec, Collection, Outcome, Sample, Supervisor
from rnd_actors.actors import Crashed, ExitReason, Normal
from rnd_actors.collectors import Ledger, WorkerOnHost
from rnd_actors.supervision import ChildDown, ChildUp
from rnd_actors.workers import LinesLost, Samples, WorkerSpawned


@pytest.fixture
def resumed() -> Collection:
    """Return a collection of one worker that goes on after 100 s and one sample."""
    earlier = Collection.for_workers({1: 3001}).counts()
    worker = evolve(earlier.workers[1], starts=6, crashes=5, given_up=True)
    collection = Collection.for_workers({1: 3009})
    counts = evolve(earlier, surplus=2, malformed=1, workers={1: worker})
    collection.resume_from([Sample(0, 42, 1, 6, 0, received_at=0.5)], counts, earlier_s=100.0)
    return collection


def test_a_resumed_collection_begins_with_samples_ledger_and_time(resumed: Collection) -> None:
    result = resumed.result(goal=2, deadline_s=None)
    assert (result.values, result.elapsed_s) == ((42,), 100.0)
    assert (result.lines.received, result.lines.surplus, result.lines.malformed) == (4, 2, 1)
    [worker] = result.workers
    assert (worker.port, worker.samples, worker.starts, worker.crashes) == (3009, 1, 6, 5)


def test_a_resumed_collection_adds_samples_and_tries_a_worker_that_was_given_up(
    resumed: Collection,
) -> None:
    assert resumed.workers[1].given_up
    with ActorSystem() as system:
        supervisor = system.start(ChildSpec("workers", lambda: Supervisor([])))
        resumed.worker_up(ChildUp(supervisor, "1", incarnation=1))
    assert resumed.started_at is not None
    at = resumed.started_at + 3.0
    resumed.count(Samples(1, 7, 0, (43,), malformed=0, received=1, received_at=at), accepted=1)
    resumed.conclude(Outcome.COMPLETE, "the goal is reached")
    result = resumed.result(goal=2, deadline_s=None)
    assert result.elapsed_s == pytest.approx(103.0)
    [worker] = result.workers
    assert (worker.samples, worker.starts, worker.given_up) == (2, 7, False)


@pytest.mark.parametrize(
    ("outcome", "samples", "elapsed_s"),
    [
        (Outcome.FAILED, 0, 10.0),
        (Outcome.FAILED, 1, 10.0),
        (Outcome.DEADLINE, 1, 10.0),
        (Outcome.INTERRUPTED, 1, 10.0),
        (Outcome.COMPLETE, 1, 4.0),
        (Outcome.COMPLETE, 0, 10.0),
    ],
)
def test_the_time_of_a_run_that_is_not_complete_goes_to_its_end(
    outcome: Outcome, samples: int, elapsed_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = Collection.for_workers({1: 3001})
    collection.started_at = 1000.0
    if samples:
        batch = Samples(1, 1, 0, (42,), malformed=0, received=1, received_at=1004.0)
        collection.count(batch, accepted=1)
    monkeypatch.setattr("time.monotonic", lambda: 1010.0)
    collection.conclude(outcome, "because of that")
    monkeypatch.setattr("time.monotonic", lambda: 1013.0)
    assert collection.result(goal=2, deadline_s=None).elapsed_s == elapsed_s


@pytest.mark.parametrize(
    ("reason", "replaced", "crashes"), [(Normal(), 1, 0), (Crashed(OSError("gone")), 0, 1)]
)
def test_a_slow_worker_that_is_down_was_replaced_unless_it_has_crashed_before(
    reason: ExitReason, replaced: int, crashes: int
) -> None:
    collection = Collection.for_workers({1: 3001})
    with ActorSystem() as system:
        supervisor = system.start(ChildSpec("workers", lambda: Supervisor([])))
        collection.worker_up(ChildUp(supervisor, "1", 1, ref=supervisor))
        for _ in range(2):
            collection.end_slow(1)
    assert collection.workers[1].replaced == 0
    rate = collection.worker_down(ChildDown(supervisor, "1", 1, reason))
    assert (rate is not None) == (replaced > 0)
    assert (collection.workers[1].replaced, collection.workers[1].crashes) == (replaced, crashes)
    assert not collection.ending


def test_what_a_worker_does_is_counted_on_the_host_of_its_process() -> None:
    collection = Collection.for_workers({1: 3001})
    refused, gone = Crashed(OSError("no such program")), Crashed(OSError("gone"))
    with ActorSystem() as system:
        supervisor = system.start(ChildSpec("workers", lambda: Supervisor([])))
        for incarnation, host in enumerate(("10.0.0.1", "10.0.0.2", None, "10.0.0.1"), 1):
            collection.worker_up(ChildUp(supervisor, "1", incarnation, ref=supervisor))
            if host is None:
                collection.worker_down(ChildDown(supervisor, "1", incarnation, refused))
                continue
            collection.worker_spawned(WorkerSpawned(1, incarnation, 99, 4000 + incarnation, host))
            batch = Samples(1, incarnation, 0, (42, 43), 0, received=2, received_at=1.0)
            collection.count(batch, accepted=1)
            if incarnation < 4:
                collection.worker_down(ChildDown(supervisor, "1", incarnation, gone))
    collection.lines_lost(LinesLost(1, 2, lines=7, host="10.0.0.2"))
    collection.lines_lost(LinesLost(1, 2, lines=2, host="10.0.0.2"))
    result = collection.result(goal=None, deadline_s=None)
    [worker] = result.workers
    assert (worker.port, worker.samples, worker.starts, worker.crashes) == (4004, 3, 4, 3)
    assert worker.hosts == (
        WorkerOnHost("10.0.0.2", samples=1, starts=1, crashes=1, lost=9),
        WorkerOnHost("10.0.0.1", samples=2, starts=2, crashes=1),
    )
    assert result.lines == Ledger(received=6, accepted=0, surplus=3, malformed=0, lost=9)


def test_counts_that_were_taken_stay_as_they_were() -> None:
    collection = Collection.for_workers({1: 3001})
    collection.worker_spawned(WorkerSpawned(1, 1, 99, 3001, "10.0.0.1"))
    counts = collection.counts()
    collection.worker_spawned(WorkerSpawned(1, 2, 99, 3001, "10.0.0.2"))
    assert [*counts.workers[1].hosts] == ["10.0.0.1"]
