"""Watching a key: who is there now, who comes and who goes."""

from typing import Any

import pytest

from rnd_actors.actors import ActorRef, ActorSystem, Overflow
from rnd_actors.events import DeadLetter
from rnd_actors.registry import Registered, Registry, Unregistered
from rnd_actors.supervision import ChildSpec, Restart
from tests.actors.toys import (
    Began,
    Do,
    Gate,
    Note,
    Puppet,
    Record,
    balance,
    crash,
    puppet,
    settle,
)


@pytest.fixture
def registry() -> Registry[str]:
    return Registry()


@pytest.fixture
def news() -> Record:
    return Record()


@pytest.fixture
def watcher(system: ActorSystem, news: Record) -> ActorRef[Any]:
    return system.start(puppet("watcher", news, restart=Restart.TRANSIENT))


def end(ref: ActorRef[Any]) -> None:
    ref.stop()
    ref.join()


def heard(watcher: ActorRef[Any], news: Record) -> list[Any]:
    """What the watcher has been told up to now."""
    settle(watcher)
    return [item for item in news.items if isinstance(item, Registered | Unregistered)]


def test_a_watcher_is_told_who_is_there_then_who_comes_and_goes(
    registry: Registry[str],
    watcher: ActorRef[Any],
    news: Record,
    one: ActorRef[Any],
    other: ActorRef[Any],
) -> None:
    registry.register("printer", one)
    registry.watch("printer", watcher)
    registry.register("printer", other)
    registry.unregister("printer", one)
    end(other)
    assert heard(watcher, news) == [
        Registered("printer", one),
        Registered("printer", other),
        Unregistered("printer", one),
        Unregistered("printer", other),
    ]


def test_a_watcher_is_told_of_those_present_in_the_order_of_registration(
    registry: Registry[str],
    watcher: ActorRef[Any],
    news: Record,
    one: ActorRef[Any],
    other: ActorRef[Any],
) -> None:
    registry.register("printer", other)
    registry.register("printer", one)
    registry.watch("printer", watcher)
    assert heard(watcher, news) == [Registered("printer", other), Registered("printer", one)]


def test_a_watcher_is_told_of_its_key_alone(
    registry: Registry[str], watcher: ActorRef[Any], news: Record, one: ActorRef[Any]
) -> None:
    registry.watch("printer", watcher)
    registry.register("scanner", one)
    assert heard(watcher, news) == []


def test_registering_twice_is_told_once(
    registry: Registry[str], watcher: ActorRef[Any], news: Record, one: ActorRef[Any]
) -> None:
    registry.watch("printer", watcher)
    registry.register("printer", one)
    registry.register("printer", one)
    assert heard(watcher, news) == [Registered("printer", one)]


def test_a_restart_is_not_told(
    registry: Registry[str],
    watcher: ActorRef[Any],
    news: Record,
    one: ActorRef[Any],
    diary: Record,
) -> None:
    registry.register("printer", one)
    registry.watch("printer", watcher)
    one.tell(Do(crash))
    diary.until(Began("one", 2))
    assert heard(watcher, news) == [Registered("printer", one)]


def test_an_actor_that_has_stopped_for_good_neither_comes_nor_goes(
    registry: Registry[str], watcher: ActorRef[Any], news: Record, one: ActorRef[Any]
) -> None:
    registry.watch("printer", watcher)
    end(one)
    registry.register("printer", one)
    registry.unregister("printer", one)
    assert heard(watcher, news) == []


def test_unregistered_comes_after_all_that_the_actor_had_sent(
    registry: Registry[str], watcher: ActorRef[Any], news: Record, one: ActorRef[Any]
) -> None:
    def send_much_and_stop(puppet: Puppet) -> None:
        for number in range(100):
            watcher.tell(Note(number))
        puppet.stop()

    registry.register("printer", one)
    registry.watch("printer", watcher)
    one.tell(Do(send_much_and_stop))
    news.expect(Unregistered)
    assert news.items[-101:-1] == [Note(number) for number in range(100)]


def test_after_unwatch_nothing_is_told(
    registry: Registry[str], watcher: ActorRef[Any], news: Record, one: ActorRef[Any]
) -> None:
    registry.watch("printer", watcher)
    registry.unwatch("printer", watcher)
    registry.register("printer", one)
    assert heard(watcher, news) == []


def test_unwatching_what_is_not_watched_does_nothing(
    registry: Registry[str], watcher: ActorRef[Any], one: ActorRef[Any]
) -> None:
    registry.unwatch("printer", watcher)
    registry.register("printer", one)
    registry.unwatch("printer", watcher)
    assert registry.lookup("printer") == (one,)


def test_who_watches_again_is_told_again_of_those_present_and_once_of_changes(
    registry: Registry[str], watcher: ActorRef[Any], news: Record, one: ActorRef[Any]
) -> None:
    registry.register("printer", one)
    registry.watch("printer", watcher)
    registry.watch("printer", watcher)
    registry.unregister("printer", one)
    assert heard(watcher, news) == [
        Registered("printer", one),
        Registered("printer", one),
        Unregistered("printer", one),
    ]


