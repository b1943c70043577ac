"""Cases of the suites of Elixir's `DynamicSupervisor` and `PartitionSupervisor`."""

import time
from typing import Any

import pytest
from attrs import frozen

from rnd_actors.actors import (
    Actor,
    ActorRef,
    ActorSystem,
    Crashed,
    Killed,
    Normal,
    Request,
    Restarted,
    Stopped,
    Terminated,
)
from rnd_actors.errors import (
    ChildSpecError,
    RestartIntensityError,
    SettingsError,
    TooManyChildrenError,
    UnknownChildError,
)
from rnd_actors.routing import ConsistentHash, Pool, RoundRobin, start_pool
from rnd_actors.supervision import (
    BRUTAL_KILL,
    INFINITY,
    ChildCounts,
    ChildSpec,
    ChildState,
    CountChildren,
    DeleteChild,
    Directive,
    DynamicSupervisor,
    OnLimit,
    Restart,
    RestartChild,
    RestartIntensity,
    ShutDown,
    StartChild,
    Supervisor,
    TerminateChild,
    WhichChildren,
)
from tests.actors.toys import (
    Ask,
    Began,
    BoomError,
    Do,
    Gate,
    Puppet,
    Record,
    busy_for,
    crash,
    let_pass,
    puppet,
    settle,
)
from tests.actors.toys_supervision import children_of, in_incarnation, up
from tests.suites.toys import ending, failing, kill_and_restart, watched


def dynamic(system: ActorSystem, **options: Any) -> ActorRef[Any]:
    spec = ChildSpec(
        "rooms", lambda: DynamicSupervisor(**options), restart=Restart.TEMPORARY, shutdown=INFINITY
    )
    return system.start(spec)


@pytest.fixture
def rooms(system: ActorSystem) -> ActorRef[Any]:
    return dynamic(system)


def add(rooms: ActorRef[Any], diary: Record | None = None, **options: Any) -> ActorRef[Any]:
    return rooms.ask(StartChild(puppet("room", diary, **options)))


# --- starts


def test_a_dynamic_supervisor_begins_without_children(rooms: ActorRef[Any]) -> None:
    assert rooms.ask(CountChildren()) == ChildCounts(0, 0, 0, 0)
    assert rooms.ask(WhichChildren()) == ()


def test_the_same_spec_is_started_as_often_as_one_likes(
    system: ActorSystem, rooms: ActorRef[Any]
) -> None:
    spec = puppet("room")
    refs = {rooms.ask(StartChild(spec)) for _ in range(5)}
    assert len(refs) == 5
    assert rooms.ask(CountChildren()) == ChildCounts(5, 5, 0, 5)


def test_children_that_supervise_others_count_as_supervisors(rooms: ActorRef[Any]) -> None:
    rooms.ask(StartChild(ChildSpec("house", Supervisor)))
    add(rooms)
    assert rooms.ask(CountChildren()) == ChildCounts(2, 2, supervisors=1, workers=1)


def test_what_is_no_spec_is_refused_and_the_supervisor_goes_on(rooms: ActorRef[Any]) -> None:
    with pytest.raises(ChildSpecError):
        rooms.ask(StartChild("room"))  # type: ignore[arg-type]
    assert add(rooms).is_alive


def test_the_error_of_a_start_comes_to_who_asked_and_to_nobody_else(
    rooms: ActorRef[Any],
) -> None:
    other = add(rooms)
    with pytest.raises(BoomError):
        add(rooms, at_start=crash)
    settle(other)
    assert rooms.ask(CountChildren()).specs == 1


def test_a_child_that_finds_nothing_to_do_in_on_start_is_no_child(rooms: ActorRef[Any]) -> None:
    ref = add(rooms, at_start=lambda me: me.stop(result="idle"), restart=Restart.TRANSIENT)
    assert ref.join() == Normal("idle")
    assert rooms.ask(CountChildren()).specs == 0


def test_a_child_that_is_there_is_got_by_its_whole_id(rooms: ActorRef[Any]) -> None:
    first = add(rooms)
    assert rooms.ask(StartChild(puppet("room-1"), or_get=True)) == first
    assert rooms.ask(CountChildren()).specs == 1


