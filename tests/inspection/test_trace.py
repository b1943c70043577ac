"""What a trace records, and that it gets in nobody's way."""

from typing import Any, Never

import gevent
import pytest

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Overflow
from rnd_actors.errors import (
    ActorDeadError,
    ActorError,
    DeadlockError,
    SelfAskError,
    SettingsError,
)
from rnd_actors.inspection import Trace, TraceOutcome, suspend, trace, unsuspend
from rnd_actors.state_machine import StateMachine
from rnd_actors.supervision import Backoff, ChildSpec, CountChildren, DeleteChild, Restart
from tests.actors.toys import (
    Ask,
    BoomError,
    Do,
    Ended,
    Gate,
    Note,
    Record,
    crash,
    hang,
    kill,
    let_pass,
    nothing,
    puppet,
    settle,
    start,
    start_soon,
    supervise,
)

HANDLED, UNHANDLED, STASHED, FAILED, IN_HAND = (
    TraceOutcome.HANDLED,
    TraceOutcome.UNHANDLED,
    TraceOutcome.STASHED,
    TraceOutcome.FAILED,
    TraceOutcome.IN_HAND,
)


def outcomes(messages: Trace) -> list[TraceOutcome]:
    return [entry.outcome for entry in messages.entries]


def texts(messages: Trace) -> list[str]:
    return [entry.message for entry in messages.entries]


def test_messages_are_recorded_from_the_next_one_on(one: ActorRef[Any]) -> None:
    one.tell(Note(1))
    settle(one)
    messages = trace(one)
    one.tell(Note(2))
    one.ask(Ask(nothing))
    assert texts(messages) == [repr(Note(2)), repr(Ask(nothing))]
    assert outcomes(messages) == [HANDLED, HANDLED]


def test_those_that_wait_already_are_recorded(one: ActorRef[Any]) -> None:
    one.tell(Note(1))
    with trace(one) as messages:
        assert messages.wait_for(1)[0].message == repr(Note(1))


def test_the_last_ones_are_kept(one: ActorRef[Any]) -> None:
    messages = trace(one, 3)
    for number in range(10):
        one.tell(Note(number))
    assert len(messages.wait_for(10)) == 10
    assert texts(messages) == [repr(Note(number)) for number in (7, 8, 9)]


def test_times_are_those_of_the_message(one: ActorRef[Any]) -> None:
    messages = trace(one)
    one.tell(Do(lambda _: let_pass(0.05)))
    one.tell(Note(1))
    slow, quick = messages.wait_for(2)
    assert slow.took_s > 0.04
    assert quick.at >= slow.at + slow.took_s


def test_the_message_in_hand_is_the_last_entry(one: ActorRef[Any]) -> None:
    gate, messages = Gate(), trace(one, 2)
    for number in range(3):
        one.tell(Note(number))
    one.tell(Do(gate.pass_through))
    gate.await_entry()
    let_pass(0.01)
    assert outcomes(messages) == [HANDLED, IN_HAND]
    assert messages.entries[-1].took_s > 0.0
    gate.open()
    messages.wait_for(1)
    assert outcomes(messages) == [HANDLED, HANDLED]


class Choosy(Actor[int | str | Ask]):
    def receive(self, message: Any) -> None:
        match message:
            case "later":
                self.stash()
            case "now":
                self.unstash_all()
            case Ask(action):
                action(self)  # type: ignore[arg-type]
            case int():
                self.unhandled(message)


def test_every_outcome_is_told(system: ActorSystem, one: ActorRef[Any]) -> None:
    ref: ActorRef[Any] = system.start(ChildSpec("it", Choosy))
    messages = trace(ref)
    for message in ("a", 1, 2.5, "later", Ask(lambda it: it.reply_error(Ask(nothing), KeyError()))):
        ref.tell(message)
    messages.wait_for(5)
    assert outcomes(messages) == [HANDLED, UNHANDLED, UNHANDLED, STASHED, FAILED]
    assert messages.entries[-1].error.startswith("ActorError: only the request that is being")
    assert [entry.error for entry in messages.entries[:-1]] == [""] * 4


def test_a_stashed_message_comes_again(system: ActorSystem) -> None:
    ref: ActorRef[Any] = system.start(ChildSpec("it", Choosy))
    messages = trace(ref)
    ref.tell("later")
    messages.wait_for(1)
    suspend(ref)
    ref.tell("now")
    unsuspend(ref)
    messages.wait_for(2)
    assert texts(messages) == ["'later'", "'now'", "'later'"]
    assert outcomes(messages) == [STASHED, HANDLED, STASHED]


