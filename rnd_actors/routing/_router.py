"""Routers: one address for several actors."""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final, Generic, TypeVar

import gevent
from attrs import frozen

from rnd_actors._printing import shown_error
from rnd_actors._validators import accepts, instance, member, require
from rnd_actors.actors._futures import Future
from rnd_actors.actors._loop import call_and_wait, thread_id
from rnd_actors.actors._ref import ActorRef, post
from rnd_actors.actors._requests import (
    DEFAULT_TIMEOUT,
    Addressed,
    RequestAmong,
    Timeout,
    limit_of,
)
from rnd_actors.actors._supervision import SupervisorCommand, WhichChildren
from rnd_actors.errors import (
    ActorDeadError,
    RouterUnavailableError,
    SupervisionError,
)
from rnd_actors.routing._routing import Routing, chosen

M_contra = TypeVar("M_contra", contravariant=True)
R = TypeVar("R")

_NAMED: Final = 20


_is_refs = accepts(
    "at least one ref",
    lambda refs: (
        isinstance(refs, Sequence) and len(refs) > 0 and all(isinstance(x, ActorRef) for x in refs)
    ),
)


class Unavailable(Enum):
    """How a router over children treats messages while their supervisor restarts."""

    WAIT = "wait"
    """What is told waits until it is up again, and so does who asks, within the time limit."""
    DEAD_LETTER = "dead_letter"
    """What is told becomes a dead letter; `ask` raises `RouterUnavailableError`."""
    RAISE = "raise"
    """`tell` and `ask` raise `RouterUnavailableError`."""


