"""Postponed messages: kept until the state has changed, then handled before all others."""

from typing import Any

import pytest

from rnd_actors.actors import ActorSystem, Crashed, Request
from rnd_actors.errors import ActorError, StashFullError
from rnd_actors.events import DeadLetter
from rnd_actors.state_machine import StateMachine
from rnd_actors.supervision import ChildSpec, Restart
from tests.actors.toys import BoomError, Gate, Note, Record, balance, crash
from tests.state_machine.toys import (
    DARK,
    GREEN,
    RED,
    YELLOW,
    Action,
    Ask,
    Do,
    Entered,
    Handled,
    Light,
    Toy,
    go_to,
    going_to,
    in_turn,
    settle,
    state_of,
    toy,
)


def test_postponed_messages_are_handled_in_their_order_and_before_all_others(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(toy(diary, postpones=(RED,)))
    for message in (Note(1), Note(2), going_to(GREEN), Note(3)):
        ref.tell(message)
    settle(ref)
    assert diary.all(Handled) == [Handled(GREEN, number) for number in (1, 2, 3)]


def test_a_postponed_message_waits_as_long_as_the_state_stays(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(toy(diary, postpones=(RED,)))
    for message in (Note(1), going_to(RED)):
        ref.tell(message)
    settle(ref)
    assert (diary.all(Handled), ref.stats().stashed) == ([], 1)


def test_postponed_messages_come_after_the_enter_action(system: ActorSystem, diary: Record) -> None:
    ref = system.start(toy(diary, postpones=(RED,)))
    ref.tell(Note(1))
    ref.tell(going_to(GREEN))
    settle(ref)
    assert diary.items[-2:] == [Entered(GREEN, RED), Handled(GREEN, 1)]


@pytest.mark.parametrize(
    "steps",
    [(go_to(GREEN), Toy.postpone), (Toy.postpone, go_to(GREEN))],
    ids=["goes first", "postpones first"],
)
def test_the_message_that_changes_the_state_may_be_postponed_itself(
    system: ActorSystem, diary: Record, steps: tuple[Action, Action]
) -> None:
    def go_and_postpone(self: Toy) -> None:
        diary.add(self.state)
        if self.state is RED:
            in_turn(*steps)(self)

    ref = system.start(toy(diary, postpones=(RED,)))
    for message in (Note(1), Do(go_and_postpone), Note(2)):
        ref.tell(message)
    settle(ref)
    assert diary.items[1:2] == [RED]
    assert diary.items[-3:] == [Handled(GREEN, 1), GREEN, Handled(GREEN, 2)]


def test_messages_can_be_postponed_again_and_keep_their_order(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(toy(diary, postpones=(RED, GREEN)))
    for message in (Note(1), Note(2), going_to(GREEN), Note(3), going_to(YELLOW), Note(4)):
        ref.tell(message)
    settle(ref)
    assert diary.all(Handled) == [Handled(YELLOW, number) for number in (1, 2, 3, 4)]


def test_a_postponed_message_that_changes_the_state_lets_those_behind_it_be_handled_there(
    system: ActorSystem, diary: Record
) -> None:
    def go_on(self: Toy) -> None:
        if self.state is RED:
            self.postpone()
        else:
            self.go_to(DARK)

    ref = system.start(toy(diary, postpones=(RED,)))
    for message in (Note(1), Do(go_on), Note(2), going_to(GREEN), Note(3)):
        ref.tell(message)
    settle(ref)
    assert diary.all(Handled) == [Handled(GREEN, 1), Handled(DARK, 2), Handled(DARK, 3)]


def test_enter_actions_that_go_on_let_postponed_messages_wait_for_the_last_state(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(toy(diary, postpones=(RED, GREEN), at_enter={GREEN: go_to(YELLOW)}))
    ref.tell(Note(1))
    ref.tell(going_to(GREEN))
    settle(ref)
    assert diary.all(Handled) == [Handled(YELLOW, 1)]


def test_a_detour_back_into_the_same_state_does_not_take_up_postponed_messages(
    system: ActorSystem, diary: Record
) -> None:
    def postpone_and_turn(self: Toy) -> None:
        diary.add("turned")
        self.postpone()
        self.go_to(GREEN)

    ref = system.start(toy(diary, at_enter={GREEN: go_to(RED)}))
    ref.tell(Do(postpone_and_turn))
    assert state_of(ref) is RED
    assert (diary.items.count("turned"), ref.stats().stashed) == (1, 1)


def test_no_more_messages_are_postponed_than_the_stash_holds(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(toy(diary, postpones=(RED,), restart=Restart.TEMPORARY))
    for number in range(Toy.stash_capacity + 1):
        ref.tell(Note(number))
    reason = ref.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, StashFullError)


def test_a_request_can_be_postponed_and_is_answered_later(system: ActorSystem) -> None:
    class Where(Request[str]):
        pass

    class Shy(StateMachine[Light, Where | Do]):
        initial_state = RED

        def handle(self, state: Light, message: Where | Do) -> None:
            match state, message:
                case Light.RED, Where():
                    self.postpone()
                case _, Where():
                    self.reply(message, state.name)
                case _:
                    self.go_to(GREEN)

    ref = system.start(ChildSpec("shy", Shy))
    first, second = ref.ask_future(Where()), ref.ask_future(Where())
    ref.tell(going_to(GREEN))
    assert (first.get(), second.get()) == ("GREEN", "GREEN")


def test_the_next_incarnation_gets_postponed_messages_first(
    system: ActorSystem, diary: Record
) -> None:
    class Once(Toy):
        def on_start(self) -> None:
            self._postpones = (RED,) if self.incarnation == 1 else ()

    ref = system.start(toy(diary, kind=Once))
    for message in (Note(1), Note(2), Do(crash), Note(3)):
        ref.tell(message)
    settle(ref)
    assert diary.all(Handled) == [Handled(RED, number) for number in (1, 2, 3)]


def test_postponed_messages_are_dead_letters_when_the_machine_stops_for_good(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    ref = system.start(toy(diary, postpones=(RED,), restart=Restart.TEMPORARY))
    ref.tell(Note(1))
    ref.drain()
    ref.join()
    assert [letter.message for letter in events.all(DeadLetter)] == [Note(1)]
    told, placed = balance(ref)
    assert told == placed


def test_an_error_on_entering_a_state_loses_no_postponed_message(
    system: ActorSystem, diary: Record
) -> None:
    def postpone_and_go(self: Toy) -> None:
        if self.incarnation == 1:
            self.postpone()
            self.go_to(GREEN)
        else:
            diary.add("taken up")

    ref = system.start(toy(diary, at_enter={GREEN: crash}))
    ref.tell(Do(postpone_and_go))
    diary.until("taken up")
    settle(ref)
    told, placed = balance(ref)
    assert told == placed


def test_only_handle_postpones(system: ActorSystem, diary: Record) -> None:
    ref = system.start(toy(diary, at_enter={GREEN: Toy.postpone}, restart=Restart.TEMPORARY))
    ref.tell(going_to(GREEN))
    reason = ref.join()
    assert isinstance(reason, Crashed)
    with pytest.raises(ActorError, match=r"postpone\(\) is for handle\(\), and was called in on_e"):
        raise reason.error


def test_a_message_is_postponed_once(system: ActorSystem, diary: Record) -> None:
    ref = system.start(toy(diary, restart=Restart.TEMPORARY))
    ref.tell(Do(in_turn(Toy.postpone, Toy.postpone)))
    reason = ref.join()
    assert isinstance(reason, Crashed)
    assert "there is none" in str(reason.error)


def test_a_machine_that_crashes_after_it_has_postponed_gets_the_message_once_more(
    system: ActorSystem, diary: Record
) -> None:
    def postpone_and_crash(self: Toy) -> None:
        diary.add(self.incarnation)
        if self.incarnation == 1:
            self.postpone()
            crash()

    system.start(toy(diary)).tell(Do(postpone_and_crash))
    diary.until(2)
    assert diary.all(int) == [1, 2]


def test_an_asker_whose_request_was_postponed_hears_of_a_later_crash(
    system: ActorSystem, diary: Record
) -> None:
    def postpone_or_crash(self: Toy) -> Any:
        return self.postpone() if self.state is RED else crash()

    class Asked(Toy):
        def handle(self, state: Any, message: Any) -> None:
            if isinstance(message, Ask):
                message.action(self)
            else:
                super().handle(state, message)

    gate = Gate()
    ref = system.start(toy(diary, kind=Asked))
    ref.tell(Do(gate.pass_through))
    gate.await_entry()
    answer = ref.ask_future(Ask(postpone_or_crash))
    ref.tell(going_to(GREEN))
    gate.open()
    with pytest.raises(BoomError):
        answer.get()