def test_children_start_while_another_one_starts_slowly(rooms: ActorRef[Any]) -> None:
    gate = Gate()
    slow = rooms.ask_future(StartChild(puppet("slow", at_start=gate.pass_through)))
    gate.await_entry()
    fast = rooms.ask_future(StartChild(puppet("fast")))
    gate.open()
    assert [each.get().name for each in (slow, fast)] == ["rooms/slow-1", "rooms/fast-2"]


def test_a_child_may_start_another_one_in_its_on_start(rooms: ActorRef[Any]) -> None:
    outer = add(rooms, at_start=lambda _: add(rooms))
    assert outer.name == "rooms/room-1"
    assert rooms.ask(CountChildren()).active == 2


# --- the most children


def test_no_child_at_all_may_be_allowed(system: ActorSystem) -> None:
    with pytest.raises(TooManyChildrenError):
        add(dynamic(system, max_children=0))


def test_a_child_that_is_restarting_keeps_its_place(system: ActorSystem, diary: Record) -> None:
    rooms = dynamic(system, max_children=1, intensity=RestartIntensity(None))
    add(rooms, diary, at_start=in_incarnation(2, do=crash)).kill()
    up(diary, "rooms/room-1", 2)
    with pytest.raises(TooManyChildrenError):
        add(rooms)


def test_a_start_that_fails_leaves_its_place_to_the_next_one(system: ActorSystem) -> None:
    rooms = dynamic(system, max_children=1)
    with pytest.raises(BoomError):
        add(rooms, at_start=crash)
    assert add(rooms).is_alive


@pytest.mark.parametrize("reason", [Normal(1), Stopped(), Killed(), Crashed(BoomError())])
def test_a_temporary_child_leaves_its_place_however_it_ends(
    system: ActorSystem, reason: Any
) -> None:
    rooms = dynamic(system, max_children=1)
    child = add(rooms, restart=Restart.TEMPORARY)
    child.tell(ending(reason))
    child.join()
    assert add(rooms).is_alive


# --- restarts


def test_a_permanent_child_comes_back_with_its_ref_whatever_its_end(
    system: ActorSystem, rooms: ActorRef[Any]
) -> None:
    child = add(rooms)
    told = watched(system, child, restarts=True)
    for number, end in enumerate((ending(), ending(Stopped()), ending(Killed())), 2):
        child.tell(end)
        told.until(Restarted(child, number))
    assert [info.ref for info in rooms.ask(WhichChildren())] == [child]


def test_a_child_in_its_backoff_is_listed_as_such(system: ActorSystem, diary: Record) -> None:
    rooms = dynamic(system, intensity=RestartIntensity(None))
    add(rooms, diary, at_start=lambda me: crash() if me.incarnation > 1 else None).kill()
    up(diary, "rooms/room-1", 4)
    let_pass(0.05)
    (info,) = rooms.ask(WhichChildren())
    assert (info.state, info.kind) == (ChildState.BACKOFF, "")


def test_the_restarts_of_one_child_do_not_count_for_another(
    system: ActorSystem, diary: Record
) -> None:
    rooms = dynamic(system, intensity=RestartIntensity(1))
    for child in [add(rooms, diary) for _ in range(5)]:
        child.kill()
    diary.expect(Began, 10)
    assert rooms.is_alive


def test_the_restarts_of_all_together_have_a_limit_of_their_own(
    system: ActorSystem, diary: Record
) -> None:
    rooms = dynamic(system, total_intensity=RestartIntensity(4))
    for child in [add(rooms, diary) for _ in range(5)]:
        child.kill()
    reason = rooms.join()
    assert isinstance(reason, Crashed)
    assert isinstance(reason.error, RestartIntensityError)


def test_a_child_that_is_given_up_ends_all_others_with_their_supervisor(
    system: ActorSystem,
) -> None:
    rooms = dynamic(system, intensity=RestartIntensity(0))
    first, other = add(rooms), add(rooms)
    told = watched(system, other)
    first.kill()
    assert told.expect(Terminated) == Terminated(other, Stopped())


