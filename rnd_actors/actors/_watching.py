"""What a watcher is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from rnd_actors.actors._exits import ExitReason

if TYPE_CHECKING:
    from rnd_actors.actors._ref import ActorRef

__all__ = ["Terminated"]


@frozen
class Terminated:
    """The watched actor has stopped for good, after everything that it had sent before."""

    ref: ActorRef[Any]
    reason: ExitReason
