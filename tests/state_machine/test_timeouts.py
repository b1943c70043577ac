"""Time-outs of states, in virtual time."""

import math
import time
from collections.abc import Iterator
from typing import Any

import pytest

from rnd_actors.actors import ActorRef, ActorSystem, Overflow
from rnd_actors.errors import ActorClassError, SettingsError
from rnd_actors.events import DeadLetter, MessageFailed
from rnd_actors.simulation import VirtualTime, explore
from rnd_actors.state_machine import StateMachine
from rnd_actors.supervision import ChildSpec, Restart
from tests.actors.toys import Gate, Note, Record, balance, crash, greenlet_of, let_pass
from tests.state_machine.toys import (
    DARK,
    GREEN,
    RED,
    YELLOW,
    Ask,
    Do,
    Entered,
    Handled,
    Light,
    TimedOut,
    Toy,
    go_to,
    going_to,
    in_turn,
    settle,
    state_of,
    toy,
)


@pytest.fixture
def virtual_time() -> Iterator[None]:
    with VirtualTime():
        yield


def start(system: ActorSystem, diary: Record, **options: Any) -> ActorRef[Any]:
    return system.start(toy(diary, **options))


def write_time(self: Toy) -> None:
    self.diary.add(time.monotonic())


CLOCKED = dict.fromkeys(Light, write_time)


def test_a_machine_that_stays_in_a_state_times_out_once(system: ActorSystem, diary: Record) -> None:
    ref = start(system, diary, at_timeout=CLOCKED)
    ref.tell(going_to(GREEN, 5.0))
    let_pass(60.0)
    assert diary.items[-2:] == [TimedOut(GREEN), 5.0]
    assert state_of(ref) is GREEN


def test_leaving_a_state_cancels_its_time_out(system: ActorSystem, diary: Record) -> None:
    ref = start(system, diary)
    ref.tell(going_to(GREEN, 5.0))
    let_pass(4.0)
    ref.tell(going_to(YELLOW))
    let_pass(60.0)
    assert diary.all(TimedOut) == []


def test_a_state_that_is_entered_again_has_its_new_time_out_only(
    system: ActorSystem, diary: Record
) -> None:
    ref = start(system, diary, at_timeout=CLOCKED)
    ref.tell(going_to(GREEN, 5.0))
    let_pass(4.0)
    ref.tell(going_to(YELLOW))
    ref.tell(going_to(GREEN, 5.0))
    let_pass(60.0)
    assert diary.all(float) == [9.0]


def test_messages_that_leave_the_state_as_it_is_leave_its_time_out(
    system: ActorSystem, diary: Record
) -> None:
    ref = start(system, diary, at_timeout=CLOCKED)
    ref.tell(going_to(GREEN, 5.0))
    let_pass(4.0)
    ref.tell(Note(1))
    let_pass(60.0)
    assert diary.all(float) == [5.0]


def test_going_to_the_present_state_sets_its_time_out_from_now_on(
    system: ActorSystem, diary: Record
) -> None:
    ref = start(system, diary, at_timeout=CLOCKED)
    ref.tell(going_to(GREEN, 5.0))
    let_pass(4.0)
    ref.tell(going_to(GREEN, 5.0))
    let_pass(60.0)
    assert diary.all(float) == [9.0]


def test_going_to_the_present_state_without_a_time_out_cancels_it(
    system: ActorSystem, diary: Record
) -> None:
    ref = start(system, diary)
    ref.tell(going_to(GREEN, 5.0))
    let_pass(4.0)
    ref.tell(going_to(GREEN))
    let_pass(60.0)
    assert diary.all(TimedOut) == []


def test_an_enter_action_gives_its_state_a_time_out_the_initial_one_too(
    system: ActorSystem, diary: Record
) -> None:
    start(system, diary, at_enter={RED: go_to(RED, 5.0)}, at_timeout=CLOCKED)
    let_pass(60.0)
    assert diary.items == [Entered(RED, None), TimedOut(RED), 5.0]


def test_a_time_out_runs_from_the_moment_in_which_the_state_is_entered(
    system: ActorSystem, diary: Record
) -> None:
    ref = start(
        system, diary, at_enter={GREEN: lambda _: let_pass(3.0)}, at_timeout={GREEN: write_time}
    )
    ref.tell(going_to(GREEN, 5.0))
    let_pass(60.0)
    assert diary.all(float) == [5.0]


def test_a_state_that_an_enter_action_leaves_at_once_does_not_time_out(
    system: ActorSystem, diary: Record
) -> None:
    ref = start(system, diary, at_enter={GREEN: go_to(YELLOW)})
    ref.tell(going_to(GREEN, 5.0))
    let_pass(60.0)
    assert diary.all(TimedOut) == []


