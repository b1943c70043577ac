"""Ending: in order, each child within its own limit, and nothing is left behind."""

import time
from typing import Any

import gevent
import pytest
from gevent import GreenletExit

from rnd_actors.actors import ActorRef, ActorSystem, Killed, Stopped
from rnd_actors.errors import ActorCrashedError, ActorDeadError, DeadlockError
from rnd_actors.events import (
    ActorFailed,
    ActorStopped,
    ActorStuck,
    ChildRestarting,
    DeadLetter,
    MessageFailed,
)
from rnd_actors.simulation import explore
from rnd_actors.supervision import (
    BRUTAL_KILL,
    INFINITY,
    Backoff,
    ChildSpec,
    ShutdownOrder,
    Supervisor,
    TerminateChild,
)
from tests.actors.toys import (
    SOON,
    Action,
    Ask,
    Began,
    Do,
    Ended,
    Gate,
    Note,
    Puppet,
    Record,
    busy_for,
    crash,
    end_yourself,
    found,
    greenlet_of,
    hang,
    in_turn,
    is_down,
    let_pass,
    nothing,
    puppet,
    settle,
    start,
    start_soon,
    supervise,
    swallow_kills,
)

KILL_S = 1.0
"""How long an actor that is killed may take to end."""


def recorded(system: ActorSystem) -> Record:
    events = Record()
    system.events.subscribe(events.add)
    return events


def busy(ref: ActorRef[Any], gate: Gate) -> None:
    """Let the puppet be in the middle of a message until the gate opens."""
    ref.tell(Do(gate.pass_through))
    gate.await_entry()


def open_when_all_wait(gate: Gate) -> None:
    """Open the gate once everybody waits: then the stop has reached whoever is held by it."""

    def open_when_idle() -> None:
        gevent.idle()
        gate.open()

    gevent.spawn(open_when_idle)


def test_the_last_child_started_ends_first(diary: Record) -> None:
    with ActorSystem() as system:
        for name in "abc":
            settle(system.start(puppet(name, diary)))
    assert [ended.name for ended in diary.all(Ended)] == ["c", "b", "a"]


def test_a_child_is_told_to_stop_only_when_the_one_started_after_it_has_ended(
    diary: Record,
) -> None:
    with ActorSystem() as system:
        elder = system.start(puppet("elder", diary))
        younger = puppet("younger", diary, at_stop=lambda _: elder.ask(Ask(nothing)))
        settle(system.start(younger))
    assert diary.all(Ended) == [Ended("younger", 1, Stopped()), Ended("elder", 1, Stopped())]


def test_in_parallel_all_children_are_told_to_stop_at_once(diary: Record) -> None:
    names = ("a", "b", "c")

    def wait_for_the_others(_: Puppet) -> None:
        diary.expect(Ended, len(names))
        diary.add("all are ending")

    with ActorSystem() as system:
        children = [puppet(name, diary, at_stop=wait_for_the_others) for name in names]
        supervise(system, children, order=ShutdownOrder.PARALLEL)
        diary.until(Began("team/c", 1))
    assert diary.items.count("all are ending") == 3


@pytest.mark.parametrize("order", ShutdownOrder)
def test_a_child_whose_on_stop_hangs_is_killed_after_its_limit(
    order: ShutdownOrder, diary: Record
) -> None:
    with ActorSystem() as system:
        events = recorded(system)
        team = supervise(system, order=order)
        settle(start(team, puppet("slow", diary, at_stop=hang, shutdown=SOON)))
        settle(start(team, puppet("good", diary)))
    assert ActorFailed("team/slow", 1, Killed()) in events.items
    assert ActorStopped("team/good", 1, Stopped()) in events.items
    assert diary.all(Ended).count(Ended("team/slow", 1, Stopped())) == 1
    assert time.monotonic() == SOON


@pytest.mark.parametrize("order", ShutdownOrder)
def test_a_child_whose_receive_hangs_is_killed_after_its_limit(
    order: ShutdownOrder, diary: Record
) -> None:
    gate = Gate()
    with ActorSystem() as system:
        events = recorded(system)
        ref = start(supervise(system, order=order), puppet("slow", diary, shutdown=SOON))
        busy(ref, gate)
    assert diary.all(Ended) == [Ended("team/slow", 1, Killed())]
    assert isinstance(events.expect(MessageFailed).error, GreenletExit)
    assert not ref.is_alive
    assert time.monotonic() == SOON


def test_a_child_whose_receive_and_on_stop_hang_is_killed_twice(diary: Record) -> None:
    gate = Gate()
    with ActorSystem() as system:
        events = recorded(system)
        busy(system.start(puppet("slow", diary, at_stop=hang, shutdown=SOON)), gate)
    assert diary.all(Ended) == [Ended("slow", 1, Killed())]
    assert events.all(ActorStuck) == []
    assert time.monotonic() == SOON + KILL_S


