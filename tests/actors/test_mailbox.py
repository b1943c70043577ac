"""The mailbox without a limit: two lanes, and what closing it means."""

from contextlib import suppress

import gevent
import pytest
from gevent import GreenletExit
from gevent.event import Event as Flag

from rnd_actors.actors import ActorSystem, Normal
from rnd_actors.actors._mailbox import Mailbox
from rnd_actors.actors._signals import Signal, Stop
from rnd_actors.simulation import explore


@pytest.fixture
def refused() -> list[tuple[object, str]]:
    return []


@pytest.fixture
def mailbox(refused: list[tuple[object, str]]) -> Mailbox:
    return Mailbox(lambda entry, why: refused.append((entry, why)))


def test_messages_come_out_in_the_order_in_which_they_came(mailbox: Mailbox) -> None:
    for number in range(5):
        mailbox.put(number)
    assert [mailbox.get() for _ in range(5)] == [0, 1, 2, 3, 4]


def test_a_signal_overtakes_the_messages_that_wait(mailbox: Mailbox) -> None:
    signal = Signal()
    mailbox.put("first")
    mailbox.put("second")
    mailbox.put_signal(signal)
    assert [mailbox.get() for _ in range(3)] == [signal, "first", "second"]


def test_signals_keep_their_own_order(mailbox: Mailbox) -> None:
    signals = [Signal(), Signal(), Signal()]
    mailbox.put_signal(signals[0])
    mailbox.put("message")
    mailbox.put_signal(signals[1])
    mailbox.put_signal(signals[2])
    assert [mailbox.get() for _ in range(4)] == [*signals, "message"]


def test_whoever_waits_for_messages_is_woken_by_a_signal(mailbox: Mailbox) -> None:
    signal = Signal()
    actor = gevent.spawn(mailbox.get)
    gevent.idle()
    mailbox.put_signal(signal)
    assert actor.get() is signal


def test_a_signal_overtakes_even_the_message_that_has_just_woken_the_actor(
    mailbox: Mailbox,
) -> None:
    signal = Signal()
    actor = gevent.spawn(lambda: [mailbox.get() for _ in range(3)])
    gevent.idle()
    mailbox.put("first")
    mailbox.put("second")
    mailbox.put_signal(signal)
    assert actor.get() == [signal, "first", "second"]


def test_whoever_was_woken_for_signals_already_taken_waits_on(mailbox: Mailbox) -> None:
    first, second = Signal(), Signal()
    mailbox.put_signal(first)
    assert mailbox.get() is first
    actor = gevent.spawn(mailbox.get)
    gevent.idle()
    assert not actor.ready()
    mailbox.put_signal(second)
    assert actor.get() is second


def test_whoever_was_woken_for_a_message_that_is_gone_by_its_turn_waits_on(
    mailbox: Mailbox,
) -> None:
    signal = Signal()
    actor = gevent.spawn(mailbox.get)
    gevent.idle()
    mailbox.put("message")
    assert mailbox.close() == ["message"]
    gevent.idle()
    assert not actor.ready()
    mailbox.put_signal(signal)
    assert actor.get() is signal


def test_whoever_waits_for_messages_is_woken_by_a_last_signal(mailbox: Mailbox) -> None:
    signal = Signal()
    actor = gevent.spawn(mailbox.get)
    gevent.idle()
    mailbox.put_signal_last(signal)
    assert actor.get() is signal


def test_messages_are_put_back_before_all_others_in_their_order(mailbox: Mailbox) -> None:
    mailbox.put("third")
    mailbox.put_back(["first", "second"])
    assert [mailbox.get() for _ in range(3)] == ["first", "second", "third"]


def test_a_last_signal_waits_for_the_messages_before_it(mailbox: Mailbox) -> None:
    last = Signal()
    mailbox.put("before")
    mailbox.put_signal_last(last)
    mailbox.put("after")
    assert [mailbox.get() for _ in range(3)] == ["before", last, "after"]


def test_a_signal_overtakes_a_last_signal(mailbox: Mailbox) -> None:
    last, signal = Signal(), Signal()
    mailbox.put_signal_last(last)
    mailbox.put_signal(signal)
    assert [mailbox.get() for _ in range(2)] == [signal, last]


def test_its_length_counts_messages_and_no_signals(mailbox: Mailbox) -> None:
    mailbox.put_signal(Signal())
    mailbox.put("message")
    mailbox.put_signal_last(Signal())
    assert len(mailbox) == 1
    for _ in range(3):
        mailbox.get()
    assert len(mailbox) == 0


def test_its_length_does_not_count_what_outlives_the_incarnation_either(mailbox: Mailbox) -> None:
    mailbox.put_signal_last(Stop(Normal(), lasts=True))
    mailbox.put_signal_last(Signal())
    mailbox.put("message")
    mailbox.forget_signals(but_stops=True)
    assert len(mailbox) == 1
    assert len(mailbox.entries) == 2


def test_killing_the_one_who_waits_loses_no_message_in_any_schedule() -> None:
    def kill_and_put(_: ActorSystem) -> bool:
        mailbox = Mailbox(lambda entry, why: None)
        actor = gevent.spawn(mailbox.get)
        gevent.idle()
        actor.kill(block=False)
        mailbox.put("message")
        gevent.idle()
        assert actor.dead
        is_left = len(mailbox) == 1
        assert (mailbox.get() if is_left else actor.value) == "message"
        return is_left

    assert {run.result for run in explore(kill_and_put, range(200))} == {True, False}


def test_whoever_is_killed_while_it_waits_is_not_woken_in_its_next_wait_in_any_schedule(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def kill_and_put(_: ActorSystem) -> bool:
        mailbox, flag = Mailbox(lambda entry, why: None), Flag()

        def read_and_wait() -> None:
            with suppress(GreenletExit):
                mailbox.get()
            flag.wait()

        actor = gevent.spawn(read_and_wait)
        gevent.idle()
        actor.kill(block=False)
        mailbox.put("message")
        gevent.idle()
        has_read = len(mailbox) == 0
        assert actor.ready() is has_read  # then the kill came into its next wait
        flag.set()
        actor.join()
        return has_read

    assert {run.result for run in explore(kill_and_put, range(200))} == {True, False}
    assert capsys.readouterr().err == ""


def test_whoever_was_killed_while_it_waited_is_not_woken_for_what_comes_later(
    mailbox: Mailbox,
) -> None:
    flag = Flag()

    def read_and_wait() -> None:
        with suppress(GreenletExit):
            mailbox.get()
        flag.wait()

    actor = gevent.spawn(read_and_wait)
    gevent.idle()
    actor.kill(block=False)
    gevent.idle()
    mailbox.put("message")
    mailbox.put_signal(Signal())
    mailbox.put_signal_last(Signal())
    gevent.idle()
    assert not actor.ready()
    flag.set()
    actor.get()


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
    mailbox.put_forced("posted")
    assert refused == [("told", "the actor has stopped"), ("posted", "the actor has stopped")]
    assert len(mailbox) == 0


def test_every_message_is_counted_as_told(mailbox: Mailbox) -> None:
    mailbox.put("told")
    mailbox.put_forced("posted")
    mailbox.put_signal(Signal())
    mailbox.close()
    mailbox.put("too late")
    assert mailbox.told == 3
