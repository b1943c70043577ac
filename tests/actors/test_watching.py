"""Watching: being told when another actor has stopped for good."""

from typing import Any

import pytest

from rnd_actors.actors import (
    ActorRef,
    ActorSystem,
    Crashed,
    Killed,
    Normal,
    Overflow,
    Stopped,
    Terminated,
)
from rnd_actors.events import DeadLetter
from rnd_actors.supervision import (
    BRUTAL_KILL,
    DeleteChild,
    Restart,
    RestartIntensity,
    ShutDown,
    TerminateChild,
)
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
    puppet,
    settle,
    start,
    supervise,
)


@pytest.fixture
def watcher(system: ActorSystem, diary: Record) -> ActorRef[Any]:
    return system.start(puppet("watcher", diary))


@pytest.fixture
def mortal(system: ActorSystem) -> ActorRef[Any]:
    return system.start(puppet("mortal", restart=Restart.TRANSIENT))


def watch(watcher: ActorRef[Any], ref: ActorRef[Any]) -> None:
    watcher.ask(Ask(lambda puppet: puppet.watch(ref)))


def test_the_watcher_is_told_of_the_end_and_its_reason(
    watcher: ActorRef[Any], mortal: ActorRef[Any], diary: Record
) -> None:
    watch(watcher, mortal)
    mortal.stop()
    assert diary.expect(Terminated) == Terminated(mortal, Normal())


def test_terminated_comes_after_everything_that_the_watched_actor_sent(
    watcher: ActorRef[Any], mortal: ActorRef[Any], diary: Record
) -> None:
    def send_much_and_stop(puppet: Puppet) -> None:
        for number in range(100):
            watcher.tell(Note(number))
        puppet.stop()

    watch(watcher, mortal)
    mortal.tell(Do(send_much_and_stop))
    diary.expect(Terminated)
    assert diary.items[1:-1] == [Note(number) for number in range(100)]


def test_a_restart_is_not_the_end(
    watcher: ActorRef[Any], mortal: ActorRef[Any], diary: Record
) -> None:
    watch(watcher, mortal)
    mortal.tell(Do(crash))
    assert mortal.ask(Ask(lambda puppet: puppet.incarnation)) == 2
    settle(watcher)
    assert diary.all(Terminated) == []
    mortal.stop()
    diary.expect(Terminated)
    settle(watcher)
    assert diary.all(Terminated) == [Terminated(mortal, Normal())]


def test_an_actor_that_is_given_up_has_stopped(
    system: ActorSystem, watcher: ActorRef[Any], diary: Record
) -> None:
    team = supervise(system, intensity=RestartIntensity(0, 60.0))
    ref = start(team, puppet("puppet"))
    watch(watcher, ref)
    ref.tell(Do(crash))
    assert isinstance(diary.expect(Terminated).reason, Crashed)


def test_an_actor_that_its_supervisor_ended_has_stopped(
    system: ActorSystem, watcher: ActorRef[Any], diary: Record
) -> None:
    team = supervise(system)
    ref = start(team, puppet("puppet"))
    watch(watcher, ref)
    team.tell(ShutDown())
    assert diary.expect(Terminated) == Terminated(ref, Stopped())


def test_supervisors_can_be_watched_too(
    system: ActorSystem, watcher: ActorRef[Any], diary: Record
) -> None:
    team = supervise(system)
    watch(watcher, team)
    team.tell(ShutDown())
    assert diary.expect(Terminated) == Terminated(team, Stopped())


def test_watching_an_actor_that_has_stopped_tells_at_once(
    watcher: ActorRef[Any], mortal: ActorRef[Any], diary: Record
) -> None:
    mortal.stop()
    mortal.join()
    watch(watcher, mortal)
    assert diary.expect(Terminated) == Terminated(mortal, Normal())


def test_watching_twice_tells_once(
    watcher: ActorRef[Any], mortal: ActorRef[Any], diary: Record
) -> None:
    watch(watcher, mortal)
    watch(watcher, mortal)
    mortal.stop()
    mortal.join()
    settle(watcher)
    assert len(diary.all(Terminated)) == 1


