"""Timers: what an actor tells itself later."""

import math
import time
from collections.abc import Callable

import pytest

from rnd_actors.actors import ActorRef, ActorSystem, Normal, Overflow, Timer
from rnd_actors.errors import SettingsError
from rnd_actors.events import DeadLetter
from rnd_actors.simulation import explore
from rnd_actors.supervision import Restart
from tests.actors.toys import (
    Ask,
    Began,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    crash,
    greenlet_of,
    kill,
    let_pass,
    puppet,
    settle,
    start,
    supervise,
)

RING = Do(lambda puppet: puppet.diary.add(time.monotonic()))
"""What timers tell a puppet: it writes down the time at which it handles that."""


def rings(diary: Record) -> list[float]:
    return diary.all(float)


def test_after_tells_the_actor_once_and_on_time(system: ActorSystem, diary: Record) -> None:
    def set_timers(puppet: Puppet) -> None:
        puppet.after(2.5, RING)
        puppet.after(1.25, RING)

    system.start(puppet("puppet", diary, at_start=set_timers))
    let_pass(60.0)
    assert rings(diary) == [1.25, 2.5]


def test_after_no_time_the_message_still_comes_through_the_mailbox(
    system: ActorSystem, diary: Record
) -> None:
    def set_timer(puppet: Puppet) -> None:
        puppet.after(0, RING)
        puppet.diary.add("set")

    system.start(puppet("puppet", diary, at_start=set_timer))
    let_pass(1.0)
    assert diary.items == [Began("puppet", 1), "set", 0.0]


def test_every_tells_the_actor_again_and_again_after_each_interval(
    system: ActorSystem, diary: Record
) -> None:
    system.start(puppet("puppet", diary, at_start=lambda puppet: puppet.every(0.25, RING)))
    let_pass(1.1)
    assert rings(diary) == [0.25, 0.5, 0.75, 1.0]


def test_a_cancelled_timer_does_not_fire(system: ActorSystem, diary: Record) -> None:
    def set_and_cancel(puppet: Puppet) -> None:
        puppet.after(1.0, RING).cancel()
        puppet.every(1.0, RING).cancel()

    system.start(puppet("puppet", diary, at_start=set_and_cancel))
    let_pass(60.0)
    assert rings(diary) == []


