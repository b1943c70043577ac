"""Routers: one address for many alike actors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect
from collections.abc import Callable, Sequence
from hashlib import blake2b
from itertools import count
from typing import Any, Final, Generic, TypeVar

from attrs import frozen

from rnd_actors.actors._futures import Future
from rnd_actors.actors._ref import ActorRef, post
from rnd_actors.actors._requests import DEFAULT_TIMEOUT, RequestAmong, Timeout, limit_of
from rnd_actors.actors._supervision import WhichChildren
from rnd_actors.errors import ActorDeadError, SettingsError

M_contra = TypeVar("M_contra", contravariant=True)
R = TypeVar("R")

_POINTS: Final = 64
"""Points of each actor on the ring; more make the shares more even."""
_COMPARED: Final = 64
"""Actors that `LeastLoaded` compares for a message, so that a large pool costs no more."""
_NAMED: Final = 20


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
    """

    def __init__(self, key: Callable[[Any], str]) -> None:
        self._key = key
        self._ring_of: Sequence[ActorRef[Any]] = ()
        self._changes = 0
        self._ring: list[tuple[int, ActorRef[Any]]] = []

    def choose(self, refs: Sequence[ActorRef[Any]], message: object) -> Sequence[ActorRef[Any]]:
        changes = getattr(refs, "changes", 0)
        if refs is not self._ring_of or changes != self._changes:
            self._ring_of, self._changes = refs, changes
            points = [(_hash(f"{ref.name}#{i}"), ref) for ref in refs for i in range(_POINTS)]
            self._ring = sorted(points, key=lambda point: point[0])
        at = bisect(self._ring, _hash(self._key(message)), key=lambda point: point[0])
        return [self._ring[at % len(self._ring)][1]]


class Router(Generic[M_contra]):
    """Sends messages to several actors as its `Routing` says; it is told and asked like a ref.

    Actors that have stopped for good are left out; the rest of the routing does not change.

    Args:
        refs: the actors, at least one.
        routing: chooses among them.

    Raises:
        SettingsError: there are no refs.

    Example:
        >>> from attrs import frozen
        >>> from rnd_actors import Actor, ActorSystem, Request
        >>> from rnd_actors.routing import RoundRobin
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
        self._known: tuple[ActorRef[Any], ...] = tuple(refs)
        self._supervisor: ActorRef[Any] | None = None
        self._routing = routing

    @classmethod
    def over_children(cls, supervisor: ActorRef[Any], routing: Routing) -> Router[Any]:
        """Return a router over the present children of a supervisor, at any moment.

        Messages that are told while the supervisor restarts wait until it is up again.
        """
        router: Router[Any] = cls([supervisor], routing)
        router._supervisor = supervisor
        return router

    @property
    def refs(self) -> Sequence[ActorRef[Any]]:
        """The actors among which the routing chooses."""
        return tuple(ref for ref in self._candidates() if ref.is_alive)

    def tell(self, message: M_contra) -> None:
        """Send a message as `ActorRef.tell` does.

        Raises:
            ActorDeadError: all actors have stopped for good.
            SettingsError: the routing chooses none.
        """
        if self._supervisor is not None and self._is_restarting(self._supervisor):
            cell = self._supervisor._cell  # noqa: SLF001
            cell.call(cell.post, Dispatch(self._routing, message))
            return
        for ref in self._choose(message):
            ref.tell(message)

    def ask(self, request: RequestAmong[M_contra, R], timeout: Timeout = DEFAULT_TIMEOUT) -> R:
        """Ask as `ActorRef.ask` does; if several are chosen, the answer is that of the first."""
        return self.ask_all(request, timeout)[0].get(timeout)

    def ask_all(
        self, request: RequestAmong[M_contra, R], timeout: Timeout = DEFAULT_TIMEOUT
    ) -> list[Future[R]]:
        """Ask every actor that the routing chooses; return a future for each, for `gather`.

        Raises:
            ActorDeadError: all actors have stopped for good.
            AskTimeoutError: the supervisor of the actors is not up again in time.
            SettingsError: the routing chooses none.
        """
        if self._supervisor is not None and self._is_restarting(self._supervisor):
            self._supervisor.ask(WhichChildren(), limit_of(request, timeout))
        return [ref.ask_future(request, timeout) for ref in self._choose(request)]

    def _is_restarting(self, supervisor: ActorRef[Any]) -> bool:
        return supervisor._cell.children is None and supervisor.is_alive  # noqa: SLF001

    def _candidates(self) -> Sequence[ActorRef[Any]]:
        """Return the actors, and maybe some that have stopped lately."""
        if self._supervisor is None:
            return self._known
        children = self._supervisor._cell.children  # noqa: SLF001
        return () if children is None else children.refs

    def _choose(self, message: object) -> Sequence[ActorRef[Any]]:
        candidates = self._candidates()
        chosen = _chosen(self._routing, candidates, message) if candidates else ()
        if candidates and all(ref.is_alive for ref in chosen):
            return chosen
        alive = tuple(ref for ref in candidates if ref.is_alive)
        if not alive:
            names = ", ".join(ref.name for ref in candidates[:_NAMED]) or "none are left"
            raise ActorDeadError(f"all actors of the router have stopped: {names}")
        self._known = alive
        return _chosen(self._routing, alive, message)


@frozen
class Dispatch:
    """Told to a supervisor by a router: send `message` on when there are children."""

    routing: Routing
    message: Any

    def send(self, refs: Sequence[ActorRef[Any]]) -> None:
        for ref in _chosen(self.routing, refs, self.message):
            post(ref, self.message)  # the supervisor must not wait for room


def _chosen(
    routing: Routing, refs: Sequence[ActorRef[Any]], message: object
) -> Sequence[ActorRef[Any]]:
    """Return a copy of what the routing chooses: `refs` may change while the sender waits."""
    chosen = tuple(routing.choose(refs, message))
    if not chosen:
        form = f"at least one of the refs from {type(routing).__name__}.choose()"
        raise SettingsError("routing", form, chosen)
    return chosen


def _hash(text: str) -> int:
    """Return a number that depends on the text alone, not on the process as `hash` does."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
