import time
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from attrs import define, field

from rnd_actors.actors import Actor, ActorSystem, Crashed, ExitReason, Killed
from rnd_actors.collectors import (
    Accepted,
    Collection,
    Collector,
    CollectorActor,
    Conclude,
    FixedTime,
    Ledger,
    Outcome,
    Result,
    Sample,
    SampleCount,
    SamplesAccepted,
    WorkerGivenUp,
)
from rnd_actors.errors import WorkerExitedError
from rnd_actors.simulation import explore
from rnd_actors.supervision import (
    ChildDown,
    ChildGivenUp,
    ChildSpec,
    ChildUp,
    RestartChild,
    ShutDown,
)
from rnd_actors.testing import Probe
from rnd_actors.workers import Samples
from tests.processes import until

CRASH = Crashed(WorkerExitedError("worker 1 exited with code 2", ("panic: out of luck",)))


class Bench:
    """A collector actor between a probe as its supervisor and a probe as its sink."""

    def __init__(self, system: ActorSystem) -> None:
        self.system = system
        self.supervisor = Probe(system, "supervisor", timeout=3600.0)
        self.sink = Probe(system, "sink")
        self.events: list[Any] = []
        system.events.subscribe(self.events.append, to=SamplesAccepted)
        system.events.subscribe(self.events.append, to=WorkerGivenUp)
        self.received: dict[int, int] = {}

    def start(
        self,
        collector: Collector,
        *,
        deadline: float | None = None,
        workers: int = 1,
        up: bool = True,
    ) -> None:
        self.collector = collector
        self.collection = Collection.for_workers({i: 3000 + i for i in range(1, workers + 1)})
        self.collection.deadline_s = deadline
        self.ref = self.system.start(
            ChildSpec(
                "collector",
                lambda: CollectorActor(collector, self.collection, [self.sink.ref]),
            )
        )
        for worker in range(1, workers + 1) if up else ():
            self.ref.tell(ChildUp(self.supervisor.ref, str(worker), 1))

    def send(self, *values: int, malformed: int = 0, worker: int = 1) -> None:
        first = self.received.get(worker, 0)
        self.received[worker] = first + len(values) + malformed
        self.ref.tell(
            Samples(
                worker=worker,
                incarnation=1,
                first_seq=first,
                values=values,
                malformed=malformed,
                received=self.received[worker],
                received_at=time.monotonic(),
            )
        )

    def down(self, worker: int = 1, reason: ExitReason = CRASH) -> None:
        self.ref.tell(ChildDown(self.supervisor.ref, str(worker), 1, reason))

    def result(self) -> Result:
        """Wait until the actor has handled everything, and return the result of the collection."""
        self.ref.tell(Conclude(Outcome.INTERRUPTED, "the test asks"))
        self.supervisor.fish_for(ShutDown)
        return self.collection.result(self.collector.goal, None)


@pytest.fixture
def bench(simulated_system: ActorSystem) -> Bench:
    return Bench(simulated_system)


class Slow(Actor[Accepted]):
    """A sink that takes an hour for each message."""

    def receive(self, message: Accepted) -> None:
        gevent.sleep(3600.0)


@define
class Picky(Collector):
    """Collects for ever; `take` says what is accepted and `again` who is restarted."""

    take: Callable[[Sample], bool] = lambda sample: True
    again: bool = True
    asked: list[int] = field(factory=list)

    def is_reached(self, sample: Sample) -> bool:
        return False

    def accepts(self, sample: Sample) -> bool:
        return self.take(sample)

    def restarts(self, worker: int, reason: ExitReason) -> bool:
        self.asked.append(worker)
        return self.again


def test_the_actor_shuts_everything_down_at_exactly_its_goal(bench: Bench) -> None:
    bench.start(SampleCount(4))
    bench.send(1, 2, 3)
    bench.send(4, 5, 6)
    bench.supervisor.expect(ShutDown)
    result = bench.result()
    assert result.outcome is Outcome.COMPLETE
    assert result.values == (1, 2, 3, 4)


