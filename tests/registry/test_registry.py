"""Registries: actors under keys until they are unregistered or have stopped for good."""

from typing import Any

import pytest

from rnd_actors.actors import ActorRef, ActorSystem
from rnd_actors.errors import AlreadyRegisteredError, SettingsError
from rnd_actors.events import ChildRestarting
from rnd_actors.registry import Registry
from rnd_actors.supervision import BRUTAL_KILL, Restart, RestartIntensity, ShutDown, TerminateChild
from tests.actors.toys import (
    Ask,
    Began,
    BoomError,
    Do,
    Puppet,
    Record,
    crash,
    is_down,
    puppet,
    start,
    supervise,
)


@pytest.fixture
def registry() -> Registry[str]:
    return Registry()


@pytest.fixture
def names() -> Registry[str]:
    return Registry(unique=True)


def end(ref: ActorRef[Any]) -> None:
    ref.stop()
    ref.join()


def test_actors_are_found_under_their_key_in_the_order_of_registration(
    registry: Registry[str], one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    registry.register("printer", other)
    registry.register("printer", one)
    assert registry.lookup("printer") == (other, one)


def test_nothing_is_found_under_another_key(registry: Registry[str], one: ActorRef[Any]) -> None:
    registry.register("printer", one)
    assert registry.lookup("scanner") == ()


def test_keys_are_those_that_have_an_actor(
    registry: Registry[str], one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    registry.register("printer", one)
    registry.register("scanner", one)
    registry.register("printer", other)
    registry.watch("camera", other)
    assert registry.keys() == ("printer", "scanner")


def test_a_key_may_be_anything_that_can_be_hashed(one: ActorRef[Any]) -> None:
    registry = Registry[object]()
    for key in (None, 0, ("room", 1), one):
        registry.register(key, one)
        assert registry.lookup(key) == (one,)


def test_a_key_that_cannot_be_hashed_is_refused(one: ActorRef[Any]) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        Registry[object]().register([], one)


def test_an_actor_that_is_registered_twice_is_there_once(
    registry: Registry[str], one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    for ref in (one, other, one):
        registry.register("printer", ref)
    assert registry.lookup("printer") == (one, other)
    registry.unregister("printer", one)
    assert registry.lookup("printer") == (other,)


def test_an_actor_that_is_unregistered_is_not_found_under_that_key(
    registry: Registry[str], one: ActorRef[Any]
) -> None:
    registry.register("printer", one)
    registry.register("scanner", one)
    registry.unregister("printer", one)
    assert registry.lookup("printer") == ()
    assert registry.keys() == ("scanner",)


def test_an_actor_that_is_registered_again_goes_to_the_end(
    registry: Registry[str], one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    registry.register("printer", one)
    registry.register("printer", other)
    registry.unregister("printer", one)
    registry.register("printer", one)
    assert registry.lookup("printer") == (other, one)


def test_unregistering_what_is_not_there_does_nothing(
    registry: Registry[str], one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    registry.unregister("printer", one)
    registry.register("printer", one)
    registry.unregister("printer", other)
    assert registry.lookup("printer") == (one,)


def test_what_was_looked_up_does_not_change_later(
    registry: Registry[str], one: ActorRef[Any]
) -> None:
    registry.register("printer", one)
    found = registry.lookup("printer")
    registry.unregister("printer", one)
    assert found == (one,)


@pytest.mark.parametrize("method", ["register", "unregister", "watch", "unwatch"])
def test_what_is_no_ref_is_refused(registry: Registry[str], method: str) -> None:
    with pytest.raises(SettingsError, match="ref takes an ActorRef; got <tests"):
        getattr(registry, method)("printer", Puppet())


# --- the end of an actor


def test_an_actor_that_stops_for_good_leaves_all_its_keys(
    registry: Registry[str], one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    for key in ("printer", "scanner"):
        registry.register(key, one)
    registry.register("printer", other)
    end(one)
    assert registry.lookup("printer") == (other,)
    assert registry.keys() == ("printer",)


def test_an_actor_that_is_given_up_leaves_its_key(
    system: ActorSystem, registry: Registry[str]
) -> None:
    team = supervise(system, intensity=RestartIntensity(0, 60.0))
    ref = start(team, puppet("puppet"))
    registry.register("printer", ref)
    ref.tell(Do(crash))
    ref.join()
    assert registry.keys() == ()


def test_an_actor_that_is_killed_by_its_supervisor_leaves_its_key(
    system: ActorSystem, registry: Registry[str]
) -> None:
    team = supervise(system)
    registry.register("printer", start(team, puppet("puppet", shutdown=BRUTAL_KILL)))
    team.ask(TerminateChild("puppet"))
    assert registry.keys() == ()


def test_children_leave_with_their_supervisor(system: ActorSystem, registry: Registry[str]) -> None:
    team = supervise(system, [puppet("a"), puppet("b")])
    for name in ("a", "b"):
        registry.register("printer", start(team, puppet(f"late {name}")))
    team.tell(ShutDown())
    team.join()
    assert registry.keys() == ()


def test_a_restart_keeps_what_is_registered(
    registry: Registry[str], one: ActorRef[Any], diary: Record
) -> None:
    registry.register("printer", one)
    one.tell(Do(crash))
    diary.until(Began("one", 2))
    assert registry.lookup("printer") == (one,)
    end(one)
    assert registry.lookup("printer") == ()


def test_an_actor_between_two_incarnations_can_be_registered(
    system: ActorSystem, registry: Registry[str], one: ActorRef[Any], diary: Record
) -> None:
    were_down = []

    def register(_: ChildRestarting) -> None:
        were_down.append(is_down(one))
        registry.register("printer", one)

    system.events.subscribe(register, to=ChildRestarting)
    one.tell(Do(crash))
    diary.until(Began("one", 2))
    assert were_down == [True]
    assert registry.lookup("printer") == (one,)


def test_an_actor_that_has_stopped_for_good_is_not_registered(
    registry: Registry[str], one: ActorRef[Any]
) -> None:
    end(one)
    registry.register("printer", one)
    assert registry.keys() == ()


def test_an_actor_can_register_itself_in_on_start(
    system: ActorSystem, registry: Registry[str]
) -> None:
    ref = system.start(
        puppet("puppet", at_start=lambda puppet: registry.register("printer", puppet.ref))
    )
    assert registry.lookup("printer") == (ref,)
    ref.tell(Do(crash))
    assert ref.ask(Ask(lambda puppet: puppet.incarnation)) == 2
    assert registry.lookup("printer") == (ref,)


def test_an_actor_that_fails_to_start_leaves_nothing(
    system: ActorSystem, registry: Registry[str]
) -> None:
    def register_and_fail(puppet: Puppet) -> None:
        registry.register("printer", puppet.ref)
        crash()

    with pytest.raises(BoomError):
        system.start(puppet("puppet", at_start=register_and_fail))
    assert registry.keys() == ()


def test_what_an_actor_registers_in_on_stop_lives_as_long_as_the_actor(
    system: ActorSystem, registry: Registry[str], diary: Record
) -> None:
    ref = system.start(
        puppet(
            "puppet",
            diary,
            at_stop=lambda puppet: registry.register("printer", puppet.ref),
            restart=Restart.TRANSIENT,
        )
    )
    ref.tell(Do(crash))
    diary.until(Began("puppet", 2))
    assert registry.lookup("printer") == (ref,)
    registry.unregister("printer", ref)
    end(ref)
    assert registry.keys() == ()


def test_nothing_is_registered_when_the_system_has_been_left(registry: Registry[str]) -> None:
    for _ in range(2):
        with ActorSystem() as system:
            ref = system.start(puppet("puppet"))
            registry.register("printer", ref)
            registry.watch("printer", ref)
            assert registry.lookup("printer") == (ref,)
        assert registry.keys() == ()


def test_a_registry_keeps_nothing_of_what_has_ended(
    registry: Registry[str], one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    cells: list[Any] = [one._cell, other._cell]
    for ref in (one, other):
        registry.register("printer", ref)
        registry.watch("scanner", ref)
    end(one)
    registry.unregister("printer", other)
    registry.unwatch("scanner", other)
    assert registry._entries == {}
    assert [cell.watchers for cell in cells] == [{}, {}]


# --- unique registries


def test_an_actor_that_has_stopped_for_good_is_not_told_that_a_key_is_taken(
    names: Registry[str], one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    names.register("leader", one)
    end(other)
    names.register("leader", other)
    assert names.lookup("leader") == (one,)


def test_another_actor_cannot_have_a_key_that_is_taken(
    names: Registry[str], one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    names.register("leader", one)
    with pytest.raises(AlreadyRegisteredError, match="'leader' is registered for one, and"):
        names.register("leader", other)
    assert names.lookup("leader") == (one,)


def test_the_actor_that_has_a_key_may_register_it_again(
    names: Registry[str], one: ActorRef[Any]
) -> None:
    names.register("leader", one)
    names.register("leader", one)
    assert names.lookup("leader") == (one,)


def test_a_key_is_free_once_its_actor_has_stopped_or_unregistered(
    names: Registry[str], one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    names.register("leader", one)
    names.unregister("leader", one)
    names.register("leader", other)
    end(other)
    names.register("leader", one)
    assert names.lookup("leader") == (one,)


def test_an_actor_may_have_several_keys_of_a_unique_registry(
    names: Registry[str], one: ActorRef[Any]
) -> None:
    names.register("leader", one)
    names.register("printer", one)
    assert names.keys() == ("leader", "printer")


def test_a_key_that_is_watched_is_not_taken(
    names: Registry[str], one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    names.watch("leader", one)
    names.register("leader", other)
    assert names.lookup("leader") == (other,)
