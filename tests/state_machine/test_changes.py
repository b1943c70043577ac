"""States and their changes: who is called when, and in which state."""

from typing import Any

import pytest
from attrs import frozen

from rnd_actors.actors import ActorSystem, Crashed, Normal
from rnd_actors.errors import (
    ActorError,
    NotAnsweredError,
    StateLoopError,
    UnhandledMessageError,
)
from rnd_actors.events import DeadLetter, MessageFailed
from rnd_actors.state_machine import StateMachine
from rnd_actors.supervision import ChildSpec, Restart
from tests.actors.toys import BoomError, Gate, Note, Record, crash
from tests.state_machine.toys import (
    DARK,
    GREEN,
    RED,
    YELLOW,
    Ask,
    Do,
    Ended,
    Entered,
    Handled,
    Left,
    Toy,
    go_to,
    going_to,
    in_turn,
    nothing,
    settle,
    state_of,
    toy,
)

LONGEST_CHAIN = 100


@frozen
class Dial:
    """A state with data."""

    number: int


def test_the_initial_state_has_been_entered_when_the_start_returns(
    system: ActorSystem, diary: Record
) -> None:
    system.start(toy(diary))
    assert diary.items == [Entered(RED, None)]


def test_leaving_comes_before_entering(system: ActorSystem, diary: Record) -> None:
    ref = system.start(toy(diary))
    ref.tell(going_to(GREEN))
    assert state_of(ref) is GREEN
    assert diary.items[1:] == [Left(RED, GREEN), Entered(GREEN, RED)]


def test_a_machine_is_in_the_old_state_when_it_leaves_and_in_the_new_one_when_it_enters(
    system: ActorSystem, diary: Record
) -> None:
    def note_state(self: Toy) -> None:
        diary.add(self.state)

    ref = system.start(toy(diary, at_exit={RED: note_state}, at_enter={GREEN: note_state}))
    ref.tell(going_to(GREEN))
    settle(ref)
    assert diary.items[1:] == [Left(RED, GREEN), RED, Entered(GREEN, RED), GREEN]