def busy_beyond_its_time_out(system: ActorSystem, diary: Record, *waiting: object) -> None:
    """Let a machine be busy when its time-out is over, and tell it these messages meanwhile."""
    gate = Gate()
    ref = start(system, diary, at_timeout={GREEN: go_to(DARK)}, postpones=(RED,))
    ref.tell(going_to(GREEN, 5.0))
    ref.tell(Do(gate.pass_through))
    for message in waiting:
        ref.tell(message)
    let_pass(6.0)
    ref.tell(Note(9))
    gate.open()
    settle(ref)


def test_a_time_out_has_its_place_between_the_messages_that_come_before_and_after_it(
    system: ActorSystem, diary: Record
) -> None:
    busy_beyond_its_time_out(system, diary, Note(1))
    assert diary.items[-5:-3] == [Handled(GREEN, 1), TimedOut(GREEN)]
    assert diary.items[-1] == Handled(DARK, 9)


def test_a_time_out_is_void_if_a_message_before_it_leaves_the_state(
    system: ActorSystem, diary: Record
) -> None:
    busy_beyond_its_time_out(system, diary, going_to(YELLOW))
    assert (diary.all(TimedOut), diary.items[-1]) == ([], Handled(YELLOW, 9))


def test_a_time_out_is_void_if_messages_before_it_leave_the_state_and_come_back(
    system: ActorSystem, diary: Record
) -> None:
    busy_beyond_its_time_out(system, diary, going_to(YELLOW), going_to(GREEN, 60.0))
    assert (diary.all(TimedOut), diary.items[-1]) == ([], Handled(GREEN, 9))


def test_a_time_out_is_void_if_a_message_before_it_sets_another(
    system: ActorSystem, diary: Record
) -> None:
    busy_beyond_its_time_out(system, diary, going_to(GREEN, 60.0))
    assert (diary.all(TimedOut), diary.items[-1]) == ([], Handled(GREEN, 9))
    let_pass(60.0)
    assert diary.all(TimedOut) == [TimedOut(GREEN)]


def test_a_time_out_is_void_if_a_message_before_it_cancels_it(
    system: ActorSystem, diary: Record
) -> None:
    busy_beyond_its_time_out(system, diary, going_to(GREEN))
    assert (diary.all(TimedOut), diary.items[-1]) == ([], Handled(GREEN, 9))


def test_postponed_messages_come_before_a_time_out_that_waits(
    system: ActorSystem, diary: Record
) -> None:
    ref = start(system, diary, at_enter={GREEN: lambda _: let_pass(6.0)}, postpones=(RED,))
    ref.tell(Note(1))
    ref.tell(going_to(GREEN, 5.0))
    diary.until(TimedOut(GREEN))
    assert diary.items[-2:] == [Handled(GREEN, 1), TimedOut(GREEN)]


def test_a_time_out_of_no_time_comes_behind_the_messages_that_wait(
    system: ActorSystem, diary: Record
) -> None:
    ref = start(system, diary)
    for message in (going_to(GREEN, 0.0), Note(1), Note(2)):
        ref.tell(message)
    let_pass(0.0)
    diary.until(TimedOut(GREEN))
    assert diary.items[-3:] == [Handled(GREEN, 1), Handled(GREEN, 2), TimedOut(GREEN)]


def test_time_outs_lead_round_in_a_circle(system: ActorSystem, diary: Record) -> None:
    ref = start(
        system,
        diary,
        at_enter={RED: go_to(RED, 10.0), GREEN: go_to(GREEN, 20.0)},
        at_timeout={RED: go_to(GREEN), GREEN: go_to(RED)},
    )
    let_pass(10.0 + 20.0 + 10.0 + 1.0)
    assert state_of(ref) is GREEN
    assert diary.all(TimedOut) == [TimedOut(RED), TimedOut(GREEN), TimedOut(RED)]


def test_a_time_out_takes_up_postponed_messages_if_it_changes_the_state(
    system: ActorSystem, diary: Record
) -> None:
    ref = start(system, diary, at_timeout={GREEN: go_to(YELLOW)}, postpones=(GREEN,))
    ref.tell(going_to(GREEN, 5.0))
    ref.tell(Note(1))
    let_pass(60.0)
    assert diary.items[-1] == Handled(YELLOW, 1)


def test_a_time_out_cannot_be_postponed(system: ActorSystem, diary: Record, events: Record) -> None:
    ref = start(system, diary, at_timeout={GREEN: Toy.postpone})
    ref.tell(going_to(GREEN, 5.0))
    assert "was called in on_timeout()" in str(events.expect(MessageFailed).error)


