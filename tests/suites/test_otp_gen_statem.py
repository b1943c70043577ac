"""Cases of the suite and the manual of Erlang's `gen_statem`, with machines as users write them."""

import time
from enum import Enum
from typing import Any

import pytest
from attrs import evolve, frozen

from rnd_actors.actors import (
    ActorRef,
    ActorSystem,
    Crashed,
    Killed,
    Normal,
    Request,
    Stopped,
    Terminated,
)
from rnd_actors.errors import ActorCrashedError, ActorDeadError, UnhandledMessageError
from rnd_actors.events import DeadLetter
from rnd_actors.state_machine import StateMachine
from rnd_actors.supervision import ChildSpec, Restart
from tests.actors.toys import BoomError, Record, let_pass
from tests.suites.toys import kill_and_restart, watched

# --- a lock with a code, which opens for a while


@frozen
class Press:
    digit: int


@frozen
class State(Request[Any]):
    """Asks a machine for its state."""


@frozen
class Shut:
    """What a lock tells itself when it has been open long enough."""


class Door(Enum):
    LOCKED = 1
    OPEN = 2


class CodeLock(StateMachine[Door, Press | State | Shut]):
    initial_state = Door.LOCKED

    def __init__(self, diary: Record, code: tuple[int, ...] = (1, 2, 3)) -> None:
        self.diary = diary
        self.code = code
        self.pressed: tuple[int, ...] = ()

    def on_enter(self, state: Door, previous: Door | None) -> None:
        self.diary.add((state.name, time.monotonic()))
        self.pressed = ()
        if state is Door.OPEN:
            self.go_to(state, timeout=10.0)

    def handle(self, state: Door, message: Press | State | Shut) -> None:
        match state, message:
            case _, State():
                self.reply(message, state)
            case Door.LOCKED, Press(digit):
                self.pressed = (*self.pressed, digit)[-len(self.code) :]
                if self.pressed == self.code:
                    self.go_to(Door.OPEN)
            case Door.OPEN, Press():
                self.postpone()
            case _:
                self.unhandled(message)

    def on_timeout(self, state: Door) -> None:
        self.go_to(Door.LOCKED)


def lock(system: ActorSystem, diary: Record, **options: Any) -> ActorRef[Any]:
    return system.start(ChildSpec("lock", lambda: CodeLock(diary), **options))


def press(ref: ActorRef[Any], *digits: int) -> Any:
    for digit in digits:
        ref.tell(Press(digit))
    return ref.ask(State())


def test_a_lock_opens_for_its_code_and_locks_itself_again(
    system: ActorSystem, diary: Record
) -> None:
    assert press(lock(system, diary), 1, 2, 3) is Door.OPEN
    diary.until(("LOCKED", 10.0))
    assert diary.items == [("LOCKED", 0.0), ("OPEN", 0.0), ("LOCKED", 10.0)]


def test_a_wrong_code_is_forgotten_digit_by_digit(system: ActorSystem, diary: Record) -> None:
    ref = lock(system, diary)
    assert press(ref, 1, 2, 2) is Door.LOCKED
    assert press(ref, 1, 2) is Door.LOCKED
    assert press(ref, 3) is Door.OPEN


def test_digits_that_are_pressed_while_the_door_is_open_count_when_it_is_locked(
    system: ActorSystem, diary: Record
) -> None:
    press(lock(system, diary), 1, 2, 3, 1, 2, 3)
    diary.until(("OPEN", 10.0))


def test_postponed_events_do_not_prolong_the_time_in_the_state(
    system: ActorSystem, diary: Record
) -> None:
    ref = lock(system, diary)
    press(ref, 1, 2, 3)
    for _ in range(4):
        let_pass(2.0)
        press(ref, 9)
    diary.until(("LOCKED", 10.0))


