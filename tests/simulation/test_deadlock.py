"""Simulations that could never end: they end at once, and say why."""

import time
from collections.abc import Callable
from typing import Any

import gevent
import pytest
from gevent.event import Event as Flag
from gevent.exceptions import LoopExit
from gevent.lock import Semaphore

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Request
from rnd_actors.errors import DeadlockError, LivelockError, VirtualTimeoutError
from rnd_actors.simulation import Crash, VirtualTime, _loop, simulate
from rnd_actors.supervision import ChildSpec, Restart
from tests.actors.toys import Began, Do, Ended, Puppet, Record, hang, puppet


def test_a_plain_wait_without_actors_is_a_deadlock() -> None:
    with pytest.raises(DeadlockError) as caught, VirtualTime():
        Flag().wait()
    assert str(caught.value) == "nothing is left that could wake anyone; there is no actor"


def test_a_lock_that_nobody_will_release_is_a_deadlock(virtual_time: VirtualTime) -> None:
    with pytest.raises(DeadlockError):
        Semaphore(0).acquire()


def test_room_that_nobody_will_make_is_a_deadlock() -> None:
    def main(system: ActorSystem) -> None:
        ref = system.start(puppet("hung", capacity=1, shutdown=1.0))
        for _ in range(3):
            ref.tell(Do(hang))

    with pytest.raises(DeadlockError, match="waits for room in the mailbox of hung; "):
        simulate(main)


def test_those_who_catch_what_gevent_raises_catch_it_too(virtual_time: VirtualTime) -> None:
    with pytest.raises(LoopExit):
        Flag().wait()


def test_after_a_deadlock_the_block_can_go_on(virtual_time: VirtualTime) -> None:
    for hours in range(3):
        assert virtual_time.now == hours * 3600.0
        with pytest.raises(DeadlockError):
            Flag().wait()
        gevent.sleep(3600.0)


def test_a_plain_wait_of_main_names_what_every_actor_does() -> None:
    def main(system: ActorSystem) -> None:
        system.start(puppet("idle"))
        system.start(puppet("hung", shutdown=1.0)).tell(Do(hang))
        Flag().wait()

    with pytest.raises(DeadlockError) as caught:
        simulate(main)
    text = str(caught.value)
    assert "nothing is left that could wake anyone; system waits for a message" in text
    assert "idle waits for a message" in text
    assert "hung is busy with Do(action=<function hang" in text


class Asking(Actor[Any]):
    """Asks whom it is told to, and waits for ever."""

    def receive(self, message: Any) -> None:
        match message:
            case ActorRef():
                message.ask(Request(), timeout=None)
            case _:
                self.reply(message, None)


def test_two_actors_that_ask_each_other_are_named_with_what_they_wait_for() -> None:
    def main(system: ActorSystem) -> None:
        one, two = (system.start(ChildSpec(name, Asking, shutdown=1.0)) for name in ("one", "two"))
        one.tell(two)
        two.tell(one)
        one.join()

    with pytest.raises(DeadlockError) as caught:
        simulate(main)
    assert str(caught.value) == (
        "nothing is left that could wake anyone: this greenlet waits for the end of one; "
        "system waits for a message; "
        "one waits for the answer of two to Request(); "
        "two waits for the answer of one to Request()"
    )


def test_two_actors_that_ask_each_other_one_after_the_other_are_no_deadlock() -> None:
    def main(system: ActorSystem) -> None:
        one, two = (system.start(ChildSpec(name, Asking)) for name in ("one", "two"))
        one.tell(two)
        gevent.sleep(1.0)
        two.tell(one)
        gevent.sleep(1.0)

    assert simulate(main).elapsed_s == 2.0


def test_a_fault_that_is_still_to_strike_is_waited_for() -> None:
    def main(system: ActorSystem) -> None:
        system.start(ChildSpec("idle", Actor, restart=Restart.TEMPORARY)).join()

    assert simulate(main, faults=[Crash("idle", at=5.0)]).elapsed_s == 5.0


def test_a_loop_that_lets_no_time_pass_is_a_livelock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_loop, "_MOST_CALLBACKS_AT_ONCE", 1_000)

    def spin() -> None:
        while True:
            gevent.sleep(0)

    def main(_: ActorSystem) -> None:
        gevent.sleep(2.0)
        gevent.spawn(spin)
        gevent.sleep(1.0)

    with pytest.raises(LivelockError, match="stands still at 2 s: 1,000 callbacks have run"):
        simulate(main)


def test_a_loop_that_reads_the_clock_and_does_not_wait_is_a_livelock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_loop, "_MOST_READINGS_AT_ONCE", 1_000)

    def main(system: ActorSystem) -> None:
        for _ in range(10):
            gevent.sleep(1.0)
            for _ in range(500):
                time.monotonic()
        while time.monotonic() < 11.0:
            pass

    with pytest.raises(LivelockError, match="stands still at 10 s: it was asked for 1,000 times"):
        simulate(main)


def test_timers_that_take_no_time_are_a_livelock_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_loop, "_MOST_CALLBACKS_AT_ONCE", 1_000)

    def go_on() -> None:
        gevent.spawn_later(0.0, go_on)

    def main(_: ActorSystem) -> None:
        go_on()
        Flag().wait()

    with pytest.raises(LivelockError, match="stands still at 0 s"):
        simulate(main)


def test_many_callbacks_are_no_livelock_if_time_passes_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_loop, "_MOST_CALLBACKS_AT_ONCE", 1_000)
    with VirtualTime():
        for _ in range(4):
            for _ in range(900):
                gevent.sleep(0)
            gevent.sleep(1.0)


def test_a_simulation_that_is_too_long_says_who_waits_and_is_left_as_any_other() -> None:
    diary = Record()

    def main(system: ActorSystem) -> None:
        system.start(puppet("idle", diary))
        system.start(ticking(system, 7.0))
        gevent.sleep(3600.0)

    with pytest.raises(VirtualTimeoutError) as caught:
        simulate(main, limit=60.0)
    text = str(caught.value)
    assert text.startswith("not over after 60 s of virtual time; system waits for a message; ")
    assert "idle waits for a message" in text
    assert [type(item) for item in diary.items] == [Began, Ended]


def ticking(system: ActorSystem, seconds: float) -> ChildSpec:
    return puppet("clock", at_start=lambda puppet: puppet.every(seconds, "tick"))


def test_at_the_limit_as_much_time_has_passed(virtual_time: VirtualTime) -> None:
    with VirtualTime(limit=60.0) as time:
        with pytest.raises(VirtualTimeoutError):
            gevent.sleep(3600.0)
        assert time.now == 60.0
        gevent.sleep(5.0)
        assert time.now == 65.0


def test_what_ends_just_at_the_limit_is_in_time() -> None:
    assert simulate(lambda _: gevent.sleep(60.0), limit=60.0).elapsed_s == 60.0


def stuck_on_stop(_: Puppet) -> None:
    gevent.sleep(1_000_000.0)


@pytest.mark.parametrize("at_stop", [hang, stuck_on_stop])
def test_a_system_that_does_not_end_is_ended_by_the_limits_of_its_actors(
    at_stop: Callable[[Puppet], None],
) -> None:
    def main(system: ActorSystem) -> None:
        system.start(puppet("stuck", at_stop=at_stop, shutdown=2.0))
        gevent.sleep(1.0)

    assert simulate(main).elapsed_s == 3.0
