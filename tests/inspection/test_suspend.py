"""A suspended actor handles nothing, and can still be ended in every way."""

from random import Random
from typing import Any, Never

import gevent
import pytest

from rnd_actors.actors import Actor, ActorRef, ActorSystem, Killed, Normal, Overflow, Stopped
from rnd_actors.actors._incarnation import Signal
from rnd_actors.actors._mailbox import Mailbox
from rnd_actors.errors import ActorDeadError, ActorError, DeadlockError
from rnd_actors.events import ActorStarted
from rnd_actors.inspection import inspect, suspend, unsuspend
from rnd_actors.simulation import VirtualTime
from rnd_actors.supervision import (
    Backoff,
    ChildSpec,
    CountChildren,
    Restart,
    TerminateChild,
    WhichChildren,
)
from rnd_actors.testing import replace_state
from tests.actors.toys import (
    Ask,
    Began,
    Do,
    Ended,
    Gate,
    Note,
    Record,
    balance,
    crash,
    in_turn,
    let_pass,
    nothing,
    puppet,
    settle,
    start,
    start_soon,
    supervise,
)
from tests.processes import PATIENCE_S

A_MOMENT = 0.01


def notes(diary: Record) -> list[int]:
    return [note.number for note in diary.all(Note)]


def suspended(ref: ActorRef[Any]) -> ActorRef[Any]:
    """Suspend an actor and return when it waits."""
    suspend(ref)
    let_pass(A_MOMENT)
    assert inspect(ref).doing == "waits for unsuspend()"
    return ref


def test_messages_wait_until_it_is_over(one: ActorRef[Any], diary: Record) -> None:
    one.tell(Note(1))
    suspended(one)
    for number in range(2, 5):
        one.tell(Note(number))
    let_pass(A_MOMENT)
    assert notes(diary) == []
    assert inspect(one).is_suspended
    unsuspend(one)
    assert not inspect(one).is_suspended
    settle(one)
    assert notes(diary) == [1, 2, 3, 4]


def test_the_message_in_hand_is_finished(one: ActorRef[Any], diary: Record) -> None:
    gate = Gate()
    one.tell(Do(gate.pass_through))
    one.tell(Note(1))
    gate.await_entry()
    suspend(one)
    assert inspect(one).is_suspended
    assert inspect(one).doing.startswith("is busy with")
    gate.open()
    let_pass(A_MOMENT)
    assert notes(diary) == []
    assert (one.stats().handled, one.stats().mailbox) == (1, 1)
    unsuspend(one)
    settle(one)
    assert notes(diary) == [1]


def test_suspended_twice_is_suspended_once(one: ActorRef[Any], diary: Record) -> None:
    suspend(one)
    suspended(one)
    suspend(one)
    one.tell(Note(1))
    unsuspend(one)
    settle(one)
    assert notes(diary) == [1]


def test_to_unsuspend_an_actor_that_is_not_suspended_does_nothing(one: ActorRef[Any]) -> None:
    unsuspend(one)
    suspend(one)
    unsuspend(one)
    assert not inspect(one).is_suspended
    unsuspend(one)
    suspend(one)
    assert inspect(one).is_suspended
    unsuspend(one)
    settle(one)


def test_an_actor_can_suspend_itself(one: ActorRef[Any], diary: Record) -> None:
    one.tell(Do(lambda it: suspend(it.ref)))
    one.tell(Note(1))
    let_pass(A_MOMENT)
    assert notes(diary) == []
    unsuspend(one)
    settle(one)
    assert notes(diary) == [1]


def test_timers_wait_in_the_mailbox(one: ActorRef[Any], diary: Record) -> None:
    one.ask(
        Ask(
            in_turn(
                lambda it: it.set_timer("key", A_MOMENT, Note(1)),
                lambda it: it.after(A_MOMENT, Note(2)),
                lambda it: suspend(it.ref),
            )
        )
    )
    let_pass(3 * A_MOMENT)
    assert notes(diary) == []
    unsuspend(one)
    settle(one)
    assert sorted(notes(diary)) == [1, 2]


def test_another_handler_holds_afterwards(one: ActorRef[Any], diary: Record) -> None:
    one.ask(Ask(lambda it: it.become(lambda message: diary.add("other"))))
    suspended(one)
    one.tell(Note(1))
    unsuspend(one)
    diary.until("other")
    assert notes(diary) == []


def test_a_stop_ends_it(one: ActorRef[Any], diary: Record) -> None:
    suspended(one).tell(Note(1))
    one.stop()
    assert one.join() == Normal()
    assert notes(diary) == []
    assert one.stats().dead == 1


def test_a_drain_handles_what_waits(one: ActorRef[Any], diary: Record) -> None:
    suspended(one).tell(Note(1))
    one.drain()
    one.tell(Note(2))
    assert one.join() == Normal()
    assert notes(diary) == [1]


