"""Timers: what an actor tells itself later."""

import math

import pytest

from rnd_actors.actors import (
    ActorSystem,
    DeadLetter,
    Normal,
    Overflow,
    Restart,
    Timer,
)
from rnd_actors.errors import SettingsError
from tests.actors.toys import (
    PATIENCE_S,
    Ask,
    Began,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    crash,
    life_of,
    puppet,
    settle,
    supervise,
)

LATE = Note(99)
"""What comes when a timer that should not fire would have fired long ago."""


def test_after_tells_the_actor_once(system: ActorSystem, diary: Record) -> None:
    def set_timers(puppet: Puppet) -> None:
        puppet.after(0.002, Note(2))
        puppet.after(0.001, Note(1))
        puppet.after(0.02, LATE)

    system.start(puppet("puppet", diary, at_start=set_timers))
    diary.until(LATE)
    assert diary.all(Note) == [Note(1), Note(2), LATE]


def test_after_no_time_the_message_still_comes_through_the_mailbox(
    system: ActorSystem, diary: Record
) -> None:
    def set_timer(puppet: Puppet) -> None:
        puppet.after(0, Note(1))
        puppet.diary.add("set")

    system.start(puppet("puppet", diary, at_start=set_timer))
    diary.until(Note(1))
    assert diary.items == [Began("puppet", 1), "set", Note(1)]


def test_every_tells_the_actor_again_and_again(system: ActorSystem, diary: Record) -> None:
    system.start(puppet("puppet", diary, at_start=lambda puppet: puppet.every(0.001, Note(1))))
    diary.until(Note(1), count=5)


def test_a_cancelled_timer_does_not_fire(system: ActorSystem, diary: Record) -> None:
    def set_and_cancel(puppet: Puppet) -> None:
        puppet.after(0.001, Note(1)).cancel()
        puppet.every(0.001, Note(2)).cancel()
        puppet.after(0.01, LATE)

    system.start(puppet("puppet", diary, at_start=set_and_cancel))
    diary.until(LATE)
    assert diary.all(Note) == [LATE]


def test_a_repeating_timer_can_be_cancelled_after_it_has_fired(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(puppet("puppet", diary))
    timer: Timer = ref.ask(Ask(lambda puppet: puppet.every(0.001, Note(1))))
    diary.until(Note(1), count=2)
    timer.cancel()
    settle(ref)
    fired = len(diary.all(Note))
    ref.tell(Do(lambda puppet: puppet.after(0.01, LATE)))
    diary.until(LATE)
    assert len(diary.all(Note)) == fired + 1


@pytest.mark.parametrize("interval", [0, -1.0, math.nan])
def test_a_repeating_timer_needs_time_between(system: ActorSystem, interval: float) -> None:
    ref = system.start(puppet("puppet"))
    with pytest.raises(SettingsError, match=r"every\(\) interval takes seconds > 0; got") as caught:
        ref.ask(Ask(lambda puppet: puppet.every(interval, Note(1))))
    assert caught.value.got is interval
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 2


def test_cancelling_twice_does_nothing(system: ActorSystem) -> None:
    def cancel_twice(puppet: Puppet) -> None:
        for timer in (puppet.after(60.0, Note(1)), puppet.every(60.0, Note(1))):
            timer.cancel()
            timer.cancel()

    system.start(puppet("puppet")).ask(Ask(cancel_twice))


def test_cancelling_after_firing_does_nothing(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("puppet", diary))
    timer: Timer = ref.ask(Ask(lambda puppet: puppet.after(0.001, Note(1))))
    diary.until(Note(1))
    timer.cancel()
    settle(ref)


def test_a_cancelled_timer_does_not_take_back_what_it_has_sent(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    ref = system.start(puppet("puppet", diary))
    timer: Timer = ref.ask(Ask(lambda puppet: puppet.after(0.001, Note(1))))
    ref.tell(Do(gate.pass_through))
    wait_longer_than(0.001, system, diary)
    timer.cancel()
    gate.open()
    diary.until(Note(1))


def test_timers_die_with_their_incarnation(system: ActorSystem, diary: Record) -> None:
    def set_timers(puppet: Puppet) -> None:
        if puppet.incarnation == 1:
            puppet.after(0.01, Note(1))
            puppet.every(0.01, Note(2))
            crash()
        puppet.after(0.05, LATE)

    supervise(system, [puppet("puppet", diary, at_start=set_timers)])
    diary.until(LATE)
    assert diary.all(Note) == [LATE]


def test_timers_die_with_their_actor(system: ActorSystem, diary: Record, events: Record) -> None:
    def set_timers_and_stop(puppet: Puppet) -> None:
        puppet.after(0.01, Note(1))
        puppet.every(0.01, Note(2))
        puppet.stop()

    ref = system.start(
        puppet("puppet", diary, at_start=set_timers_and_stop, restart=Restart.TEMPORARY)
    )
    assert ref.join(PATIENCE_S) == Normal()
    wait_longer_than(0.01, system, diary)
    assert diary.all(Note) == [LATE]
    assert events.all(DeadLetter) == []


@pytest.mark.parametrize("overflow", [Overflow.FAIL, Overflow.BLOCK, Overflow.DROP_NEWEST])
def test_what_a_timer_tells_is_not_refused_by_a_full_mailbox(
    system: ActorSystem, diary: Record, events: Record, overflow: Overflow
) -> None:
    before, after = Gate(), Gate()

    def set_timer_when_full(puppet: Puppet) -> None:
        before.pass_through()
        puppet.after(0.001, Note(2))
        after.pass_through()

    ref = system.start(puppet("puppet", diary, capacity=1, overflow=overflow))
    ref.tell(Do(set_timer_when_full))
    before.await_entry()
    ref.tell(Note(1))
    before.open()
    after.await_entry()
    wait_longer_than(0.001, system, diary)
    after.open()
    diary.until(Note(2))
    assert diary.all(Note) == [LATE, Note(1), Note(2)]
    assert events.all(DeadLetter) == []


def wait_longer_than(delay: float, system: ActorSystem, diary: Record) -> None:
    """Return when every timer that was set with this delay has fired, unless it was cancelled."""
    clock = system.start(puppet("clock", diary))
    clock.tell(Do(lambda puppet: puppet.after(10 * delay, LATE)))
    diary.until(LATE)


def test_a_timer_set_in_on_stop_dies_with_the_incarnation(
    system: ActorSystem, diary: Record
) -> None:
    def set_timer(puppet: Puppet) -> None:
        if puppet.incarnation == 1:
            puppet.after(0.001, Note(1))

    def set_sentinel(puppet: Puppet) -> None:
        if puppet.incarnation == 2:
            puppet.after(0.02, Note(2))

    ref = system.start(puppet("puppet", diary, at_start=set_sentinel, at_stop=set_timer))
    ref.stop()
    diary.until(Note(2))
    assert diary.all(Note) == [Note(2)]


def test_a_cancelled_timer_is_forgotten(system: ActorSystem) -> None:
    def rearm_a_watchdog(puppet: Puppet) -> None:
        for _ in range(100):
            puppet.after(60.0, Note(1)).cancel()

    ref = system.start(puppet("puppet"))
    ref.ask(Ask(rearm_a_watchdog))
    assert len(life_of(ref).owned._timers) == 0


def test_a_timer_that_has_fired_is_forgotten(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(lambda puppet: puppet.after(0.001, Note(1))))
    diary.until(Note(1))
    assert not life_of(ref).owned._timers