def test_samples_after_the_goal_are_surplus(bench: Bench) -> None:
    bench.start(SampleCount(2))
    bench.send(1, 2, 3, malformed=1)
    bench.supervisor.expect(ShutDown)
    bench.send(4, malformed=1)
    lines = bench.result().lines
    assert (lines.received, lines.accepted, lines.surplus, lines.malformed) == (6, 2, 2, 2)


class OneByOne(SampleCount):
    """Judges by itself, so that each sample is shown to it."""

    def is_reached(self, sample: Sample) -> bool:
        return super().is_reached(sample)


@pytest.mark.parametrize("kind", [SampleCount, OneByOne])
@pytest.mark.parametrize("goal", range(1, 10))
def test_batches_are_accepted_up_to_the_goal_at_once_or_one_by_one(
    bench: Bench, kind: type[SampleCount], goal: int
) -> None:
    bench.start(kind(goal))
    for values in ((1, 2, 3), (), (4,), (5, 6, 7, 8), (9,)):
        bench.send(*values, malformed=1)
    result = bench.result()
    assert result.outcome is Outcome.COMPLETE
    assert result.values == tuple(range(1, goal + 1))
    assert result.lines == Ledger(received=14, accepted=goal, surplus=9 - goal, malformed=5)
    samples: list[Sample] = []
    while len(samples) < goal:
        samples.extend(bench.sink.expect(Accepted).samples)
    bench.sink.expect_none()
    assert [(s.index, s.value) for s in samples] == [(n, n + 1) for n in range(goal)]
    assert [s.seq for s in samples] == [0, 1, 2, 5, 7, 8, 9, 10, 12][:goal]
    assert sum(event.accepted for event in bench.events) == bench.events[-1].total == goal


def test_only_the_last_sample_of_a_batch_is_shown_to_a_collector_that_counts_only(
    bench: Bench,
) -> None:
    shown = []

    class Counts(Picky):
        counts_only = True

        def is_reached(self, sample: Sample) -> bool:
            shown.append((sample.index, sample.value, sample.seq))
            return False

    bench.start(Counts())
    bench.send(7, 8, 9)
    bench.send(malformed=1)
    bench.send(4)
    assert bench.result().values == (7, 8, 9, 4)
    assert shown == [(2, 9, 2), (3, 4, 4)]


def test_a_sample_that_the_collector_refuses_is_surplus(bench: Bench) -> None:
    bench.start(Picky(take=lambda sample: sample.value % 2 == 0))
    bench.send(1, 2, 3, 4)
    result = bench.result()
    assert result.values == (2, 4)
    assert result.lines.surplus == 2


def test_samples_are_identified_and_go_to_the_sinks_in_order(bench: Bench) -> None:
    bench.start(Picky(take=lambda sample: sample.value != 11))
    bench.send(10, 11, 12)
    bench.send(13)
    samples = [s for _ in range(2) for s in bench.sink.expect(Accepted).samples]
    assert [(s.index, s.value, s.worker, s.incarnation, s.seq) for s in samples] == [
        (0, 10, 1, 1, 0),
        (1, 12, 1, 1, 2),
        (2, 13, 1, 1, 3),
    ]
    assert [s.received_at for s in samples] == [time.time()] * 3


def test_progress_is_published(bench: Bench) -> None:
    bench.start(SampleCount(4))
    bench.send(7, 8)
    bench.sink.expect(Accepted)
    bench.result()
    assert bench.events == [
        SamplesAccepted(worker=1, accepted=2, last_value=8, total=2, progress=0.5)
    ]


def test_a_worker_that_goes_down_is_restarted(bench: Bench) -> None:
    collector = Picky()
    bench.start(collector)
    bench.down()
    assert bench.supervisor.expect(RestartChild) == RestartChild("1")
    assert collector.asked == [1]
    [worker] = bench.result().workers
    assert (worker.crashes, worker.last_exit) == (1, "worker 1 exited with code 2")


