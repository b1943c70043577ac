"""Restarts that another actor decides: what the decider is told, and what its answers do."""

import time
from typing import Any

import gevent
import pytest

from rnd_actors.actors import ActorRef, ActorSystem, Crashed, Killed, Normal, Overflow, Stopped
from rnd_actors.events import ChildRestarting, DeadLetter, RestartIntensityReached
from rnd_actors.supervision import (
    Backoff,
    ChildDown,
    ChildGivenUp,
    ChildSpec,
    ChildUp,
    Restart,
    RestartChild,
    RestartIntensity,
    ShutDown,
)
from tests.actors.toys import (
    GENEROUS,
    Action,
    Ask,
    BoomError,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    crash,
    is_down,
    kill_yourself,
    nothing,
    puppet,
    settle,
    start,
    supervise,
)


@pytest.fixture
def told(diary: Record) -> Record:
    """What the decider is told: the diary of a puppet."""
    return diary


@pytest.fixture
def decider(system: ActorSystem, told: Record) -> ActorRef[Any]:
    return system.start(puppet("decider", told))


def delegated(decider: ActorRef[Any], at_start: Action = nothing, **options: Any) -> ChildSpec:
    return puppet(
        "puppet", at_start=at_start, restart=Restart.DELEGATED, decider=decider, **options
    )


def test_the_decider_is_told_that_the_child_starts(
    system: ActorSystem, decider: ActorRef[Any], told: Record
) -> None:
    team = supervise(system)
    settle(start(team, delegated(decider)))
    assert told.expect(ChildUp) == ChildUp(team, "puppet", 1)


def test_child_up_comes_before_anything_that_the_child_sends(
    system: ActorSystem, decider: ActorRef[Any], told: Record
) -> None:
    team = supervise(system)
    start(team, delegated(decider, at_start=lambda puppet: decider.tell(Note(puppet.incarnation))))
    told.until(Note(1))
    assert told.items[1:] == [ChildUp(team, "puppet", 1), Note(1)]


def test_child_down_comes_after_everything_that_the_child_sent(
    system: ActorSystem, decider: ActorRef[Any], told: Record
) -> None:
    def send_much_and_crash(_: Puppet) -> None:
        for number in range(100):
            decider.tell(Note(number))
        crash()

    ref = start(supervise(system), delegated(decider))
    ref.tell(Do(send_much_and_crash))
    told.expect(ChildDown)
    assert told.items[2:-1] == [Note(number) for number in range(100)]


def test_what_the_child_sends_in_on_stop_comes_before_child_down_too(
    system: ActorSystem, decider: ActorRef[Any], told: Record
) -> None:
    ref = start(supervise(system), delegated(decider, at_stop=lambda _: decider.tell(Note(1))))
    ref.stop()
    told.expect(ChildDown)
    assert [type(item) for item in told.items[1:]] == [ChildUp, Note, ChildDown]


def test_a_full_mailbox_of_the_decider_refuses_no_news_of_its_children(
    system: ActorSystem, told: Record
) -> None:
    gate = Gate()
    decider = system.start(puppet("decider", told, capacity=1, overflow=Overflow.FAIL))
    ref = start(supervise(system), delegated(decider))
    settle(ref)
    decider.tell(Do(gate.pass_through))
    gate.await_entry()
    decider.tell(Note(1))
    ref.tell(Do(crash))
    gevent.idle()
    gate.open()
    told.expect(ChildDown)
    assert [type(item) for item in told.items[1:]] == [ChildUp, Note, ChildDown]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (Puppet.stop, Normal),
        (lambda puppet: puppet.ref.stop(), Normal),
        (crash, Crashed),
        (kill_yourself, Killed),
    ],
    ids=["stops itself", "is stopped", "crashes", "is killed"],
)
def test_the_decider_is_told_why_the_child_is_down(
    system: ActorSystem, decider: ActorRef[Any], told: Record, end: Action, expected: type[Any]
) -> None:
    team = supervise(system)
    ref = start(team, delegated(decider))
    ref.tell(Do(end))
    down = told.expect(ChildDown)
    assert down == ChildDown(team, "puppet", 1, down.reason)
    assert isinstance(down.reason, expected)


def test_a_child_rests_as_long_as_its_decider_says_nothing(
    system: ActorSystem, decider: ActorRef[Any], told: Record, events: Record
) -> None:
    ref = start(supervise(system), delegated(decider))
    ref.tell(Do(crash))
    ref.tell(Note(1))
    told.expect(ChildDown)
    gevent.idle()
    assert ref.is_alive
    assert is_down(ref)
    assert ref.stats().mailbox == 1
    assert events.all(ChildRestarting) == []


def test_the_decider_lets_a_child_start_again(
    system: ActorSystem, decider: ActorRef[Any], told: Record
) -> None:
    team = supervise(system)
    ref = start(team, delegated(decider))
    for incarnation in (1, 2, 3):
        ref.tell(Do(crash))
        assert told.expect(ChildDown, incarnation).incarnation == incarnation
        team.tell(RestartChild("puppet"))
        assert told.expect(ChildUp, incarnation + 1).incarnation == incarnation + 1
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 4


def test_backoff_holds_for_delegated_restarts_too(
    system: ActorSystem, decider: ActorRef[Any], told: Record, events: Record
) -> None:
    team = supervise(system, backoff=Backoff(1.0, 2.0, jitter=0.0))
    ref = start(team, delegated(decider))
    for count in (1, 2, 3, 4):
        ref.tell(Do(crash))
        told.expect(ChildDown, count)
        team.tell(RestartChild("puppet"))
    settle(ref)
    assert [event.delay_s for event in events.all(ChildRestarting)] == [0, 1.0, 2.0, 2.0]
    assert time.monotonic() == 5.0


