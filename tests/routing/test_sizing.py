"""Pools whose size follows the load."""

from typing import Any

import pytest

from rnd_actors.actors import ActorSystem
from rnd_actors.errors import SettingsError
from rnd_actors.routing import LeastLoaded, Pool, RoundRobin, Sizing
from tests.actors.toys import Began, Do, Ended, Gate, Note, Record, let_pass
from tests.routing.toys import WHO, kill_twice, names, puppets, soon

EVERY = 0.01


def hold(pool: Pool[Any], gate: Gate, notes: int) -> None:
    """Let the first member be busy, and so many messages wait for it."""
    first = pool.refs[0]
    first.tell(Do(gate.pass_through))
    gate.await_entry()
    for number in range(notes):
        first.tell(Note(number))


def test_a_pool_begins_with_the_least_members(system: ActorSystem) -> None:
    pool = puppets(system, Sizing(2, 5))
    assert (pool.size, names(pool)) == (2, ["pool/1", "pool/2"])


@pytest.mark.parametrize(
    ("busy", "waiting", "size"),
    [(1, 1, 1), (1, 2, 2), (1, 4, 4), (1, 9, 5), (2, 7, 4), (0.5, 2, 4)],
)
def test_a_pool_grows_to_as_many_members_as_the_waiting_messages_take(
    system: ActorSystem, diary: Record, busy: float, waiting: int, size: int
) -> None:
    gate = Gate()
    pool = puppets(system, Sizing(1, 5, busy=busy, every=EVERY), diary)
    hold(pool, gate, waiting)
    while pool.size < size:
        let_pass(EVERY)
    let_pass(2 * EVERY)
    assert pool.size == len(pool.refs) == size
    gate.open()


def test_senders_that_wait_for_room_count_as_messages(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    pool = puppets(system, Sizing(1, 5, every=EVERY), diary, capacity=1)
    first = pool.refs[0]
    first.tell(Do(gate.pass_through))
    gate.await_entry()
    senders = [soon(first.tell, Note(number)) for number in range(3)]
    diary.until(Began("pool/3", 1))
    assert pool.size == 3
    gate.open()
    for sender in senders:
        sender.join()


def test_a_pool_shrinks_by_one_a_look_as_long_as_a_member_has_nothing_to_do(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    pool = puppets(system, Sizing(2, 5, every=EVERY), diary)
    hold(pool, gate, 5)
    diary.until(Began("pool/5", 1))
    gate.open()
    diary.expect(Ended, 3)
    let_pass(3 * EVERY)
    assert [end.name for end in diary.all(Ended)] == ["pool/5", "pool/4", "pool/3"]
    assert (pool.size, names(pool)) == (2, ["pool/1", "pool/2"])


def test_a_pool_whose_members_are_all_busy_keeps_its_size(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    pool = puppets(system, Sizing(1, 5, every=EVERY), diary)
    pool.resize(2)
    pool.resize(Sizing(1, 5, every=EVERY))
    for ref in pool.refs:
        ref.tell(Do(gate.pass_through))
    let_pass(3 * EVERY)
    assert pool.size == 2
    gate.open()
    diary.expect(Ended)
    assert pool.size == 1


def test_a_size_that_is_given_by_hand_is_kept(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    pool = puppets(system, Sizing(1, 5, every=EVERY), diary)
    pool.resize(2)
    hold(pool, gate, 5)
    let_pass(3 * EVERY)
    assert pool.size == 2
    gate.open()


@pytest.mark.parametrize(("least", "most", "size"), [(1, 2, 2), (4, 6, 4), (1, 6, 3)])
def test_a_sizing_that_comes_later_brings_the_size_within_its_bounds(
    system: ActorSystem, least: int, most: int, size: int
) -> None:
    pool = puppets(system, 3)
    pool.resize(Sizing(least, most, every=60))
    assert (pool.size, len(pool.refs)) == (size, size)


def test_a_pool_that_restarts_keeps_its_size_and_looks_on(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    pool = puppets(system, 1, diary, routing=LeastLoaded())
    pool.resize(3)
    pool.resize(Sizing(1, 3, every=0.2))
    kill_twice(system, pool, events)
    assert pool.ask(WHO) == "pool/1"
    assert pool.size == 3
    while pool.size > 1:
        let_pass(EVERY)
    assert names(pool) == ["pool/1"]


def test_a_pool_handles_all_that_it_is_told_while_its_size_follows_the_load(
    system: ActorSystem, diary: Record
) -> None:
    pool = puppets(system, Sizing(1, 6, every=0.001), diary, routing=RoundRobin())
    for burst in range(10):
        for number in range(burst * 40, burst * 40 + 40):
            pool.tell(Note(number))
        let_pass(0.004)
    diary.expect(Note, 400)
    assert sorted(note.number for note in diary.all(Note)) == list(range(400))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"least": 0}, "least takes a whole number, 1 or more; got 0"),
        ({"most": 1}, "most takes a whole number, 2 or more; got 1"),
        ({"most": None}, "most takes a whole number, 2 or more; got None"),
        ({"busy": 0}, "busy takes a number of messages, > 0; got 0"),
        ({"every": 0}, "every takes seconds > 0; got 0"),
        ({"every": float("inf")}, "every takes seconds > 0; got inf"),
    ],
)
def test_a_sizing_has_bounds_and_rhythms_that_make_sense(wrong: Any, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Sizing(**{"least": 2, "most": 4, **wrong})