def test_a_child_that_is_given_up_alone_ends_nobody_else(system: ActorSystem) -> None:
    rooms = dynamic(system, intensity=RestartIntensity(0), on_limit=OnLimit.STOP_CHILD)
    first, other = add(rooms), add(rooms)
    first.kill()
    assert first.join() == Killed()
    settle(other)
    assert [info.ref for info in rooms.ask(WhichChildren())] == [other]


def test_an_error_that_says_stop_forgets_the_child(rooms: ActorRef[Any]) -> None:
    child = add(rooms, on={OSError: Directive.STOP})
    child.tell(failing(OSError("gone")))
    assert child.join() == Crashed(OSError("gone"))
    assert rooms.ask(WhichChildren()) == ()


def test_an_error_that_is_escalated_is_that_of_the_supervisor(rooms: ActorRef[Any]) -> None:
    add(rooms, on={OSError: Directive.ESCALATE}).tell(failing(OSError("disk")))
    assert rooms.join() == Crashed(OSError("disk"))


# --- ends


def test_a_child_that_is_terminated_is_unknown_afterwards(rooms: ActorRef[Any]) -> None:
    add(rooms)
    rooms.ask(TerminateChild("room-1"))
    for request in (TerminateChild, DeleteChild, RestartChild):
        with pytest.raises(UnknownChildError):
            rooms.ask(request("room-1"))


def test_a_child_is_terminated_within_its_own_time(
    system: ActorSystem, rooms: ActorRef[Any]
) -> None:
    child = add(rooms, shutdown=2.0)
    child.tell(Do(busy_for(60.0)))
    let_pass(0.0)
    rooms.ask(TerminateChild("room-1"))
    assert child.join() == Killed()
    assert time.monotonic() == pytest.approx(2.0)


def test_children_that_are_never_waited_for_end_at_once_with_their_supervisor(
    system: ActorSystem, rooms: ActorRef[Any]
) -> None:
    children = [add(rooms, shutdown=BRUTAL_KILL) for _ in range(3)]
    for child in children:
        child.tell(Do(busy_for(60.0)))
    rooms.tell(ShutDown())
    assert [child.join() for child in children] == [Killed()] * 3
    assert time.monotonic() < 1.0


def test_slow_children_are_waited_for_all_at_the_same_time(
    system: ActorSystem, rooms: ActorRef[Any]
) -> None:
    for _ in range(10):
        add(rooms, at_stop=busy_for(3.0))
    rooms.tell(ShutDown())
    rooms.join()
    assert time.monotonic() == pytest.approx(3.0)


def test_a_child_may_ask_for_its_own_end(rooms: ActorRef[Any]) -> None:
    child = add(rooms)
    child.tell(Do(lambda me: rooms.tell(TerminateChild(me.ref.name.rpartition("/")[2]))))
    assert child.join() == Stopped()


def test_a_supervisor_that_is_killed_takes_its_children_along(
    system: ActorSystem, rooms: ActorRef[Any]
) -> None:
    children = [add(rooms) for _ in range(3)]
    rooms.kill()
    assert [child.join() for child in children] == [Stopped()] * 3
    assert rooms.join() == Killed()


def test_a_thousand_temporary_children_come_and_go_and_leave_nothing(
    system: ActorSystem, rooms: ActorRef[Any]
) -> None:
    def come_and_go(me: Puppet) -> None:
        me.stop(result=me.ref.name)

    results = [
        add(rooms, at_start=come_and_go, restart=Restart.TEMPORARY).join() for _ in range(1_000)
    ]
    assert results[-1] == Normal("rooms/room-1000")
    assert children_of(rooms) == {}


def test_the_spec_of_a_child_is_told_with_the_id_that_it_got(rooms: ActorRef[Any]) -> None:
    child = add(rooms, shutdown=0.5)
    (info,) = rooms.ask(WhichChildren())
    assert (info.spec.id, info.spec.shutdown) == ("room-1", 0.5)
    assert child.ask(Ask(lambda me: me.ref.name)) == f"rooms/{info.id}"


# --- partitions


@frozen
class Put(Request[int]):
    """Asks for the number of entries under this key and others of the same partition."""

    key: str


