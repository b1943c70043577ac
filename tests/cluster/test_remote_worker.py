"""The driver's side, without Dask: a bridge that the test speaks through."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import pytest
from attrs import evolve
from gevent.event import Event as Flag
from gevent.lock import Semaphore
from gevent.queue import Queue

from rnd_actors.actors import Actor, ActorSystem, Crashed, Normal
from rnd_actors.cluster import Cluster, RemoteWorker, ShardLost, ShardUp
from rnd_actors.cluster._frames import FrameReader, encode
from rnd_actors.cluster._messages import (
    Beat,
    Connected,
    Ended,
    Failure,
    Handled,
    LinesRead,
    Parcel,
    Ready,
    Refused,
    StartWorker,
    StopWorker,
    ToShard,
    lines_in_window,
)
from rnd_actors.errors import (
    BridgeLostError,
    ClusterError,
    HostLostError,
    RestartIntensityError,
    WorkerExitedError,
)
from rnd_actors.supervision import (
    ChildDown,
    ChildSpec,
    ChildUp,
    Restart,
    RestartChild,
    ShutDown,
    Supervisor,
)
from rnd_actors.testing import EventCapture, Probe
from rnd_actors.workers import LinesLost, Samples, WorkerSettings, WorkerSpawned
from tests.processes import PATIENCE_S, until

HOSTS: Final = ("10.0.0.1", "10.0.0.2")


class FakeBridge:
    """What the driver sends is in `sent`; what the test hands over comes to the driver."""

    def __init__(self, epochs: tuple[int, ...] = ()) -> None:
        self.epochs = epochs
        self.is_killed = self.is_closed = False
        self.sent: Queue[tuple[ToShard, Any]] = Queue()
        self._bodies: Queue[bytes | Exception] = Queue()

    def bodies(self) -> Iterator[bytes]:
        while isinstance(body := self._bodies.get(), bytes):
            yield body
        raise body

    def die(self) -> None:
        self._bodies.put(BridgeLostError("the bridge to the cluster has died"))

    def kill(self) -> None:
        self.is_killed = True

    def close(self) -> None:
        self.is_closed = True

    def send(self, message: object, to: ToShard) -> None:
        self.sent.put((to, message))

    def say(self, *messages: object) -> None:
        for message in messages:
            for body in FrameReader().feed(encode(message)):
                self._bodies.put(body)

    def parcel(self, shard: int, epoch: int, number: int, *messages: object) -> None:
        self.say(Parcel(shard, epoch, number, len(messages)), *messages)


class Bench:
    """Worker 3, on the first of two shards, with probes in the places of bridge and collector."""

    def __init__(self, system: ActorSystem) -> None:
        self.bridge = FakeBridge()
        self.bridge.say(Beat(), Connected(2), ShardUp(1, 1, HOSTS[0]), Ready())
        self.next_bridges: Queue[FakeBridge] = Queue()
        self.cluster = Cluster(self.connect, Flag())  # type: ignore[arg-type]
        self.collector = Probe(system, "collector", timeout=PATIENCE_S)
        self.events = EventCapture(system)
        self.events.__enter__()
        system.start(self.cluster.spec())
        settings = WorkerSettings(id=3, port=3003, arguments=("-x",), grace=0.1)
        child = ChildSpec(
            "3",
            lambda: RemoteWorker(settings, self.collector.ref, self.cluster),
            restart=Restart.DELEGATED,
            decider=self.collector.ref,
        )
        self.workers = system.start(
            ChildSpec("workers", lambda: Supervisor([child]), restart=Restart.TEMPORARY)
        )
        self.collector.expect(ChildUp)

    def connect(self, epochs: tuple[int, ...]) -> FakeBridge:
        if not epochs:
            return self.bridge
        bridge = FakeBridge(epochs)
        self.next_bridges.put(bridge)
        return bridge

    def sent(self, kind: type) -> Any:
        while True:
            to, message = self.bridge.sent.get(timeout=PATIENCE_S)
            if isinstance(message, kind):
                return to, message

    def reason(self) -> Any:
        down = self.collector.fish_for(ChildDown)
        if isinstance(down.reason, Crashed):
            return down.reason.error
        return down.reason


@pytest.fixture
def bench(system: ActorSystem) -> Iterator[Bench]:
    bench = Bench(system)
    yield bench
    bench.cluster.is_lost = True  # so that nobody waits for the last samples of the worker


def batch(first_seq: int, *values: int, incarnation: int = 1) -> Samples:
    received = first_seq + len(values)
    return Samples(3, incarnation, first_seq, values, 0, received, 0.0)


def test_it_starts_the_worker_on_the_host_of_its_shard(bench: Bench) -> None:
    to, start = bench.sent(StartWorker)
    assert to == ToShard(1, 1)
    assert (start.worker, start.incarnation, start.port) == (3, 1, 3003)
    assert (start.program, start.arguments) == (None, ("-x",))


def test_samples_reach_the_collector_in_order_and_each_once(bench: Bench) -> None:
    bench.bridge.parcel(1, 1, 1, batch(0, 10, 11), batch(2, 12))
    bench.bridge.parcel(1, 1, 1, batch(0, 10, 11), batch(2, 12))
    bench.bridge.parcel(1, 1, 2, batch(3, 13))
    bench.bridge.parcel(1, 1, 1, batch(0, 10, 11), batch(2, 12))
    bench.bridge.parcel(1, 1, 3, Ended(3, 1, None))
    got = [bench.collector.expect(Samples) for _ in range(3)]
    assert [value for each in got for value in each.values] == [10, 11, 12, 13]
    assert [each.first_seq for each in got] == [0, 2, 3]
    assert all(each.received_at > 0 for each in got)  # by the clock of this machine
    bench.collector.expect(ChildDown)


def test_a_worker_that_crashes_crashes_its_actor_with_the_same_error(bench: Bench) -> None:
    failure = Failure("WorkerExitedError", "worker 3 exited with code 1", ("panic",))
    bench.bridge.parcel(1, 1, 1, batch(0, 1), Ended(3, 1, failure))
    bench.collector.expect(Samples)
    error = bench.reason()
    assert (type(error), str(error)) == (WorkerExitedError, "worker 3 exited with code 1")
    assert error.last_words == ("panic",)


def test_events_of_workers_are_published_with_their_host(bench: Bench) -> None:
    bench.bridge.parcel(1, 1, 1, WorkerSpawned(3, 1, 4711, 3003))
    spawned = bench.events.fish_for(WorkerSpawned)
    assert spawned == WorkerSpawned(3, 1, 4711, 3003, HOSTS[0])
    assert str(spawned) == "worker 3 spawned on 10.0.0.1: pid 4711, port 3003"


def test_a_lost_host_is_a_crash_after_what_had_come_of_it(bench: Bench) -> None:
    bench.sent(StartWorker)
    bench.bridge.parcel(1, 1, 1, batch(0, 1))
    bench.bridge.say(ShardLost(1, 1, HOSTS[0], "the host is gone"))
    bench.collector.expect(Samples)
    error = bench.reason()
    assert isinstance(error, HostLostError)
    assert str(error) == (
        "worker 3 is lost with its shard on 10.0.0.1: the host is gone; "
        "what it had read and not sent is lost"
    )
    assert bench.events.fish_for(ShardLost).why == "the host is gone"


def test_lines_that_a_lost_host_has_read_and_not_sent_are_told(bench: Bench) -> None:
    bench.sent(StartWorker)
    bench.bridge.parcel(1, 1, 1, batch(0, 1), LinesRead(3, 1, 101))
    bench.bridge.say(ShardLost(1, 1, HOSTS[0], "the host is gone"))
    bench.reason()
    lost = bench.events.fish_for(LinesLost)
    assert lost == LinesLost(3, 1, lines=100, host=HOSTS[0])
    assert str(lost) == "lost with host 10.0.0.1: at least 100 lines of worker 3"


def test_nothing_is_lost_with_a_worker_that_ends_in_order(bench: Bench) -> None:
    bench.sent(StartWorker)
    bench.bridge.parcel(1, 1, 1, LinesRead(3, 1, 2), batch(0, 1), batch(1, 2), Ended(3, 1, None))
    bench.reason()
    assert not any(isinstance(event, LinesLost) for event in bench.events.events)


def test_what_comes_of_a_worker_that_nobody_waits_for_any_more_is_lost(bench: Bench) -> None:
    bench.sent(StartWorker)
    bench.bridge.parcel(1, 1, 1, batch(0, 1))
    bench.collector.expect(Samples)
    bench.cluster.is_lost = True  # so that nobody waits for its end
    bench.workers.tell(ShutDown())
    bench.workers.join(PATIENCE_S)
    bench.bridge.parcel(1, 1, 2, batch(1, 2, 3))
    assert bench.events.fish_for(LinesLost) == LinesLost(3, 1, lines=2, host=HOSTS[0])


def test_the_next_incarnation_waits_for_the_next_epoch_and_goes_there(bench: Bench) -> None:
    bench.sent(StartWorker)
    bench.bridge.say(ShardLost(1, 1, HOSTS[0], "the host is gone"))
    bench.reason()
    bench.workers.tell(RestartChild("3"))
    bench.collector.expect(ChildUp)
    assert bench.bridge.sent.empty()
    bench.bridge.say(ShardUp(1, 2, HOSTS[1]))
    to, start = bench.sent(StartWorker)
    assert (to, start.incarnation) == (ToShard(1, 2), 2)


def test_what_a_fenced_epoch_still_sends_does_not_count(bench: Bench) -> None:
    bench.sent(StartWorker)
    bench.bridge.say(ShardLost(1, 1, HOSTS[0], "silent"))
    bench.bridge.parcel(1, 1, 1, batch(0, 666))
    bench.reason()
    bench.workers.tell(RestartChild("3"))
    bench.collector.expect(ChildUp)
    bench.bridge.say(ShardUp(1, 2, HOSTS[1]))
    bench.sent(StartWorker)
    bench.bridge.parcel(1, 1, 2, batch(1, 667))
    bench.bridge.parcel(1, 2, 1, batch(0, 7, incarnation=2))
    assert bench.collector.expect(Samples).values == (7,)


def test_what_a_fenced_epoch_still_sends_is_lost_and_counts_once(bench: Bench) -> None:
    bench.sent(StartWorker)
    bench.bridge.say(ShardLost(1, 1, HOSTS[0], "silent"), ShardUp(1, 2, HOSTS[1]))
    bench.reason()
    bench.workers.tell(RestartChild("3"))
    assert bench.sent(StartWorker)[0] == ToShard(1, 2)
    bench.bridge.parcel(1, 1, 1, batch(0, 666), batch(1, 667))
    bench.bridge.parcel(1, 1, 1, batch(0, 666), batch(1, 667))
    bench.bridge.parcel(1, 1, 2, batch(2, 668))
    lost = [bench.events.fish_for(LinesLost) for _ in range(2)]
    assert lost == [LinesLost(3, 1, 2, HOSTS[0]), LinesLost(3, 1, 1, HOSTS[0])]


def test_a_stop_lets_the_worker_send_what_it_has_read(bench: Bench) -> None:
    bench.sent(StartWorker)
    bench.workers.tell(ShutDown())
    to, stop = bench.sent(StopWorker)
    assert (to, stop) == (ToShard(1, 1), StopWorker(3, 1))
    bench.bridge.parcel(1, 1, 1, batch(0, 1), Ended(3, 1, None))
    assert bench.collector.expect(Samples).values == (1,)
    bench.workers.join(PATIENCE_S)
    assert not bench.workers.is_alive


def test_an_end_that_nobody_asked_for_is_a_normal_end(bench: Bench) -> None:
    bench.bridge.parcel(1, 1, 1, Ended(3, 1, None))
    assert isinstance(bench.reason(), Normal)


def test_the_shard_is_told_what_is_handled_so_that_it_sends_more(bench: Bench) -> None:
    bench.sent(StartWorker)
    small, large = batch(0, 5), batch(0, *range(1000))
    bench.bridge.parcel(1, 1, 1, *[small] * 40)
    bench.bridge.parcel(1, 1, 2, *[evolve(small, incarnation=9)] * 30)
    to, handled = bench.sent(Handled)
    assert (to, handled) == (ToShard(1, 1), Handled(32 * lines_in_window(small)))
    told = bench.sent(Handled)[1].lines  # of batches that nobody waits for, too
    assert told == 64 * lines_in_window(small)
    bench.bridge.parcel(1, 1, 3, *[large] * 17)
    assert bench.sent(Handled)[1].lines == 70 * lines_in_window(small) + 14_000


def test_a_bridge_that_is_lost_is_replaced_and_its_workers_go_on_in_later_epochs(
    bench: Bench,
) -> None:
    bench.sent(StartWorker)
    bench.bridge.say(ShardUp(1, 7, HOSTS[1]))
    bench.bridge.parcel(1, 7, 1, batch(0, 1))
    bench.bridge.die()
    assert bench.collector.expect(Samples).values == (1,)
    error = bench.reason()
    assert isinstance(error, HostLostError)
    why = "the bridge to the cluster has died"
    assert f"shard on {HOSTS[1]}: {why}; what it had read" in str(error)
    assert bench.events.fish_for(ShardLost) == ShardLost(1, 7, HOSTS[1], why)
    bench.workers.tell(RestartChild("3"))
    bench.collector.expect(ChildUp)
    dead, bench.bridge = bench.bridge, bench.next_bridges.get(timeout=PATIENCE_S)
    assert dead.is_killed
    assert bench.bridge.epochs == (7, 0)
    bench.bridge.say(Beat(), ShardUp(1, 8, HOSTS[0]), Ready())
    to, start = bench.sent(StartWorker)
    assert (to, start.incarnation) == (ToShard(1, 8), 2)
    bench.bridge.parcel(1, 8, 1, batch(0, 2, incarnation=2))
    assert bench.collector.expect(Samples).values == (2,)


def test_bridges_that_die_again_and_again_end_the_run() -> None:
    intensity = "cluster/bridge needs more than 3 restarts within 60 s"
    with pytest.raises(RestartIntensityError, match=intensity) as ended:
        run_with_bridges_that_die()
    assert isinstance(ended.value.__cause__, BridgeLostError)


def run_with_bridges_that_die() -> None:
    with ActorSystem() as system:
        bench = Bench(system)
        bench.bridge.die()
        for _ in range(3):
            bench.next_bridges.get(timeout=PATIENCE_S).die()
        assert bench.workers.join(PATIENCE_S) is not None


def run_until(*last: object) -> None:
    """Run until the cluster is lost, since the bridge says this."""
    with pytest.MonkeyPatch.context() as patched, ActorSystem() as system:
        patched.setattr("rnd_actors.cluster._remote_worker._LAST_SAMPLES_S", 10 * PATIENCE_S)
        bench = Bench(system)
        bench.bridge.say(*last)  # nobody waits for a worker that cannot be stopped
        assert bench.workers.join(PATIENCE_S) is not None


def test_a_missing_parcel_ends_the_run() -> None:
    with pytest.raises(ClusterError, match="parcel 1 of epoch 1 is missing"):
        run_until(Parcel(1, 1, 2, 1), batch(0, 1))


def test_the_last_word_of_the_bridge_ends_the_run() -> None:
    with pytest.raises(ClusterError, match="the scheduler is gone"):
        run_until(Refused("the scheduler is gone"))


class Slow(Actor[Any]):
    """A collector that handles nothing until its gate is open."""

    def __init__(self, gate: Flag, got: list[Any]) -> None:
        self.gate, self.got = gate, got

    def receive(self, message: Any) -> None:
        self.gate.wait()
        self.got.append(message)


def test_what_has_come_is_handed_on_when_the_cluster_is_lost() -> None:
    bridge, gate, got = FakeBridge(), Flag(), list[Any]()
    with pytest.raises(ClusterError, match="the scheduler is gone"):
        lose_behind_a_slow_collector(bridge, gate, got)
    assert [value for each in got for value in each.values] == [0, 1, 2, 3, 4]


def lose_behind_a_slow_collector(bridge: FakeBridge, gate: Flag, got: list[Any]) -> None:
    """Lose the cluster while four of five batches wait; only then open the gate."""
    bridge.say(Connected(2), ShardUp(1, 1, HOSTS[0]), Ready())
    cluster = Cluster(lambda epochs: bridge, Flag())  # type: ignore[arg-type,return-value]
    settings = WorkerSettings(id=3, port=3003)
    with ActorSystem() as system:
        slow = system.start(ChildSpec("collector", lambda: Slow(gate, got), capacity=1, drain=True))
        system.start(cluster.spec())
        worker = system.start(ChildSpec("3", lambda: RemoteWorker(settings, slow, cluster)))
        bridge.sent.get(timeout=PATIENCE_S)
        bridge.parcel(1, 1, 1, *(batch(seq, seq) for seq in range(5)))
        bridge.say(Refused("the scheduler is gone"))
        until(lambda: cluster.is_lost)
        gate.set()
        worker.join(PATIENCE_S)


def test_batches_that_a_worker_leaves_behind_make_room_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rnd_actors.cluster._remote_worker._LAST_SAMPLES_S", 0.1)
    bridge, permits, metered = FakeBridge(), Semaphore(0), Flag()
    bridge.say(Connected(2), ShardUp(1, 1, HOSTS[0]), Ready())
    cluster = Cluster(lambda epochs: bridge, Flag())  # type: ignore[arg-type,return-value]
    settings = WorkerSettings(id=3, port=3003, grace=0.0)
    with ActorSystem() as system:
        slow = system.start(ChildSpec("collector", lambda: Metered(permits, metered), capacity=1))
        system.start(cluster.spec())
        remote = partial(RemoteWorker, settings, slow, cluster)
        worker = system.start(ChildSpec("3", remote, restart=Restart.TEMPORARY))
        bridge.parcel(1, 1, 1, *(batch(seq, seq) for seq in range(32)))
        until(lambda: metered.is_set() and slow.stats().mailbox)
        worker.stop()
        permits.release()  # for the batch that it was about to hand on
        worker.join(PATIENCE_S)
        assert not worker.is_alive
        told = [bridge.sent.get(timeout=PATIENCE_S)[1] for _ in range(3)]
        for _ in range(32):
            permits.release()
    assert [type(each) for each in told[:2]] == [StartWorker, StopWorker]
    assert told[2] == Handled(32 * lines_in_window(batch(0, 1)))


class Metered(Actor[Any]):
    """A collector that needs a permit for each message; the flag is set by the first one."""

    def __init__(self, permits: Semaphore, metered: Flag) -> None:
        self.permits, self.metered = permits, metered

    def receive(self, message: Any) -> None:
        self.metered.set()
        self.permits.acquire()


def test_a_cluster_that_cannot_be_used_says_why() -> None:
    bridge = FakeBridge()
    bridge.say(Refused("it has no workers of Dask"))
    with pytest.raises(ClusterError, match="it has no workers of Dask"):
        Cluster(lambda epochs: bridge, Flag())  # type: ignore[arg-type,return-value]
    assert bridge.is_closed
