"""Registries and topics belong to the thread that made them."""

from collections.abc import Callable
from typing import Any

import gevent
import pytest

from rnd_actors.actors import ActorRef, ActorSystem
from rnd_actors.errors import WrongThreadError
from rnd_actors.registry import Registry, Topic
from tests.actors.toys import Note, puppet


@pytest.fixture
def time() -> str:
    """Leave time as it is, and make the thread pool before the test: it is no leak."""
    gevent.get_hub().threadpool  # noqa: B018
    return "real"


def in_another_thread(action: Callable[[], object]) -> object:
    """Do it in a thread that gevent has not patched, and return what it returns or raises."""
    return gevent.get_hub().threadpool.apply(action)


@pytest.mark.parametrize(
    "use",
    [
        lambda registry, ref: registry.register("printer", ref),
        lambda registry, ref: registry.unregister("printer", ref),
        lambda registry, ref: registry.watch("printer", ref),
        lambda registry, ref: registry.unwatch("printer", ref),
        lambda registry, ref: registry.lookup("printer"),
        lambda registry, ref: registry.keys(),
    ],
    ids=["register", "unregister", "watch", "unwatch", "lookup", "keys"],
)
def test_another_thread_may_not_use_a_registry(one: ActorRef[Any], use: Any) -> None:
    registry = Registry[str]()
    with pytest.raises(WrongThreadError, match="work in the thread that made them; tell"):
        in_another_thread(lambda: use(registry, one))
    assert registry.keys() == ()


@pytest.mark.parametrize(
    "use",
    [
        lambda topic, ref: topic.subscribe(ref),
        lambda topic, ref: topic.unsubscribe(ref),
        lambda topic, ref: topic.publish(Note(1)),
    ],
    ids=["subscribe", "unsubscribe", "publish"],
)
def test_another_thread_may_not_use_a_topic(one: ActorRef[Any], use: Any) -> None:
    topic = Topic[Any]()
    with pytest.raises(WrongThreadError, match="work in the thread that made them; tell"):
        in_another_thread(lambda: use(topic, one))


def test_an_actor_of_another_thread_cannot_be_registered_or_subscribed(
    one: ActorRef[Any],
) -> None:
    def use_one() -> None:
        uses: list[Callable[[], object]] = [
            lambda: Registry[str]().register("printer", one),
            lambda: Registry[str]().watch("printer", one),
            lambda: Topic[Any]().subscribe(one),
        ]
        for use in uses:
            with pytest.raises(WrongThreadError, match="one lives in the thread that entered its"):
                use()

    in_another_thread(use_one)


def test_each_thread_may_have_a_registry_and_a_topic_of_its_own() -> None:
    def use_both() -> tuple[str, ...]:
        registry, topic = Registry[str](), Topic[Any]()
        with ActorSystem() as system:
            ref = system.start(puppet("puppet"))
            registry.register("printer", ref)
            topic.subscribe(ref)
            topic.publish(Note(1))
            return tuple(found.name for found in registry.lookup("printer"))

    assert in_another_thread(use_both) == ("puppet",)