class Shelf(Actor[Put]):
    """One partition of a store."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.keys: set[str] = set()

    def receive(self, message: Put) -> None:
        self.keys.add(message.key)
        self.reply(message, len(self.keys))


BY_KEY = ConsistentHash(lambda message: message.key)


def shelves(system: ActorSystem, size: int = 3, **options: Any) -> Pool[Put]:
    return start_pool(system, "shelves", Shelf, size, BY_KEY, **options)


def test_each_partition_is_given_its_number(system: ActorSystem) -> None:
    numbers = list[int]()

    def shelf(number: int) -> Shelf:
        numbers.append(number)
        return Shelf(number)

    pool = start_pool(system, "shelves", shelf, 3, BY_KEY)
    for ref in pool.refs:
        ref.ask(Put("a"))
    assert numbers == [1, 2, 3]


def test_a_partition_is_found_by_its_number_below_its_supervisor(system: ActorSystem) -> None:
    pool = shelves(system)
    assert [system.find(f"shelves/{number}") for number in (1, 2, 3)] == list(pool.refs)


def test_the_partition_of_a_key_is_always_the_same_one(system: ActorSystem) -> None:
    pool = shelves(system, 8)
    assert len({pool.ref_for("anna") for _ in range(10)}) == 1
    assert len({pool.ref_for(f"user-{number}") for number in range(200)}) == 8


def test_what_is_asked_with_a_key_is_kept_in_the_partition_of_the_key(
    system: ActorSystem,
) -> None:
    pool = shelves(system)
    keys = [f"user-{number}" for number in range(30)]
    for key in keys:
        pool.ask(Put(key))
    ref = pool.ref_for("user-0")
    assert ref.ask(Put("user-0")) == sum(pool.ref_for(key) == ref for key in keys)


def test_partitions_can_be_counted(system: ActorSystem) -> None:
    pool = shelves(system, 5)
    boss = system.find("shelves")
    assert boss is not None
    assert (pool.size, boss.ask(CountChildren()).specs) == (5, 5)


def test_a_partition_that_is_killed_comes_back_and_the_others_keep_what_they_have(
    system: ActorSystem,
) -> None:
    pool = shelves(system, 2)
    first, second = pool.refs
    for ref in (first, second):
        ref.ask(Put("a"))
    kill_and_restart(system, first)
    assert (first.ask(Put("b")), second.ask(Put("b"))) == (1, 2)


def test_partitions_of_dynamic_supervisors_share_the_children_by_their_ids(
    system: ActorSystem,
) -> None:
    by_id = ConsistentHash(lambda request: request.spec.id)
    pool = start_pool(system, "rooms", lambda _: DynamicSupervisor(), 4, by_id)
    for number in range(40):
        name = f"user-{number}"
        room = pool.ask(StartChild(puppet(name)))
        assert room.name.startswith(f"{pool.ref_for(name).name}/{name}-")
    assert sum(ref.ask(CountChildren()).active for ref in pool.refs) == 40


def test_a_partition_that_leaves_ends_its_children(system: ActorSystem) -> None:
    pool = start_pool(system, "rooms", lambda _: DynamicSupervisor(), 2, RoundRobin())
    rooms = [pool.ask(StartChild(puppet("room"))) for _ in range(2)]
    pool.resize(1)
    assert rooms[1].join() == Stopped()
    assert rooms[0].is_alive


def test_most_keys_stay_with_their_partition_when_there_is_one_more(system: ActorSystem) -> None:
    pool = shelves(system, 4)
    keys = [f"user-{number}" for number in range(400)]
    before = [pool.ref_for(key) for key in keys]
    pool.resize(5)
    after = [pool.ref_for(key) for key in keys]
    moved = {new for old, new in zip(before, after, strict=True) if new != old}
    assert moved == {pool.refs[4]}
    assert sum(old == new for old, new in zip(before, after, strict=True)) > 250


@pytest.mark.parametrize("size", [0, -1, 1.5, "three", None])
def test_a_number_of_partitions_that_is_none_is_refused(system: ActorSystem, size: Any) -> None:
    with pytest.raises(SettingsError):
        shelves(system, size)
    assert system.find("shelves") is None
