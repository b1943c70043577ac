"""Cases of the suites of Elixir's `Registry` and `Phoenix.PubSub`, and of Erlang's `pg`."""

from typing import Any

import pytest

from rnd_actors.actors import ActorRef, ActorSystem
from rnd_actors.errors import AlreadyRegisteredError
from rnd_actors.events import DeadLetter
from rnd_actors.registry import Registered, Registry, Topic, Unregistered
from rnd_actors.supervision import (
    ChildSpec,
    DynamicSupervisor,
    Restart,
    RestartIntensity,
    ShutDown,
)
from tests.actors.toys import (
    Ask,
    Do,
    Note,
    Puppet,
    Record,
    busy_for,
    crash,
    let_pass,
    puppet,
    settle,
    start,
)
from tests.suites.toys import ending, mortal


@pytest.fixture
def names() -> Registry[Any]:
    return Registry(unique=True)


@pytest.fixture
def groups() -> Registry[Any]:
    return Registry()


@pytest.fixture
def news() -> Topic[Any]:
    return Topic()


def registers(registry: Registry[Any], *keys: Any) -> Any:
    """The action of a puppet that registers itself under these keys."""

    def register(me: Puppet) -> None:
        for key in keys:
            registry.register(key, me.ref)

    return register


# --- names: one actor a key


def test_a_second_actor_that_registers_a_name_in_on_start_does_not_start(
    system: ActorSystem, names: Registry[Any]
) -> None:
    first = system.start(puppet("a", at_start=registers(names, "printer")))
    with pytest.raises(AlreadyRegisteredError, match="a"):
        system.start(puppet("b", at_start=registers(names, "printer")))
    assert names.lookup("printer") == (first,)


def test_a_name_goes_to_the_next_one_as_soon_as_its_actor_was_killed_for_good(
    system: ActorSystem, names: Registry[Any]
) -> None:
    first = mortal(system, "a", at_start=registers(names, "printer"))
    first.kill()
    first.join()
    second = mortal(system, "b", at_start=registers(names, "printer"))
    assert names.lookup("printer") == (second,)


def test_an_actor_registers_its_name_again_at_every_restart_without_an_error(
    system: ActorSystem, names: Registry[Any]
) -> None:
    ref = system.start(puppet("a", at_start=registers(names, "printer")))
    for _ in range(3):
        ref.tell(Do(crash))
        settle(ref)
    assert names.lookup("printer") == (ref,)


def test_an_actor_that_fails_in_on_start_frees_the_names_that_it_had_got(
    system: ActorSystem, names: Registry[Any]
) -> None:
    taken = system.start(puppet("a", at_start=registers(names, "b")))
    with pytest.raises(AlreadyRegisteredError):
        system.start(puppet("b", at_start=registers(names, "a", "b", "c")))
    assert (names.lookup("a"), names.lookup("b"), names.lookup("c")) == ((), (taken,), ())


def test_numbers_that_are_equal_are_one_name(system: ActorSystem, names: Registry[Any]) -> None:
    ref = mortal(system, "a")
    names.register(1, ref)
    assert names.lookup(1.0) == (ref,)
    assert names.keys() == (1,)


@pytest.mark.parametrize("key", [None, ("user", 7), frozenset({1}), 2.5, b"raw"])
def test_a_message_is_dispatched_to_whoever_has_a_name_of_any_kind(
    system: ActorSystem, names: Registry[Any], diary: Record, key: Any
) -> None:
    system.start(puppet("a", diary, at_start=registers(names, key)))
    for ref in names.lookup(key):
        ref.tell(Note(1))
    diary.until(Note(1))


def test_to_unregister_the_name_of_another_actor_changes_nothing(
    system: ActorSystem, names: Registry[Any]
) -> None:
    owner, other = mortal(system, "a"), mortal(system, "b")
    names.register("printer", owner)
    names.unregister("printer", other)
    assert names.lookup("printer") == (owner,)


def test_two_registries_do_not_know_each_other(system: ActorSystem, names: Registry[Any]) -> None:
    others = Registry[str](unique=True)
    a, b = mortal(system, "a"), mortal(system, "b")
    names.register("printer", a)
    others.register("printer", b)
    assert (names.lookup("printer"), others.lookup("printer")) == ((a,), (b,))


def test_a_name_is_got_or_started_once_for_many_who_want_it(
    system: ActorSystem, names: Registry[Any]
) -> None:
    rooms = system.start(ChildSpec("rooms", DynamicSupervisor))

    def room(name: str) -> ActorRef[Any]:
        if not names.lookup(name):
            start(rooms, puppet("room", at_start=registers(names, name)))
        return names.lookup(name)[0]

    assert len({room("lobby") for _ in range(5)}) == 1