class Router(Generic[M_contra]):
    """Sends messages to several actors as its `Routing` says; it is told and asked like a ref.

    Actors that have stopped for good are left out; the rest of the routing does not change.

    Args:
        refs: the actors, at least one.
        routing: chooses among them.

    Raises:
        SettingsError: there are no refs, or `routing` is no `Routing`.

    Example:
        >>> from attrs import frozen
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Request
        >>> from rnd_actors.routing import RoundRobin, Router
        >>> @frozen
        ... class WhoAreYou(Request[str]):
        ...     pass
        >>> class Twin(Actor[WhoAreYou]):
        ...     def receive(self, message: WhoAreYou) -> None:
        ...         self.reply(message, self.ref.name)
        >>> with ActorSystem() as system:
        ...     ann = system.start(ChildSpec("ann", Twin))
        ...     bea = system.start(ChildSpec("bea", Twin))
        ...     twins = Router([ann, bea], RoundRobin())
        ...     [twins.ask(WhoAreYou()) for _ in range(3)]
        ['ann', 'bea', 'ann']
    """

    def __init__(self, refs: Sequence[ActorRef[M_contra]], routing: Routing) -> None:
        require(_is_refs, "Router.refs", refs)
        require(instance(Routing, "a Routing like RoundRobin()"), "routing", routing)
        self._known: tuple[ActorRef[Any], ...] = tuple(refs)
        self._supervisor: ActorRef[Any] | None = None
        self._routing = routing
        self._unavailable = Unavailable.WAIT

    @staticmethod
    def over_children(
        supervisor: ActorRef[Any],
        routing: Routing,
        *,
        unavailable: Unavailable = Unavailable.WAIT,
    ) -> Router[Any]:
        """Return a router over the present children of a supervisor, at any moment.

        Raises:
            SettingsError: `routing` or `unavailable` is not of its accepted form.
        """
        router: Router[Any] = Router([supervisor], routing)
        router._follow(supervisor, unavailable)
        return router

    @property
    def refs(self) -> Sequence[ActorRef[Any]]:
        """The actors among which the routing chooses."""
        return tuple(ref for ref in self._candidates() if ref.is_alive)

    def tell(self, message: M_contra) -> None:
        """Send a message as `ActorRef.tell` does.

        Over children, a message from another thread is handed over to that of the system, where the
        routing chooses; if their mailboxes are bounded, the thread waits until it is in one.

        Raises:
            ActorDeadError: all actors have stopped for good.
            RouterUnavailableError: the supervisor of the actors restarts, under RAISE.
            SettingsError: the routing chooses none, or something that is no ref.
        """
        if self._supervisor is not None:
            cell = self._supervisor._cell  # noqa: SLF001
            if thread_id() != cell.thread_id and cell.exit_reason is None:
                self._tell_from_thread(cell, message)
                return
            if _is_restarting(cell):
                self._tell_later(cell, message)
                return
        for ref in self._choose(message):
            ref.tell(message)

    def ask(self, request: RequestAmong[M_contra, R], timeout: Timeout = DEFAULT_TIMEOUT) -> R:
        """Ask as `ActorRef.ask` does; if several are chosen, the answer is that of the first."""
        limit = limit_of(request, timeout)
        give_up_at = _deadline(limit)
        return self._ask_by(request, give_up_at)[0].get_by(give_up_at, limit)

    def ask_all(
        self, request: RequestAmong[M_contra, R], timeout: Timeout = DEFAULT_TIMEOUT
    ) -> list[Future[R]]:
        """Ask every actor that the routing chooses; return a future for each, for `gather`.

        Raises:
            ActorDeadError: all actors have stopped for good.
            AskTimeoutError: the supervisor of the actors is not up again in time.
            RouterUnavailableError: it restarts, and the router does not wait for it.
            SettingsError: the routing chooses none, or something that is no ref.
        """
        return self._ask_by(request, _deadline(limit_of(request, timeout)))

    def _ask_by(
        self, request: RequestAmong[M_contra, R], give_up_at: float | None
    ) -> list[Future[R]]:
        """Ask all that are chosen; every wait on the way has the time that is left."""
        self._await_supervisor(_left(give_up_at))
        return [ref.ask_future(request, _left(give_up_at)) for ref in self._choose(request)]

    def _follow(self, supervisor: ActorRef[Any], unavailable: Unavailable) -> None:
        """Choose among the children of a supervisor from now on."""
        require(member(Unavailable), "unavailable", unavailable)
        self._supervisor = supervisor
        self._unavailable = unavailable

    def _tell_later(self, cell: Addressed, message: object) -> None:
        """Treat a message as `Unavailable` says."""
        if self._unavailable is Unavailable.WAIT:
            cell.post(Dispatch(self._routing, message))
        elif self._unavailable is Unavailable.DEAD_LETTER:
            cell.mailbox.refuse(message, f"{cell.name} restarts")
        else:
            raise _unavailable_error(cell)

    def _tell_from_thread(self, cell: Addressed, message: M_contra) -> None:
        """Let the routing choose in the thread of the system: until then a member may have left."""
        loop: Any = cell.mailbox.hub.loop
        alike = self._candidates()[:1]
        if any(ref._cell.mailbox.maxsize is not None for ref in alike):  # noqa: SLF001
            call_and_wait(loop, lambda: self.tell(message))
        elif self._unavailable is Unavailable.RAISE and _is_restarting(cell):
            raise _unavailable_error(cell)
        else:
            loop.run_callback_threadsafe(gevent.spawn, self._tell_or_refuse, cell, message)

    def _tell_or_refuse(self, cell: Addressed, message: M_contra) -> None:
        try:
            self.tell(message)
        except Exception as error:  # noqa: BLE001  # the thread has gone on
            cell.mailbox.refuse(message, shown_error(error))

    def _await_supervisor(self, limit: float | None) -> None:
        """Wait until the supervisor is up, or raise if it is not to be waited for."""
        if self._supervisor is None or not _is_restarting(self._supervisor._cell):  # noqa: SLF001
            return
        cell = self._supervisor._cell  # noqa: SLF001
        cell.require_thread()
        if self._unavailable is not Unavailable.WAIT:
            raise _unavailable_error(cell)
        self._supervisor.ask(WhichChildren(), limit)

    def _candidates(self) -> Sequence[ActorRef[Any]]:
        """Return the actors, and maybe some that have stopped lately."""
        if self._supervisor is None:
            return self._known
        children = self._supervisor._cell.children  # noqa: SLF001
        return () if children is None else children.refs

    def _choose(self, message: object) -> Sequence[ActorRef[Any]]:
        candidates = self._candidates()
        if candidates:
            receivers = chosen(self._routing, candidates, message)
            for ref in receivers:
                if ref._cell.exit_reason is not None:  # noqa: SLF001  # a property would cost
                    break
            else:
                return receivers
        self._known = self._alive(candidates)
        return chosen(self._routing, self._known, message)

    def _alive(self, candidates: Sequence[ActorRef[Any]]) -> tuple[ActorRef[Any], ...]:
        """Return those that have not stopped for good; raise if there is none."""
        alive = tuple(ref for ref in candidates if ref.is_alive)
        if not alive:
            names = ", ".join(ref.name for ref in candidates[:_NAMED]) or "none are left"
            raise ActorDeadError(f"all actors of the router have stopped: {names}")
        return alive


@frozen
class Dispatch(SupervisorCommand):
    """Told to a supervisor by a router: send `message` on when there are children."""

    routing: Routing
    message: Any

    def carry_out(self, supervisor: Any) -> None:
        refs = supervisor.ref._cell.children.refs  # noqa: SLF001
        if not refs:
            raise SupervisionError(f"{supervisor.ref.name} has no children to choose from")
        try:
            receivers = chosen(self.routing, refs, self.message)
        except Exception as error:
            raise SupervisionError(f"the routing failed: {shown_error(error)}") from error
        for ref in receivers:
            post(ref, self.message)  # the supervisor must not wait for room


def _deadline(limit: float | None) -> float | None:
    return None if limit is None else time.monotonic() + limit


def _left(give_up_at: float | None) -> float | None:
    return None if give_up_at is None else max(0.0, give_up_at - time.monotonic())


def _is_restarting(cell: Addressed) -> bool:
    """Return whether a supervisor is not up, but will be, or is ending."""
    children = cell.children
    return (children is None or children.are_ending) and cell.exit_reason is None


def _unavailable_error(cell: Addressed) -> RouterUnavailableError:
    return RouterUnavailableError(
        f"{cell.name}, whose children the router chooses from, restarts; try again later, or make "
        "the router with Unavailable.WAIT"
    )