def test_a_child_with_brutal_kill_is_not_asked_to_stop(diary: Record) -> None:
    with ActorSystem() as system:
        settle(system.start(puppet("puppet", diary, shutdown=BRUTAL_KILL)))
    assert diary.all(Ended) == [Ended("puppet", 1, Killed())]


def test_a_child_that_may_take_for_ever_is_waited_for(diary: Record) -> None:
    with ActorSystem() as system:
        settle(system.start(puppet("slow", diary, at_stop=busy_for(80_000.0), shutdown=INFINITY)))
    assert diary.all(Ended) == [Ended("slow", 1, Stopped())]
    assert time.monotonic() == 80_000.0


def test_a_draining_child_handles_what_waits_before_it_stops(diary: Record) -> None:
    gate = Gate()
    with ActorSystem() as system:
        events = recorded(system)
        ref = system.start(puppet("puppet", diary, drain=True))
        busy(ref, gate)
        for number in range(3):
            ref.tell(Note(number))
        open_when_all_wait(gate)
    assert diary.items[1:] == [Note(0), Note(1), Note(2), Ended("puppet", 1, Stopped())]
    assert events.all(DeadLetter) == []


def test_a_child_that_does_not_drain_leaves_what_waits_to_the_dead_letters(
    diary: Record,
) -> None:
    gate = Gate()
    with ActorSystem() as system:
        events = recorded(system)
        ref = system.start(puppet("puppet", diary))
        busy(ref, gate)
        ref.tell(Note(1))
        open_when_all_wait(gate)
    assert diary.all(Note) == []
    assert events.expect(DeadLetter).message == Note(1)


def test_what_comes_while_a_child_drains_is_too_late(diary: Record) -> None:
    gate = Gate()
    with ActorSystem() as system:
        events = recorded(system)
        ref = system.start(puppet("puppet", diary, drain=True))
        busy(ref, gate)
        ref.tell(Do(lambda puppet: puppet.ref.tell(Note(2))))
        ref.tell(Note(1))
        open_when_all_wait(gate)
    assert diary.all(Note) == [Note(1)]
    assert events.expect(DeadLetter).message == Note(2)


def test_draining_ends_with_the_limit_of_the_child(diary: Record) -> None:
    with ActorSystem() as system:
        events = recorded(system)
        ref = system.start(puppet("puppet", diary, drain=True, shutdown=SOON))
        ref.tell(Do(hang))
        ref.tell(Note(1))
    assert diary.all(Ended) == [Ended("puppet", 1, Killed())]
    assert events.expect(DeadLetter).message == Note(1)
    assert time.monotonic() == SOON


@pytest.mark.parametrize("order", ShutdownOrder)
@pytest.mark.parametrize("at_stop", [nothing, hang], ids=["polite", "hanging"])
def test_a_supervisor_that_is_killed_while_it_ends_its_children_leaves_none(
    order: ShutdownOrder, at_stop: Action, diary: Record
) -> None:
    with ActorSystem() as system:
        events = recorded(system)
        team = supervise(system, order=order, shutdown=SOON)
        refs = [start(team, puppet(name, diary, at_stop=at_stop)) for name in "ab"]
        refs.append(start(team, puppet("c", diary, at_stop=hang)))
        settle(refs[-1])
    assert not any(ref.is_alive for ref in refs)
    assert [ended.name for ended in diary.all(Ended)].count("team/a") == 1
    assert ActorFailed("team", 1, Killed()) in events.items
    assert events.all(ActorStuck) == []
    assert time.monotonic() == SOON


def test_a_supervisor_with_brutal_kill_leaves_no_child(diary: Record) -> None:
    with ActorSystem() as system:
        team = supervise(system, shutdown=BRUTAL_KILL)
        refs = [start(team, puppet(name, diary)) for name in "abc"]
        settle(refs[-1])
    assert not any(ref.is_alive for ref in refs)
    assert [ended.name for ended in diary.all(Ended)] == ["team/c", "team/b", "team/a"]


def test_leaving_during_a_backoff_does_not_wait_for_it(diary: Record) -> None:
    with ActorSystem() as system:
        events = recorded(system)
        team = supervise(system, backoff=Backoff(3600.0, 3600.0, jitter=0.0))
        ref = start(team, puppet("puppet", diary))
        ref.tell(Do(crash))
        ref.tell(Do(crash))
        events.until(ChildRestarting("team/puppet", 3600.0))
        ref.tell(Note(1))
    assert ref.join(0) == Stopped()
    assert len(diary.all(Began)) == 2
    assert events.expect(DeadLetter).message == Note(1)
    assert time.monotonic() == 0.0