def test_a_lock_that_is_restarted_while_it_is_open_is_locked_and_stays_so(
    system: ActorSystem, diary: Record
) -> None:
    ref = lock(system, diary)
    press(ref, 1, 2, 3)
    kill_and_restart(system, ref)
    assert ref.ask(State()) is Door.LOCKED
    let_pass(60.0)
    assert [name for name, _ in diary.items] == ["LOCKED", "OPEN", "LOCKED"]


def test_a_lock_that_is_killed_while_it_is_open_keeps_what_it_postponed(
    system: ActorSystem, diary: Record
) -> None:
    ref = lock(system, diary)
    press(ref, 1, 2, 3, 1, 2)
    kill_and_restart(system, ref)
    assert press(ref) is Door.LOCKED
    assert press(ref, 3) is Door.OPEN


def test_an_event_that_no_state_knows_is_no_failure(system: ActorSystem, diary: Record) -> None:
    ref = lock(system, diary)
    ref.tell(Shut())
    assert press(ref, 1, 2, 3) is Door.OPEN
    assert ref.stats().dead == 1


# --- machines that are written in the test


@frozen
class Go:
    to: Any


@frozen
class Do:
    """What a machine is told to do in its handle."""

    action: Any


@frozen
class Ask(Request[Any]):
    """What a machine is asked to do; the outcome is the answer."""

    action: Any


@frozen
class Note:
    number: int


class Machine(StateMachine[Any, Any]):
    """Handles notes in the states other than `start`, where they are postponed."""

    initial_state = "start"

    def __init__(self, diary: Record) -> None:
        self.diary = diary

    def handle(self, state: Any, message: Any) -> None:
        match message:
            case Go(to):
                self.go_to(to)
            case Do(action):
                action(self)
            case Ask(action):
                self.reply(message, action(self))
            case Note() if state == "start":
                self.postpone()
            case _:
                self.diary.add((state, message))

    def on_timeout(self, state: Any) -> None:
        self.diary.add((state, "timeout"))


def machine(system: ActorSystem, diary: Record, **options: Any) -> ActorRef[Any]:
    return system.start(ChildSpec("machine", lambda: Machine(diary), **options))


def settle(ref: ActorRef[Any]) -> None:
    ref.ask(Ask(lambda _: None))


def test_a_timer_with_a_key_goes_on_when_the_state_changes(
    system: ActorSystem, diary: Record
) -> None:
    ref = machine(system, diary)
    ref.tell(Do(lambda it: it.set_timer("open for", 5.0, "over")))
    let_pass(2.0)
    ref.tell(Go("other"))
    diary.until(("other", "over"))
    assert time.monotonic() == pytest.approx(5.0)


def test_a_timer_with_a_key_is_cancelled_from_another_state_than_that_which_set_it(
    system: ActorSystem, diary: Record
) -> None:
    ref = machine(system, diary)
    ref.tell(Do(lambda it: it.set_timer("open for", 5.0, "over")))
    ref.tell(Go("other"))
    ref.tell(Do(lambda it: it.cancel_timer("open for")))
    let_pass(60.0)
    assert diary.items == []


def test_a_machine_has_several_timers_with_keys_beside_the_one_of_its_state(
    system: ActorSystem, diary: Record
) -> None:
    ref = machine(system, diary)
    for key, delay in (("a", 3.0), ("b", 1.0)):
        ref.tell(Do(lambda it, key=key, delay=delay: it.set_timer(key, delay, key)))
    ref.tell(Do(lambda it: it.go_to("other", timeout=2.0)))
    diary.until(("other", "a"))
    assert diary.items == [("other", "b"), ("other", "timeout"), ("other", "a")]


def test_a_timer_that_repeats_is_an_event_of_whatever_state_the_machine_is_in(
    system: ActorSystem, diary: Record
) -> None:
    ref = machine(system, diary)
    ref.tell(Do(lambda it: it.set_timer("beat", 1.0, "beat", repeat=True)))
    let_pass(0.5)
    for state in ("a", "b", "c"):
        ref.tell(Go(state))
        let_pass(1.0)
    assert diary.items == [("a", "beat"), ("b", "beat"), ("c", "beat")]