def test_children_of_a_supervisor_that_fails_free_their_names_for_its_next_children(
    system: ActorSystem, names: Registry[Any]
) -> None:
    def rooms() -> DynamicSupervisor:
        return DynamicSupervisor(intensity=RestartIntensity(0))

    boss = system.start(ChildSpec("rooms", rooms))
    old = start(boss, puppet("room", at_start=registers(names, "lobby")))
    old.kill()
    old.join()
    new = start(boss, puppet("room", at_start=registers(names, "lobby")))
    assert names.lookup("lobby") == (new,)


def test_a_listener_hears_of_a_name_that_goes_from_one_to_the_other_in_order(
    system: ActorSystem, names: Registry[Any], diary: Record
) -> None:
    listener = system.start(puppet("listener", diary))
    names.watch("printer", listener)
    first, second = mortal(system, "a"), mortal(system, "b")
    names.register("printer", first)
    names.unregister("printer", first)
    names.register("printer", second)
    diary.until(Registered("printer", second))
    assert diary.items[1:] == [
        Registered("printer", first),
        Unregistered("printer", first),
        Registered("printer", second),
    ]


def test_who_waits_for_a_name_is_told_when_somebody_has_it(
    system: ActorSystem, names: Registry[Any], diary: Record
) -> None:
    client = system.start(puppet("client", diary, at_start=lambda me: names.watch("db", me.ref)))
    settle(client)
    assert diary.all(Registered) == []
    server = system.start(puppet("server", at_start=registers(names, "db")))
    assert diary.expect(Registered) == Registered("db", server)


def test_the_value_of_a_name_is_looked_up_with_its_actor(
    system: ActorSystem, names: Registry[Any]
) -> None:
    ref = mortal(system, "a")
    names.register("printer", ref, {"colour": True})
    assert names.entries("printer") == {ref: {"colour": True}}


def test_the_value_of_a_name_that_another_actor_has_cannot_be_changed(
    system: ActorSystem, names: Registry[Any]
) -> None:
    owner, other = mortal(system, "a"), mortal(system, "b")
    names.register("printer", owner, 1)
    with pytest.raises(AlreadyRegisteredError):
        names.register("printer", other, 2)
    assert names.entries("printer") == {owner: 1}


def test_a_value_outlives_a_restart_and_goes_with_its_actor(
    system: ActorSystem, names: Registry[Any]
) -> None:
    ref = system.start(puppet("a", restart=Restart.TRANSIENT))
    names.register("printer", ref, "colour")
    ref.tell(Do(crash))
    settle(ref)
    assert names.entries("printer") == {ref: "colour"}
    ref.tell(ending())
    ref.join()
    assert names.entries("printer") == {}


# --- groups: many actors a key


def test_each_member_of_a_group_has_a_value_of_its_own_that_it_may_change(
    system: ActorSystem, groups: Registry[Any], diary: Record
) -> None:
    a, b = (mortal(system, name) for name in "ab")
    groups.watch("x", system.start(puppet("listener", diary)))
    groups.register("x", a, "away")
    groups.register("x", b, "here")
    groups.register("x", a, "back")
    assert groups.entries("x") == {a: "back", b: "here"}
    diary.until(Registered("x", a, "back"))
    assert [each.value for each in diary.all(Registered)] == ["away", "here", "back"]


def test_an_actor_joins_many_groups_and_leaves_one(
    system: ActorSystem, groups: Registry[Any]
) -> None:
    ref = mortal(system, "a", at_start=registers(groups, "x", "y", "z"))
    groups.unregister("y", ref)
    assert groups.keys() == ("x", "z")


def test_an_actor_that_joins_twice_leaves_at_once(
    system: ActorSystem, groups: Registry[Any]
) -> None:
    ref = mortal(system, "a", at_start=registers(groups, "x", "x"))
    assert groups.lookup("x") == (ref,)
    groups.unregister("x", ref)
    assert groups.lookup("x") == ()


def test_to_leave_a_group_that_was_never_joined_changes_nothing(
    system: ActorSystem, groups: Registry[Any]
) -> None:
    groups.unregister("x", mortal(system, "a"))
    assert groups.keys() == ()


@pytest.mark.parametrize("end", [ending(), ending(result=1), Do(crash)])
def test_a_member_that_ends_leaves_all_its_groups_however_it_ends(
    system: ActorSystem, groups: Registry[Any], end: Do
) -> None:
    ref, other = (mortal(system, name, at_start=registers(groups, "x", "y")) for name in "ab")
    ref.tell(end)
    ref.join()
    assert (groups.lookup("x"), groups.lookup("y")) == ((other,), (other,))


def test_all_members_of_a_group_are_told_something(
    system: ActorSystem, groups: Registry[Any], diary: Record
) -> None:
    members = [system.start(puppet(name, diary)) for name in "abc"]
    for ref in members:
        groups.register("x", ref)
    for ref in groups.lookup("x"):
        ref.tell(Do(lambda me: me.diary.add(me.ref.name)))
    for name in "abc":
        diary.until(name)