def test_a_request_that_is_deferred_is_handled_before_its_answer(
    system: ActorSystem, one: ActorRef[Any]
) -> None:
    owed: list[Any] = []
    ref: ActorRef[Any] = system.start(ChildSpec("it", Choosy))
    messages = trace(ref)
    deferring = Ask(lambda it: owed.append(it.defer(deferring)))
    answer = ref.ask_future(deferring)
    forwarding = Ask(lambda it: it.forward(forwarding, one) if isinstance(it, Choosy) else 2)
    forwarded = ref.ask_future(forwarding)
    assert [entry.outcome for entry in messages.wait_for(2)] == [HANDLED, HANDLED]
    assert not answer.is_ready
    owed[0].reply(1)
    assert (answer.get(), forwarded.get()) == (1, 2)
    assert len(messages.entries) == 2


def test_a_request_without_an_answer_is_handled(system: ActorSystem) -> None:
    ref: ActorRef[Any] = system.start(ChildSpec("it", Choosy))
    messages = trace(ref)
    ref.ask_future(Ask(lambda it: None))
    assert messages.wait_for(1)[0].outcome is HANDLED


def test_it_goes_on_over_restarts(one: ActorRef[Any]) -> None:
    messages = trace(one)
    for message in (Note(1), Do(crash), Note(2), Do(crash), Note(3)):
        one.tell(message)
    messages.wait_for(5)
    assert outcomes(messages) == [HANDLED, FAILED, HANDLED, FAILED, HANDLED]
    assert [entry.incarnation for entry in messages.entries] == [1, 1, 2, 2, 3]
    assert messages.entries[1].error == "BoomError: as told"


def test_a_killed_actor_has_failed(one: ActorRef[Any]) -> None:
    messages = trace(one)
    one.tell(Do(hang))
    let_pass(0.01)
    kill(one)
    (entry,) = messages.wait_for(1)
    assert (entry.outcome, entry.error) == (FAILED, "GreenletExit")


def test_an_actor_that_is_being_made_is_traced(system: ActorSystem, diary: Record) -> None:
    gate = Gate()

    def make() -> Choosy:
        gate.pass_through()
        return Choosy()

    starting = start_soon(system, ChildSpec("it", make))
    gate.await_entry()
    ref = system.find("it")
    assert ref is not None
    messages = trace(ref)
    gate.open()
    starting.get().tell("a")
    messages.wait_for(1)
    assert texts(messages) == ["'a'"]


def test_an_actor_that_is_down_is_traced_once_it_is_up(system: ActorSystem, diary: Record) -> None:
    team = supervise(system, backoff=Backoff(initial=0.3, maximum=0.3, jitter=0.0))
    ref = start(team, puppet("it", diary))
    for number in (1, 2):  # the first restart is at once
        ref.tell(Do(crash))
        diary.expect(Ended, number)
    team.ask(CountChildren())
    messages = trace(ref)
    ref.tell(Note(1))
    ref.tell(Note(2))
    diary.expect(Note, 2)
    settle(ref)
    assert texts(messages) == [repr(Note(1)), repr(Note(2)), repr(Ask(nothing))]


def test_another_handler_is_traced(one: ActorRef[Any]) -> None:
    messages = trace(one)
    one.tell(Do(lambda it: it.become(it.unhandled)))
    one.tell(Note(1))
    messages.wait_for(2)
    assert outcomes(messages) == [HANDLED, UNHANDLED]


def test_timers_with_keys_are_traced(one: ActorRef[Any]) -> None:
    messages = trace(one)
    one.tell(Do(lambda it: it.set_timer("key", 0.01, Note(1))))
    messages.wait_for(2)
    assert texts(messages)[1] == repr(Note(1))


def test_a_state_machine_is_traced(system: ActorSystem) -> None:
    class Door(StateMachine[str, str]):
        initial_state = "shut"

        def handle(self, state: str, message: str) -> None:
            if state == "shut" and message == "walk":
                self.postpone()
            elif message == "open":
                self.go_to("open")

    ref = system.start(ChildSpec("door", Door))
    messages = trace(ref)
    ref.tell("walk")
    ref.tell("open")
    messages.wait_for(3)
    assert texts(messages) == ["'walk'", "'open'", "'walk'"]
    assert outcomes(messages) == [STASHED, HANDLED, HANDLED]


def test_a_supervisor_is_traced(system: ActorSystem) -> None:
    team = supervise(system)
    messages = trace(team)
    team.ask(CountChildren())
    team.tell(DeleteChild("nobody"))
    messages.wait_for(1)
    assert texts(messages) == ["CountChildren()", "DeleteChild(child_id='nobody')"]
    assert outcomes(messages) == [HANDLED, UNHANDLED]


