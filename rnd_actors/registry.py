"""Names and topics: how actors find each other, and how they are told what concerns many of them.

A `Registry` keeps actors under keys, a `Topic` tells messages to all its subscribers. Both are
plain objects: make one beside the `ActorSystem`, and hand it to the factories of the actors that
use it. What an actor has in there outlives its restarts, and ends when it has stopped for good.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar

from attrs import define, field, frozen

from rnd_actors._printing import shown
from rnd_actors._validators import instance, require, whole_number
from rnd_actors.actors._loop import thread_id
from rnd_actors.actors._policy import Overflow
from rnd_actors.actors._ref import ActorRef, Terminated, post
from rnd_actors.errors import AlreadyRegisteredError, WrongThreadError

__all__ = ["Registered", "Registry", "Topic", "Unregistered"]

K = TypeVar("K")
M = TypeVar("M")


@frozen
class Registered:
    """Told to those who watch a key: this actor is registered under it, with this value."""

    key: Any
    ref: ActorRef[Any]
    value: Any = None


@frozen
class Unregistered:
    """Told to those who watch a key: this actor, with this value, is not under it any more."""

    key: Any
    ref: ActorRef[Any]
    value: Any = None


class Registry(Generic[K]):
    """Keeps actors under keys, each until it is unregistered or has stopped for good.

    An actor can be registered under many keys, and a key can have many actors. A key is anything
    that can be hashed. A registry belongs to the thread that made it.

    Args:
        unique: whether a key has one actor at most.

    Raises:
        SettingsError: a method was given something that is no ref.
        WrongThreadError: a method was called in another thread, or given a ref from one.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> from rnd_actors.registry import Registry
        >>> printers = Registry[str]()
        >>> with ActorSystem() as system:
        ...     printers.register("colour", system.start(ChildSpec("third floor", Actor)))
        ...     printers.lookup("colour")
        (<ActorRef third floor>,)
        >>> printers.lookup("colour")
        ()
    """

    def __init__(self, *, unique: bool = False) -> None:
        self._unique = unique
        self._thread_id = thread_id()
        self._entries: dict[K, _Entry] = {}

    def register(self, key: K, ref: ActorRef[Any], value: object = None) -> None:
        """Keep `ref` under `key`, with a value that says something of it.

        Nothing happens if it is there with this value, or has stopped for good; with another value
        it keeps its place, and watchers are told `Registered` again.

        Raises:
            AlreadyRegisteredError: the registry is unique, and another actor has the key.
        """
        self._check(ref)
        if not ref.is_alive:
            return
        entry = self._entry_of(key)
        if self._unique and (holder := next(iter(entry.actors.refs), ref)) != ref:
            raise AlreadyRegisteredError(
                f"{shown(key)} is registered for {holder.name}, and the registry is unique; "
                f"look it up, unregister it, or register {ref.name} under another key"
            )
        if entry.actors.add(ref, value):
            entry.tell_watchers(Registered(entry.key, ref, value))

    def unregister(self, key: K, ref: ActorRef[Any]) -> None:
        """Undo `register`; nothing happens if `ref` is not registered under `key`."""
        self._check(ref)
        if (entry := self._entries.get(key)) is not None:
            entry.actors.remove(ref)

    def lookup(self, key: K) -> tuple[ActorRef[Any], ...]:
        """Return the actors under `key`, in the order in which they were registered."""
        _require_thread(self._thread_id)
        entry = self._entries.get(key)
        return () if entry is None else tuple(entry.actors.refs)

    def entries(self, key: K) -> dict[ActorRef[Any], Any]:
        """Return the actors under `key` with their values, in the order of `lookup`."""
        _require_thread(self._thread_id)
        entry = self._entries.get(key)
        return {} if entry is None else dict(entry.actors.refs)

    def keys(self) -> tuple[K, ...]:
        """Return all keys that have an actor."""
        _require_thread(self._thread_id)
        return tuple(entry.key for entry in self._entries.values() if entry.actors.refs)

    def watch(self, key: K, watcher: ActorRef[Registered | Unregistered]) -> None:
        """Tell `watcher` which actors are registered under `key`: those present now, then changes.

        It is told `Registered(key, ref)` for each actor that is or comes there, and
        `Unregistered(key, ref)` for each that goes. A mailbox with a capacity does not refuse these
        messages. To watch again tells of those present again, so an actor can do it in `on_start`.
        Watching ends with `unwatch`, and when the watcher has stopped for good.
        """
        self._check(watcher)
        if not watcher.is_alive:
            return
        entry = self._entry_of(key)
        entry.watchers.add(watcher)
        for ref, value in tuple(entry.actors.refs.items()):
            post(watcher, Registered(entry.key, ref, value))

    def unwatch(self, key: K, watcher: ActorRef[Any]) -> None:
        """Undo `watch`; nothing happens if `watcher` does not watch `key`."""
        self._check(watcher)
        if (entry := self._entries.get(key)) is not None:
            entry.watchers.remove(watcher)

    def _entry_of(self, key: K) -> _Entry:
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(key, self._entries)
        return entry

    def _check(self, ref: ActorRef[Any]) -> None:
        _require_thread(self._thread_id)
        _require_ref(ref)


class Topic(Generic[M]):
    """Tells messages of type `M` to all its subscribers; `publish` never waits for one of them.

    A subscriber that has `capacity` messages waiting in its mailbox, whoever sent them, misses what
    is published until it has caught up; so does one whose mailbox is full, unless its policy is
    `Overflow.DROP_OLDEST`. What it misses is a dead letter that says why, counted as refused. A
    topic belongs to the thread that made it.

    Args:
        capacity: messages, 1 or more.

    Raises:
        SettingsError: `capacity` is less than 1; or `subscribe` was given no ref.
        WrongThreadError: a method was called in another thread, or given a ref from one.

    Example:
        >>> import gevent
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> from rnd_actors.registry import Topic
        >>> class Display(Actor[float]):
        ...     def receive(self, message: float) -> None:
        ...         print(self.ref.name, message)
        >>> prices = Topic[float]()
        >>> with ActorSystem() as system:
        ...     for name in ("hall", "door"):
        ...         prices.subscribe(system.start(ChildSpec(name, Display)))
        ...     prices.publish(9.5)
        ...     gevent.sleep(0)
        hall 9.5
        door 9.5
    """

    def __init__(self, capacity: int = 1000) -> None:
        require(whole_number(1), "capacity", capacity)
        self._capacity = capacity
        self._thread_id = thread_id()
        self._subscribers = _Members()

    def subscribe(self, ref: ActorRef[M]) -> None:
        """Tell `ref` what is published from now on, once even if it is subscribed twice.

        That ends with `unsubscribe`, and when the actor has stopped for good.
        """
        _require_thread(self._thread_id)
        _require_ref(ref)
        self._subscribers.add(ref)

    def unsubscribe(self, ref: ActorRef[Any]) -> None:
        """Undo `subscribe`; nothing happens if `ref` is not subscribed."""
        _require_thread(self._thread_id)
        _require_ref(ref)
        self._subscribers.remove(ref)

    def publish(self, message: M) -> None:
        """Tell all subscribers `message`, in the order in which they have subscribed."""
        _require_thread(self._thread_id)
        subscribers = self._subscribers.refs
        for ref in tuple(subscribers):
            if ref in subscribers:  # whoever hears of a dead letter may have unsubscribed it
                self._tell(ref._cell, message)  # noqa: SLF001

    def _tell(self, cell: Any, message: M) -> None:
        mailbox = cell.mailbox
        if mailbox.waiting() >= self._capacity:
            mailbox.refuse(
                message, f"missed: {self._capacity} messages waited, the capacity of the topic"
            )
        elif mailbox.full() and cell.spec.overflow is not Overflow.DROP_OLDEST:
            mailbox.refuse(message, "missed: the mailbox was full, and a topic does not wait")
        else:
            cell.put(message)


class _Entry:
    """The actors under one key, and those who watch it; it goes with the last of both.

    At the end of an actor no error may come from here: it would be one of the supervisor. Only the
    key is not ours, and may raise.
    """

    __slots__ = ("_entries", "actors", "key", "watchers")

    def __init__(self, key: Any, entries: dict[Any, _Entry]) -> None:
        self.key = key
        self.actors = _Members(self._actor_has_left)
        self.watchers = _Members(self._watcher_has_left)
        self._entries = entries

    def tell_watchers(self, news: Registered | Unregistered) -> None:
        for watcher in tuple(self.watchers.refs):
            if watcher.is_alive:  # or it leaves next
                post(watcher, news)

    def _actor_has_left(self, ref: ActorRef[Any], value: object) -> None:
        self.tell_watchers(Unregistered(self.key, ref, value))
        self._watcher_has_left(ref, None)

    def _watcher_has_left(self, ref: ActorRef[Any], value: object) -> None:
        if not (self.actors.refs or self.watchers.refs):
            with suppress(Exception):  # it stays without an actor, and is used again
                del self._entries[self.key]


@define(eq=False)
class _Members:
    """Actors in the order in which they were added, with a value each.

    It watches them, and removes them at their end. `has_left` is called after each that goes.
    """

    has_left: Callable[[ActorRef[Any], object], object] = lambda *_: None
    refs: dict[ActorRef[Any], Any] = field(factory=dict)
    greenlet: Any = None
    """It watches like a cell, but for no incarnation."""

    def add(self, ref: ActorRef[Any], value: object = None) -> bool:
        """Add an actor; return whether it or its value is new.

        One that has stopped for good leaves at once.
        """
        is_new = ref not in self.refs
        if not is_new and self.refs[ref] is value:
            return False
        self.refs[ref] = value
        if is_new:
            ref._cell.add_watcher(self)  # noqa: SLF001
        return True

    def remove(self, ref: ActorRef[Any]) -> None:
        if ref in self.refs:
            value = self.refs.pop(ref)
            ref._cell.remove_watcher(self)  # noqa: SLF001
            self.has_left(ref, value)

    def post(self, entry: Terminated) -> None:
        self.remove(entry.ref)


_IS_REF: Final = instance(ActorRef, "an ActorRef")


def _require_ref(ref: ActorRef[Any]) -> None:
    require(_IS_REF, "ref", ref)
    ref._cell.require_thread()  # noqa: SLF001


def _require_thread(expected: int) -> None:
    if thread_id() != expected:
        raise WrongThreadError(
            "registries and topics work in the thread that made them; "
            "tell() an actor there, which uses them"
        )
