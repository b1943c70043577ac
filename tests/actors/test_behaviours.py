"""Other handlers for the messages, messages before all others, timers by key, receive time-outs."""

import math
import time
from functools import partial
from random import random
from typing import Any

import pytest
from attrs import frozen

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Normal, Overflow, Request
from rnd_actors.errors import SettingsError, UnhandledMessageError
from rnd_actors.events import DeadLetter
from rnd_actors.supervision import ChildSpec, Restart
from tests.actors.toys import (
    Action,
    Ask,
    Began,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    balance,
    crash,
    let_pass,
    nothing,
    puppet,
    settle,
)

RING = Do(lambda puppet: puppet.diary.add(time.monotonic()))
"""What timers tell a puppet: it writes down the time at which it handles that."""


@frozen
class Press(Request[str]):
    pass


class Switch(Actor[Press | Note]):
    """Answers with what it is, and is then something else."""

    def __init__(self, diary: Record) -> None:
        self.diary = diary

    def receive(self, message: Press | Note) -> None:
        match message:
            case Press():
                self.become(self.on)
                self.reply(message, "off")
            case Note():
                self.diary.add(("off", message))

    def on(self, message: Press | Note) -> None:
        match message:
            case Press():
                self.unbecome()
                self.reply(message, "on")
            case Note():
                self.diary.add(("on", message))


@pytest.fixture
def switch(system: ActorSystem, diary: Record) -> ActorRef[Press | Note]:
    return system.start(ChildSpec("switch", lambda: Switch(diary), restart=Restart.TRANSIENT))


def test_an_actor_becomes_another_one_and_itself_again(switch: ActorRef[Press | Note]) -> None:
    assert [switch.ask(Press()) for _ in range(5)] == ["off", "on", "off", "on", "off"]


def test_the_next_message_meets_the_new_handler_even_if_it_waited_already(
    system: ActorSystem, switch: ActorRef[Press | Note], diary: Record
) -> None:
    for number in range(6):
        switch.tell(Note(number))
        switch.tell(Press())
    switch.ask(Press())
    assert diary.items == [(("off", "on")[number % 2], Note(number)) for number in range(6)]


def test_there_is_one_handler_at_a_time(system: ActorSystem, diary: Record) -> None:
    def say(name: str, puppet: Puppet, _: object) -> None:
        puppet.diary.add(name)
        puppet.unbecome()

    def become_both(puppet: Puppet) -> None:
        for name in ("one", "two"):
            puppet.become(partial(say, name, puppet))

    ref = system.start(puppet("puppet", at_start=become_both, diary=diary))
    for number in range(2):
        ref.tell(Note(number))
    settle(ref)
    assert diary.items[1:] == ["two", Note(1)]


def test_to_unbecome_once_too_often_changes_nothing(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("puppet", diary, at_start=Puppet.unbecome))
    ref.tell(Note(1))
    settle(ref)
    assert diary.items[1:] == [Note(1)]


def test_an_actor_does_not_become_a_coroutine(system: ActorSystem) -> None:
    async def handle(_: object) -> None:
        """Never run."""

    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    with pytest.raises(SettingsError, match=r"become\(\) handler takes a method, or another"):
        ref.ask(Ask(lambda puppet: puppet.become(handle)))


