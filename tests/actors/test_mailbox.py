"""The mailbox without a limit: two lanes, and what closing it means."""

from collections.abc import Callable, Iterator

import gevent
import pytest

from rnd_actors.actors import ActorSystem, Normal
from rnd_actors.actors._incarnation import Signal, Stop
from rnd_actors.actors._mailbox import Mailbox
from rnd_actors.simulation import explore
from tests.actors.toys import Do, Record, kill, puppet, settle


@pytest.fixture
def refused() -> list[tuple[object, str]]:
    return []


@pytest.fixture
def mailbox(refused: list[tuple[object, str]]) -> Mailbox:
    return Mailbox(lambda entry, why: refused.append((entry, why)))


def test_messages_come_out_in_the_order_in_which_they_came(mailbox: Mailbox) -> None:
    for number in range(5):
        mailbox.put(number)
    assert [mailbox.take() for _ in range(5)] == [0, 1, 2, 3, 4]


def test_a_signal_overtakes_the_messages_that_wait(mailbox: Mailbox) -> None:
    signal = Signal()
    mailbox.put("first")
    mailbox.put("second")
    mailbox.put_signal(signal)
    assert [mailbox.take() for _ in range(3)] == [signal, "first", "second"]


def test_signals_keep_their_own_order(mailbox: Mailbox) -> None:
    signals = [Signal(), Signal(), Signal()]
    mailbox.put_signal(signals[0])
    mailbox.put("message")
    mailbox.put_signal(signals[1])
    mailbox.put_signal(signals[2])
    assert [mailbox.take() for _ in range(4)] == [*signals, "message"]


def test_messages_are_put_back_before_all_others_in_their_order(mailbox: Mailbox) -> None:
    mailbox.put("third")
    mailbox.put_back(["first", "second"])
    assert [mailbox.take() for _ in range(3)] == ["first", "second", "third"]


def test_a_last_signal_waits_for_the_messages_before_it(mailbox: Mailbox) -> None:
    last = Signal()
    mailbox.put("before")
    mailbox.put_signal_last(last)
    mailbox.put("after")
    assert [mailbox.take() for _ in range(3)] == ["before", last, "after"]


def test_a_signal_overtakes_a_last_signal(mailbox: Mailbox) -> None:
    last, signal = Signal(), Signal()
    mailbox.put_signal_last(last)
    mailbox.put_signal(signal)
    assert [mailbox.take() for _ in range(2)] == [signal, last]


def test_its_length_counts_messages_and_no_signals(mailbox: Mailbox) -> None:
    mailbox.put_signal(Signal())
    mailbox.put("message")
    mailbox.put_signal_last(Signal())
    assert mailbox.waiting() == 1
    for _ in range(3):
        mailbox.take()
    assert mailbox.waiting() == 0


def test_its_length_does_not_count_what_outlives_the_incarnation_either(mailbox: Mailbox) -> None:
    mailbox.put_signal_last(Stop(Normal(), outlives_crash=True))
    mailbox.put_signal_last(Signal())
    mailbox.put("message")
    mailbox.discard_signals(but_stops=True)
    assert mailbox.waiting() == 1
    assert len(mailbox) == 2


class Reader:
    """Takes what there is whenever it is woken."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.taken: list[object] = []
        self._mailbox = mailbox
        self._greenlet = gevent.spawn(self._read)
        gevent.idle()

    def close(self) -> None:
        self._greenlet.kill()

    def _read(self) -> None:
        while True:
            self._mailbox.wait(self._greenlet.switch)
            self.taken.append(self._mailbox.take())


@pytest.fixture
def reader(mailbox: Mailbox) -> Iterator[Reader]:
    reader = Reader(mailbox)
    yield reader
    reader.close()


@pytest.mark.parametrize("put", [Mailbox.put_signal, Mailbox.put_signal_last, Mailbox.put])
def test_whoever_waits_is_woken_by_all_that_comes(
    put: Callable[[Mailbox, object], object], mailbox: Mailbox, reader: Reader
) -> None:
    signal = Signal()
    for _ in range(2):
        reader.taken.clear()
        put(mailbox, signal)
        assert reader.taken == []
        gevent.idle()
        assert reader.taken == [signal]


def test_whoever_waits_is_woken_by_what_is_put_back(mailbox: Mailbox, reader: Reader) -> None:
    mailbox.put_back(["first", "second"])
    gevent.idle()
    assert reader.taken == ["first", "second"]


def test_a_signal_overtakes_even_the_message_that_has_just_woken_the_actor(
    mailbox: Mailbox, reader: Reader
) -> None:
    signal = Signal()
    mailbox.put("first")
    mailbox.put("second")
    mailbox.put_signal(signal)
    gevent.idle()
    assert reader.taken == [signal, "first", "second"]


def test_whoever_was_woken_for_a_message_that_is_gone_by_its_turn_waits_on(
    mailbox: Mailbox, reader: Reader
) -> None:
    signal = Signal()
    mailbox.put("message")
    assert mailbox.close() == ["message"]
    gevent.idle()
    assert reader.taken == []
    mailbox.put_signal(signal)
    gevent.idle()
    assert reader.taken == [signal]


def test_killing_an_actor_that_waits_loses_no_message_in_any_schedule() -> None:
    def kill_and_tell(system: ActorSystem) -> int:
        diary = Record()
        ref = system.start(puppet("puppet", diary))
        kill(ref)
        ref.tell(Do(lambda puppet: diary.add(puppet.incarnation)))
        settle(ref)
        [incarnation] = diary.all(int)
        return incarnation

    assert {run.result for run in explore(kill_and_tell, range(200))} == {1, 2}


def test_closing_returns_the_messages_that_waited(mailbox: Mailbox) -> None:
    mailbox.put("first")
    mailbox.put_signal_last(Signal())
    mailbox.put("second")
    mailbox.put_signal(Signal())
    assert mailbox.close() == ["first", "second"]
    assert len(mailbox) == 0


def test_a_closed_mailbox_refuses_what_comes(
    mailbox: Mailbox, refused: list[tuple[object, str]]
) -> None:
    mailbox.close()
    mailbox.put("told")
    mailbox.post("posted")
    assert refused == [("told", "the actor has stopped"), ("posted", "the actor has stopped")]
    assert len(mailbox) == 0


def test_every_message_is_counted_as_told(mailbox: Mailbox) -> None:
    mailbox.put("told")
    mailbox.post("posted")
    mailbox.put_signal(Signal())
    mailbox.close()
    mailbox.put("too late")
    assert mailbox.told == 3
