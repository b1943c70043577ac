"""The supervisor: an actor whose work is to start, restart and end other actors."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from rnd_actors.actors._actor import Actor
from rnd_actors.actors._backoff import Backoff
from rnd_actors.actors._budget import Budget, RestartWindow
from rnd_actors.actors._cell import Cell, ChildEnded, ChildReady
from rnd_actors.actors._child_spec import ChildSpec, Restart
from rnd_actors.actors._events import ChildAbandoned, ChildRestarting, DeadLetter
from rnd_actors.actors._exits import Crashed, ExitReason, Killed, Shutdown
from rnd_actors.actors._ref import post
from rnd_actors.actors._shutdown import ShutdownOrder, end_children
from rnd_actors.actors._supervision import (
    ChildDown,
    ChildGivenUp,
    ChildUp,
    RestartChild,
    ShutDown,
    StartChild,
    SupervisorMessage,
)
from rnd_actors.errors import BudgetSpentError, ChildSpecError, DuplicateChildError

if TYPE_CHECKING:
    from rnd_actors.actors._mailbox import Signal

__all__ = ["Supervisor"]


class _Child:
    """A child as its supervisor sees it."""

    __slots__ = ("cell", "failures", "is_down", "reason", "window")

    def __init__(self, cell: Cell, budget: Budget) -> None:
        self.cell = cell
        self.window = RestartWindow(budget)
        self.failures = 0
        """In a row, without a sign of health."""
        self.is_down = False
        """Whether it waits for its decider."""
        self.reason: ExitReason = Shutdown()
        """Why its last incarnation ended."""


@frozen
class _Relaunch:
    """The backoff of a child is over."""

    child: _Child


_Message: TypeAlias = SupervisorMessage | _Relaunch


class Supervisor(Actor[_Message]):
    """Starts its children in order, restarts those that fail, and ends them in order.

    Each child is restarted on its own (one for one), as its `ChildSpec` says: at once after the
    first failure, then with `backoff`. A child that needs more restarts than `budget` allows is
    given up: of a DELEGATED child the decider is told; any other makes the supervisor itself fail,
    so that its own supervisor can act.

    A child starts when `on_start` of the one before has returned or failed. A failed start is
    treated like any other crash.

    Args:
        children: the specs of the first children; more come with `StartChild`.
        budget: how many restarts each child may need.
        backoff: how long to wait before each restart.
        shutdown_order: one after the other in reverse start order, or all at once.

    Raises:
        ChildSpecError: something among `children` is no `ChildSpec`.
        DuplicateChildError: two of them have the same id.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> with ActorSystem() as system:
        ...     spec = ChildSpec("cache", Actor)
        ...     system.start(ChildSpec("storage", lambda: Supervisor([spec])))
        <ActorRef storage>
    """

    def __init__(
        self,
        children: Iterable[ChildSpec] = (),
        *,
        budget: Budget = Budget(),
        backoff: Backoff = Backoff(),
        shutdown_order: ShutdownOrder = ShutdownOrder.REVERSE,
    ) -> None:
        self._specs = tuple(children)
        self._budget = budget
        self._backoff = backoff
        self._shutdown_order = shutdown_order
        self._children: dict[str, _Child] = {}
        self._to_start: deque[_Child] = deque()
        self._starting: _Child | None = None

    def on_start(self) -> None:
        for spec in self._specs:
            self._add(spec)
        self._start_next()

    def receive(self, message: _Message) -> None:
        match message:
            case StartChild(spec):
                self._start_child(message, spec)
            case RestartChild(child_id):
                self._restart_child(message, child_id)
            case _Relaunch(due):
                if self._child_of(due.cell):
                    self._launch(due)
            case ShutDown():
                self._running_cell.stop(Shutdown())

    def on_stop(self, reason: ExitReason) -> None:
        end_children([child.cell for child in self._children.values()], self._shutdown_order)

    def _on_signal(self, signal: Signal) -> None:
        match signal:
            case ChildReady(cell) if child := self._child_of(cell):
                self._started(child)
            case ChildEnded(cell, reason) if child := self._child_of(cell):
                self._started(child)
                self._ended(child, reason)

    def _child_of(self, cell: Cell) -> _Child | None:
        """Return the child with this cell; None if it has been given up, or is of a former life."""
        child = self._children.get(cell.spec.id)
        return child if child is not None and child.cell is cell else None

    def _start_child(self, request: StartChild, spec: ChildSpec) -> None:
        try:
            child = self._add(spec)
        except (ChildSpecError, DuplicateChildError) as error:
            self.reply_error(request, error)
        else:
            self.reply(request, child.cell.ref)
            self._start_next()

    def _restart_child(self, message: RestartChild, child_id: str) -> None:
        child = self._children.get(child_id)
        if child is None:
            self.publish(DeadLetter(self.ref.name, message, "the supervisor has no such child"))
        elif child.is_down:
            self._restart(child)

    def _add(self, spec: ChildSpec) -> _Child:
        if not isinstance(spec, ChildSpec):
            raise ChildSpecError(
                f"{self.ref.name} takes ChildSpec(id, factory, …) as a child; got {spec!r}"
            )
        if spec.id in self._children:
            raise DuplicateChildError(
                f"{self.ref.name} has a child {spec.id!r} already; ids are unique in a supervisor"
            )
        child = _Child(Cell(spec, self._running_cell, self._running_cell.events), self._budget)
        self._children[spec.id] = child
        self._to_start.append(child)
        return child

    def _start_next(self) -> None:
        if self._starting is None and self._to_start:
            self._starting = self._to_start.popleft()
            self._launch(self._starting)

    def _started(self, child: _Child) -> None:
        if child is self._starting:
            self._starting = None
            self._start_next()

    def _launch(self, child: _Child) -> None:
        spec, incarnation = child.cell.spec, child.cell.incarnation + 1
        if spec.decider is not None:
            post(spec.decider, ChildUp(self.ref, spec.id, incarnation))
        child.cell.start()

    def _ended(self, child: _Child, reason: ExitReason) -> None:
        cell, spec = child.cell, child.cell.spec
        child.reason = reason
        child.failures += 1
        if cell.healthy:
            child.failures = 0
            child.window.clear()
        abnormal = isinstance(reason, Crashed | Killed)
        if spec.decider is not None:
            child.is_down = True
            post(spec.decider, ChildDown(self.ref, spec.id, cell.incarnation, reason))
        elif spec.restart is Restart.PERMANENT or (spec.restart is Restart.TRANSIENT and abnormal):
            self._restart(child)
        else:
            self._forget(child)

    def _restart(self, child: _Child) -> None:
        if not child.window.spend(time.monotonic()):
            self._give_up(child)
            return
        child.is_down = False
        delay = self._backoff.delay(child.failures)
        self.publish(ChildRestarting(child.cell.name, delay))
        if delay:
            self.after(delay, _Relaunch(child))
        else:
            self._launch(child)

    def _give_up(self, child: _Child) -> None:
        spec = child.cell.spec
        self._forget(child)
        self.publish(ChildAbandoned(child.cell.name, self._budget, child.reason))
        if spec.decider is None:
            error = BudgetSpentError(
                f"{child.cell.name} needs more than {self._budget}; last: {child.reason}"
            )
            raise error from (child.reason.error if isinstance(child.reason, Crashed) else None)
        post(spec.decider, ChildGivenUp(self.ref, spec.id, child.reason))

    def _forget(self, child: _Child) -> None:
        del self._children[child.cell.spec.id]
        child.cell.retire(child.reason)