def test_a_worker_is_not_restarted_after_the_goal(bench: Bench) -> None:
    bench.start(SampleCount(1))
    bench.send(1)
    bench.supervisor.expect(ShutDown)
    bench.down()
    bench.result()
    assert RestartChild("1") not in bench.supervisor.seen


def test_when_the_collector_lets_all_workers_rest_the_run_has_failed(bench: Bench) -> None:
    bench.start(Picky(again=False), workers=2)
    bench.down(worker=1)
    bench.down(worker=2)
    bench.supervisor.expect(ShutDown)
    result = bench.result()
    assert result.outcome is Outcome.FAILED
    assert result.reason == (
        "no worker is left; the last one: worker 1 exited with code 2; its last words:\n"
        "  panic: out of luck"
    )


def test_when_all_workers_are_given_up_the_run_has_failed(bench: Bench) -> None:
    bench.start(Picky(), workers=2)
    for worker in ("1", "2"):
        bench.ref.tell(ChildGivenUp(bench.supervisor.ref, worker, Killed()))
    bench.supervisor.fish_for(ShutDown)
    assert bench.result().reason == "no worker is left; the last one: killed"


def test_a_worker_that_is_given_up_is_reported_with_its_last_words(bench: Bench) -> None:
    bench.start(Picky(), workers=2)
    bench.down(worker=1)
    bench.ref.tell(ChildGivenUp(bench.supervisor.ref, "1", CRASH))
    first, second = bench.result().workers
    told = ("panic: out of luck",)
    assert bench.events == [WorkerGivenUp(1, "worker 1 exited with code 2", told)]
    assert (first.given_up, first.last_words) == (True, told)
    assert (second.given_up, second.last_words) == (False, ())


def test_the_deadline_ends_the_run_with_what_has_arrived(bench: Bench) -> None:
    bench.start(SampleCount(100), deadline=60.0)
    bench.send(1, 2)
    bench.supervisor.expect(ShutDown)
    assert time.monotonic() == 60.0
    result = bench.result()
    assert (result.outcome, result.values) == (Outcome.DEADLINE, (1, 2))
    assert result.reason == "the deadline of 60 s has passed"


def test_only_the_first_conclusion_counts(bench: Bench) -> None:
    bench.start(SampleCount(1))
    bench.ref.tell(Conclude(Outcome.INTERRUPTED, "stop"))
    bench.send(1)
    result = bench.result()
    assert (result.outcome, result.reason, result.values) == (Outcome.INTERRUPTED, "stop", ())


def test_an_interruption_before_the_first_worker_stops_the_run_as_soon_as_there_is_one(
    bench: Bench,
) -> None:
    bench.start(SampleCount(1), up=False)
    bench.ref.tell(Conclude(Outcome.INTERRUPTED, "stop"))
    bench.ref.tell(ChildUp(bench.supervisor.ref, "1", 1))
    bench.supervisor.expect(ShutDown)


def test_the_end_of_a_sink_ends_the_run(bench: Bench) -> None:
    bench.start(SampleCount(10))
    bench.sink.ref.stop()
    bench.supervisor.expect(ShutDown)
    result = bench.result()
    assert (result.outcome, result.reason) == (Outcome.FAILED, "sink: normal")


def test_a_collector_that_raises_loses_nothing_it_had_accepted(bench: Bench) -> None:
    def take(sample: Sample) -> bool:
        if sample.value == 13:
            raise ValueError("unlucky")
        return True

    bench.start(Picky(take=take))
    bench.send(1)
    bench.send(2, 13, 3)
    bench.send(4)
    result = bench.result()
    assert result.values == (1, 2, 4)
    assert bench.ref.stats().failed == 1
    lines = result.lines
    assert (lines.received, lines.accepted, lines.surplus) == (5, 3, 2)


