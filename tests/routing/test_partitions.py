"""Pools whose members are each responsible for some keys."""

from typing import Any

import pytest

from rnd_actors.actors import Actor, ActorSystem
from rnd_actors.errors import ActorDeadError, SettingsError
from rnd_actors.events import ChildRestarting
from rnd_actors.routing import ConsistentHash, Pool, RoundRobin, start_pool
from rnd_actors.supervision import (
    ChildSpec,
    DynamicSupervisor,
    Restart,
    StartChild,
    TerminateChild,
    WhichChildren,
)
from tests.actors.toys import Record, found, kill
from tests.routing.toys import Keeper, Of, ended, kill_twice, puppets, soon

KEYS = [f"user-{number}" for number in range(500)]


def keepers(system: ActorSystem, size: int) -> Pool[Of]:
    by_key = ConsistentHash(lambda message: message.key)
    return start_pool(system, "pool", lambda _: Keeper(), size, by_key)


def of_keys(pool: Pool[Any]) -> dict[str, str]:
    return {key: pool.ref_for(key).name for key in KEYS}


def test_the_ref_for_a_key_is_that_to_which_messages_with_the_key_go(system: ActorSystem) -> None:
    pool = keepers(system, 4)
    assert {key: pool.ask(Of(key)) for key in KEYS[:50]} == dict(list(of_keys(pool).items())[:50])


def test_a_pool_with_another_routing_has_refs_for_keys_too(system: ActorSystem) -> None:
    pool = puppets(system, 4, routing=RoundRobin())
    assert len(set(of_keys(pool).values())) == 4
    assert of_keys(pool) == of_keys(pool)


def test_most_keys_stay_when_a_pool_grows_and_come_back_when_it_shrinks(
    system: ActorSystem,
) -> None:
    pool = keepers(system, 4)
    before = of_keys(pool)
    pool.resize(5)
    after = of_keys(pool)
    moved = [key for key in KEYS if before[key] != after[key]]
    assert {after[key] for key in moved} == {"pool/5"}
    assert 0.5 / 5 < len(moved) / len(KEYS) < 2 / 5
    pool.resize(4)
    assert of_keys(pool) == before


def test_a_key_has_the_same_member_when_its_pool_has_restarted(
    system: ActorSystem, events: Record
) -> None:
    pool = puppets(system, 4)
    before = of_keys(pool)
    kill_twice(system, pool, events)
    assert pool.ref_for(KEYS[0]).name == before[KEYS[0]]
    assert of_keys(pool) == before


def test_the_keys_of_a_member_that_has_stopped_for_good_go_to_others(system: ActorSystem) -> None:
    pool = puppets(system, 3, restart=Restart.TEMPORARY)
    before = of_keys(pool)
    pool.refs[0].stop()
    assert ended(pool.refs[0])
    after = of_keys(pool)
    assert {before[key] for key in KEYS if before[key] != after[key]} == {"pool/1"}


def test_a_pool_without_members_has_nobody_for_a_key(system: ActorSystem) -> None:
    pool = puppets(system, 1)
    system.root.ask(TerminateChild("pool"))
    with pytest.raises(ActorDeadError, match="all actors of the router have stopped"):
        pool.ref_for("key")


@pytest.mark.parametrize("key", [None, 1, b"key"])
def test_a_key_is_a_text(system: ActorSystem, key: Any) -> None:
    with pytest.raises(SettingsError, match="key takes a text; got"):
        puppets(system, 1).ref_for(key)


def rooms_of(system: ActorSystem, pool: Pool[Any]) -> dict[str, list[str]]:
    """The children of each partition."""
    return {
        ref.name: [info.id for info in ref.ask(WhichChildren())]
        for ref in sorted(pool.refs, key=lambda ref: ref.name)
    }


def partitions(system: ActorSystem, size: int) -> Pool[Any]:
    """Supervisors of children that come and go, chosen by the id of a child."""
    by_id = ConsistentHash(lambda message: message.spec.id)
    return start_pool(system, "rooms", lambda _: DynamicSupervisor(), size, by_id)


def test_children_start_in_the_partition_of_their_key(system: ActorSystem) -> None:
    pool = partitions(system, 3)
    for key in KEYS[:60]:
        ref = pool.ask(StartChild(ChildSpec(key, Actor)))
        assert ref.name.startswith(f"{pool.ref_for(key).name}/{key}-")
    assert sum(map(len, rooms_of(system, pool).values())) == 60
    assert all(rooms_of(system, pool).values())


def test_a_partition_that_fails_takes_no_other_one_with_it(
    system: ActorSystem, events: Record
) -> None:
    pool = partitions(system, 3)
    for key in KEYS[:30]:
        pool.ask(StartChild(ChildSpec(key, Actor)))
    before = rooms_of(system, pool)
    kill(found(system, "rooms/2"))
    events.expect(ChildRestarting)
    assert rooms_of(system, pool) == {**before, "rooms/2": []}


def test_partitions_are_resized_while_children_start(system: ActorSystem) -> None:
    pool = partitions(system, 4)
    asking = [soon(pool.ask, StartChild(ChildSpec(key, Actor))) for key in KEYS[:30]]
    pool.resize(2)
    refs = [greenlet.get() for greenlet in asking]
    assert len(refs) == 30
    kept = rooms_of(system, pool)
    assert list(kept) == ["rooms/1", "rooms/2"]
    pool.resize(6)
    for key in KEYS[30:60]:
        ref = pool.ask(StartChild(ChildSpec(key, Actor)))
        assert ref.name.startswith(pool.ref_for(key).name)
    for name, children in kept.items():
        assert set(children) <= set(rooms_of(system, pool)[name])