def test_a_full_mailbox_is_no_obstacle(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("it", diary, capacity=1, overflow=Overflow.BLOCK))
    messages = trace(ref)
    senders = [gevent.spawn(ref.tell, Note(number)) for number in range(50)]
    messages.wait_for(50)
    gevent.joinall(senders, raise_error=True)
    assert set(outcomes(messages)) == {HANDLED}
    assert len(diary.all(Note)) == 50


def test_it_records_nothing_after_its_end(one: ActorRef[Any]) -> None:
    gate = Gate()
    with trace(one) as messages:
        one.tell(Note(1))
        one.tell(Do(gate.pass_through))
        gate.await_entry()
    gate.open()
    settle(one)
    assert outcomes(messages) == [HANDLED, IN_HAND]
    assert messages.wait_for(1) == ()
    messages.stop()
    assert outcomes(messages) == [HANDLED, IN_HAND]


def test_nothing_is_left_of_it_after_its_end(one: ActorRef[Any]) -> None:
    first, second = trace(one), trace(one)
    one.ask(Ask(nothing))
    first.stop()
    actor = one.ask(Ask(lambda it: it))
    assert len(actor._wrappers) == 1
    second.stop()
    settle(one)
    assert actor._wrappers == ()
    assert not one._cell.watchers  # type: ignore[attr-defined]
    assert (len(first.entries), len(second.entries)) == (1, 2)


def test_it_ends_with_the_actor(one: ActorRef[Any]) -> None:
    messages = trace(one)
    waiting = gevent.spawn(messages.wait_for, 5)
    let_pass(0.01)
    one.tell(Note(1))
    one.drain()
    (entry,) = waiting.get()
    assert entry.message == repr(Note(1))
    assert messages.wait_for(1) == ()


def test_a_wait_ends_in_time(one: ActorRef[Any]) -> None:
    messages = trace(one)
    one.tell(Note(1))
    assert len(messages.wait_for(2, timeout=0.05)) == 1


def test_a_wait_without_end_is_told(one: ActorRef[Any]) -> None:
    with pytest.raises(DeadlockError, match="waits for 2 more messages of one"):
        trace(one).wait_for(2)


def test_an_actor_cannot_wait_for_itself(one: ActorRef[Any]) -> None:
    messages = trace(one)
    with pytest.raises(SelfAskError):
        one.ask(Ask(lambda _: messages.wait_for(1)))


def test_the_error_still_comes_to_the_asker(one: ActorRef[Any]) -> None:
    trace(one)
    with pytest.raises(BoomError):
        one.ask(Ask(crash))


def test_a_message_that_cannot_be_printed_is_recorded(system: ActorSystem) -> None:
    class Unprintable:
        def __repr__(self) -> str:
            raise ValueError

    ref = system.start(puppet("it"))
    messages = trace(ref)
    ref.tell(Unprintable())
    ref.tell("\x1b[2J" + "x" * 10_000)
    messages.wait_for(2)
    assert texts(messages)[0] == "<Unprintable, whose repr raises ValueError>"
    assert texts(messages)[1].startswith(r"'\x1b[2Jxxx")
    assert len(texts(messages)[1]) < 300


def test_its_text_is_a_table(one: ActorRef[Any]) -> None:
    messages = trace(one)
    one.tell(Note(1))
    one.tell(Do(crash))
    messages.wait_for(2)
    heading, first, second = str(messages).splitlines()
    assert heading == "one, messages since the trace began:"
    assert first.split(maxsplit=6)[2:] == ["#1", first.split()[3], "s", "handled", repr(Note(1))]
    assert second.endswith("  BoomError: as told")


def test_what_cannot_be_traced_is_refused(system: ActorSystem, one: ActorRef[Any]) -> None:
    gate = Gate()

    class Worker(Actor[Never]):
        def run(self) -> None:
            gate.pass_through()

    worker = system.start(ChildSpec("it", Worker, restart=Restart.TEMPORARY))
    gate.await_entry()
    with pytest.raises(ActorError, match=r"it has a run\(\) of its own and handles no messages"):
        trace(worker)
    with pytest.raises(SettingsError, match="n takes a whole number, 1 or more; got 0"):
        trace(one, 0)
    messages = trace(one)
    with pytest.raises(SettingsError, match="count takes a whole number, 1 or more; got 0"):
        messages.wait_for(0)
    with pytest.raises(SettingsError, match="timeout takes seconds > 0; got 0"):
        messages.wait_for(1, 0)
    one.stop()
    one.join()
    with pytest.raises(ActorDeadError, match=r"one has stopped \(normal\); trace\(\) needs one"):
        trace(one)
    gate.open()
