"""The actor: batches, patience, and its thread."""

from functools import partial
from itertools import chain

import gevent
import pytest
from gevent.monkey import get_original

from rnd_actors import ActorRef, ActorSystem, ChildSpec, Event, Killed, Restart
from rnd_actors.collectors import Accepted
from rnd_actors.errors import NotSimulatedError, SinkError
from rnd_actors.events import ActorFailed, ActorStuck
from rnd_actors.simulation import simulate
from rnd_actors.sinks import Sink, _sink
from rnd_actors.testing import no_leaks
from tests.sinks.writers import ControlledWriter, sample

THOUSAND = Accepted(tuple(map(sample, range(1000))))


def start(
    system: ActorSystem, writer: ControlledWriter, capacity: int = 1000, shutdown: float = 10.0
) -> ActorRef[Accepted]:
    return system.start(
        ChildSpec(
            "sink",
            lambda: Sink(writer),
            restart=Restart.TEMPORARY,
            capacity=capacity,
            drain=True,
            shutdown=shutdown,
        )
    )


def test_all_that_came_is_written_in_order_before_it_is_closed() -> None:
    writer = ControlledWriter()
    with ActorSystem() as system:
        ref = start(system, writer)
        for index in range(5):
            ref.tell(Accepted((sample(index),)))
    assert writer.calls == ["open", "write", "close"]
    assert writer.batches == [[0, 1, 2, 3, 4]]


def test_a_thousand_samples_are_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sink, "_PAUSE", 0.0)
    writer = ControlledWriter()
    with ActorSystem() as system:
        ref = start(system, writer)
        for first in range(0, 2500, 500):
            ref.tell(Accepted(tuple(sample(first + n) for n in range(500))))
    assert [len(batch) for batch in writer.batches] == [1000, 1000, 500]
    assert list(chain(*writer.batches)) == list(range(2500))


def test_batches_are_larger_if_writes_are_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sink, "_PAUSE", 1e9)
    writer = ControlledWriter()
    with ActorSystem() as system:
        ref = start(system, writer)
        for _ in range(3):
            ref.tell(THOUSAND)
    assert [len(batch) for batch in writer.batches] == [1000, 2000]


def test_larger_batches_wait_no_longer_than_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sink, "_PAUSE", 1e9)
    monkeypatch.setattr(_sink, "_FLUSH_S", 0.01)
    writer = ControlledWriter()
    with ActorSystem() as system:
        ref = start(system, writer)
        for count in range(2):
            ref.tell(THOUSAND)
            writer.wait_until(partial(lambda least: len(writer.batches) == least, count + 1))
        assert "close" not in writer.calls


def test_what_is_left_is_written_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sink, "_FLUSH_S", 0.01)
    writer = ControlledWriter()
    with ActorSystem() as system:
        ref = start(system, writer)
        for index in range(2):
            ref.tell(Accepted((sample(index),)))
            writer.wait_until(partial(lambda count: len(writer.batches) == count, index + 1))
        assert "close" not in writer.calls
    assert writer.calls == ["open", "write", "write", "close"]


def test_a_sample_waits_a_second_at_most() -> None:
    assert _sink._FLUSH_S <= 1.0


def test_a_slow_disk_holds_up_who_sends_but_not_the_loop() -> None:
    writer = ControlledWriter()
    with ActorSystem() as system:
        ref = start(system, writer, capacity=2)
        with writer.disk:  # type: ignore[attr-defined]
            sent: list[int] = []

            def send() -> None:
                for number in range(5):
                    ref.tell(THOUSAND)
                    sent.append(number)

            sender = gevent.spawn(send)
            writer.wait_until(lambda: "write" in writer.calls)
            gevent.idle()  # this greenlet has its turn, although the disk does not answer
            assert len(sent) == 3
            assert not sender.dead
        sender.join()
    assert sum(map(len, writer.batches)) == 5000


def test_the_writer_works_in_one_thread_that_is_not_the_one_of_the_loop() -> None:
    writer = ControlledWriter()
    with no_leaks(), ActorSystem() as system:
        ref = start(system, writer)
        for _ in range(3):
            ref.tell(THOUSAND)
    assert len(writer.threads) == 1
    assert writer.threads.isdisjoint({get_original("threading", "get_ident")()})


@pytest.mark.parametrize("call", ["write", "close"])
def test_an_error_of_the_writer_ends_the_sink_and_closes_the_file(call: str) -> None:
    writer = ControlledWriter(fails=call)
    failures: list[ActorFailed] = []
    with ActorSystem() as system:
        system.events.subscribe(failures.append, to=ActorFailed)
        start(system, writer).tell(Accepted((sample(),)))
    assert [str(failed.reason) for failed in failures] == [f"crashed: SinkError: cannot {call}"]
    assert writer.calls == ["open", "write", "close"]


@pytest.mark.parametrize("count", [1000, 1], ids=["before the end", "at the end"])
def test_a_disk_that_never_answers_holds_up_the_end_no_longer_than_allowed(count: int) -> None:
    writer = ControlledWriter()
    told: list[Event] = []
    with no_leaks():
        with ActorSystem() as system:
            system.events.subscribe(told.append)
            ref = start(system, writer, shutdown=1.0)
            writer.disk.acquire()  # type: ignore[attr-defined]
            ref.tell(Accepted(THOUSAND.samples[:count]))
        assert writer.calls == ["open", "write"]
        assert ActorFailed("sink", 1, Killed()) in told
        assert not any(isinstance(event, ActorStuck) for event in told)
        writer.disk.release()  # type: ignore[attr-defined]
        writer.wait_until(lambda: "close" in writer.calls)


def test_what_cannot_be_opened_is_not_started() -> None:
    with ActorSystem() as system, pytest.raises(SinkError, match="cannot open"):
        start(system, ControlledWriter(fails="open"))


def test_virtual_time_has_no_sinks() -> None:
    def scenario(system: ActorSystem) -> None:
        start(system, ControlledWriter())

    with pytest.raises(NotSimulatedError, match="native threads"):
        simulate(scenario)