def test_a_second_restart_child_during_the_backoff_changes_nothing(
    system: ActorSystem, decider: ActorRef[Any], told: Record, events: Record
) -> None:
    team = supervise(system)
    ref = start(team, delegated(decider))
    for count in (1, 2):
        ref.tell(Do(crash))
        told.expect(ChildDown, count)
        for _ in range(3):
            team.tell(RestartChild("puppet"))
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 3
    assert time.monotonic() == 1.0
    assert len(events.all(ChildRestarting)) == 2
    settle(decider)
    assert len(told.all(ChildUp)) == 3


def test_a_child_that_spent_its_restart_intensity_is_given_up_and_its_supervisor_lives_on(
    system: ActorSystem, decider: ActorRef[Any], told: Record, events: Record
) -> None:
    intensity = RestartIntensity(1, 60.0)
    team = supervise(system, intensity=intensity)
    ref = start(team, delegated(decider))
    for count in (1, 2):
        ref.tell(Do(crash))
        told.expect(ChildDown, count)
        team.tell(RestartChild("puppet"))
    given_up = told.expect(ChildGivenUp)
    assert given_up == ChildGivenUp(team, "puppet", given_up.reason)
    assert isinstance(given_up.reason, Crashed)
    assert isinstance(given_up.reason.error, BoomError)
    assert ref.join() == given_up.reason
    assert events.all(RestartIntensityReached) == [
        RestartIntensityReached("team/puppet", intensity, given_up.reason)
    ]
    assert start(team, puppet("another")).is_alive


def test_what_waits_for_a_child_that_is_given_up_becomes_dead_letters(
    system: ActorSystem, decider: ActorRef[Any], told: Record, events: Record
) -> None:
    team = supervise(system, intensity=RestartIntensity(0, 60.0))
    ref = start(team, delegated(decider))
    ref.tell(Do(crash))
    ref.tell(Note(1))
    told.expect(ChildDown)
    team.tell(RestartChild("puppet"))
    ref.join()
    assert events.expect(DeadLetter).message == Note(1)


def test_a_sign_of_health_renews_the_restart_intensity_of_a_delegated_child(
    system: ActorSystem, decider: ActorRef[Any], told: Record
) -> None:
    team = supervise(system, intensity=RestartIntensity(1, 60.0))
    ref = start(team, delegated(decider))
    for count in range(1, 5):
        ref.tell(Do(Puppet.mark_healthy))
        ref.tell(Do(crash))
        told.expect(ChildDown, count)
        team.tell(RestartChild("puppet"))
    settle(ref)
    assert told.all(ChildGivenUp) == []


def test_restart_child_for_an_unknown_child_is_a_dead_letter(
    system: ActorSystem, events: Record
) -> None:
    team = supervise(system)
    team.tell(RestartChild("nobody"))
    assert events.expect(DeadLetter) == DeadLetter(
        "team", RestartChild("nobody"), "there is no child 'nobody'; the children are: none"
    )
    assert start(team, puppet("puppet")).is_alive


def test_restart_child_for_a_running_child_changes_nothing_and_is_a_dead_letter(
    system: ActorSystem, decider: ActorRef[Any], told: Record, events: Record
) -> None:
    team = supervise(system)
    ref = start(team, delegated(decider))
    team.tell(RestartChild("puppet"))
    settle(start(team, puppet("another")))
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 1
    assert len(told.all(ChildUp)) == 1
    why = "the child 'puppet' is running; only one that is down or terminated can be started again"
    assert events.all(DeadLetter) == [DeadLetter("team", RestartChild("puppet"), why)]


def test_restart_child_does_not_hurry_a_child_that_is_not_delegated(
    system: ActorSystem, events: Record, diary: Record
) -> None:
    team = supervise(system, backoff=Backoff(10.0, 10.0, jitter=0.0))
    ref = start(team, puppet("puppet", diary))
    ref.tell(Do(crash))
    ref.tell(Do(crash))
    events.until(ChildRestarting("team/puppet", 10.0))
    team.tell(RestartChild("puppet"))
    assert ref.ask(Ask(lambda puppet: puppet.incarnation), timeout=None) == 3
    assert time.monotonic() == 10.0
    assert len(events.all(ChildRestarting)) == 2


def test_a_resting_child_ends_with_its_supervisor(
    system: ActorSystem, decider: ActorRef[Any], told: Record
) -> None:
    team = supervise(system)
    ref = start(team, delegated(decider))
    ref.tell(Do(crash))
    told.expect(ChildDown)
    team.tell(ShutDown())
    assert ref.join() == Stopped()
    assert len(told.all(ChildUp)) == 1


def test_the_news_for_a_decider_that_has_stopped_are_dead_letters(
    system: ActorSystem, events: Record
) -> None:
    decider = system.start(puppet("decider", restart=Restart.TEMPORARY))
    decider.stop()
    decider.join()
    team = supervise(system, intensity=GENEROUS)
    ref = start(team, delegated(decider))
    ref.tell(Do(crash))
    events.expect(DeadLetter, 2)
    assert [type(letter.message) for letter in events.all(DeadLetter)] == [ChildUp, ChildDown]
    assert ref.is_alive