def test_a_receive_time_out_comes_when_no_event_does_in_whatever_state(
    system: ActorSystem, diary: Record
) -> None:
    ref = machine(system, diary)
    ref.tell(Do(lambda it: it.set_receive_timeout(2.0, "idle")))
    let_pass(1.5)
    ref.tell(Go("other"))
    diary.until(("other", "idle"))
    assert time.monotonic() == pytest.approx(3.5)


def test_an_event_that_a_machine_tells_itself_first_comes_before_all_that_wait(
    system: ActorSystem, diary: Record
) -> None:
    ref = machine(system, diary)
    ref.tell(Do(lambda it: (it.go_to("other"), it.tell_first("internal"))))
    ref.tell("external")
    settle(ref)
    assert diary.items == [("other", "internal"), ("other", "external")]


def test_postponed_events_come_before_what_the_machine_tells_itself_first(
    system: ActorSystem, diary: Record
) -> None:
    ref = machine(system, diary)
    ref.tell(Note(1))
    ref.tell(Note(2))
    ref.tell(Do(lambda it: (it.go_to("other"), it.tell_first("internal"))))
    settle(ref)
    assert diary.items == [("other", Note(1)), ("other", Note(2)), ("other", "internal")]


def test_a_machine_replies_and_ends_in_one_go(system: ActorSystem, diary: Record) -> None:
    ref = machine(system, diary, restart=Restart.TEMPORARY)
    answer = ref.ask(Ask(lambda it: (it.go_to("other"), it.stop(Stopped()), "goodbye")[-1]))
    assert answer == "goodbye"
    assert ref.join() == Stopped()


def test_replies_that_are_owed_are_given_in_a_later_state(
    system: ActorSystem, diary: Record
) -> None:
    owed: list[Any] = []

    class Late(Machine):
        def handle(self, state: Any, message: Any) -> None:
            match message:
                case State():
                    owed.append(self.defer(message))
                case _:
                    super().handle(state, message)

        def on_enter(self, state: Any, previous: Any) -> None:
            for each in owed:
                each.reply((previous, state))

    ref = system.start(ChildSpec("late", lambda: Late(diary)))
    first, second = ref.ask_future(State()), ref.ask_future(State())
    ref.tell(Go("other"))
    assert first.get() == second.get() == ("start", "other")


def test_replies_that_are_owed_are_errors_when_the_machine_is_killed(
    system: ActorSystem, diary: Record
) -> None:
    class Silent(Machine):
        def handle(self, state: Any, message: Any) -> None:
            self.defer(message)

    ref = system.start(ChildSpec("silent", lambda: Silent(diary)))
    owed = ref.ask_future(State())
    let_pass(0.0)
    ref.kill()
    with pytest.raises(ActorCrashedError, match="owed"):
        owed.get()


def test_the_result_of_a_machine_is_what_it_gives_in_its_last_state(
    system: ActorSystem, diary: Record
) -> None:
    class Parser(Machine):
        def on_enter(self, state: Any, previous: Any) -> None:
            if state == "accepted":
                self.stop(result=previous)

    ref = system.start(ChildSpec("parser", lambda: Parser(diary), restart=Restart.TRANSIENT))
    told = watched(system, ref)
    ref.tell(Go("digits"))
    ref.tell(Go("accepted"))
    assert told.expect(Terminated) == Terminated(ref, Normal("digits"))


def test_a_machine_may_end_in_its_initial_state_as_soon_as_it_has_started(
    system: ActorSystem, diary: Record
) -> None:
    class Done(Machine):
        def on_enter(self, state: Any, previous: Any) -> None:
            self.stop(result="nothing to do")

    ref = system.start(ChildSpec("done", lambda: Done(diary), restart=Restart.TEMPORARY))
    assert ref.join() == Normal("nothing to do")


