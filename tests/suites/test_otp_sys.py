"""Cases of the suite of Erlang's `sys`: looking into actors, holding them, tracing them."""

import time
from typing import Any

import pytest

from rnd_actors.actors import (
    ActorRef,
    ActorSystem,
    Crashed,
    Killed,
    Normal,
    Restarted,
    Stopped,
    Terminated,
)
from rnd_actors.errors import ActorDeadError, AskTimeoutError
from rnd_actors.inspection import TraceOutcome, dump, inspect, suspend, trace, unsuspend
from rnd_actors.proxy import Call, ProxyActor, proxy
from rnd_actors.state_machine import StateMachine
from rnd_actors.supervision import (
    ChildSpec,
    CountChildren,
    DynamicSupervisor,
    Restart,
    StartChild,
    TerminateChild,
)
from rnd_actors.testing import replace_state
from tests.actors.toys import (
    Ask,
    BoomError,
    Do,
    Ended,
    Note,
    Puppet,
    Record,
    busy_for,
    crash,
    let_pass,
    nothing,
    puppet,
    settle,
)
from tests.suites.toys import ending, mortal, watched


class Account(ProxyActor):
    def __init__(self) -> None:
        self.balance = 10
        self._pin = "1234"

    def pay(self, amount: int) -> int:
        self.balance -= amount
        return self.balance


@pytest.fixture
def account(system: ActorSystem) -> ActorRef[Call]:
    return system.start(ChildSpec("account", Account))


@pytest.fixture
def ref(system: ActorSystem, diary: Record) -> ActorRef[Any]:
    return mortal(system, "a", diary)


# --- the state


def test_the_state_is_what_the_last_message_has_left(account: ActorRef[Call]) -> None:
    proxy(account, Account).pay(3)
    assert inspect(account).state == {"balance": "7"}


def test_the_state_is_got_of_one_that_is_suspended(account: ActorRef[Call]) -> None:
    suspend(account)
    let_pass(0.0)
    assert (inspect(account).is_suspended, inspect(account).state) == (True, {"balance": "10"})


def test_the_state_is_got_of_one_that_is_busy_without_a_wait(
    system: ActorSystem, ref: ActorRef[Any]
) -> None:
    ref.tell(Do(busy_for(60.0)))
    let_pass(1.0)
    assert "busy with Do" in inspect(ref).doing
    assert time.monotonic() == pytest.approx(1.0)


def test_the_state_of_an_actor_that_has_become_another_one_is_got_as_ever(
    account: ActorRef[Call],
) -> None:
    replace_state(account, lambda it: it.become(lambda _: None))
    assert inspect(account).state == {"balance": "10"}


def test_a_state_that_is_replaced_is_that_which_the_next_message_sees(
    account: ActorRef[Call],
) -> None:
    replace_state(account, lambda it: setattr(it, "balance", 100))
    assert proxy(account, Account).pay(1) == 99


def test_a_state_that_is_replaced_while_messages_wait_is_there_before_them(
    account: ActorRef[Call],
) -> None:
    suspend(account)
    waiting = account.ask_future(Call("pay", (1,)))
    replace_state(account, lambda it: setattr(it, "balance", 100))
    unsuspend(account)
    assert waiting.get() == 99


def test_a_replacement_that_fails_changes_nothing_and_hurts_nobody(
    account: ActorRef[Call],
) -> None:
    with pytest.raises(BoomError):
        replace_state(account, crash)
    assert proxy(account, Account).pay(0) == 10
    assert inspect(account).incarnation == 1


def test_a_replacement_gives_up_in_time_and_does_not_come_later(
    system: ActorSystem, ref: ActorRef[Any], diary: Record
) -> None:
    ref.tell(Do(busy_for(60.0)))
    let_pass(0.0)
    with pytest.raises(AskTimeoutError):
        replace_state(ref, lambda it: it.diary.add("too late"), timeout=1.0)
    ref.ask(Ask(nothing), timeout=None)
    assert "too late" not in diary.items