def test_an_actor_that_drains_is_not_suspended(one: ActorRef[Any], diary: Record) -> None:
    one.tell(Note(1))
    one.drain()
    suspend(one)
    assert one.join() == Normal()
    assert notes(diary) == [1]


def test_a_kill_ends_it(one: ActorRef[Any], diary: Record) -> None:
    suspended(one).tell(Note(1))
    one.kill()
    diary.expect(Ended)
    assert diary.all(Ended)[0].reason == Killed()
    settle(one)  # it is restarted, and not suspended
    assert notes(diary) == [1]
    assert not inspect(one).is_suspended


def test_a_failure_of_background_work_ends_it(one: ActorRef[Any], diary: Record) -> None:
    gate = Gate()

    def fail() -> None:
        gate.pass_through()
        crash()

    one.ask(Ask(lambda it: it.background(fail)))
    suspended(one)
    gate.open()
    diary.expect(Began, 2)
    settle(one)


def test_a_restart_takes_up_what_waits(one: ActorRef[Any], diary: Record) -> None:
    gate = Gate()
    one.tell(Do(in_turn(gate.pass_through, crash)))
    one.tell(Note(1))
    gate.await_entry()
    suspend(one)
    gate.open()
    settle(one)
    assert notes(diary) == [1]
    assert inspect(one).incarnation == 2


def test_an_actor_that_is_down_is_suspended_when_it_is_up(
    system: ActorSystem, diary: Record
) -> None:
    team = supervise(system, backoff=Backoff(initial=0.3, maximum=0.3, jitter=0.0))
    ref = start(team, puppet("it", diary))
    ref.tell(Do(crash))
    diary.expect(Began, 2)
    ref.tell(Do(crash))
    diary.expect(Ended, 2)
    team.ask(CountChildren())
    assert inspect(ref).doing.startswith("is down")
    suspend(ref)
    assert inspect(ref).is_suspended
    ref.tell(Note(1))
    diary.expect(Began, 3)
    let_pass(A_MOMENT)
    assert notes(diary) == []
    unsuspend(ref)
    settle(ref)
    assert notes(diary) == [1]


@pytest.mark.parametrize("drain", [False, True], ids=["stopped", "drained"])
def test_the_supervisor_ends_it_in_time(system: ActorSystem, diary: Record, drain: Any) -> None:
    ref = system.start(puppet("it", diary, shutdown=1000.0, drain=drain))
    suspended(ref).tell(Note(1))
    with gevent.Timeout(PATIENCE_S):
        system.root.ask(TerminateChild("it"))
    assert ref.join() == Stopped()
    assert notes(diary) == [1] * drain


def test_a_system_with_suspended_actors_is_left_in_time(diary: Record) -> None:
    with gevent.Timeout(PATIENCE_S):
        with ActorSystem() as system:
            team = supervise(system, [puppet("a", diary), puppet("b", diary, drain=True)])
            for name in ("team/a", "team/b"):
                suspended(system.find(name)).tell(Note(1))  # type: ignore[arg-type]
            suspended(team)
            suspended(system.root)
        assert notes(diary) == [1]
    assert len(diary.all(Ended)) == 2


def test_a_full_mailbox_makes_senders_wait(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("it", diary, capacity=2, overflow=Overflow.BLOCK))
    suspended(ref)
    senders = [gevent.spawn(ref.tell, Note(number)) for number in range(20)]
    let_pass(A_MOMENT)
    assert sum(sender.ready() for sender in senders) == 2
    unsuspend(ref)
    gevent.joinall(senders, raise_error=True)
    settle(ref)
    assert sorted(notes(diary)) == list(range(20))
    assert ref.stats().refused == 0


def test_senders_that_wait_get_away_when_it_is_stopped(system: ActorSystem) -> None:
    ref = system.start(puppet("it", capacity=1, overflow=Overflow.BLOCK, restart=Restart.TEMPORARY))
    suspended(ref)
    senders = [gevent.spawn(ref.tell, Note(number)) for number in range(5)]
    let_pass(A_MOMENT)
    ref.stop()
    ref.join()
    gevent.joinall(senders, raise_error=True)
    assert ref.stats().dead == 5


def test_a_suspended_supervisor_restarts_nobody(system: ActorSystem, diary: Record) -> None:
    team = supervise(system)
    ref = start(team, puppet("it", diary))
    suspended(team)
    ref.tell(Do(crash))
    diary.expect(Ended)
    added = start_soon(team, puppet("new", diary))
    let_pass(A_MOMENT)
    assert len(diary.all(Began)) == 1
    assert not added.is_ready
    unsuspend(team)
    added.get()
    settle(ref)
    assert [began.incarnation for began in diary.all(Began) if began.name == "team/it"] == [1, 2]
    assert team.ask(CountChildren()).active == 2


