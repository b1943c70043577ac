"""Background work: greenlets that belong to an actor."""

import time
from contextlib import suppress

import gevent
from gevent import GreenletExit
from gevent.event import Event as Flag

from rnd_actors.actors import ActorSystem, Crashed, Normal
from rnd_actors.events import ActorFailed, ActorStuck, MessageFailed
from rnd_actors.supervision import Restart
from tests.actors.toys import (
    Ask,
    Began,
    BoomError,
    Do,
    Ended,
    Gate,
    Note,
    Puppet,
    Record,
    crash,
    greenlet_of,
    hang,
    let_pass,
    puppet,
    settle,
)

KILL_S = 1.0
"""How long background work that is killed may take to end."""


def test_the_actor_goes_on_while_its_background_work_waits(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(lambda puppet: puppet.background(gate.pass_through)))
    gate.await_entry()
    ref.tell(Note(1))
    diary.until(Note(1))
    gate.open()


def test_background_work_is_given_its_arguments(system: ActorSystem, diary: Record) -> None:
    system.start(puppet("puppet")).tell(Do(lambda self: self.background(diary.add, Note(7))))
    diary.until(Note(7))


def test_background_work_may_return_without_consequences(
    system: ActorSystem, diary: Record
) -> None:
    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(lambda self: self.background(self.ref.tell, Note(1))))
    diary.until(Note(1))
    assert ref.ask(Ask(lambda self: self.incarnation)) == 1


def test_a_crash_in_the_background_crashes_the_actor(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(lambda self: self.background(crash)))
    diary.until(Began("puppet", 2))
    reason = events.expect(ActorFailed).reason
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, BoomError)
    assert diary.all(Ended) == [Ended("puppet", 1, reason)]
    assert events.all(MessageFailed) == []


def test_a_crash_in_the_background_overtakes_the_messages_that_wait(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    ref = system.start(puppet("puppet", diary, restart=Restart.TEMPORARY))
    ref.tell(Do(lambda self: self.background(crash)))
    ref.tell(Do(gate.pass_through))
    ref.tell(Note(1))
    gate.await_entry()
    gevent.idle()
    gate.open()
    assert isinstance(ref.join(), Crashed)
    assert diary.all(Note) == []


def test_stopping_the_actor_kills_its_background_work_before_on_stop(
    system: ActorSystem, diary: Record
) -> None:
    def work() -> None:
        try:
            hang()
        except GreenletExit:
            diary.add("background killed")
            raise

    ref = system.start(puppet("puppet", diary, restart=Restart.TEMPORARY))
    for _ in range(2):
        ref.tell(Do(lambda self: self.background(work)))
    settle(ref)
    gevent.idle()
    ref.stop()
    assert ref.join() == Normal()
    assert diary.items[1:] == [
        "background killed",
        "background killed",
        Ended("puppet", 1, Normal()),
    ]


def test_a_crash_of_the_actor_kills_its_background_work(system: ActorSystem, diary: Record) -> None:
    started, ended = Flag(), Flag()

    def work() -> None:
        started.set()
        try:
            hang()
        finally:
            ended.set()

    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(lambda self: self.background(work)))
    started.wait()
    ref.tell(Do(crash))
    diary.until(Began("puppet", 2))
    assert ended.is_set()


def test_background_work_that_has_not_begun_when_the_actor_stops_never_begins(
    system: ActorSystem, diary: Record
) -> None:
    def work_and_stop(self: Puppet) -> None:
        self.background(diary.add, "begun")
        self.stop()

    ref = system.start(puppet("puppet", diary, restart=Restart.TEMPORARY))
    ref.tell(Do(work_and_stop))
    ref.join()
    assert diary.items == [Began("puppet", 1), Ended("puppet", 1, Normal())]


def test_an_error_that_background_work_raises_as_it_is_killed_does_not_reach_the_next_incarnation(
    system: ActorSystem, diary: Record
) -> None:
    started = Flag()

    def work() -> None:
        started.set()
        try:
            hang()
        finally:
            raise LookupError("while it was killed")

    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(lambda self: self.background(work)))
    started.wait()
    ref.tell(Do(Puppet.stop))
    assert ref.ask(Ask(lambda self: self.incarnation)) == 2
    assert [ended.reason for ended in diary.all(Ended)] == [Normal()]


