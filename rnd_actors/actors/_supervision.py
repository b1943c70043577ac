"""The messages of supervision: what supervisors are told, and what they tell a decider.

A supervisor tells the decider what happens to a DELEGATED child, in order with what the child
itself sent; the decider answers `RestartChild`, or nothing to let it rest, or `ShutDown`. Backoff,
restart budget and ordered shutdown stay with the supervisor: no decider can switch them off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import frozen

from rnd_actors.actors._exits import ExitReason
from rnd_actors.actors._ref import ActorRef
from rnd_actors.actors._requests import Request

if TYPE_CHECKING:
    from rnd_actors.actors._child_spec import ChildSpec

__all__ = [
    "ChildDown",
    "ChildGivenUp",
    "ChildUp",
    "Delegated",
    "RestartChild",
    "ShutDown",
    "StartChild",
    "SupervisorMessage",
]


@frozen
class ChildUp:
    """Told to the decider: an incarnation of the child is about to start."""

    supervisor: ActorRef[SupervisorMessage]
    child_id: str
    incarnation: int


@frozen
class ChildDown:
    """Told to the decider: an incarnation of the child is over; all it sent came before this."""

    supervisor: ActorRef[SupervisorMessage]
    child_id: str
    incarnation: int
    reason: ExitReason


@frozen
class ChildGivenUp:
    """Told to the decider: the child's restart budget is spent, so it stays down for good."""

    supervisor: ActorRef[SupervisorMessage]
    child_id: str
    reason: ExitReason


@frozen
class RestartChild:
    """Told to a supervisor: start this child again if it is down, with backoff and in budget."""

    child_id: str


@frozen
class ShutDown:
    """Told to a supervisor: end all children, in order and in time, and then yourself."""


@frozen
class StartChild(Request[ActorRef[Any]]):
    """Asked of a supervisor: add this child as the last one; the answer is its ref."""

    spec: ChildSpec


Delegated: TypeAlias = ChildUp | ChildDown | ChildGivenUp
SupervisorMessage: TypeAlias = StartChild | RestartChild | ShutDown