def test_a_message_is_handled_to_its_end_before_the_state_changes(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(toy(diary))
    ref.tell(Do(in_turn(go_to(GREEN), lambda self: diary.add(self.state))))
    settle(ref)
    assert diary.items[1:] == [RED, Left(RED, GREEN), Entered(GREEN, RED)]


def test_the_next_message_is_handled_in_the_new_state(system: ActorSystem, diary: Record) -> None:
    ref = system.start(toy(diary))
    for message in (Note(1), going_to(GREEN), Note(2)):
        ref.tell(message)
    settle(ref)
    assert diary.all(Handled) == [Handled(RED, 1), Handled(GREEN, 2)]


def test_messages_that_come_while_a_state_is_entered_are_handled_in_it(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    ref = system.start(toy(diary, at_enter={GREEN: gate.pass_through}))
    ref.tell(going_to(GREEN))
    gate.await_entry()
    ref.tell(Note(1))
    gate.open()
    settle(ref)
    assert diary.all(Handled) == [Handled(GREEN, 1)]


def test_a_machine_that_does_not_go_stays(system: ActorSystem, diary: Record) -> None:
    ref = system.start(toy(diary))
    ref.tell(Note(1))
    assert state_of(ref) is RED
    assert diary.items == [Entered(RED, None), Handled(RED, 1)]


def test_the_last_of_several_decisions_counts(system: ActorSystem, diary: Record) -> None:
    ref = system.start(toy(diary))
    ref.tell(Do(in_turn(go_to(GREEN), go_to(YELLOW))))
    settle(ref)
    assert diary.items[1:] == [Left(RED, YELLOW), Entered(YELLOW, RED)]


def test_going_to_the_present_state_neither_leaves_nor_enters_it(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(toy(diary))
    ref.tell(going_to(RED))
    assert state_of(ref) is RED
    assert diary.items == [Entered(RED, None)]


def test_states_are_compared_by_their_data(system: ActorSystem, diary: Record) -> None:
    ref = system.start(toy(diary))
    for number in (1, 1, 2):
        ref.tell(going_to(Dial(number)))
    settle(ref)
    assert diary.all(Entered)[1:] == [Entered(Dial(1), RED), Entered(Dial(2), Dial(1))]


def test_an_enter_action_may_go_on_to_another_state(system: ActorSystem, diary: Record) -> None:
    def go_on(self: Toy) -> None:
        self.go_to(YELLOW)
        diary.add(self.state)

    ref = system.start(toy(diary, at_enter={GREEN: go_on, YELLOW: go_to(DARK)}))
    ref.tell(going_to(GREEN))
    assert state_of(ref) is DARK
    assert diary.items[1:] == [
        Left(RED, GREEN),
        Entered(GREEN, RED),
        GREEN,
        Left(GREEN, YELLOW),
        Entered(YELLOW, GREEN),
        Left(YELLOW, DARK),
        Entered(DARK, YELLOW),
    ]


def test_the_initial_state_may_lead_on_to_another_one_at_once(
    system: ActorSystem, diary: Record
) -> None:
    system.start(toy(diary, at_enter={RED: go_to(GREEN)}))
    assert diary.items == [Entered(RED, None), Left(RED, GREEN), Entered(GREEN, RED)]


def test_enter_actions_that_change_the_state_without_end_are_an_error(
    system: ActorSystem, diary: Record
) -> None:
    circle = {GREEN: go_to(YELLOW), YELLOW: go_to(GREEN)}
    ref = system.start(toy(diary, at_enter=circle, restart=Restart.TEMPORARY))
    ref.tell(going_to(GREEN))
    reason = ref.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, StateLoopError)
    assert "toy has changed its state 100 times in a row and would go from " in str(reason.error)
    assert len(diary.all(Entered)) == 1 + LONGEST_CHAIN


def test_an_initial_state_that_leads_into_an_endless_circle_fails_the_start(
    system: ActorSystem, diary: Record
) -> None:
    circle = {RED: go_to(GREEN), GREEN: go_to(RED)}
    with pytest.raises(StateLoopError):
        system.start(toy(diary, at_enter=circle, restart=Restart.TEMPORARY))


def test_a_long_chain_of_enter_actions_that_ends_is_none(
    system: ActorSystem, diary: Record
) -> None:
    chain = {Dial(each): go_to(Dial(each + 1)) for each in range(1, LONGEST_CHAIN)}
    ref = system.start(toy(diary, at_enter=chain))
    for _ in range(2):
        ref.tell(going_to(Dial(1)))
        assert state_of(ref) == Dial(LONGEST_CHAIN)


def test_an_error_in_an_enter_action_restarts_the_machine_in_its_initial_state(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    ref = system.start(toy(diary, at_enter={GREEN: crash}))
    ref.tell(going_to(GREEN))
    diary.until(Entered(RED, None), count=2)
    assert state_of(ref) is RED
    assert [type(each.error) for each in events.all(MessageFailed)] == [BoomError]


def test_an_error_in_an_exit_action_ends_the_incarnation_in_the_old_state(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(toy(diary, at_exit={RED: crash}, restart=Restart.TEMPORARY))
    ref.tell(going_to(GREEN))
    reason = ref.join()
    assert isinstance(reason, Crashed)
    assert diary.items[1:] == [Left(RED, GREEN), Ended(RED, reason)]


def test_an_error_in_the_enter_action_of_the_initial_state_fails_the_start(
    system: ActorSystem, diary: Record
) -> None:
    with pytest.raises(BoomError):
        system.start(toy(diary, at_enter={RED: crash}, restart=Restart.TEMPORARY))


def test_an_error_in_an_enter_action_reaches_who_asked_and_has_no_answer_yet(
    system: ActorSystem, diary: Record
) -> None:
    class Late(StateMachine[Any, Ask]):
        initial_state = RED

        def handle(self, state: Any, message: Ask) -> None:
            self.go_to(GREEN)

        def on_enter(self, state: Any, previous: Any) -> None:
            if state is GREEN:
                crash()

    with pytest.raises(BoomError):
        system.start(ChildSpec("late", Late)).ask(Ask(nothing))


def test_a_restart_after_any_state_begins_in_the_initial_one(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(toy(diary))
    ref.tell(going_to(GREEN))
    ref.tell(Do(crash))
    assert state_of(ref) is RED
    assert ref.ask(Ask(lambda self: self.incarnation)) == 2


def test_the_end_of_a_machine_leaves_no_state(system: ActorSystem, diary: Record) -> None:
    ref = system.start(toy(diary, restart=Restart.TEMPORARY))
    ref.tell(going_to(GREEN))
    settle(ref)
    ref.stop()
    ref.join()
    assert diary.items[-2:] == [Entered(GREEN, RED), Ended(GREEN, Normal())]


def test_a_machine_that_goes_and_stops_enters_the_state_before_it_stops(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(toy(diary, restart=Restart.TEMPORARY))
    ref.tell(Do(in_turn(Toy.stop, go_to(GREEN))))
    ref.join()
    assert diary.items[-2:] == [Entered(GREEN, RED), Ended(GREEN, Normal())]


def test_the_state_can_only_be_read(system: ActorSystem, diary: Record) -> None:
    def set_state(self: Toy) -> None:
        self.state = GREEN  # type: ignore[misc]

    with pytest.raises(AttributeError, match="state"):
        system.start(toy(diary)).ask(Ask(set_state))


def test_requests_are_answered_whether_the_state_changes_or_not(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(toy(diary))
    answers = [ref.ask_future(Ask(in_turn(go_to(GREEN), nothing))), ref.ask_future(Ask(id))]
    assert answers[0].get() is None
    assert isinstance(answers[1].get(), int)


def test_a_request_that_is_handled_without_an_answer_is_an_error_of_its_asker(
    system: ActorSystem,
) -> None:
    class Mute(StateMachine[Any, Ask]):
        initial_state = RED

        def handle(self, state: Any, message: Ask) -> None:
            self.go_to(GREEN)

    with pytest.raises(NotAnsweredError):
        system.start(ChildSpec("mute", Mute)).ask(Ask(nothing))


def test_a_message_without_a_case_in_this_state_is_unhandled(
    system: ActorSystem, events: Record
) -> None:
    class Picky(StateMachine[Any, Ask]):
        initial_state = RED

        def handle(self, state: Any, message: Ask) -> None:
            if state is RED:
                self.go_to(GREEN)
            self.unhandled(message)

        def on_enter(self, state: Any, previous: Any) -> None:
            events.add(state)

    ref = system.start(ChildSpec("picky", Picky))
    request = Ask(nothing)
    with pytest.raises(UnhandledMessageError):
        ref.ask(request)
    events.until(GREEN)
    assert [letter.message for letter in events.all(DeadLetter)] == [request]


def test_a_message_of_another_type_does_not_reach_the_machine(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    ref = system.start(toy(diary))
    ref.tell("what?")
    settle(ref)
    assert [letter.message for letter in events.all(DeadLetter)] == ["what?"]


NOT_HERE = r"go_to\(\) is for handle\(\), on_enter\(\), on_timeout\(\), and was called in "


def test_an_exit_action_cannot_change_the_state(system: ActorSystem, diary: Record) -> None:
    ref = system.start(toy(diary, at_exit={RED: go_to(DARK)}, restart=Restart.TEMPORARY))
    ref.tell(going_to(GREEN))
    reason = ref.join()
    assert isinstance(reason, Crashed)
    with pytest.raises(ActorError, match=NOT_HERE + r"on_exit\(\); initial"):
        raise reason.error


def test_on_start_cannot_change_the_state(system: ActorSystem, diary: Record) -> None:
    class Hasty(Toy):
        def on_start(self) -> None:
            self.go_to(GREEN)

    with pytest.raises(ActorError, match=NOT_HERE + "no hook of a state; initial_state"):
        system.start(toy(diary, kind=Hasty, restart=Restart.TEMPORARY))


def test_on_stop_cannot_change_the_state_even_after_a_crash(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    class Late(Toy):
        def on_stop(self, reason: object) -> None:
            with pytest.raises(ActorError, match=NOT_HERE):
                self.go_to(GREEN)
            diary.add("refused")

    system.start(toy(diary, kind=Late)).tell(Do(crash))
    diary.until("refused")
    diary.until(Entered(RED, None), count=2)


def test_background_work_cannot_change_the_state_even_while_a_message_is_handled(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()

    def go(self: Toy) -> None:
        with pytest.raises(ActorError, match=NOT_HERE + "another greenlet; let background"):
            self.go_to(GREEN)
        diary.add("refused")

    def go_in_background(self: Toy) -> None:
        self.background(go, self)
        gate.pass_through()

    ref = system.start(toy(diary))
    ref.tell(Do(go_in_background))
    diary.until("refused")
    gate.open()
    assert state_of(ref) is RED