def test_an_actor_becomes_only_what_can_be_called(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    with pytest.raises(SettingsError, match=r"become\(\) handler takes a method, or another"):
        ref.ask(Ask(lambda puppet: puppet.become("on")))  # type: ignore[arg-type]


def test_an_actor_can_become_another_one_in_on_start(system: ActorSystem, diary: Record) -> None:
    ref = system.start(
        puppet("puppet", at_start=lambda puppet: puppet.become(diary.add)),
    )
    ref.tell(Note(1))
    diary.until(Note(1))


def test_a_restart_makes_it_what_it_was(
    switch: ActorRef[Press | Note], system: ActorSystem
) -> None:
    switch.ask(Press())
    switch.kill()
    assert switch.ask(Press()) == "off"


def test_a_handler_gets_only_messages_of_the_type(switch: ActorRef[Any]) -> None:
    switch.ask(Press())
    with pytest.raises(UnhandledMessageError):
        switch.ask(Ask(nothing))


def test_what_fails_in_another_handler_is_accounted_for(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet", at_start=lambda puppet: puppet.become(crash)))
    ref.tell(Note(1))
    let_pass(10.0)
    assert ref.stats().failed == 1
    assert len(set(balance(ref))) == 1


def test_a_message_told_first_comes_before_all_that_wait(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()

    def hold(puppet: Puppet) -> None:
        gate.pass_through()
        puppet.tell_first(Note(0))

    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(hold))
    for number in (1, 2):
        ref.tell(Note(number))
    gate.open()
    settle(ref)
    assert diary.all(Note) == [Note(0), Note(1), Note(2)]


@pytest.mark.parametrize("capacity", [None, 1])
def test_work_after_on_start_comes_before_the_first_message(
    system: ActorSystem, diary: Record, capacity: int | None
) -> None:
    def go_on(puppet: Puppet) -> None:
        puppet.tell_first(Note(0))

    ref = system.start(puppet("puppet", diary, at_start=go_on, capacity=capacity))
    ref.tell(Note(1))
    settle(ref)
    assert diary.items == [Began("puppet", 1), Note(0), Note(1)]
    assert ref.stats().told == 3
    assert len(set(balance(ref))) == 1


def test_what_is_told_first_by_one_that_ends_waits_for_the_next_incarnation(
    system: ActorSystem, diary: Record
) -> None:
    def go_on(puppet: Puppet) -> None:
        if puppet.incarnation == 1:
            puppet.tell_first(Note(0))
            puppet.stop()

    ref = system.start(puppet("puppet", diary, at_start=go_on))
    diary.until(Note(0))
    assert diary.items.index(Began("puppet", 2)) < diary.items.index(Note(0))
    assert ref.is_alive


def start_with(system: ActorSystem, diary: Record, action: Action, **options: Any) -> ActorRef[Any]:
    return system.start(puppet("puppet", diary, at_start=action, **options))


def test_a_timer_with_a_key_tells_the_actor_once(system: ActorSystem, diary: Record) -> None:
    start_with(system, diary, lambda puppet: puppet.set_timer("tick", 2.0, RING))
    let_pass(60.0)
    assert diary.all(float) == [2.0]


def test_a_timer_with_a_key_repeats(system: ActorSystem, diary: Record) -> None:
    start_with(system, diary, lambda puppet: puppet.set_timer("tick", 2.0, RING, repeat=True))
    let_pass(7.0)
    assert diary.all(float) == [2.0, 4.0, 6.0]


def test_a_timer_replaces_the_one_with_the_same_key(system: ActorSystem, diary: Record) -> None:
    def set_timers(puppet: Puppet) -> None:
        puppet.set_timer("tick", 1.0, RING)
        puppet.set_timer("tick", 5.0, RING)
        puppet.set_timer(("another", 1), 3.0, RING)

    start_with(system, diary, set_timers)
    let_pass(60.0)
    assert diary.all(float) == [3.0, 5.0]


@pytest.mark.parametrize(
    "change",
    [
        lambda puppet: puppet.cancel_timer("tick"),
        lambda puppet: puppet.set_timer("tick", 100.0, RING),
    ],
    ids=["cancelled", "replaced"],
)
def test_the_message_of_a_timer_that_is_gone_does_not_come_even_if_it_waited_already(
    system: ActorSystem, diary: Record, change: Action
) -> None:
    def be_late(puppet: Puppet) -> None:
        puppet.set_timer("tick", 1.0, Note(1))
        let_pass(5.0)
        change(puppet)

    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(be_late))
    settle(ref)
    assert diary.all(Note) == []
    assert ref.stats().told == ref.stats().handled == 2


def test_the_message_of_a_timer_keeps_its_place_among_the_others(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    ref = system.start(puppet("puppet", diary))
    ref.ask(Ask(lambda puppet: puppet.set_timer("tick", 1.0, Note(2))))
    ref.tell(Do(gate.pass_through))
    ref.tell(Note(1))
    let_pass(2.0)
    ref.tell(Note(3))
    gate.open()
    settle(ref)
    assert diary.all(Note) == [Note(1), Note(2), Note(3)]
    assert len(set(balance(ref))) == 1


def test_a_timer_with_a_key_tells_how_long_it_takes_still(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet"))
    ref.ask(Ask(lambda puppet: puppet.set_timer("tick", 10.0, Note(1))))
    let_pass(4.0)
    assert ref.ask(Ask(lambda puppet: puppet.time_left("tick"))) == 6.0
    assert ref.ask(Ask(lambda puppet: puppet.time_left("tack"))) is None
    let_pass(6.5)
    settle(ref)
    assert ref.ask(Ask(lambda puppet: puppet.time_left("tick"))) is None


def test_a_repeating_timer_tells_how_long_it_takes_to_the_next_time(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet"))
    ref.ask(Ask(lambda puppet: puppet.set_timer("tick", 10.0, Note(1), repeat=True)))
    let_pass(24.0)
    assert ref.ask(Ask(lambda puppet: puppet.time_left("tick"))) == 6.0


def test_the_handles_of_other_timers_tell_their_time_too(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet"))
    timer = ref.ask(Ask(lambda puppet: puppet.after(10.0, Note(1))))
    let_pass(4.0)
    assert (timer.time_left, timer.is_active) == (6.0, True)
    let_pass(10.0)
    assert (timer.time_left, timer.is_active) == (0.0, False)


def test_timers_with_keys_end_with_their_incarnation(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("puppet", diary))
    ref.ask(Ask(lambda puppet: puppet.set_timer("tick", 1.0, RING)))
    ref.kill()
    let_pass(10.0)
    assert diary.all(float) == []


@pytest.mark.parametrize(
    ("delay", "repeat"), [(-1, False), (math.nan, False), (math.inf, False), (0, True)]
)
def test_a_wrong_delay_is_refused(
    system: ActorSystem,
    delay: float,
    repeat: bool,  # noqa: FBT001
) -> None:
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    with pytest.raises(SettingsError, match=r"set_timer\(\) delay takes seconds"):
        ref.ask(Ask(lambda puppet: puppet.set_timer("tick", delay, RING, repeat=repeat)))


def test_a_receive_timeout_comes_when_no_message_does(system: ActorSystem, diary: Record) -> None:
    ref = start_with(system, diary, lambda puppet: puppet.set_receive_timeout(10.0, RING))
    let_pass(7.0)
    ref.tell(Note(1))
    let_pass(28.0)
    assert diary.items[1:] == [Note(1), 17.0, 27.0]


def test_the_time_in_which_an_actor_is_busy_is_no_receive_timeout(
    system: ActorSystem, diary: Record
) -> None:
    ref = start_with(system, diary, lambda puppet: puppet.set_receive_timeout(10.0, RING))
    ref.tell(Do(lambda _: let_pass(35.0)))
    let_pass(46.0)
    assert diary.all(float) == [45.0]


@pytest.mark.parametrize("seconds", [0.1, 0.3, 1.0, 5.0, 60.0])
def test_a_receive_timeout_comes_once_for_each_time_whatever_sums_of_times_are_wrong_by(
    system: ActorSystem, diary: Record, seconds: float
) -> None:
    let_pass(random() * 10)
    ref = start_with(system, diary, lambda puppet: puppet.set_receive_timeout(seconds, RING))
    for _ in range(5):
        let_pass(random() * seconds)
        ref.tell(Note(1))
    let_pass(2.5 * seconds)
    assert len(diary.all(float)) == 2


def test_a_receive_timeout_that_is_refused_leaves_the_present_one(
    system: ActorSystem, diary: Record
) -> None:
    def change(puppet: Puppet) -> None:
        with pytest.raises(SettingsError):
            puppet.set_receive_timeout(-1.0, RING)
        with pytest.raises(SettingsError, match="message takes a message; None with None seconds"):
            puppet.set_receive_timeout(5.0)

    ref = start_with(system, diary, lambda puppet: puppet.set_receive_timeout(10.0, RING))
    ref.ask(Ask(change))
    let_pass(11.0)
    assert diary.all(float) == [10.0]


def test_a_receive_timeout_is_changed_and_switched_off(system: ActorSystem, diary: Record) -> None:
    ref = start_with(system, diary, lambda puppet: puppet.set_receive_timeout(10.0, RING))
    ref.ask(Ask(lambda puppet: puppet.set_receive_timeout(2.0, RING)))
    let_pass(3.0)
    ref.ask(Ask(lambda puppet: puppet.set_receive_timeout(None)))
    let_pass(60.0)
    assert diary.all(float) == [2.0]


def test_a_receive_timeout_ends_with_its_incarnation(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("puppet", diary))
    ref.ask(Ask(lambda puppet: puppet.set_receive_timeout(1.0, RING)))
    ref.kill()
    let_pass(10.0)
    assert diary.all(float) == []


@pytest.mark.parametrize("seconds", [0, -1, math.nan, math.inf])
def test_a_wrong_receive_timeout_is_refused(system: ActorSystem, seconds: float) -> None:
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    with pytest.raises(SettingsError, match=r"set_receive_timeout\(\) seconds takes seconds > 0"):
        ref.ask(Ask(lambda puppet: puppet.set_receive_timeout(seconds, RING)))


def test_a_receive_timeout_needs_no_room(system: ActorSystem, diary: Record) -> None:
    start_with(
        system,
        diary,
        lambda puppet: puppet.set_receive_timeout(1.0, Note(1)),
        capacity=1,
        overflow=Overflow.FAIL,
    )
    let_pass(3.5)
    assert diary.all(Note) == [Note(1)] * 3


def test_nothing_of_all_that_is_a_dead_letter(system: ActorSystem, events: Record) -> None:
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    ref.ask(Ask(lambda puppet: puppet.set_timer("tick", 1.0, Note(1))))
    ref.ask(Ask(lambda puppet: puppet.set_receive_timeout(1.0, Note(2))))
    ref.stop()
    assert ref.join() == Normal()
    let_pass(10.0)
    assert events.all(DeadLetter) == []