def test_the_state_of_a_machine_is_shown_with_its_data(system: ActorSystem) -> None:
    class Lamp(StateMachine[str, str]):
        initial_state = "dark"

        def __init__(self) -> None:
            self.watts = 40

        def handle(self, state: str, message: str) -> None:
            self.go_to(message)

    lamp = system.start(ChildSpec("lamp", Lamp))
    lamp.tell("bright")
    let_pass(0.0)
    state = inspect(lamp).state
    assert (state["state"], state["watts"]) == ("'bright'", "40")


def test_an_actor_decides_what_of_its_state_is_shown(system: ActorSystem) -> None:
    class Discreet(Puppet):
        def inspected(self) -> dict[str, object]:
            return {"secrets": 3}

    assert inspect(system.start(ChildSpec("discreet", Discreet))).state == {"secrets": "3"}


# --- suspend and resume


def test_a_call_of_one_that_is_suspended_is_too_late(ref: ActorRef[Any]) -> None:
    suspend(ref)
    with pytest.raises(AskTimeoutError):
        ref.ask(Ask(nothing), timeout=2.0)
    unsuspend(ref)
    settle(ref)


def test_casts_to_one_that_is_suspended_are_handled_in_order_when_it_goes_on(
    ref: ActorRef[Any], diary: Record
) -> None:
    suspend(ref)
    for number in range(3):
        ref.tell(Note(number))
    let_pass(60.0)
    assert (diary.all(Note), inspect(ref).stats.mailbox) == ([], 3)
    unsuspend(ref)
    settle(ref)
    assert diary.all(Note) == [Note(0), Note(1), Note(2)]


def test_one_that_is_suspended_tells_its_watchers_when_it_ends(
    system: ActorSystem, ref: ActorRef[Any]
) -> None:
    told = watched(system, ref)
    suspend(ref)
    ref.kill()
    assert told.expect(Terminated) == Terminated(ref, Killed())


def test_one_that_is_suspended_is_terminated_by_its_supervisor_in_order(
    system: ActorSystem, diary: Record
) -> None:
    boss = system.start(ChildSpec("boss", DynamicSupervisor))
    child = boss.ask(StartChild(puppet("a", diary)))
    suspend(child)
    boss.ask(TerminateChild("a-1"))
    assert diary.all(Ended) == [Ended("boss/a-1", 1, Stopped())]


def test_one_that_is_suspended_fails_with_the_one_to_which_it_is_linked(
    system: ActorSystem, ref: ActorRef[Any]
) -> None:
    other = mortal(system, "other")
    ref.ask(Ask(lambda me: me.link(other)))
    suspend(ref)
    other.kill()
    assert isinstance(ref.join(), Crashed)


def test_a_receive_time_out_does_not_end_one_that_is_suspended(
    system: ActorSystem,
) -> None:
    ref = mortal(
        system, "a", at_start=lambda me: me.set_receive_timeout(1.0, ending(result="idle"))
    )
    suspend(ref)
    let_pass(60.0)
    assert ref.is_alive
    unsuspend(ref)
    assert ref.join() == Normal("idle")


def test_a_restart_forgets_that_the_actor_was_suspended(system: ActorSystem) -> None:
    ref = system.start(puppet("a"))
    told = watched(system, ref, restarts=True)
    suspend(ref)
    ref.kill()
    told.until(Restarted(ref, 2))
    settle(ref)


def test_a_supervisor_that_is_suspended_counts_nobody_until_it_goes_on(
    system: ActorSystem,
) -> None:
    boss = system.start(ChildSpec("boss", DynamicSupervisor))
    boss.ask(StartChild(puppet("a")))
    suspend(boss)
    counts = boss.ask_future(CountChildren())
    let_pass(60.0)
    assert not counts.is_ready
    unsuspend(boss)
    assert counts.get().active == 1


# --- trace, log and statistics


def test_a_trace_has_calls_and_casts_with_their_outcomes(ref: ActorRef[Any]) -> None:
    with trace(ref) as messages:
        ref.tell(Note(1))
        ref.ask(Ask(nothing))
        ref.tell(Do(crash))
        ref.join()
    outcomes = [entry.outcome for entry in messages.entries]
    assert outcomes == [TraceOutcome.HANDLED, TraceOutcome.HANDLED, TraceOutcome.FAILED]
    assert messages.entries[-1].error == "BoomError: as told"