def test_a_listener_of_a_group_can_keep_its_own_list_of_members(
    system: ActorSystem, groups: Registry[Any], diary: Record
) -> None:
    refs = [mortal(system, name) for name in "abcd"]
    groups.register("x", refs[0])
    listener = system.start(puppet("listener", diary))
    groups.watch("x", listener)
    for ref in refs[1:]:
        groups.register("x", ref)
    refs[2].kill()
    refs[2].join()
    settle(listener)
    members = {each.ref for each in diary.all(Registered)}
    assert members - {each.ref for each in diary.all(Unregistered)} == set(groups.lookup("x"))


def test_a_listener_that_stops_listening_hears_of_the_other_group_still(
    system: ActorSystem, groups: Registry[Any], diary: Record
) -> None:
    listener, ref = system.start(puppet("listener", diary)), mortal(system, "a")
    for key in ("x", "y"):
        groups.watch(key, listener)
    groups.unwatch("x", listener)
    registers(groups, "x", "y")(ref.ask(Ask(lambda me: me)))
    settle(listener)
    assert diary.all(Registered) == [Registered("y", ref)]


def test_members_leave_in_order_as_their_supervisor_shuts_down(
    system: ActorSystem, groups: Registry[Any], diary: Record
) -> None:
    listener = system.start(puppet("listener", diary))
    groups.watch("x", listener)
    boss = system.start(ChildSpec("rooms", DynamicSupervisor, restart=Restart.TEMPORARY))
    for _ in range(3):
        start(boss, puppet("room", at_start=registers(groups, "x")))
    boss.tell(ShutDown())
    boss.join()
    assert groups.keys() == ()
    assert diary.expect(Unregistered, 3).key == "x"


# --- publish and subscribe


def test_one_publishes_to_all_but_itself_by_a_topic_of_the_others(
    system: ActorSystem, news: Topic[Any], diary: Record
) -> None:
    a, b = (system.start(puppet(name, diary)) for name in "ab")
    news.subscribe(a)
    news.subscribe(b)

    def publish(me: Puppet) -> None:
        news.unsubscribe(me.ref)
        news.publish(Do(lambda other: other.diary.add(other.ref.name)))
        news.subscribe(me.ref)

    a.ask(Ask(publish))
    diary.until("b")
    assert "a" not in diary.items


def test_what_is_published_on_one_topic_is_not_heard_on_another(
    system: ActorSystem, news: Topic[Any], diary: Record
) -> None:
    other = Topic[Any]()
    ref = system.start(puppet("a", diary))
    news.subscribe(ref)
    other.publish(Note(1))
    news.publish(Note(2))
    diary.until(Note(2))
    assert diary.all(Note) == [Note(2)]


def test_a_subscriber_that_was_killed_and_restarted_hears_the_next_message(
    system: ActorSystem, news: Topic[Any], diary: Record
) -> None:
    ref = system.start(puppet("a", diary))
    news.subscribe(ref)
    ref.kill()
    news.publish(Note(1))
    diary.until(Note(1))


def test_a_request_that_is_published_is_told_and_not_asked(
    system: ActorSystem, news: Topic[Any], diary: Record
) -> None:
    refs = [system.start(puppet(name, diary)) for name in "ab"]
    for ref in refs:
        news.subscribe(ref)
    news.publish(Ask(lambda me: me.diary.add(me.ref.name)))
    for name in "ab":
        diary.until(name)


def test_a_publisher_goes_on_while_a_subscriber_is_busy(
    system: ActorSystem, news: Topic[Any], diary: Record
) -> None:
    slow, fast = (system.start(puppet(name, diary)) for name in ("slow", "fast"))
    news.subscribe(slow)
    news.subscribe(fast)
    slow.tell(Do(busy_for(60.0)))
    let_pass(0.0)
    for number in range(3):
        news.publish(Note(number))
    settle(fast)
    assert diary.all(Note) == [Note(0), Note(1), Note(2)]


def test_a_subscriber_that_is_too_slow_misses_messages_and_the_others_do_not(
    system: ActorSystem, diary: Record, events: Record
) -> None:
    news = Topic[Any](capacity=2)
    slow, fast = (system.start(puppet(name, diary)) for name in ("slow", "fast"))
    for ref in (slow, fast):
        news.subscribe(ref)
    slow.tell(Do(busy_for(60.0)))
    for number in range(5):
        let_pass(0.0)
        news.publish(Note(number))
        settle(fast)
    missed = [letter.message for letter in events.all(DeadLetter)]
    assert missed == [Note(2), Note(3), Note(4)]
    assert diary.all(Note) == [Note(number) for number in range(5)]
