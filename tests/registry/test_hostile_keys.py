"""Keys whose methods raise: the caller hears of it, and no supervisor does."""

from typing import Any

import pytest

from rnd_actors.actors import ActorRef, ActorSystem
from rnd_actors.errors import AlreadyRegisteredError
from rnd_actors.registry import Registered, Registry, Unregistered
from tests.actors.toys import BoomError, Record, puppet, settle


class Key:
    """It equals itself alone, has the hash of all others, and raises on demand."""

    def __init__(self) -> None:
        self.raises: set[str] = set()

    def __eq__(self, other: object) -> bool:
        self._maybe_raise("eq")
        return self is other

    def __hash__(self) -> int:
        self._maybe_raise("hash")
        return 7

    def __repr__(self) -> str:
        self._maybe_raise("repr")
        return "a key"

    def _maybe_raise(self, method: str) -> None:
        if method in self.raises:
            raise BoomError(method)


@pytest.fixture
def registry() -> Registry[Key]:
    return Registry()


@pytest.fixture
def key() -> Key:
    return Key()


@pytest.mark.parametrize("method", ["hash", "eq"])
@pytest.mark.parametrize("use", ["register", "unregister", "watch", "unwatch", "lookup"])
def test_the_error_of_a_key_goes_to_the_caller_and_changes_nothing(
    registry: Registry[Key], one: ActorRef[Any], key: Key, method: str, use: str
) -> None:
    there = Key()
    registry.register(there, one)
    key.raises = {method}
    there.raises = {method} - {"hash"}  # either of two keys may be asked whether it is the other
    with pytest.raises(BoomError):
        getattr(registry, use)(key, *(() if use == "lookup" else (one,)))
    there.raises = set()
    assert registry.keys() == (there,)
    assert registry.lookup(there) == (one,)


@pytest.mark.parametrize("method", ["hash", "eq"])
def test_an_actor_ends_in_order_though_its_key_raises(
    system: ActorSystem, one: ActorRef[Any], other: ActorRef[Any], method: str
) -> None:
    registry, good, key = Registry[Key](), Key(), Key()
    registry.register(good, other)
    registry.register(key, one)
    registry.register(good, one)
    good.raises, key.raises = {"eq"}, {method}
    one.stop()
    one.join()
    good.raises = set()
    assert system.root.is_alive
    assert registry.keys() == (good,)
    assert registry.lookup(good) == (other,)


def test_watchers_are_told_of_an_end_though_the_key_raises(
    system: ActorSystem, registry: Registry[Key], one: ActorRef[Any], key: Key
) -> None:
    news = Record()
    watcher = system.start(puppet("watcher", news))
    registry.register(key, one)
    registry.watch(key, watcher)
    key.raises = {"hash", "repr"}
    one.stop()
    one.join()
    settle(watcher)
    assert [type(item) for item in news.items[1:]] == [Registered, Unregistered]
    assert news.items[2].ref == one


def test_a_key_that_raised_and_is_well_again_can_be_used(
    registry: Registry[Key], one: ActorRef[Any], other: ActorRef[Any], key: Key
) -> None:
    registry.register(key, one)
    key.raises = {"hash"}
    one.stop()
    one.join()
    key.raises = set()
    assert registry.lookup(key) == ()
    registry.register(key, other)
    assert registry.lookup(key) == (other,)
    registry.unregister(key, other)
    assert registry._entries == {}


def test_the_error_of_a_taken_key_can_be_read_though_the_key_cannot(
    one: ActorRef[Any], other: ActorRef[Any], key: Key
) -> None:
    names = Registry[Key](unique=True)
    names.register(key, one)
    key.raises = {"repr"}
    with pytest.raises(AlreadyRegisteredError, match="is registered for one"):
        names.register(key, other)