def test_all_watchers_are_told(system: ActorSystem, mortal: ActorRef[Any], diary: Record) -> None:
    for name in ("one", "other"):
        watch(system.start(puppet(name, diary)), mortal)
    mortal.stop()
    diary.until(Terminated(mortal, Normal()), count=2)


def test_after_unwatch_nothing_is_told(
    watcher: ActorRef[Any], mortal: ActorRef[Any], diary: Record
) -> None:
    watch(watcher, mortal)
    watcher.ask(Ask(lambda puppet: puppet.unwatch(mortal)))
    mortal.stop()
    mortal.join()
    settle(watcher)
    assert diary.all(Terminated) == []


def test_unwatching_an_actor_that_is_not_watched_does_nothing(
    watcher: ActorRef[Any], mortal: ActorRef[Any]
) -> None:
    watcher.ask(Ask(lambda puppet: puppet.unwatch(mortal)))


def test_a_terminated_that_is_on_its_way_still_comes(
    watcher: ActorRef[Any], mortal: ActorRef[Any], diary: Record
) -> None:
    def outlive_and_unwatch(puppet: Puppet) -> None:
        mortal.stop()
        mortal.join()
        puppet.unwatch(mortal)

    watch(watcher, mortal)
    watcher.tell(Do(outlive_and_unwatch))
    diary.expect(Terminated)


def test_watching_ends_with_the_incarnation_of_the_watcher(
    watcher: ActorRef[Any], mortal: ActorRef[Any], diary: Record
) -> None:
    watch(watcher, mortal)
    watcher.tell(Do(crash))
    diary.until(Began("watcher", 2))
    mortal.stop()
    mortal.join()
    settle(watcher)
    assert diary.all(Terminated) == []


def test_a_watcher_that_has_stopped_is_told_nothing(
    system: ActorSystem, mortal: ActorRef[Any], events: Record
) -> None:
    watcher = system.start(puppet("watcher", restart=Restart.TEMPORARY))
    watch(watcher, mortal)
    watcher.stop()
    watcher.join()
    mortal.stop()
    mortal.join()
    assert events.all(DeadLetter) == []


def test_a_full_mailbox_does_not_refuse_terminated(
    system: ActorSystem, mortal: ActorRef[Any], diary: Record
) -> None:
    gate = Gate()
    watcher = system.start(puppet("watcher", diary, capacity=1, overflow=Overflow.FAIL))
    watch(watcher, mortal)
    watcher.tell(Do(gate.pass_through))
    gate.await_entry()
    watcher.tell(Note(1))
    mortal.stop()
    mortal.join()
    gate.open()
    diary.expect(Terminated)
    assert diary.items[1:] == [Note(1), Terminated(mortal, Normal())]


def test_an_actor_that_has_stopped_is_forgotten_by_its_watchers(system: ActorSystem) -> None:
    watcher = system.start(puppet("watcher"))
    mortal = system.start(puppet("mortal", restart=Restart.TEMPORARY))
    watcher.ask(Ask(lambda puppet: puppet.watch(mortal)))
    mortal.stop()
    mortal.join()
    settle(watcher)
    assert not greenlet_of(watcher).owned.watched


@pytest.mark.parametrize("restart", [Restart.PERMANENT, Restart.TEMPORARY])
def test_join_and_late_watchers_hear_the_first_reason(
    system: ActorSystem, watcher: ActorRef[Any], diary: Record, restart: Restart
) -> None:
    team = supervise(system)
    mortal = start(team, puppet("mortal", restart=restart, shutdown=BRUTAL_KILL))
    team.ask(TerminateChild("mortal"))
    assert mortal.join() == Killed()
    if restart is Restart.PERMANENT:
        team.ask(DeleteChild("mortal"))
    watch(watcher, mortal)
    assert diary.expect(Terminated) == Terminated(mortal, Killed())
    assert mortal.join() == Killed()


def test_watching_in_on_stop_ends_with_the_incarnation(
    system: ActorSystem, mortal: ActorRef[Any], diary: Record
) -> None:
    team = supervise(system)
    late = start(team, puppet("late", diary, at_stop=lambda puppet: puppet.watch(mortal)))
    late.tell(Do(crash))
    diary.until(Began("team/late", 2))
    settle(late)
    mortal.stop()
    mortal.join()
    settle(late)
    assert diary.all(Terminated) == []
    assert late.stats().told == 3
