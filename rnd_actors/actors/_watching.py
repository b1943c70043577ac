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
    """The watched actor has stopped for good, after everything that it had sent before.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, Restart, Terminated
        >>> class Watcher(Actor[Terminated]):
        ...     def on_start(self) -> None:
        ...         self.watch(idle)
        ...     def receive(self, message: Terminated) -> None:
        ...         print(f"{message.ref.name} ended: {message.reason}")
        >>> with ActorSystem() as system:
        ...     idle = system.start(ChildSpec("idle", Actor, restart=Restart.TEMPORARY))
        ...     watcher = system.start(ChildSpec("watcher", Watcher, drain=True))
        ...     idle.stop()
        ...     idle.join()
        idle ended: normal
        Normal()
    """

    ref: ActorRef[Any]
    reason: ExitReason
