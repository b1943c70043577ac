"""What routers over children do while the supervisor restarts."""

from typing import Any

import pytest

from rnd_actors.actors import ActorSystem
from rnd_actors.errors import ActorDeadError, RouterUnavailableError, SettingsError
from rnd_actors.events import DeadLetter
from rnd_actors.routing import RoundRobin, Router, Unavailable
from rnd_actors.supervision import Restart
from tests.actors.toys import (
    Do,
    Ended,
    Gate,
    Note,
    Record,
    found,
    kill,
    puppet,
    settle,
    supervise,
)
from tests.routing.toys import AT_ONCE, WHO, kill_twice, puppets, soon

SAID = "pool, whose children the router chooses from, restarts; try again later"


def test_under_wait_what_is_told_waits_and_who_asks_is_answered(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    pool = puppets(system, 1, diary)
    kill_twice(system, pool, events)
    pool.tell(Note(1))
    assert pool.ask(WHO) == "pool/1"
    diary.until(Note(1))
    assert not events.all(DeadLetter)


def test_under_dead_letter_what_is_told_is_a_dead_letter(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    pool = puppets(system, 1, diary, unavailable=Unavailable.DEAD_LETTER)
    kill_twice(system, pool, events)
    pool.tell(Note(1))
    [letter] = events.all(DeadLetter)
    assert (letter.actor, letter.message, letter.why) == ("pool", Note(1), "pool restarts")
    assert found(system, "pool").stats().refused == 1


@pytest.mark.parametrize("unavailable", [Unavailable.DEAD_LETTER, Unavailable.RAISE])
def test_who_does_not_wait_is_told_that_the_pool_restarts(
    system: ActorSystem, events: Record, unavailable: Unavailable
) -> None:
    pool = puppets(system, 1, unavailable=unavailable)
    kill_twice(system, pool, events)
    with pytest.raises(RouterUnavailableError, match=SAID):
        pool.ask(WHO)
    with pytest.raises(RouterUnavailableError, match=SAID):
        pool.ask_all(WHO)
    with pytest.raises(RouterUnavailableError, match=SAID):
        pool.ref_for("key")


def test_under_raise_who_tells_is_told_that_the_pool_restarts(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    pool = puppets(system, 1, diary, unavailable=Unavailable.RAISE)
    kill_twice(system, pool, events)
    with pytest.raises(RouterUnavailableError, match=SAID):
        pool.tell(Note(1))
    assert not events.all(DeadLetter)
    pool.resize(1)
    pool.tell(Note(2))
    diary.until(Note(2))


def test_a_pool_is_unavailable_as_soon_as_its_members_begin_to_end(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    gate = Gate()
    pool = puppets(system, 2, diary, backoff=AT_ONCE)
    pool.refs[0].tell(Do(gate.pass_through))
    gate.await_entry()
    kill(found(system, "pool"))
    diary.expect(Ended)
    pool.tell(Note(1))
    pool.tell(Note(2))
    gate.open()
    diary.until(Note(2))
    diary.until(Note(1))
    assert not events.all(DeadLetter)


def ending(system: ActorSystem, unavailable: Unavailable) -> tuple[Router[Any], Gate]:
    """A router over the children of a supervisor that restarts when the gate is opened."""
    gate = Gate()
    children = [puppet("1", at_stop=gate.pass_through)]
    boss = supervise(system, children, restart=Restart.PERMANENT)
    router = Router.over_children(boss, RoundRobin(), unavailable=unavailable)
    settle(router.refs[0])
    boss.stop()
    gate.await_entry()
    return router, gate


def test_a_router_over_any_supervisor_waits_for_it(system: ActorSystem) -> None:
    router, gate = ending(system, Unavailable.WAIT)
    asking = soon(router.ask, WHO)
    assert not asking.ready()
    gate.open()
    assert asking.get() == "team/1"


@pytest.mark.parametrize("unavailable", [Unavailable.DEAD_LETTER, Unavailable.RAISE])
def test_a_router_over_any_supervisor_can_be_told_not_to_wait(
    system: ActorSystem, unavailable: Unavailable
) -> None:
    router, gate = ending(system, unavailable)
    with pytest.raises(RouterUnavailableError, match="team, whose children"):
        router.ask(WHO)
    gate.open()


@pytest.mark.parametrize("unavailable", list(Unavailable))
def test_a_pool_that_has_stopped_for_good_is_dead_and_not_unavailable(
    system: ActorSystem, unavailable: Unavailable
) -> None:
    boss = supervise(system, [puppet("1")])
    router = Router.over_children(boss, RoundRobin(), unavailable=unavailable)
    boss.stop()
    boss.join()
    with pytest.raises(ActorDeadError):
        router.tell(Note(1))
    with pytest.raises(ActorDeadError):
        router.ask(WHO)


def test_what_to_do_is_one_of_three(system: ActorSystem) -> None:
    wrong: Any = "wait"
    with pytest.raises(SettingsError, match="unavailable takes a member of Unavailable; got"):
        Router.over_children(supervise(system), RoundRobin(), unavailable=wrong)
