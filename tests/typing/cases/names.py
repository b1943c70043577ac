"""A topic takes refs that accept what it tells, and a registry has keys of one type."""

from typing import Any, assert_type

from rnd_actors import ActorRef
from rnd_actors.registry import Registered, Registry, Topic, Unregistered
from tests.typing.cases.vocabulary import Add, Rename


def a_topic(topic: Topic[Add], counter: ActorRef[Add], registry: ActorRef[Add | Rename]) -> None:
    topic.subscribe(counter)
    topic.subscribe(registry)
    topic.publish(Add(1))
    topic.publish(Rename("new"))  # error: arg-type


def a_wide_topic(topic: Topic[Add | Rename], counter: ActorRef[Add]) -> None:
    topic.subscribe(counter)  # error: arg-type
    topic.unsubscribe(counter)
    topic.publish(Rename("new"))
    narrow: Topic[Add] = topic  # error: assignment


def a_registry(
    names: Registry[str],
    counter: ActorRef[Add],
    watcher: ActorRef[Registered | Unregistered | Add],
) -> None:
    names.register("counter", counter)
    names.register(1, counter)  # error: arg-type
    names.register("counter", "counter")  # error: arg-type
    names.watch("counter", watcher)
    names.watch("counter", counter)  # error: arg-type
    assert_type(names.lookup("counter"), tuple[ActorRef[Any], ...])
    assert_type(names.keys(), tuple[str, ...])
    names.lookup(1)  # error: arg-type