def test_a_machine_that_ends_itself_for_a_failure_in_a_state_begins_again(
    system: ActorSystem, diary: Record
) -> None:
    ref = machine(system, diary)
    ref.tell(Go("other"))
    ref.tell(Do(lambda it: it.stop(Crashed(BoomError("bad state")))))
    assert ref.ask(Ask(lambda it: (it.incarnation, it.state))) == (2, "start")


@pytest.mark.parametrize("state", ["start", "other"])
def test_a_machine_that_is_linked_ends_with_the_other_one_in_every_state(
    system: ActorSystem, diary: Record, state: str
) -> None:
    ref = machine(system, diary, restart=Restart.TEMPORARY)
    other = system.start(ChildSpec("other", lambda: Machine(diary), restart=Restart.TEMPORARY))
    ref.tell(Do(lambda it: it.link(other)))
    ref.tell(Go(state))
    settle(ref)
    other.tell(Do(lambda it: it.stop(Stopped())))
    assert ref.join() == Stopped()


def test_events_after_the_end_of_a_machine_are_dead_letters(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    ref = machine(system, diary, restart=Restart.TEMPORARY)
    ref.kill()
    assert ref.join() == Killed()
    ref.tell(Go("other"))
    assert events.expect(DeadLetter).message == Go("other")
    with pytest.raises(ActorDeadError):
        ref.ask(State())


def test_the_answer_of_another_machine_is_an_event(system: ActorSystem, diary: Record) -> None:
    other = system.start(ChildSpec("other", lambda: Machine(diary)))
    ref = machine(system, diary)
    future = other.ask_future(Ask(lambda it: it.state))
    ref.tell(Do(lambda it: it.pipe(future, lambda state: ("answer", state))))
    ref.tell(Go("waits"))
    diary.until(("waits", ("answer", "start")))


# --- states with data


@frozen
class Idle:
    pass


@frozen
class Counting:
    number: int = 0


class Counter(StateMachine[Idle | Counting, Any]):
    initial_state = Idle()

    def __init__(self, diary: Record) -> None:
        self.diary = diary

    def on_enter(self, state: Idle | Counting, previous: Idle | Counting | None) -> None:
        self.diary.add(state)

    def handle(self, state: Idle | Counting, message: Any) -> None:
        match state, message:
            case _, State():
                self.reply(message, (state, self.time_in_state))
            case Idle(), "count":
                self.go_to(Counting())
            case Counting(), "count":
                self.go_to(evolve(state, number=state.number + 1))
            case Counting(), "stop":
                self.stop(result=state.number)
            case _:
                self.unhandled(message)


@pytest.fixture
def counter(system: ActorSystem, diary: Record) -> ActorRef[Any]:
    return system.start(ChildSpec("counter", lambda: Counter(diary), restart=Restart.TEMPORARY))


def test_data_of_a_state_is_entered_with_it(counter: ActorRef[Any], diary: Record) -> None:
    for _ in range(3):
        counter.tell("count")
    assert counter.ask(State())[0] == Counting(2)
    assert diary.items == [Idle(), Counting(0), Counting(1), Counting(2)]


def test_data_of_the_last_state_is_the_result(counter: ActorRef[Any]) -> None:
    for message in ("count", "count", "stop"):
        counter.tell(message)
    assert counter.join() == Normal(1)


def test_the_time_in_a_state_begins_again_with_other_data(counter: ActorRef[Any]) -> None:
    counter.tell("count")
    let_pass(3.0)
    assert counter.ask(State()) == (Counting(0), pytest.approx(3.0))
    counter.tell("count")
    assert counter.ask(State()) == (Counting(1), pytest.approx(0.0))


def test_a_request_without_a_case_in_this_state_fails_at_its_asker_alone(
    counter: ActorRef[Any],
) -> None:
    with pytest.raises(UnhandledMessageError):
        counter.ask(Ask("stop"))
    assert counter.ask(State())[0] == Idle()
