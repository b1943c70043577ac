"""`replace_state` changes an actor between two messages."""

from typing import Any, Never

import gevent
import pytest

from rnd_actors.actors import Actor, ActorRef, ActorSystem
from rnd_actors.errors import (
    ActorDeadError,
    ActorError,
    AskTimeoutError,
    SelfAskError,
)
from rnd_actors.inspection import inspect, suspend, unsuspend
from rnd_actors.supervision import ChildSpec, Restart
from rnd_actors.testing import replace_state
from tests.actors.toys import Ask, BoomError, Do, Gate, Note, Record, crash, puppet, settle


@pytest.fixture
def diary() -> Record:
    return Record()


@pytest.fixture
def one(actor_system: ActorSystem, diary: Record) -> ActorRef[Any]:
    return actor_system.start(puppet("one", diary, restart=Restart.TRANSIENT))


def test_it_comes_between_two_messages_and_before_those_that_wait(
    one: ActorRef[Any], diary: Record
) -> None:
    gate = Gate()
    one.tell(Do(gate.pass_through))
    one.tell(Note(1))
    gate.await_entry()
    greenlets = []

    def replace(actor: Any) -> None:
        greenlets.append(gevent.getcurrent())
        actor.diary.add("replaced")

    gevent.spawn(gate.open)
    replace_state(one, replace)
    settle(one)
    assert diary.items[1:] == ["replaced", Note(1)]
    assert greenlets == [one._cell.greenlet]


def test_it_works_while_the_actor_is_suspended(one: ActorRef[Any], diary: Record) -> None:
    suspend(one)
    replace_state(one, lambda actor: setattr(actor, "total", 42))
    one.tell(Note(1))
    assert inspect(one).state["total"] == "42"
    assert inspect(one).is_suspended
    unsuspend(one)
    settle(one)
    assert diary.all(Note) == [Note(1)]


def test_a_function_that_waits_leaves_the_actor_suspended(
    one: ActorRef[Any], actor_system: ActorSystem
) -> None:
    other = actor_system.start(puppet("other"))
    suspend(one)
    replace_state(one, lambda _: settle(other))
    assert inspect(one).doing == "waits for unsuspend()"
    unsuspend(one)
    settle(one)


def test_an_error_is_raised_here_and_the_actor_goes_on(one: ActorRef[Any]) -> None:
    with pytest.raises(BoomError):
        replace_state(one, crash)
    settle(one)
    assert inspect(one).incarnation == 1


def test_a_handler_that_the_function_sets_holds_at_once(one: ActorRef[Any], diary: Record) -> None:
    suspend(one)
    one.tell(Note(1))
    replace_state(one, lambda actor: actor.become(lambda message: diary.add("other")))
    unsuspend(one)
    diary.until("other")
    assert diary.all(Note) == []


def test_what_comes_too_late_is_not_done(one: ActorRef[Any]) -> None:
    gate = Gate()
    called: list[object] = []
    one.tell(Do(gate.pass_through))
    gate.await_entry()
    with pytest.raises(AskTimeoutError, match="one did not answer ReplaceState"):
        replace_state(one, called.append, timeout=0.01)
    gate.open()
    settle(one)
    assert called == []


def test_actors_that_cannot_are_refused(one: ActorRef[Any], actor_system: ActorSystem) -> None:
    gate = Gate()

    class Worker(Actor[Never]):
        def run(self) -> None:
            gate.pass_through()

    worker = actor_system.start(ChildSpec("it", Worker, restart=Restart.TEMPORARY))
    gate.await_entry()
    with pytest.raises(ActorError, match=r"as replace_state\(\) needs"):
        replace_state(worker, bool)
    gate.open()
    with pytest.raises(SelfAskError):
        one.ask(Ask(lambda it: replace_state(it.ref, bool)))
    one.stop()
    one.join()
    with pytest.raises(ActorDeadError, match=r"replace_state\(\) needs one alive"):
        replace_state(one, bool)