def test_leaving_while_a_child_starts_starts_no_further_one(diary: Record) -> None:
    gate = Gate()
    with ActorSystem() as system:
        starting = [
            start_soon(system, puppet("slow", diary, at_start=gate.pass_through, shutdown=SOON)),
            start_soon(system, puppet("waiting", diary)),
        ]
        gate.await_entry()
        gevent.idle()
        waiting = found(system, "waiting")
    assert diary.items == [Began("slow", 1), Ended("slow", 1, Killed())]
    assert waiting.join(0) == Stopped()
    for future in starting:
        with pytest.raises(ActorCrashedError):
            future.get(0)


def test_a_child_that_starts_while_the_system_is_left_may_finish_its_start(
    diary: Record,
) -> None:
    gate = Gate()
    with ActorSystem() as system:
        start_soon(system, puppet("slow", diary, at_start=gate.pass_through))
        gate.await_entry()
        open_when_all_wait(gate)
    assert diary.items == [Began("slow", 1), Ended("slow", 1, Stopped())]


def test_a_system_can_be_left_before_anything_has_run(diary: Record) -> None:
    with ActorSystem():
        pass
    with ActorSystem() as system:
        starting = start_soon(system, puppet("puppet", diary))
    with pytest.raises(ActorDeadError):
        starting.get(0)
    assert diary.items == []
    with ActorSystem() as system:
        ref = system.start(puppet("puppet", diary))
    assert not ref.is_alive
    assert len(diary.all(Began)) == len(diary.all(Ended))


def test_an_empty_supervisor_ends_at_once() -> None:
    with ActorSystem() as system:
        team = supervise(system)
    assert team.join(0) == Stopped()


def test_after_leaving_nobody_can_be_started() -> None:
    with ActorSystem() as system:
        pass
    with pytest.raises(ActorDeadError, match="system cannot answer StartChild"):
        system.start(puppet("puppet"))


def test_after_leaving_messages_are_dead_letters() -> None:
    with ActorSystem() as system:
        ref = system.start(puppet("puppet"))
    events = recorded(system)
    ref.tell(Note(1))
    assert events.items == [DeadLetter("puppet", Note(1), "the actor has stopped")]


def test_an_error_in_the_with_block_leaves_nothing_behind_either(diary: Record) -> None:
    def leave_with_an_error() -> None:
        with ActorSystem() as system:
            settle(system.start(puppet("puppet", diary)))
            raise LookupError

    with pytest.raises(LookupError):
        leave_with_an_error()
    assert diary.all(Ended) == [Ended("puppet", 1, Stopped())]


def test_leaving_a_system_that_cannot_end_is_a_deadlock() -> None:
    gate, system = Gate(), ActorSystem()
    system.__enter__()
    ref = system.start(puppet("slow", at_stop=gate.pass_through, shutdown=INFINITY))
    try:
        with pytest.raises(DeadlockError, match="the end of system"):
            system.__exit__(None, None, None)
    finally:
        gate.open()
        ref.join()


def test_a_child_that_crashes_while_it_stops_holds_up_nobody(diary: Record) -> None:
    with ActorSystem() as system:
        settle(system.start(puppet("elder", diary)))
        settle(system.start(puppet("failing", diary, at_stop=crash)))
    assert [ended.name for ended in diary.all(Ended)] == ["failing", "elder"]


def test_an_actor_that_does_not_end_although_it_is_killed_is_announced_and_left(
    diary: Record,
) -> None:
    gate = Gate()
    with ActorSystem() as system:
        events = recorded(system)
        settle(system.start(puppet("elder", diary)))
        ref = system.start(puppet("stubborn", diary, shutdown=SOON))
        ref.tell(Do(in_turn(swallow_kills(gate, 2), gate.pass_through, end_yourself)))
        gate.await_entry()
        ref.tell(Note(1))
    assert events.all(ActorStuck) == [ActorStuck("stubborn")]
    assert diary.items.count("not dead yet") == 2
    assert diary.all(Ended) == [Ended("elder", 1, Stopped())]
    assert time.monotonic() == SOON + 2 * KILL_S
    assert not ref.is_alive
    assert events.expect(DeadLetter).message == Note(1)
    gate.open()
    events.expect(ActorFailed)


def test_an_actor_that_was_stuck_ends_when_it_comes_back(diary: Record) -> None:
    gate = Gate()
    with ActorSystem() as system:
        ref = system.start(puppet("stubborn", diary, shutdown=SOON))
        ref.tell(Do(in_turn(swallow_kills(gate, 2), gate.pass_through)))
        gate.await_entry()
    stuck = greenlet_of(ref)
    gate.open()
    gevent.idle()
    assert stuck.dead