def test_watching_outlives_a_restart_of_the_watcher(
    registry: Registry[str], watcher: ActorRef[Any], news: Record, one: ActorRef[Any]
) -> None:
    registry.watch("printer", watcher)
    watcher.tell(Do(crash))
    news.until(Began("watcher", 2))
    registry.register("printer", one)
    assert heard(watcher, news) == [Registered("printer", one)]


def test_watching_ends_with_the_watcher(
    registry: Registry[str], watcher: ActorRef[Any], one: ActorRef[Any], events: Record
) -> None:
    registry.watch("printer", watcher)
    end(watcher)
    registry.register("printer", one)
    assert events.all(DeadLetter) == []
    assert watcher.stats().told == 0


def test_a_watcher_that_has_stopped_for_good_is_told_nothing(
    registry: Registry[str], watcher: ActorRef[Any], one: ActorRef[Any], events: Record
) -> None:
    registry.register("printer", one)
    end(watcher)
    registry.watch("printer", watcher)
    registry.unregister("printer", one)
    assert events.all(DeadLetter) == []
    assert registry._entries == {}


def test_an_actor_may_watch_the_key_that_it_has(
    registry: Registry[str],
    watcher: ActorRef[Any],
    news: Record,
    one: ActorRef[Any],
    events: Record,
) -> None:
    for ref in (one, watcher):
        registry.watch("printer", ref)
        registry.register("printer", ref)
    settle(one)
    end(one)
    assert heard(watcher, news) == [
        Registered("printer", one),
        Registered("printer", watcher),
        Unregistered("printer", one),
    ]
    end(watcher)
    assert events.all(DeadLetter) == []
    assert registry._entries == {}


def test_a_watcher_is_told_nothing_more_in_the_middle_of_its_end(
    system: ActorSystem,
    registry: Registry[str],
    watcher: ActorRef[Any],
    one: ActorRef[Any],
    events: Record,
) -> None:
    """What it leaves unhandled are dead letters, and whoever hears of them may register."""
    gate = Gate()
    registry.watch("printer", watcher)
    watcher.tell(Do(gate.pass_through))
    gate.await_entry()
    watcher.tell(Note(1))
    system.events.subscribe(lambda _: registry.register("printer", one), to=DeadLetter)
    watcher.stop()
    gate.open()
    watcher.join()
    assert [letter.message for letter in events.all(DeadLetter)] == [Note(1)]
    assert registry.lookup("printer") == (one,)
    assert balance(watcher) == (2, 2)


def test_a_watcher_may_unwatch_and_register_as_it_is_told(
    system: ActorSystem, registry: Registry[str], one: ActorRef[Any], news: Record
) -> None:
    class Eager(Puppet):
        def on_start(self) -> None:
            registry.watch("printer", self.ref)

        def receive(self, message: object) -> None:
            super().receive(message)
            if isinstance(message, Registered):
                registry.unwatch("printer", self.ref)
                registry.register("printer", self.ref)

    eager = system.start(ChildSpec("eager", lambda: Eager(news)))
    registry.register("printer", one)
    assert heard(eager, news) == [Registered("printer", one)]
    assert registry.lookup("printer") == (one, eager)


def test_a_mailbox_with_a_capacity_does_not_refuse_what_watchers_are_told(
    system: ActorSystem,
    registry: Registry[str],
    news: Record,
    one: ActorRef[Any],
    other: ActorRef[Any],
) -> None:
    gate = Gate()
    full = system.start(puppet("full", news, capacity=1, overflow=Overflow.FAIL))
    full.tell(Do(gate.pass_through))
    gate.await_entry()
    full.tell(Note(1))
    registry.register("printer", one)
    registry.watch("printer", full)
    registry.register("printer", other)
    gate.open()
    news.expect(Registered, count=2)
    assert news.items[1:] == [
        Note(1),
        Registered("printer", one),
        Registered("printer", other),
    ]
    assert balance(full) == (4, 4)


def test_values_are_told_with_their_actors(
    registry: Registry[str],
    watcher: ActorRef[Any],
    news: Record,
    one: ActorRef[Any],
    other: ActorRef[Any],
) -> None:
    registry.register("room", one, "Ann")
    registry.watch("room", watcher)
    registry.register("room", other, "Bob")
    registry.register("room", one, "Ann")
    registry.register("room", one, "Anna")
    end(one)
    assert heard(watcher, news) == [
        Registered("room", one, "Ann"),
        Registered("room", other, "Bob"),
        Registered("room", one, "Anna"),
        Unregistered("room", one, "Anna"),
    ]


def test_actors_are_found_with_their_values(
    registry: Registry[str], one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    registry.register("room", one, "Ann")
    registry.register("room", other)
    registry.register("room", one, "Anna")
    assert registry.entries("room") == {one: "Anna", other: None}
    assert registry.lookup("room") == (one, other)
    assert registry.entries("hall") == {}


def test_a_value_may_be_changed_by_the_one_who_has_a_unique_key(one: ActorRef[Any]) -> None:
    names: Registry[str] = Registry(unique=True)
    names.register("leader", one, 1)
    names.register("leader", one, 2)
    assert names.entries("leader") == {one: 2}