def test_a_trace_of_the_last_three_forgets_the_first_ones(ref: ActorRef[Any]) -> None:
    with trace(ref, 3) as messages:
        for number in range(10):
            ref.tell(Note(number))
        messages.wait_for(10)
    assert [entry.message for entry in messages.entries] == [f"Note(number={n})" for n in (7, 8, 9)]


def test_a_trace_tells_how_long_each_message_took(ref: ActorRef[Any]) -> None:
    with trace(ref) as messages:
        ref.tell(Do(busy_for(2.0)))
        ref.tell(Do(busy_for(3.0)))
        messages.wait_for(2)
    assert [entry.took_s for entry in messages.entries] == pytest.approx([2.0, 3.0])
    assert [entry.at for entry in messages.entries] == pytest.approx([0.0, 2.0])


def test_a_trace_is_of_one_actor_and_not_of_the_others(
    system: ActorSystem, ref: ActorRef[Any]
) -> None:
    other = mortal(system, "other")
    with trace(other) as messages:
        settle(ref)
        settle(other)
    assert len(messages.entries) == 1


def test_one_trace_that_ends_leaves_the_other_one_of_the_same_actor(
    ref: ActorRef[Any],
) -> None:
    with trace(ref) as long:
        with trace(ref) as short:
            settle(ref)
        settle(ref)
    assert (len(long.entries), len(short.entries)) == (2, 1)


def test_what_timers_and_receive_time_outs_tell_is_in_the_trace(ref: ActorRef[Any]) -> None:
    def begin(me: Puppet) -> None:
        me.set_timer("T", 1.0, Note(1))
        me.set_receive_timeout(3.0, Note(2))

    ref.ask(Ask(begin))
    with trace(ref) as messages:
        entries = messages.wait_for(2)
    assert [entry.message for entry in entries] == ["Note(number=1)", "Note(number=2)"]


def test_statistics_are_there_without_being_asked_for_and_over_all_incarnations(
    system: ActorSystem,
) -> None:
    ref = system.start(puppet("a"))
    for message in (Note(1), Do(crash), Note(2)):
        ref.tell(message)
    settle(ref)
    stats = inspect(ref).stats
    assert (stats.told, stats.handled, stats.failed) == (4, 3, 1)


# --- ends


def test_one_that_has_ended_is_shown_with_its_reason_and_refuses_the_rest(
    ref: ActorRef[Any],
) -> None:
    ref.tell(ending(result="done"))
    ref.join()
    assert inspect(ref).doing == "has stopped for good: normal"
    for look in (suspend, trace, lambda it: replace_state(it, nothing)):
        with pytest.raises(ActorDeadError):
            look(ref)


def test_a_dump_shows_who_is_busy_and_who_waits_for_whom(
    system: ActorSystem, ref: ActorRef[Any]
) -> None:
    other = mortal(system, "other")
    other.tell(Do(busy_for(60.0)))
    ref.tell(Do(lambda _: other.ask(Ask(nothing), timeout=120.0)))
    let_pass(1.0)
    text = dump(system)
    assert "waits for the answer of other" in text
    assert "other Puppet #1 is busy with" in text


def test_a_task_that_hangs_is_found_in_a_dump_with_the_place_where_it_waits(
    system: ActorSystem,
) -> None:
    def wait_for_nobody() -> None:
        let_pass(1e6)

    task = system.task(wait_for_nobody)
    let_pass(1.0)
    assert "wait_for_nobody" in inspect(task.ref).stack
    assert "task-supervisor/wait_for_nobody-1" in dump(system)
    task.cancel()


@pytest.mark.parametrize("restart", [Restart.TEMPORARY, Restart.PERMANENT])
def test_the_watchers_of_an_actor_are_shown_by_name(system: ActorSystem, restart: Restart) -> None:
    ref = system.start(puppet("a", restart=restart))
    watched(system, ref, name="first")
    watched(system, ref, name="second", restarts=True)
    assert inspect(ref).watchers == ("first", "second")