def test_a_collector_that_raises_on_a_crash_has_the_worker_restarted(bench: Bench) -> None:
    class Confused(Picky):
        def restarts(self, worker: int, reason: ExitReason) -> bool:
            raise ValueError("who?")

    bench.start(Confused())
    bench.down()
    assert bench.supervisor.expect(RestartChild) == RestartChild("1")


def test_the_deadline_ends_the_run_while_a_sink_is_waited_for(
    simulated_system: ActorSystem,
) -> None:
    bench = Bench(simulated_system)
    slow = simulated_system.start(ChildSpec("slow", Slow, capacity=1))
    bench.sink.ref = slow
    bench.start(SampleCount(100), deadline=60.0)
    for _ in range(5):
        bench.send(1)
    bench.supervisor.fish_for(ShutDown)
    conclusion = bench.collection.conclusion
    assert conclusion is not None
    assert conclusion.outcome is Outcome.DEADLINE
    assert time.monotonic() - (bench.collection.started_at or 0.0) == pytest.approx(60.0)


def test_the_deadline_ends_a_batch_that_takes_long(bench: Bench) -> None:
    def take(sample: Sample) -> bool:
        gevent.sleep(10.0)
        return True

    bench.start(Picky(take=take), deadline=25.0)
    bench.send(*range(100))
    bench.result()
    bench.supervisor.fish_for(ShutDown)  # that of the deadline came before
    result = bench.collection.result(None, None)
    assert result.outcome is Outcome.DEADLINE
    assert result.values == (0, 1)
    assert result.lines == Ledger(received=100, accepted=2, surplus=98, malformed=0)


@pytest.mark.parametrize(
    ("collector", "deadline", "outcome"),
    [(SampleCount(5), 0.2, Outcome.DEADLINE), (FixedTime(0.2), None, Outcome.COMPLETE)],
    ids=["deadline", "duration"],
)
def test_nothing_counts_that_a_loop_which_stood_still_hands_on_too_late(
    system: ActorSystem, collector: Collector, deadline: float | None, outcome: Outcome
) -> None:
    bench = Bench(system)
    bench.start(collector, deadline=deadline)
    until(lambda: bench.collection.started_at)
    while bench.collection.elapsed_s <= 0.2:
        pass
    bench.send(*range(5))
    bench.supervisor.expect(ShutDown)
    result = bench.result()
    assert (result.outcome, result.values) == (outcome, ())
    assert result.lines == Ledger(received=5, accepted=0, surplus=5, malformed=0)


def test_the_deadline_holds_across_a_restart_of_the_actor(bench: Bench) -> None:
    def take(sample: Sample) -> bool:
        raise ValueError("unlucky")

    bench.start(Picky(take=take), deadline=60.0)
    bench.send(1)
    bench.supervisor.expect(ShutDown)
    assert time.monotonic() == 60.0
    assert bench.result().outcome is Outcome.DEADLINE


def test_in_every_schedule_workers_that_send_at_once_give_exactly_the_goal() -> None:
    def send_at_once(system: ActorSystem) -> list[int]:
        bench = Bench(system)
        bench.start(SampleCount(10), workers=3)
        for worker in (1, 2, 3):
            for _ in range(3):
                gevent.spawn(bench.send, worker, worker, malformed=1, worker=worker)
        bench.supervisor.expect(ShutDown)
        gevent.idle()
        result, lines = bench.result(), bench.result().lines
        assert result.outcome is Outcome.COMPLETE
        assert len(result.values) == result.samples == lines.accepted == 10
        assert (lines.received, lines.surplus, lines.malformed) == (27, 8, 9)
        return [worker.samples for worker in result.workers]

    shares = [run.result for run in explore(send_at_once, range(200))]
    assert len({tuple(share) for share in shares}) > 1, "not always the same are served"