def test_a_repeating_timer_can_be_cancelled_after_it_has_fired(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(puppet("puppet", diary))
    timer: Timer = ref.ask(Ask(lambda puppet: puppet.every(1.0, RING)))
    let_pass(2.5)
    timer.cancel()
    let_pass(60.0)
    assert rings(diary) == [1.0, 2.0]


@pytest.mark.parametrize("interval", [0, -1.0, math.nan, math.inf, -math.inf])
def test_a_repeating_timer_needs_time_between(system: ActorSystem, interval: float) -> None:
    ref = system.start(puppet("puppet"))
    with pytest.raises(SettingsError, match=r"every\(\) interval takes seconds > 0; got") as caught:
        ref.ask(Ask(lambda puppet: puppet.every(interval, Note(1))))
    assert caught.value.got is interval
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 2


@pytest.mark.parametrize("delay", [-0.5, math.nan, math.inf, -math.inf])
def test_a_timer_needs_a_delay_that_can_be_waited_for(system: ActorSystem, delay: float) -> None:
    ref = system.start(puppet("puppet"))
    with pytest.raises(
        SettingsError, match=r"after\(\) delay takes seconds, 0 or more; got"
    ) as caught:
        ref.ask(Ask(lambda puppet: puppet.after(delay, Note(1))))
    assert caught.value.got is delay
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 2


def test_cancelling_twice_does_nothing(system: ActorSystem) -> None:
    def cancel_twice(puppet: Puppet) -> None:
        for timer in (puppet.after(60.0, Note(1)), puppet.every(60.0, Note(1))):
            timer.cancel()
            timer.cancel()

    system.start(puppet("puppet")).ask(Ask(cancel_twice))


def test_cancelling_after_firing_does_nothing(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("puppet", diary))
    timer: Timer = ref.ask(Ask(lambda puppet: puppet.after(1.0, RING)))
    let_pass(2.0)
    timer.cancel()
    settle(ref)
    assert rings(diary) == [1.0]


def test_a_cancelled_timer_does_not_take_back_what_it_has_sent(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    ref = system.start(puppet("puppet", diary))
    timer: Timer = ref.ask(Ask(lambda puppet: puppet.after(1.0, RING)))
    ref.tell(Do(gate.pass_through))
    let_pass(2.0)
    timer.cancel()
    gate.open()
    settle(ref)
    assert rings(diary) == [2.0]


def test_timers_die_with_their_incarnation(system: ActorSystem, diary: Record) -> None:
    def set_timers(puppet: Puppet) -> None:
        if puppet.incarnation == 1:
            puppet.after(1.0, RING)
            puppet.every(1.0, RING)
            crash()

    supervise(system, [puppet("puppet", diary, at_start=set_timers)])
    let_pass(60.0)
    assert rings(diary) == []


def test_timers_die_with_their_actor(system: ActorSystem, diary: Record, events: Record) -> None:
    def set_timers_and_stop(puppet: Puppet) -> None:
        puppet.after(1.0, RING)
        puppet.every(1.0, RING)
        puppet.stop()

    ref = system.start(
        puppet("puppet", diary, at_start=set_timers_and_stop, restart=Restart.TEMPORARY)
    )
    assert ref.join() == Normal()
    let_pass(60.0)
    assert rings(diary) == []
    assert events.all(DeadLetter) == []


@pytest.mark.parametrize("overflow", [Overflow.FAIL, Overflow.BLOCK, Overflow.DROP_NEWEST])
def test_what_a_timer_tells_is_not_refused_by_a_full_mailbox(
    system: ActorSystem, diary: Record, events: Record, overflow: Overflow
) -> None:
    before, after = Gate(), Gate()

    def set_timer_when_full(puppet: Puppet) -> None:
        before.pass_through()
        puppet.after(1.0, RING)
        after.pass_through()

    ref = system.start(puppet("puppet", diary, capacity=1, overflow=overflow))
    ref.tell(Do(set_timer_when_full))
    before.await_entry()
    ref.tell(Note(1))
    before.open()
    let_pass(2.0)
    after.open()
    diary.until(2.0)
    assert diary.items == [Began("puppet", 1), Note(1), 2.0]
    assert events.all(DeadLetter) == []


def test_a_timer_set_in_on_stop_dies_with_the_incarnation(
    system: ActorSystem, diary: Record
) -> None:
    def set_timer(puppet: Puppet) -> None:
        if puppet.incarnation == 1:
            puppet.after(1.0, RING)

    ref = system.start(puppet("puppet", diary, at_stop=set_timer))
    ref.stop()
    let_pass(60.0)
    assert rings(diary) == []
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 2


def test_a_cancelled_timer_is_forgotten(system: ActorSystem) -> None:
    def rearm_a_watchdog(puppet: Puppet) -> None:
        for _ in range(100):
            puppet.after(60.0, Note(1)).cancel()

    ref = system.start(puppet("puppet"))
    ref.ask(Ask(rearm_a_watchdog))
    assert len(greenlet_of(ref).owned._timers) == 0


def test_a_timer_that_has_fired_is_forgotten(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(lambda puppet: puppet.after(1.0, RING)))
    let_pass(2.0)
    assert rings(diary) == [1.0]
    assert not greenlet_of(ref).owned._timers


@pytest.mark.parametrize(
    "end",
    [lambda ref: ref.tell(Do(crash)), ActorRef.stop, kill],
    ids=["crashes", "is stopped", "is killed"],
)
def test_in_every_schedule_timers_keep_their_time_and_die_with_their_incarnation(
    end: Callable[[ActorRef[Note]], object],
) -> None:
    def end_when_timers_are_due(system: ActorSystem) -> tuple[float, ...]:
        diary = Record()

        def set_timers(puppet: Puppet) -> None:
            if puppet.incarnation == 1:
                puppet.every(1.0, RING)
                puppet.after(3.0, RING)
                puppet.after(4.0, RING)

        ref = start(supervise(system), puppet("puppet", diary, at_start=set_timers))
        let_pass(3.0)
        end(ref)
        let_pass(60.0)
        assert ref.stats().told == len(diary.all(float)) + ref.stats().failed
        return tuple(rings(diary))

    heard = {run.result for run in explore(end_when_timers_are_due, range(100))}
    assert {(1.0, 2.0), (1.0, 2.0, 3.0), (1.0, 2.0, 3.0, 3.0)} == heard
