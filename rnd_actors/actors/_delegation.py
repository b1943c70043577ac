"""What a supervisor tells the decider of its DELEGATED children.

It comes in order with what the child itself sent. The decider answers `RestartChild`, or nothing
to let the child rest, or `ShutDown`. Backoff, restart budget and ordered shutdown stay with the
supervisor: no decider can switch them off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from rnd_actors.actors._exits import ExitReason

if TYPE_CHECKING:
    from rnd_actors.actors._ref import ActorRef
    from rnd_actors.actors._supervision import SupervisorMessage

__all__ = ["ChildDown", "ChildGivenUp", "ChildUp", "Delegated"]


@frozen
class ChildUp:
    """Told to the decider: an incarnation of the child is about to start.

    Example:
        >>> from rnd_actors import Actor, ChildUp, Delegated
        >>> class Register(Actor[Delegated]):
        ...     def receive(self, message: Delegated) -> None:
        ...         match message:
        ...             case ChildUp(_, child_id, incarnation):
        ...                 print(f"{child_id} starts for the {incarnation}. time")
    """

    supervisor: ActorRef[SupervisorMessage]
    child_id: str
    incarnation: int


@frozen
class ChildDown:
    """Told to the decider: an incarnation of the child is over; all it sent came before this.

    Example:
        >>> from rnd_actors import Actor, ChildDown, Crashed, Delegated, RestartChild
        >>> class Decider(Actor[Delegated]):
        ...     def receive(self, message: Delegated) -> None:
        ...         match message:
        ...             case ChildDown(supervisor, child_id, reason=Crashed()):
        ...                 supervisor.tell(RestartChild(child_id))
    """

    supervisor: ActorRef[SupervisorMessage]
    child_id: str
    incarnation: int
    reason: ExitReason


@frozen
class ChildGivenUp:
    """Told to the decider: the child's restart budget is spent, so it stays down for good.

    Example:
        >>> from rnd_actors import Actor, ChildGivenUp, Delegated
        >>> class Register(Actor[Delegated]):
        ...     def receive(self, message: Delegated) -> None:
        ...         match message:
        ...             case ChildGivenUp(_, child_id, reason):
        ...                 print(f"{child_id} stays down: {reason}")
    """

    supervisor: ActorRef[SupervisorMessage]
    child_id: str
    reason: ExitReason


Delegated: TypeAlias = ChildUp | ChildDown | ChildGivenUp
"""What the decider of a DELEGATED child is told, as in `Actor[Delegated]`."""
