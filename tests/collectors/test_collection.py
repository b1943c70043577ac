"""What a collection tells of itself, also when it goes on with what an earlier session has left."""

import pytest
from attrs import evolve

from rnd_actors import ActorSystem, ChildSpec, Collection, Outcome, Sample, Supervisor
from rnd_actors.supervision import ChildUp
from rnd_actors.workers import Samples


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