def test_a_suspended_supervisor_hears_of_its_children_in_order(
    system: ActorSystem, diary: Record
) -> None:
    """One that starts, is ready and ends while it is suspended."""
    gate = Gate()
    team = supervise(system)
    starting = start_soon(
        team, puppet("it", diary, at_start=gate.pass_through, restart=Restart.TRANSIENT)
    )
    gate.await_entry()
    suspended(team)
    gate.open()
    diary.expect(Began)
    ref = system.find("team/it")
    assert ref is not None
    settle(ref)
    ref.stop()
    diary.expect(Ended)
    unsuspend(team)
    assert starting.get() == ref
    (child,) = team.ask(WhichChildren())
    assert child.state.value == "terminated"


def test_signals_that_are_put_back_are_the_first() -> None:
    mailbox, signals = Mailbox(lambda entry, why: None), [Signal() for _ in range(3)]
    mailbox.put_signal(signals[2])
    mailbox.put_signals_back(signals[:2])
    assert [mailbox.take() for _ in signals] == signals


@pytest.mark.parametrize("seed", range(20))
def test_no_message_is_lost_whatever_happens_meanwhile(seed: int) -> None:
    with VirtualTime(seed), ActorSystem() as system:
        chance, diary = Random(seed), Record()
        ref = start(supervise(system), puppet("it", diary))
        deeds = (suspend, unsuspend, unsuspend, ActorRef.kill, ActorRef.drain, ActorRef.stop)
        for number in range(200):
            ref.tell(Note(number))
            if chance.random() < 0.2:
                chance.choice(deeds)(ref)
            if chance.random() < 0.3:
                let_pass(chance.random())
        unsuspend(ref)
        let_pass(100.0)
        unsuspend(ref)
        settle(ref)
        told, places = balance(ref)
        assert told == places
        assert notes(diary) == sorted(set(notes(diary)))
        assert ref.stats().failed == 200 - len(notes(diary))


def test_whoever_waits_for_ever_for_a_suspended_actor_is_told(one: ActorRef[Any]) -> None:
    suspended(one)
    with pytest.raises(DeadlockError, match=r"one waits for unsuspend\(\)"):
        one.ask(Ask(nothing), timeout=None)


def test_a_dead_actor_cannot_be_suspended(one: ActorRef[Any]) -> None:
    one.stop()
    one.join()
    with pytest.raises(ActorDeadError, match=r"one has stopped \(normal\); suspend\(\) needs one"):
        suspend(one)
    unsuspend(one)
    assert not inspect(one).is_suspended


def test_an_actor_with_work_of_its_own_cannot_be_suspended(system: ActorSystem) -> None:
    gate = Gate()

    class Worker(Actor[Never]):
        def run(self) -> None:
            gate.pass_through()

    ref = system.start(ChildSpec("it", Worker, restart=Restart.TEMPORARY))
    gate.await_entry()
    with pytest.raises(ActorError, match=r"it has a run\(\) of its own and handles no messages"):
        suspend(ref)
    gate.open()
    ref.join()


def test_an_actor_with_work_of_its_own_that_was_down_works_on(system: ActorSystem) -> None:
    made, gate = Gate(), Gate()

    class Worker(Actor[Never]):
        def __init__(self) -> None:
            made.pass_through()

        def run(self) -> str:
            gate.pass_through()
            return "done"

    starting = start_soon(system, ChildSpec("it", Worker, restart=Restart.TEMPORARY))
    made.await_entry()
    ref = system.find("it")
    assert ref is not None
    suspend(ref)
    made.open()
    starting.get()
    gate.await_entry()
    gate.open()
    assert ref.join() == Normal("done")


def test_started_is_published_before_it_waits(
    system: ActorSystem, events: Record, one: ActorRef[Any]
) -> None:
    suspended(one).kill()
    events.expect(ActorStarted, 2)
    settle(one)


@pytest.mark.parametrize("end", [ActorRef.drain, unsuspend], ids=["drain", "unsuspend"])
def test_a_suspension_ends_while_a_repair_waits(
    system: ActorSystem, one: ActorRef[Any], diary: Record, end: Any
) -> None:
    gate = Gate()
    helper = system.start(puppet("helper"))
    suspended(one)
    repair = gevent.spawn(
        replace_state, one, lambda _: helper.ask(Ask(gate.pass_through), timeout=None), timeout=9.0
    )
    gate.await_entry()
    assert inspect(one).is_suspended
    one.tell(Note(1))
    end(one)
    gate.open()
    repair.get()
    let_pass(A_MOMENT)
    assert not inspect(one).is_suspended
    assert notes(diary) == [1]


def test_the_reason_of_a_child_that_ended_unheard_is_its_own(system: ActorSystem) -> None:
    team = supervise(system)
    child = start(team, puppet("child", restart=Restart.TEMPORARY))
    suspended(team)
    child.tell(Do(lambda puppet: puppet.stop(result=42)))
    let_pass(A_MOMENT)
    team.stop()
    assert child.join() == Normal(42)
