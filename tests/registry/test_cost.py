"""What one call costs does not grow with the number of entries."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from rnd_actors.actors import ActorRef, ActorSystem
from rnd_actors.registry import Registry, Topic
from tests.actors.toys import Record, puppet, settle

pytestmark = pytest.mark.slow


@pytest.fixture
def time() -> str:
    return "virtual"


def calls_of(action: Callable[[], object]) -> int:
    """How many functions, in Python and in C, the action calls."""
    calls = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
    return calls


def use_registry(registry: Registry[int], ref: ActorRef[Any], watcher: ActorRef[Any]) -> int:
    def use() -> None:
        registry.watch(-1, watcher)
        registry.register(-1, ref)
        registry.lookup(-1)
        registry.unregister(-1, ref)
        registry.unwatch(-1, watcher)

    return calls_of(use)


def test_an_entry_costs_the_same_among_a_hundred_thousand_keys(
    system: ActorSystem, one: ActorRef[Any], other: ActorRef[Any]
) -> None:
    registry = Registry[int]()
    alone = use_registry(registry, one, other)
    for key in range(100_000):
        registry.register(key, one)
    assert len(registry.keys()) == 100_000
    assert use_registry(registry, one, other) < 2 * alone
    one.stop()
    one.join()
    assert registry.keys() == ()


def test_ten_thousand_subscribers_come_and_go_at_the_cost_of_one_each(
    system: ActorSystem, one: ActorRef[Any]
) -> None:
    topic, diary = Topic[Any](), Record()

    def come_and_go() -> None:
        topic.subscribe(one)
        topic.unsubscribe(one)

    alone = calls_of(come_and_go)
    crowd = [system.start(puppet(f"{number}", diary)) for number in range(10_000)]
    for ref in crowd:
        topic.subscribe(ref)
    assert calls_of(come_and_go) < 2 * alone
    topic.publish("news")
    for ref in crowd:
        settle(ref)
    assert diary.items.count("news") == 10_000
