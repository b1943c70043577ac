"""Pools: alike actors under a supervisor of their own, told and asked like one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from attrs import evolve

from rnd_actors._validators import accepts, instance, member, require, whole_number
from rnd_actors.actors import Actor, ActorRef, ActorSystem, Overflow
from rnd_actors.actors._policy import Backoff, Directive, OnLimit, Restart, RestartIntensity
from rnd_actors.actors._supervision import ChildSpec
from rnd_actors.routing._pool_supervisor import Plan, PoolSupervisor, Resize, Sizing
from rnd_actors.routing._router import Router, Unavailable
from rnd_actors.routing._routing import ConsistentHash, Routing

M = TypeVar("M")
M_contra = TypeVar("M_contra", contravariant=True)


class Pool(Router[M_contra]):
    """A router over the members of a pool, whose number can change; `start_pool` makes it."""

    def __init__(
        self, supervisor: ActorRef[Any], routing: Routing, unavailable: Unavailable, plan: Plan
    ) -> None:
        super().__init__([supervisor], routing)
        self._follow(supervisor, unavailable)
        self._pool = supervisor
        self._plan = plan
        self._by_key = routing if isinstance(routing, ConsistentHash) else ConsistentHash(str)

    @property
    def size(self) -> int:
        """How many members the pool was told to have, or has decided on by its `Sizing`."""
        return self._plan.size

    def resize(self, size: int | Sizing) -> None:
        """Change the number of members; return when those that this starts have started.

        Of too many the last ones leave: they are sent nothing more, handle what waits for them, and
        end. A number whose former member is still leaving is started again when that has ended. The
        same size again starts those that have stopped for good. A restart of the pool keeps the
        size.

        Args:
            size: 1 or more; a `Sizing` changes the number by the load from now on.

        Raises:
            SettingsError: `size` is not of its accepted form.
            ActorDeadError: the pool has stopped for good.
            WrongThreadError: the system belongs to another thread.
            Exception: what the factory or `on_start` of a new member raised; the pool goes on
                without that member.
        """
        _require_size(size)
        self._pool.ask(Resize(size))

    def ref_for(self, key: str) -> ActorRef[M_contra]:
        """Return the member that `ConsistentHash` chooses for a key, whatever the routing is.

        While the pool restarts, it waits for that, unless the pool is not to wait.

        Raises:
            ActorDeadError: all members have stopped for good.
            RouterUnavailableError: the pool restarts, and the router does not wait for it.
            SettingsError: the key is no text.
            WrongThreadError: the system belongs to another thread.
        """
        require(instance(str, "a text"), "key", key)
        self._pool._cell.require_thread()  # noqa: SLF001
        self._await_supervisor(None)
        refs = self._candidates()
        ref = self._by_key.keeper(refs, key) if refs else None
        return ref if ref and ref.is_alive else self._by_key.keeper(self._alive(refs), key)


def start_pool(
    system: ActorSystem,
    name: str,
    factory: Callable[[int], Actor[M]],
    size: int | Sizing,
    routing: Routing,
    *,
    unavailable: Unavailable = Unavailable.WAIT,
    restart: Restart = Restart.PERMANENT,
    shutdown: float | None = None,
    drain: bool = False,
    capacity: int | None = None,
    overflow: Overflow = Overflow.BLOCK,
    on: Mapping[type[BaseException], Directive] | None = None,
    intensity: RestartIntensity = RestartIntensity(),
    on_limit: OnLimit = OnLimit.FAIL,
    backoff: Backoff = Backoff(),
) -> Pool[M]:
    """Start alike actors under a supervisor of their own; return a router over them.

    They are `name/1`, `name/2` and so on, each restarted on its own. This returns before they have
    started: messages wait for them.

    Args:
        system: where the pool lives.
        name: that of the supervisor.
        factory: makes the member with this number, for each of its incarnations.
        size: how many there are, 1 or more; a `Sizing` changes the number by the load.
        routing: chooses among the members.
        unavailable: how messages are treated while the supervisor restarts.
        restart: see `ChildSpec`, also for the next five; DELEGATED is not for members.
        shutdown: seconds that each member has to stop in.
        drain: whether members handle what waits for them before the supervisor stops them.
        capacity: that of each mailbox.
        overflow: what happens to messages beyond the capacity.
        on: what follows a crash with an error of a class.
        intensity: how many restarts each member may need.
        on_limit: who ends if a member needs more.
        backoff: how long to wait before each restart.

    Raises:
        SettingsError: an argument is not of its accepted form.
        ChildSpecError: one of those of `ChildSpec` is not.
        DuplicateChildError: the system has an actor of this name already.

    Example:
        >>> from attrs import frozen
        >>> from rnd_actors import Actor, ActorSystem, Request
        >>> from rnd_actors.routing import RoundRobin, start_pool
        >>> @frozen
        ... class WhoAreYou(Request[str]):
        ...     pass
        >>> class Twin(Actor[WhoAreYou]):
        ...     def __init__(self, number: int) -> None:
        ...         self.number = number
        ...     def receive(self, message: WhoAreYou) -> None:
        ...         self.reply(message, f"{self.ref.name}, number {self.number}")
        >>> with ActorSystem() as system:
        ...     twins = start_pool(system, "twins", Twin, 2, RoundRobin())
        ...     [twins.ask(WhoAreYou()) for _ in range(3)]
        ['twins/1, number 1', 'twins/2, number 2', 'twins/1, number 1']
    """
    _require_size(size)
    require(accepts("a callable that takes the number of a member", callable), "factory", factory)
    require(instance(Routing, "a Routing like RoundRobin()"), "routing", routing)
    require(member(Unavailable), "unavailable", unavailable)
    first = ChildSpec(
        "1",
        partial(factory, 1),
        restart,
        shutdown=shutdown,
        drain=drain,
        capacity=capacity,
        overflow=overflow,
        on=on,
    )
    plan = Plan.of(size)

    def make_supervisor() -> PoolSupervisor:
        return PoolSupervisor(
            plan,
            lambda number: evolve(first, id=str(number), factory=partial(factory, number)),
            intensity=intensity,
            on_limit=on_limit,
            backoff=backoff,
        )

    return Pool(system.start(ChildSpec(name, make_supervisor)), routing, unavailable, plan)


def _require_size(size: object) -> None:
    if not isinstance(size, Sizing):
        require(whole_number(1), "size", size)
