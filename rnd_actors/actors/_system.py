"""The system: where actors live, and what leaves nothing behind when it is left."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import gevent

from rnd_actors.actors._actor import Actor
from rnd_actors.actors._cell import Cell
from rnd_actors.actors._child_spec import INFINITY, ChildSpec
from rnd_actors.actors._event_log import log_events
from rnd_actors.actors._event_stream import EventStream
from rnd_actors.actors._events import DeadLetter
from rnd_actors.actors._exits import Crashed, Shutdown
from rnd_actors.actors._pool import pool_spec
from rnd_actors.actors._ref import ActorRef
from rnd_actors.actors._routing import Router, Routing
from rnd_actors.actors._supervision import CountChildren, StartChild
from rnd_actors.actors._supervisor import Supervisor
from rnd_actors.actors._thread import thread_id
from rnd_actors.actors._tree import ActorInfo, info_of
from rnd_actors.actors._turns import current_turns
from rnd_actors.actors._waiting import waiting_for
from rnd_actors.errors import ActorError

__all__ = ["ActorSystem"]

M = TypeVar("M")


class ActorSystem:
    """A context manager that owns a root supervisor, all names, and an event stream.

    Leaving it ends all actors, the last started first, each within the limit of its `ChildSpec`.
    If the root supervisor failed, because an actor spent its restart budget, that error is raised
    then, unless another one is on its way already.

    Its events go to the logger `rnd_actors` of `logging`, each at its own level, unless it lives in
    virtual time. It belongs to the thread that entered it.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> with ActorSystem() as system:
        ...     ref = system.start(ChildSpec("idle", Actor))
        ...     print(ref.name, ref.is_alive, system.find("idle") == ref)
        idle True True
        >>> ref.is_alive
        False
    """

    def __init__(self) -> None:
        self.events = EventStream()
        self.dead_letters = 0
        """How many messages were not delivered or not handled."""
        self.thread_id = thread_id()
        self.turns = current_turns()
        simulation: Any = getattr(gevent.get_hub(), "simulation", None)
        self.new_cell: Callable[[ChildSpec, Cell | None, ActorSystem], Cell] = (
            simulation.new_cell if simulation else Cell
        )
        """Makes the cells: a simulation has its own kind."""
        self._root = self.new_cell(ChildSpec("system", Supervisor, shutdown=INFINITY), None, self)
        self.events.subscribe(self._count_dead_letter, to=DeadLetter)
        if not simulation:
            log_events(self.events)

    def start(self, spec: ChildSpec[M]) -> ActorRef[M]:
        """Add a child to the root supervisor; return its ref when its `on_start` has returned.

        Raises:
            ChildSpecError: `spec` is no `ChildSpec`.
            DuplicateChildError: a child of the root supervisor has this id already.
            ActorDeadError: the system has been left, or its root supervisor has failed.
            ActorError: the system has not been entered yet.
            Exception: what the factory or `on_start` of the actor raised; it is not kept then.
        """
        if self._root.incarnation == 0:
            raise ActorError("actors live in an entered system: with ActorSystem() as system: …")
        return self._root.ref.ask(StartChild(spec), timeout=None)

    def start_pool(
        self, name: str, factory: Callable[[], Actor[M]], size: int, routing: Routing
    ) -> Router[M]:
        """Start `size` alike actors under a supervisor, and return what sends messages to them.

        They are `name/1`, `name/2` and so on, each restarted on its own.

        Raises:
            SettingsError: `size` is less than 1.
        """
        return Router.over_children(self.start(pool_spec(name, factory, size)), routing)

    def find(self, name: str) -> ActorRef[Any] | None:
        """Return the ref of the living actor with this name, such as `workers/3`."""
        cell: Cell | None = self._root
        for child_id in name.split("/"):
            cell = cell.children.get(child_id) if cell is not None else None
        return None if cell is None else cell.ref

    def tree(self) -> ActorInfo:
        """Return all actors, with what they do and what they have done."""
        return info_of(self._root)

    def who_waits(self) -> str:
        """Say of every actor that is up what it does, for errors that nothing happens any more."""
        return "; ".join(
            f"{info.name} {info.doing}"
            for info in self.tree()
            if not info.doing.startswith("is down")
        )

    def __enter__(self) -> Self:
        self.thread_id, self.turns = thread_id(), current_turns()
        self.turns.open()
        self._root.start()
        self._root.ref.ask(CountChildren())
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._root.stop(Shutdown())
        try:
            with waiting_for(f"the end of {self._root.name}", of=self._root):
                self._root.await_end(INFINITY)
        finally:
            self.turns.close()
        if exc is None and isinstance(self._root.exit_reason, Crashed):
            raise self._root.exit_reason.error

    def _count_dead_letter(self, _: DeadLetter) -> None:
        self.dead_letters += 1
