"""What a supervisor is told and asked, and what it answers."""

from __future__ import annotations

from enum import Enum
from typing import Any, TypeAlias

from attrs import frozen

from rnd_actors.actors._child_spec import ChildSpec, M
from rnd_actors.actors._ref import ActorRef
from rnd_actors.actors._requests import Request

__all__ = [
    "ChildCounts",
    "ChildInfo",
    "ChildState",
    "CountChildren",
    "DeleteChild",
    "RestartChild",
    "ShutDown",
    "StartChild",
    "SupervisorMessage",
    "TerminateChild",
    "WhichChildren",
]


class ChildState(Enum):
    """Where a child of a supervisor is in its life.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Supervisor
        >>> from rnd_actors import ChildState, StartChild, WhichChildren
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", Supervisor))
        ...     cache = team.ask(StartChild(ChildSpec("cache", Actor)))
        ...     [info.state is ChildState.RUNNING for info in team.ask(WhichChildren())]
        [True]
    """

    WAITING = "waiting"
    """It starts when those before it have started."""
    STARTING = "starting"
    """Its `on_start` runs."""
    RUNNING = "running"
    BACKOFF = "backoff"
    """It is down, and will be started when its delay is over."""
    DOWN = "down"
    """It is down; its decider has not answered, or has nothing to say."""
    TERMINATED = "terminated"
    """It has ended for good; only `RestartChild` brings it back."""


@frozen
class StartChild(Request[ActorRef[M]]):
    """Add this child as the last one; the answer, its ref, comes when it has started.

    If the first start fails, the child is not kept, and `ask` raises the child's error.

    Raises:
        ChildSpecError: it is no `ChildSpec`.
        DuplicateChildError: there is a child with this id already.
        TooManyChildrenError: there are `max_children` already.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, StartChild, Supervisor
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", Supervisor))
        ...     team.ask(StartChild(ChildSpec("cache", Actor)))
        <ActorRef team/cache>
    """

    spec: ChildSpec[M]


@frozen
class RestartChild(Request[ActorRef[Any]]):
    """Start this child again if it is down or terminated; the answer, its ref, comes at once.

    After `ChildDown` this goes with backoff and on the child's budget. A terminated child gets a
    new ref: the old one has died with it. If it is only told, what cannot be done is a dead letter.

    Raises:
        UnknownChildError: there is no such child.
        ChildRunningError: it is not down.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Supervisor
        >>> from rnd_actors import RestartChild, TerminateChild
        >>> specs = [ChildSpec("cache", Actor)]
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", lambda: Supervisor(specs)))
        ...     team.ask(TerminateChild("cache"))
        ...     team.ask(RestartChild("cache"))
        <ActorRef team/cache>
    """

    child_id: str


@frozen
class TerminateChild(Request[None]):
    """End this child, within its time limit; the spec stays, unless the child is TEMPORARY.

    Raises:
        UnknownChildError: there is no such child.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Supervisor, TerminateChild
        >>> specs = [ChildSpec("cache", Actor)]
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", lambda: Supervisor(specs)))
        ...     cache = system.find("team/cache")
        ...     team.ask(TerminateChild("cache"))
        ...     cache.is_alive
        False
    """

    child_id: str


@frozen
class DeleteChild(Request[None]):
    """Forget this child, which must be down or terminated.

    Raises:
        UnknownChildError: there is no such child.
        ChildRunningError: it is not down.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Supervisor
        >>> from rnd_actors import DeleteChild, TerminateChild, WhichChildren
        >>> specs = [ChildSpec("cache", Actor)]
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", lambda: Supervisor(specs)))
        ...     team.ask(TerminateChild("cache"))
        ...     team.ask(DeleteChild("cache"))
        ...     team.ask(WhichChildren())
        ()
    """

    child_id: str


@frozen
class ChildInfo:
    """What `WhichChildren` says of a child.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Supervisor
        >>> from rnd_actors import StartChild, WhichChildren
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", Supervisor))
        ...     cache = team.ask(StartChild(ChildSpec("cache", Actor)))
        ...     [info] = team.ask(WhichChildren())
        ...     info.id, info.ref, info.state.value, info.incarnation
        ('cache', <ActorRef team/cache>, 'running', 1)
    """

    id: str
    ref: ActorRef[Any]
    state: ChildState
    incarnation: int


@frozen
class WhichChildren(Request[tuple[ChildInfo, ...]]):
    """Say which children there are, in start order.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Supervisor, WhichChildren
        >>> specs = [ChildSpec("cache", Actor)]
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", lambda: Supervisor(specs)))
        ...     [info.id for info in team.ask(WhichChildren())]
        ['cache']
    """


@frozen
class ChildCounts:
    """What `CountChildren` says, much like Erlang's `count_children`.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, CountChildren, Supervisor
        >>> specs = [ChildSpec("cache", Actor)]
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", lambda: Supervisor(specs)))
        ...     team.ask(CountChildren())
        ChildCounts(specs=1, active=1, supervisors=0, workers=1)
    """

    specs: int
    """Children, dead or alive."""
    active: int
    """Children that are starting or running."""
    supervisors: int
    """Active children that are supervisors."""
    workers: int
    """Active children that are not."""


@frozen
class CountChildren(Request[ChildCounts]):
    """Say how many children there are.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, CountChildren, Supervisor
        >>> specs = [ChildSpec("cache", Actor)]
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", lambda: Supervisor(specs)))
        ...     team.ask(CountChildren()).active
        1
    """


@frozen
class ShutDown:
    """Told to a supervisor: end all children, in order and in time, and then yourself.

    If its own spec is PERMANENT, its supervisor starts it again; TRANSIENT and TEMPORARY are not.

    Example:
        >>> from rnd_actors import ActorSystem, ChildSpec, Restart, ShutDown, Supervisor
        >>> with ActorSystem() as system:
        ...     team = system.start(ChildSpec("team", Supervisor, restart=Restart.TRANSIENT))
        ...     team.tell(ShutDown())
        ...     team.join()
        Shutdown()
    """


SupervisorMessage: TypeAlias = (
    StartChild
    | RestartChild
    | TerminateChild
    | DeleteChild
    | WhichChildren
    | CountChildren
    | ShutDown
)
"""What supervisors are told and asked, as in `ActorRef[SupervisorMessage]`."""