def test_an_error_in_the_action_on_a_time_out_restarts_the_machine(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    ref = start(system, diary, at_timeout={GREEN: crash})
    ref.tell(going_to(GREEN, 5.0))
    diary.until(Entered(RED, None), count=2)
    assert "GREEN" in repr(events.expect(MessageFailed).message)
    assert state_of(ref) is RED


def test_a_restart_cancels_the_time_out(system: ActorSystem, diary: Record) -> None:
    ref = start(system, diary)
    ref.tell(going_to(RED, 5.0))
    ref.tell(Do(crash))
    let_pass(60.0)
    assert diary.items.count(Entered(RED, None)) == 2
    assert diary.all(TimedOut) == []


def test_a_time_out_that_waits_is_void_for_the_next_incarnation(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    ref = start(system, diary, at_enter={RED: go_to(RED, 60.0)})
    ref.tell(Do(in_turn(gate.pass_through, crash)))
    let_pass(60.0)
    gate.open()
    assert ref.ask(Ask(lambda self: self.incarnation)) == 2
    assert diary.all(TimedOut) == []


def test_a_time_out_that_waits_is_a_dead_letter_when_the_machine_stops_for_good(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    gate = Gate()
    ref = start(system, diary, restart=Restart.TEMPORARY)
    ref.tell(Do(go_to(GREEN, 5.0)))
    ref.tell(Do(gate.pass_through))
    let_pass(6.0)
    ref.stop()
    gate.open()
    ref.join()
    (letter,) = events.all(DeadLetter)
    assert "TimedOut(state=<Light.GREEN: 2>)" in str(letter)
    told, placed = balance(ref)
    assert told == placed


@pytest.mark.parametrize("overflow", [Overflow.FAIL, Overflow.BLOCK, Overflow.DROP_OLDEST])
def test_a_full_mailbox_does_not_refuse_a_time_out(
    system: ActorSystem, diary: Record, overflow: Overflow
) -> None:
    gate = Gate()
    ref = start(system, diary, at_enter={GREEN: gate.pass_through}, capacity=1, overflow=overflow)
    ref.tell(going_to(GREEN, 5.0))
    gate.await_entry()
    ref.tell(Note(1))
    let_pass(6.0)
    gate.open()
    diary.until(TimedOut(GREEN))
    assert diary.items[-2:] == [Handled(GREEN, 1), TimedOut(GREEN)]


@pytest.mark.parametrize("timeout", [-1.0, math.nan, math.inf, "5"])
def test_a_time_out_takes_seconds(system: ActorSystem, diary: Record, timeout: Any) -> None:
    ref = start(system, diary)
    with pytest.raises(SettingsError, match=r"go_to\(\) timeout takes seconds, 0 or more; got"):
        ref.ask(Ask(go_to(GREEN, timeout)))


def test_a_machine_with_a_time_out_needs_an_action_for_it(system: ActorSystem) -> None:
    class Deaf(StateMachine[Any, Note]):
        initial_state = RED

        def handle(self, state: Any, message: Note) -> None: ...

        def on_enter(self, state: Any, previous: Any) -> None:
            self.go_to(state, timeout=5.0)

    with pytest.raises(ActorClassError, match=r"Deaf has a time-out but no on_timeout\(\); write"):
        system.start(ChildSpec("deaf", Deaf, restart=Restart.TEMPORARY))


def test_time_outs_that_are_cancelled_are_forgotten(system: ActorSystem, diary: Record) -> None:
    ref = start(system, diary)
    for number in range(100):
        ref.tell(going_to((RED, GREEN)[number % 2], 60.0))
    settle(ref)
    assert len(greenlet_of(ref).owned._timers) == 1


def test_the_time_in_a_state_runs_from_its_entering(system: ActorSystem, diary: Record) -> None:
    ref = start(system, diary)
    let_pass(3.0)
    assert ref.ask(Ask(lambda self: self.time_in_state)) == 3.0
    ref.tell(going_to(GREEN))
    let_pass(2.0)
    ref.tell(going_to(GREEN))
    assert ref.ask(Ask(lambda self: self.time_in_state)) == 2.0


def test_in_every_schedule_a_state_is_left_by_its_time_out_or_by_a_message_not_by_both() -> None:
    def leave_when_the_time_out_is_due(system: ActorSystem) -> tuple[object, ...]:
        diary = Record()
        ref = start(system, diary, at_timeout={GREEN: go_to(DARK)})
        ref.tell(going_to(GREEN, 5.0))
        let_pass(5.0)
        ref.tell(Do(lambda self: self.go_to(YELLOW) if self.state is GREEN else None))
        let_pass(60.0)
        told, placed = balance(ref)
        assert told == placed
        return tuple(entered.state for entered in diary.all(Entered)[1:])

    ways = {run.result for run in explore(leave_when_the_time_out_is_due, range(50))}
    assert ways == {(GREEN, DARK), (GREEN, YELLOW)}
