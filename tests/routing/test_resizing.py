"""Pools that grow and shrink: no message is lost, whatever happens meanwhile."""

from typing import Any

import gevent
import pytest

from rnd_actors.actors import ActorSystem
from rnd_actors.errors import ActorDeadError, SettingsError
from rnd_actors.events import ChildRestarting, DeadLetter
from rnd_actors.routing import Broadcast, LeastLoaded, RoundRobin, start_pool
from rnd_actors.supervision import OnLimit, Restart, RestartIntensity, TerminateChild
from tests.actors.toys import (
    Began,
    BoomError,
    Do,
    Ended,
    Gate,
    Note,
    Puppet,
    Record,
    crash,
    found,
    kill,
    settle,
)
from tests.routing.toys import AT_ONCE, WHO, ended, kill_twice, names, puppets, soon


def numbers(diary: Record) -> list[int]:
    """The numbers of the notes that were written down, in order."""
    return sorted(note.number for note in diary.all(Note))


def test_a_pool_that_grows_sends_to_the_new_members(system: ActorSystem) -> None:
    pool = puppets(system, 1)
    pool.resize(3)
    assert pool.size == 3
    assert sorted(pool.ask(WHO) for _ in range(3)) == ["pool/1", "pool/2", "pool/3"]


def test_a_resize_returns_when_all_new_members_have_started(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()

    def start_slowly(puppet: Puppet) -> None:
        if puppet.ref.name != "pool/1":
            gate.pass_through()

    pool = puppets(system, 1, diary, at_start=start_slowly)
    resizing = soon(pool.resize, 3)
    diary.until(Began("pool/2", 1))
    diary.until(Began("pool/3", 1))
    assert not resizing.ready()
    gate.open()
    resizing.get()


def test_a_pool_that_shrinks_lets_its_last_members_handle_what_waits_for_them(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    gate = Gate()
    pool = puppets(system, 4, diary)
    leaving = pool.refs[2:]
    for _ in range(4):
        pool.tell(Do(gate.pass_through))
    for number in range(8):
        pool.tell(Note(number))
    pool.resize(2)
    assert (pool.size, names(pool)) == (2, ["pool/1", "pool/2"])
    for number in range(8, 12):
        pool.tell(Note(number))
    assert [ref.stats().told for ref in leaving] == [3, 3]
    gate.open()
    assert all(map(ended, leaving))
    assert [ref.stats().handled for ref in leaving] == [3, 3]
    for ref in pool.refs:
        settle(ref)
    assert numbers(diary) == list(range(12))
    assert not events.all(DeadLetter)


def test_a_busy_member_is_not_waited_for_when_a_pool_shrinks(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    pool = puppets(system, 2, diary)
    last = pool.refs[1]
    last.tell(Do(gate.pass_through))
    gate.await_entry()
    pool.resize(1)
    assert last.is_alive
    assert [pool.ask(WHO) for _ in range(2)] == ["pool/1"] * 2
    gate.open()
    assert ended(last)


def test_senders_that_wait_for_room_lose_nothing_when_a_pool_shrinks(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    gate = Gate()
    pool = puppets(system, 2, diary, capacity=1)
    last = pool.refs[1]
    last.tell(Do(gate.pass_through))
    gate.await_entry()
    senders = [soon(last.tell, Note(number)) for number in range(6)]
    pool.resize(1)
    assert sum(sender.ready() for sender in senders) == 1
    gate.open()
    assert ended(last)
    gevent.joinall(senders)
    assert numbers(diary) == list(range(6))
    assert not events.all(DeadLetter)


def test_a_sender_that_waits_for_room_loses_nothing_when_the_member_that_leaves_crashes(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    gate = Gate()
    pool = puppets(system, 2, diary, capacity=1)
    last = pool.refs[1]
    last.tell(Do(gate.pass_through))
    gate.await_entry()
    last.tell(Do(crash))
    sender = soon(last.tell, Note(1))
    pool.resize(1)
    assert not sender.ready()
    gate.open()
    assert ended(last)
    sender.get()
    assert numbers(diary) == [1]
    assert not events.all(DeadLetter)


def test_a_member_that_leaves_handles_the_rest_after_a_crash(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    gate = Gate()
    pool = puppets(system, 2, diary)
    last = pool.refs[1]
    for message in (Do(gate.pass_through), Do(crash), Note(1), Do(crash), Note(2)):
        last.tell(message)
    gate.await_entry()
    pool.resize(1)
    gate.open()
    assert ended(last)
    assert numbers(diary) == [1, 2]
    assert not events.all(DeadLetter)


def test_a_member_that_fails_while_it_leaves_in_order_ends_none_the_less(
    system: ActorSystem,
) -> None:
    fails = [True]

    def fail_once(_: Puppet) -> None:
        if fails:
            fails.pop()
            crash()

    pool = start_pool(
        system, "pool", lambda _: Puppet(at_stop=fail_once), 2, RoundRobin(), backoff=AT_ONCE
    )
    last = pool.refs[1]
    settle(last)
    pool.resize(1)
    assert ended(last)
    assert not fails


def test_a_member_that_stops_itself_while_it_leaves_handles_the_rest(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    gate = Gate()
    pool = puppets(system, 2, diary)
    last = pool.refs[1]
    for message in (Do(gate.pass_through), Do(Puppet.stop), Note(1), Do(Puppet.stop), Note(2)):
        last.tell(message)
    gate.await_entry()
    pool.resize(1)
    gate.open()
    assert ended(last)
    assert numbers(diary) == [1, 2]
    assert not events.all(DeadLetter)


def test_a_member_that_leaves_with_stashed_messages_ends(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    pool = puppets(system, 2, diary)
    last = pool.refs[1]
    last.tell(Do(Puppet.stash))
    settle(last)
    pool.resize(1)
    assert ended(last)
    assert len(events.all(DeadLetter)) == 1
    assert diary.items.count(Began("pool/2", 2)) == 0


def test_a_member_that_leaves_while_it_is_in_its_backoff_handles_what_waits(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    pool = puppets(system, 2, diary)
    last = pool.refs[1]
    for number in (1, 2):
        last.tell(Do(crash))
        events.expect(ChildRestarting, number)
    last.tell(Note(1))
    pool.resize(1)
    assert ended(last)
    assert numbers(diary) == [1]


def test_a_member_that_leaves_before_it_has_started_handles_what_waits(
    system: ActorSystem, diary: Record
) -> None:
    gate = Gate()
    pool = puppets(system, 2, diary, at_start=gate.pass_through)
    last = pool.refs[1]
    last.tell(Note(1))
    pool.resize(1)
    gate.open()
    assert ended(last)
    assert numbers(diary) == [1]


def test_a_number_that_comes_back_while_its_member_leaves_is_started_when_that_has_ended(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    gate = Gate()
    pool = puppets(system, 2, diary)
    last = pool.refs[1]
    last.tell(Do(gate.pass_through))
    last.tell(Note(1))
    gate.await_entry()
    pool.resize(1)
    pool.resize(2)
    assert (pool.size, names(pool)) == (2, ["pool/1"])
    gate.open()
    assert ended(last)
    diary.until(Began("pool/2", 1), count=2)
    assert names(pool) == ["pool/1", "pool/2"]
    assert numbers(diary) == [1]
    assert not events.all(DeadLetter)


def test_a_member_that_leaves_can_be_terminated_by_hand(system: ActorSystem) -> None:
    gate = Gate()
    pool = puppets(system, 2, shutdown=0.05)
    last = pool.refs[1]
    last.tell(Do(gate.pass_through))
    gate.await_entry()
    pool.resize(1)
    found(system, "pool").ask(TerminateChild("2"))
    assert ended(last)
    pool.resize(2)
    assert names(pool) == ["pool/1", "pool/2"]


def test_a_restart_of_a_pool_keeps_its_size(system: ActorSystem, events: Record) -> None:
    pool = puppets(system, 1)
    pool.resize(3)
    kill_twice(system, pool, events)
    assert {pool.ask(WHO) for _ in range(3)} == {"pool/1", "pool/2", "pool/3"}
    pool.resize(2)
    kill(found(system, "pool"))
    events.expect(ChildRestarting, 3)
    assert {pool.ask(WHO) for _ in range(3)} == {"pool/1", "pool/2"}


@pytest.mark.parametrize("size", [1, 3])
def test_a_pool_that_restarts_is_resized_when_it_is_up_again(
    system: ActorSystem, events: Record, size: int
) -> None:
    pool = puppets(system, 2, routing=Broadcast())
    kill_twice(system, pool, events)
    assert pool.refs == ()
    resizing = soon(pool.resize, size)
    pool.tell(WHO)
    resizing.get()
    assert (pool.size, len(pool.refs)) == (size, size)


def test_members_that_leave_when_their_pool_restarts_handle_what_waits_within_their_limit(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    gate = Gate()
    pool = puppets(system, 2, diary)
    last = pool.refs[1]
    last.tell(Do(gate.pass_through))
    last.tell(Note(1))
    gate.await_entry()
    pool.resize(1)
    kill(found(system, "pool"))
    diary.expect(Ended)
    gate.open()
    assert ended(last)
    assert pool.ask(WHO) == "pool/1"
    assert numbers(diary) == [1]
    assert not events.all(DeadLetter)


def test_of_two_resizes_at_once_the_later_one_counts(system: ActorSystem, diary: Record) -> None:
    gate = Gate()
    pool = puppets(system, 1, diary, at_start=gate.pass_through)
    resizes = [soon(pool.resize, size) for size in (5, 2, 4, 3)]
    gate.open()
    gevent.joinall(resizes, raise_error=True)
    diary.until(Began("pool/3", 1))
    pool.resize(3)
    assert pool.size == 3
    for ref in pool.refs:
        settle(ref)
    assert {pool.ask(WHO) for _ in range(6)} == {"pool/1", "pool/2", "pool/3"}


def test_a_member_may_resize_its_pool_while_it_starts(system: ActorSystem, diary: Record) -> None:
    gate, pools = Gate(), list[Any]()

    def resize(puppet: Puppet) -> None:
        if puppet.ref.name == "pool/1":
            gate.pass_through()
            pools[0].resize(3)

    pools.append(puppets(system, 2, diary, at_start=resize))
    gate.open()
    diary.until(Began("pool/3", 1))
    assert names(pools[0]) == ["pool/1", "pool/2", "pool/3"]


def test_a_member_may_let_itself_leave(system: ActorSystem) -> None:
    pool = puppets(system, 2)
    last = pool.refs[1]
    last.tell(Do(lambda _: pool.resize(1)))
    assert ended(last)
    assert names(pool) == ["pool/1"]


class BadNumber(Puppet):
    """A puppet whose factory raises for the number 3 as long as there is reason to."""

    reasons: list[str]

    def __init__(self, number: int) -> None:
        super().__init__()
        if number == 3 and self.reasons:
            raise BoomError(self.reasons[0])


def test_a_factory_that_raises_for_one_number_fails_the_resize_and_no_other_member(
    system: ActorSystem,
) -> None:
    BadNumber.reasons = ["no third one"]
    pool = start_pool(system, "pool", BadNumber, 1, RoundRobin())
    with pytest.raises(BoomError, match="no third one"):
        pool.resize(4)
    assert names(pool) == ["pool/1", "pool/2", "pool/4"]
    for ref in pool.refs:
        settle(ref)
    BadNumber.reasons = []
    pool.resize(4)
    assert names(pool) == ["pool/1", "pool/2", "pool/3", "pool/4"]


def test_a_first_member_that_never_starts_is_given_up_as_any_child(
    system: ActorSystem, events: Record
) -> None:
    BadNumber.reasons = ["no third one"]
    pool = start_pool(
        system,
        "pool",
        BadNumber,
        4,
        RoundRobin(),
        intensity=RestartIntensity(max_restarts=1),
        on_limit=OnLimit.STOP_CHILD,
        backoff=AT_ONCE,
    )
    third = pool.refs[2]
    assert ended(third)
    assert names(pool) == ["pool/1", "pool/2", "pool/4"]


def test_a_pool_that_has_stopped_for_good_cannot_be_resized(system: ActorSystem) -> None:
    pool = puppets(system, 2)
    system.root.ask(TerminateChild("pool"))
    with pytest.raises(ActorDeadError):
        pool.resize(3)


@pytest.mark.parametrize("size", [0, -1, 1.5, True, "2", None])
def test_the_size_to_resize_to_is_a_whole_number(system: ActorSystem, size: Any) -> None:
    pool = puppets(system, 2)
    with pytest.raises(SettingsError, match="size takes a whole number, 1 or more"):
        pool.resize(size)
    assert pool.size == len(pool.refs) == 2


@pytest.mark.parametrize("capacity", [None, 1, 3])
@pytest.mark.parametrize("restart", list(Restart)[:3])
def test_all_that_a_pool_is_told_is_handled_however_it_is_resized(
    system: ActorSystem, diary: Record, events: Record, capacity: int | None, restart: Restart
) -> None:
    pool = puppets(system, 3, diary, routing=LeastLoaded(), capacity=capacity, restart=restart)
    told = 400

    def send(first: int) -> None:
        for number in range(first, told, 4):
            pool.tell(Note(number))
            if number % 7 == first:
                gevent.sleep(0)

    senders = [gevent.spawn(send, first) for first in range(4)]
    for size in (1, 5, 2, 2, 8, 1, 3, 1, 4):
        gevent.sleep(0)
        pool.resize(size)
    gevent.joinall(senders, raise_error=True)
    for ref in pool.refs:
        settle(ref)
    pool.resize(1)
    while len(diary.all(Note)) < told and not events.all(DeadLetter):
        diary.expect(Note, len(diary.all(Note)) + 1)
    assert numbers(diary) == list(range(told))
    assert not events.all(DeadLetter)
