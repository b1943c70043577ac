"""Routers: one address for many alike actors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect
from collections.abc import Callable, Sequence
from hashlib import blake2b
from itertools import count
from typing import Any, Final, Generic, TypeVar

from rnd_actors.actors._future import Future
from rnd_actors.actors._ref import ActorRef
from rnd_actors.actors._requests import RequestAmong
from rnd_actors.errors import ActorDeadError, SettingsError

__all__ = ["Broadcast", "ConsistentHash", "LeastLoaded", "RoundRobin", "Router", "Routing"]

M_contra = TypeVar("M_contra", contravariant=True)
R = TypeVar("R")

_POINTS: Final = 64
"""Points of each actor on the ring; more make the shares more even."""


class Routing(ABC):
    """Says to which of several actors a message goes.

    Example:
        >>> from rnd_actors import Routing
        >>> class OnlyTheFirst(Routing):
        ...     def choose(self, refs, message):
        ...         return refs[:1]
    """

    @abstractmethod
    def choose(self, refs: Sequence[ActorRef[Any]], message: object) -> Sequence[ActorRef[Any]]:
        """Return those of `refs` (at least one) that are to get the message."""


class RoundRobin(Routing):
    """One after the other.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, RoundRobin
        >>> with ActorSystem() as system:
        ...     router = system.start_pool("pool", Actor, size=2, routing=RoundRobin())
        ...     for _ in range(4):
        ...         router.tell("job")
        ...     [ref.figures().told for ref in router.refs]
        [2, 2]
    """

    def __init__(self) -> None:
        self._turns = count()

    def choose(self, refs: Sequence[ActorRef[Any]], message: object) -> Sequence[ActorRef[Any]]:
        return [refs[next(self._turns) % len(refs)]]


class LeastLoaded(Routing):
    """The one whose mailbox has the fewest messages; the first of several such.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, LeastLoaded
        >>> with ActorSystem() as system:
        ...     router = system.start_pool("pool", Actor, size=2, routing=LeastLoaded())
        ...     router.refs[0].tell("a long job")
        ...     router.tell("job")
        ...     [ref.figures().told for ref in router.refs]
        [1, 1]
    """

    def choose(self, refs: Sequence[ActorRef[Any]], message: object) -> Sequence[ActorRef[Any]]:
        return [min(refs, key=lambda ref: ref.figures().mailbox)]


class Broadcast(Routing):
    """All of them; an `ask` is answered by the first.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, Broadcast
        >>> with ActorSystem() as system:
        ...     router = system.start_pool("pool", Actor, size=2, routing=Broadcast())
        ...     router.tell("news")
        ...     [ref.figures().told for ref in router.refs]
        [1, 1]
    """

    def choose(self, refs: Sequence[ActorRef[Any]], message: object) -> Sequence[ActorRef[Any]]:
        return refs


class ConsistentHash(Routing):
    """Always the same one for the same key, on every run; most keys stay when actors are added.

    Args:
        key: returns the key of a message, a text.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ConsistentHash
        >>> with ActorSystem() as system:
        ...     by_user = ConsistentHash(lambda message: message["user"])
        ...     router = system.start_pool("pool", Actor, size=2, routing=by_user)
        ...     for _ in range(4):
        ...         router.tell({"user": "ann"})
        ...     sorted(ref.figures().told for ref in router.refs)
        [0, 4]
    """

    def __init__(self, key: Callable[[Any], str]) -> None:
        self._key = key
        self._ring_of: Sequence[ActorRef[Any]] = ()
        self._ring: list[tuple[int, ActorRef[Any]]] = []

    def choose(self, refs: Sequence[ActorRef[Any]], message: object) -> Sequence[ActorRef[Any]]:
        if tuple(refs) != self._ring_of:
            self._ring_of = tuple(refs)
            points = [(_hash(f"{ref.name}#{i}"), ref) for ref in refs for i in range(_POINTS)]
            self._ring = sorted(points, key=lambda point: point[0])
        at = bisect(self._ring, _hash(self._key(message)), key=lambda point: point[0])
        return [self._ring[at % len(self._ring)][1]]


class Router(Generic[M_contra]):
    """Sends messages to several actors as a `Routing` says; it is told and asked like a ref.

    Actors that have stopped for good are left out; the rest of the routing does not change.

    Args:
        refs: the actors, at least one.
        routing: who of them gets a message.

    Raises:
        SettingsError: there are no refs.

    Example:
        >>> from attrs import frozen
        >>> from rnd_actors import Actor, ActorSystem, Request, RoundRobin
        >>> @frozen
        ... class WhoAreYou(Request[str]):
        ...     pass
        >>> class Twin(Actor[WhoAreYou]):
        ...     def receive(self, message: WhoAreYou) -> None:
        ...         self.reply(message, self.ref.name)
        >>> with ActorSystem() as system:
        ...     twins = system.start_pool("twins", Twin, size=2, routing=RoundRobin())
        ...     [twins.ask(WhoAreYou()) for _ in range(3)]
        ['twins/1', 'twins/2', 'twins/1']
    """

    def __init__(self, refs: Sequence[ActorRef[M_contra]], routing: Routing) -> None:
        if not refs:
            raise SettingsError("Router.refs", "at least one ref", refs)
        self._refs: Callable[[], Sequence[ActorRef[Any]]] = lambda: refs
        self._routing = routing

    @classmethod
    def over_children(cls, supervisor: ActorRef[Any], routing: Routing) -> Router[Any]:
        """Return a router over the children of a supervisor, whoever they are at the moment."""
        router: Router[Any] = cls([supervisor], routing)
        cell = supervisor._cell  # noqa: SLF001
        router._refs = lambda: [child.ref for child in cell.children.values()]
        return router

    @property
    def refs(self) -> Sequence[ActorRef[Any]]:
        """The actors among which the routing chooses."""
        return tuple(ref for ref in self._refs() if ref.is_alive)

    def tell(self, message: M_contra) -> None:
        """Send a message as `ActorRef.tell` does."""
        for ref in self._choose(message):
            ref.tell(message)

    def ask(self, request: RequestAmong[M_contra, R], timeout: float | None = 5.0) -> R:
        """Ask as `ActorRef.ask` does; if several are chosen, the answer is that of the first."""
        return self.ask_all(request, timeout)[0].get(timeout)

    def ask_all(
        self, request: RequestAmong[M_contra, R], timeout: float | None = 5.0
    ) -> list[Future[R]]:
        """Ask every actor that the routing chooses; return a future for each, for `gather`."""
        return [ref.ask_future(request, timeout) for ref in self._choose(request)]

    def _choose(self, message: object) -> Sequence[ActorRef[Any]]:
        refs = self.refs
        if not refs:
            names = ", ".join(ref.name for ref in self._refs()) or "none are left"
            raise ActorDeadError(f"all actors of the router have stopped: {names}")
        return self._routing.choose(refs, message)


def _hash(text: str) -> int:
    """Return a number that depends on the text alone, not on the process as `hash` does."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
