"""The system: where actors live, and what leaves nothing behind when it is left."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from rnd_actors.actors._cell import Cell
from rnd_actors.actors._child_spec import INFINITY, ChildSpec
from rnd_actors.actors._event_stream import EventStream
from rnd_actors.actors._exits import Crashed, Shutdown
from rnd_actors.actors._ref import ActorRef
from rnd_actors.actors._supervision import StartChild
from rnd_actors.actors._supervisor import Supervisor

__all__ = ["ActorSystem"]


class ActorSystem:
    """A context manager that owns a root supervisor and an event stream.

    Leaving it ends all actors, the last started first, each within the limit of its `ChildSpec`.
    If the root supervisor failed, because an actor spent its restart budget, that error is raised
    then, unless another one is on its way already.

    Example:
        >>> from rnd_actors import Actor, ChildSpec
        >>> with ActorSystem() as system:
        ...     ref = system.start(ChildSpec("idle", Actor))
        ...     print(ref.name, ref.is_alive)
        idle True
        >>> ref.is_alive
        False
    """

    def __init__(self) -> None:
        self.events = EventStream()
        self._root = Cell(ChildSpec("system", Supervisor, shutdown=INFINITY), None, self.events)

    def start(self, spec: ChildSpec) -> ActorRef[Any]:
        """Add a child to the root supervisor and return its ref at once.

        Raises:
            ChildSpecError: `spec` is no `ChildSpec`.
            DuplicateChildError: a child of the root supervisor has this id already.
            ActorDeadError: the system has been left, or its root supervisor has failed.
        """
        return self._root.ref.ask(StartChild(spec))

    def __enter__(self) -> Self:
        self._root.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._root.stop(Shutdown())
        self._root.await_end(INFINITY)
        if exc is None and isinstance(self._root.exit_reason, Crashed):
            raise self._root.exit_reason.error