def test_a_supervisor_that_is_killed_twice_leaves_no_child_unannounced(diary: Record) -> None:
    gate = Gate()
    with ActorSystem() as system:
        team = supervise(system, shutdown=SOON)
        stuck = start(team, puppet("stuck", diary))
        other = start(team, puppet("other", diary, at_stop=hang))
        stuck.tell(Do(in_turn(swallow_kills(gate, 5), end_yourself)))
        gate.await_entry()
        settle(other)
    alive = [ref.name for ref in (team, stuck, other) if ref.is_alive]
    gate.open()
    assert alive == []


def test_a_supervisor_that_is_killed_has_the_time_to_say_which_child_is_stuck(
    diary: Record,
) -> None:
    gate = Gate()
    with ActorSystem() as system:
        events = recorded(system)
        team = supervise(system, shutdown=SOON)
        stuck = start(team, puppet("stuck", diary))
        stuck.tell(Do(in_turn(swallow_kills(gate, 5), end_yourself)))
        gate.await_entry()
    assert events.all(ActorStuck) == [ActorStuck("team/stuck")]
    assert time.monotonic() == SOON + 2 * KILL_S
    gate.open()


def test_a_stuck_child_that_was_terminated_is_not_waited_for_again(diary: Record) -> None:
    gate = Gate()
    with ActorSystem() as system:
        team = supervise(system)
        stuck = start(team, puppet("stuck", diary, shutdown=SOON))
        stuck.tell(Do(in_turn(swallow_kills(gate, 2), gate.pass_through)))
        gate.await_entry()
        team.ask(TerminateChild("stuck"))
        terminated_at = time.monotonic()
        team.stop()
        team.join()
        assert time.monotonic() == terminated_at
    gate.open()


def test_a_child_that_is_killed_before_it_has_begun_was_killed(diary: Record) -> None:
    gate = Gate()

    def terminate_the_next(puppet: Puppet) -> None:
        gate.pass_through()
        found(system, "team").tell(TerminateChild("next"))

    with ActorSystem() as system:
        first = puppet("first", diary, at_start=terminate_the_next)
        team = supervise(system, [first, puppet("next", diary, shutdown=BRUTAL_KILL)])
        child = found(system, "team/next")
        gate.open()
        assert child.join() == Killed()
        assert team.is_alive
    assert [began.name for began in diary.all(Began)] == ["team/first"]


def test_in_parallel_a_slow_child_does_not_delay_a_brutal_kill(diary: Record) -> None:
    gate = Gate()

    def wait(puppet: Puppet) -> None:
        gate.pass_through()
        puppet.diary.add("finished")

    with ActorSystem() as system:
        team = supervise(system, order=ShutdownOrder.PARALLEL)
        settle(start(team, puppet("slow", diary, at_stop=wait, shutdown=1.0)))
        brutal = puppet("brutal", diary, at_stop=lambda _: gate.open(), shutdown=BRUTAL_KILL)
        settle(start(team, brutal))
    assert "finished" in diary.items
    assert time.monotonic() == 0.0


@pytest.mark.parametrize(
    ("order", "seconds"), [(ShutdownOrder.REVERSE, 1 + 3 + 4 + 5), (ShutdownOrder.PARALLEL, 5)]
)
def test_a_stop_takes_what_the_children_take_and_none_of_them_longer_than_its_limit(
    order: ShutdownOrder, seconds: float
) -> None:
    stopping: list[tuple[Action, Action, float]] = [
        (nothing, busy_for(1.0), 60.0),
        (nothing, busy_for(60.0), 3.0),
        (busy_for(60.0), nothing, 4.0),
        (busy_for(5.0), nothing, INFINITY),
    ]

    def leave(_: ActorSystem) -> None:
        diary, refs = Record(), []
        with ActorSystem() as system:
            boss = supervise(system, order=order)
            for number, (at_work, at_stop, limit) in enumerate(stopping):
                ref = start(boss, puppet(str(number), diary, at_stop=at_stop, shutdown=limit))
                ref.tell(Do(at_work))
                ref.tell(Note(number))
                refs.append(ref)
            gevent.idle()
        assert time.monotonic() == seconds
        assert sorted(ended.name for ended in diary.all(Ended)) == [ref.name for ref in refs]
        for ref in refs:
            stats = ref.stats()
            assert not ref.is_alive
            assert is_down(ref)
            assert stats.told == 2 == stats.handled + stats.failed + stats.dead

    assert len(explore(leave, range(100))) == 100


def test_a_nested_supervisor_has_as_long_as_its_children_need(diary: Record) -> None:
    def end_slowly(puppet: Puppet) -> None:
        let_pass(60.0)
        puppet.diary.add("ended in peace")

    child = puppet("slow", diary, at_stop=end_slowly, shutdown=100.0)
    inner = ChildSpec("inner", lambda: Supervisor([child]))
    with ActorSystem() as system:
        system.start(ChildSpec("outer", lambda: Supervisor([inner])))
        diary.expect(Began)
    assert diary.items[-1] == "ended in peace"