def test_background_work_that_ends_itself_is_no_failure(system: ActorSystem, diary: Record) -> None:
    def work() -> None:
        diary.add("worked")
        raise GreenletExit

    ref = system.start(puppet("puppet", diary))
    ref.tell(Do(lambda self: self.background(work)))
    diary.until("worked")
    gevent.idle()
    assert ref.ask(Ask(lambda self: self.incarnation)) == 1


def test_background_work_can_stop_its_actor(system: ActorSystem) -> None:
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    ref.tell(Do(lambda self: self.background(self.stop)))
    assert ref.join() == Normal()


def test_finished_background_work_is_forgotten(system: ActorSystem, diary: Record) -> None:
    ref = system.start(puppet("puppet", diary))
    for number in range(10):
        ref.tell(Do(lambda self, number=number: self.background(diary.add, number)))  # type: ignore[misc]
    diary.until(9)
    gevent.idle()
    assert not greenlet_of(ref).owned._greenlets


def test_on_stop_is_called_although_background_work_does_not_end(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()

    def stubborn() -> None:
        try:
            hang()
        except GreenletExit:
            gate.pass_through()

    ref = system.start(puppet("puppet", diary, restart=Restart.TEMPORARY))
    ref.tell(Do(lambda puppet: puppet.background(stubborn)))
    settle(ref)
    gevent.idle()
    ref.stop()
    assert ref.join() == Normal()
    assert time.monotonic() == KILL_S
    gate.open()
    assert diary.all(Ended) == [Ended("puppet", 1, Normal())]


def test_background_work_that_does_not_end_is_announced_once_and_left(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    gate = Gate()

    def stubborn() -> None:
        for _ in range(5):
            with suppress(GreenletExit):
                gate.pass_through()
        diary.add("ended late")

    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    ref.tell(Do(lambda puppet: puppet.background(stubborn)))
    gate.await_entry()
    ref.stop()
    assert ref.join() == Normal()
    assert time.monotonic() == 2 * KILL_S
    gate.open()
    diary.until("ended late")
    assert events.all(ActorStuck) == [ActorStuck("puppet", background=1)]


def test_background_work_that_ends_when_it_is_killed_is_not_announced(
    system: ActorSystem, events: Record
) -> None:
    ref = system.start(puppet("puppet", restart=Restart.TEMPORARY))
    ref.tell(Do(lambda puppet: puppet.background(hang)))
    settle(ref)
    gevent.idle()
    ref.stop()
    ref.join()
    assert time.monotonic() == 0.0
    assert events.all(ActorStuck) == []


def test_on_stop_is_called_although_the_actor_is_killed_while_its_background_work_ends(
    diary: Record,
) -> None:
    def tidy_up_slowly() -> None:
        try:
            hang()
        finally:
            let_pass(60.0)

    with ActorSystem() as system:
        ref = system.start(puppet("puppet", diary, shutdown=KILL_S / 2))
        ref.tell(Do(lambda puppet: puppet.background(tidy_up_slowly)))
        settle(ref)
        gevent.idle()
    assert [ended.name for ended in diary.all(Ended)] == ["puppet"]
    assert time.monotonic() == KILL_S / 2


def test_background_work_begun_in_on_stop_dies_with_the_incarnation(diary: Record) -> None:
    with ActorSystem() as system:
        work_too_late = puppet(
            "puppet", at_stop=lambda self: self.background(diary.add, "worked too late")
        )
        settle(system.start(work_too_late))
    gevent.idle()
    assert diary.items == []


def test_background_work_that_outlives_its_incarnation_does_not_crash_the_next_one(
    system: ActorSystem, events: Record
) -> None:
    gate = Gate()

    def fail_late() -> None:
        for _ in range(3):
            with suppress(GreenletExit):
                gate.pass_through()
        crash()

    ref = system.start(puppet("puppet"))
    ref.tell(Do(lambda puppet: puppet.background(fail_late)))
    settle(ref)
    gevent.idle()
    ref.stop()
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 2
    gate.open()
    gevent.idle()
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 2
