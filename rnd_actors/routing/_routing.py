"""Routings: which of several actors gets a message."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from itertools import count
from typing import Any, Final

from rnd_actors._validators import accepts, require
from rnd_actors.actors._ref import ActorRef
from rnd_actors.errors import SettingsError

_is_key_function = accepts("a function that returns the key of a message", callable)
_is_key = accepts("a text", lambda key: isinstance(key, str))
_POINTS: Final = 64
"""Points of each actor on the ring; more make the shares more even."""
_COMPARED: Final = 64
"""Actors that `LeastLoaded` compares for a message, so that a large pool costs no more."""


class Routing(ABC):
    """Chooses to which of several actors a message goes."""

    @abstractmethod
    def choose(self, refs: Sequence[ActorRef[Any]], message: object) -> Sequence[ActorRef[Any]]:
        """Return the receivers among `refs`, at least one; `refs` may change after the call."""


class RoundRobin(Routing):
    """Chooses one actor after the other."""

    def __init__(self) -> None:
        self._turns = count()

    def choose(self, refs: Sequence[ActorRef[Any]], message: object) -> Sequence[ActorRef[Any]]:
        return [refs[next(self._turns) % len(refs)]]


class LeastLoaded(Routing):
    """Chooses the actor whose mailbox has the fewest messages; of several the first.

    Of more than 64 actors it compares 64, for each message the next ones.
    """

    def __init__(self) -> None:
        self._next = 0

    def choose(self, refs: Sequence[ActorRef[Any]], message: object) -> Sequence[ActorRef[Any]]:
        compared = refs
        if len(refs) > _COMPARED:
            first = self._next % len(refs)
            self._next = first + _COMPARED
            compared = [*refs[first : self._next], *refs[: max(0, self._next - len(refs))]]
        return [min(compared, key=lambda ref: ref._cell.mailbox.waiting())]  # noqa: SLF001


class Broadcast(Routing):
    """Chooses all actors; the first one answers an `ask`."""

    def choose(self, refs: Sequence[ActorRef[Any]], message: object) -> Sequence[ActorRef[Any]]:
        return refs


class ConsistentHash(Routing):
    """Chooses always the same actor for the same key; most keys stay when actors are added.

    Args:
        key: returns the key of a message, a text.

    Raises:
        SettingsError: `key` cannot be called; when a message comes: its key is no text.
    """

    def __init__(self, key: Callable[[Any], str]) -> None:
        require(_is_key_function, "ConsistentHash() key", key)
        self._key = key
        self._ring_of: Sequence[ActorRef[Any]] = ()
        self._changes = 0
        self._ring: list[tuple[int, ActorRef[Any]]] = []

    def choose(self, refs: Sequence[ActorRef[Any]], message: object) -> Sequence[ActorRef[Any]]:
        return [self.keeper(refs, self._key(message))]

    def keeper(self, refs: Sequence[ActorRef[Any]], key: str) -> ActorRef[Any]:
        """Return the actor that keeps a key."""
        require(_is_key, "the key of ConsistentHash()", key)
        changes = getattr(refs, "changes", 0)
        if refs is not self._ring_of or changes != self._changes:
            self._ring_of, self._changes = refs, changes
            points = [(_hash(f"{ref.name}#{i}"), ref) for ref in refs for i in range(_POINTS)]
            self._ring = sorted(points, key=lambda point: point[0])
        at = bisect(self._ring, _hash(key), key=lambda point: point[0])
        return self._ring[at % len(self._ring)][1]


_OWN: Final = (RoundRobin, LeastLoaded, Broadcast, ConsistentHash)


def chosen(
    routing: Routing, refs: Sequence[ActorRef[Any]], message: object
) -> Sequence[ActorRef[Any]]:
    """Return a copy of what the routing chooses: `refs` may change while the sender waits.

    Raises:
        SettingsError: it is no sequence of refs, or an empty one.
    """
    offered = refs if type(routing) in _OWN else tuple(refs)  # others might change them
    choice: object = routing.choose(offered, message)
    if choice is refs and refs:
        return tuple(refs)
    receivers = tuple(choice) if isinstance(choice, (list, tuple, Iterable)) else ()
    for each in receivers:
        if not isinstance(each, ActorRef):
            receivers = ()
            break
    if not receivers:
        form = f"a sequence of at least one of the refs from {type(routing).__name__}.choose()"
        raise SettingsError("routing", form, choice)
    return receivers


def _hash(text: str) -> int:
    """Return a number that depends on the text alone, not on the process as `hash` does."""
    return int.from_bytes(
        blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "big"
    )
