"""The supervisor: an actor whose work is to start, restart and end other actors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from rnd_actors.actors._actor import Actor
from rnd_actors.actors._backoff import Backoff
from rnd_actors.actors._budget import Budget
from rnd_actors.actors._child import Child
from rnd_actors.actors._child_spec import ChildSpec, Restart
from rnd_actors.actors._children import Children
from rnd_actors.actors._delegation import ChildUp
from rnd_actors.actors._exits import ExitReason, Shutdown
from rnd_actors.actors._ref import post
from rnd_actors.actors._requests import Request
from rnd_actors.actors._restarts import Policy, Relaunch, Restarts
from rnd_actors.actors._shutdown import ShutdownOrder, end_children
from rnd_actors.actors._signals import ChildEnded, ChildReady
from rnd_actors.actors._strategy import AutoShutdown, Strategy
from rnd_actors.actors._supervision import (
    ChildState,
    CountChildren,
    DeleteChild,
    RestartChild,
    ShutDown,
    StartChild,
    SupervisorMessage,
    TerminateChild,
    WhichChildren,
)
from rnd_actors.errors import (
    BudgetSpentError,
    ChildRunningError,
    ChildSpecError,
    DuplicateChildError,
    SupervisionError,
    TooManyChildrenError,
)

if TYPE_CHECKING:
    from rnd_actors.actors._cell import Cell
    from rnd_actors.actors._signals import Signal

__all__ = ["Supervisor"]


_Message: TypeAlias = SupervisorMessage | Relaunch


class Supervisor(Actor[_Message]):
    """Starts its children in order, restarts those that fail, and ends them in order.

    A child that ended by itself is restarted as its `ChildSpec` says, and others with it as the
    strategy says: at once after the first failure, then with `backoff`. A child that needs more
    restarts than `budget` allows is given up: of a DELEGATED child the decider is told; any other
    makes the supervisor itself fail, so that its own supervisor can act.

    A child starts when `on_start` of the one before has returned or failed. A failed start is
    treated like any other crash, unless the child came with `StartChild`: then who asked for it is
    told, and the child is not kept.

    It is told and asked: `StartChild`, `RestartChild`, `TerminateChild`, `DeleteChild`,
    `WhichChildren`, `CountChildren` and `ShutDown`.

    Args:
        children: the specs of the first children; more come with `StartChild`.
        strategy: who is restarted together.
        budget: how many restarts each child may need.
        total_budget: how many restarts all children together may need; None: no limit.
        backoff: how long to wait before each restart.
        auto_shutdown: whether the end of significant children ends the supervisor.
        shutdown_order: one after the other in reverse start order, or all at once.
        max_children: how many children there may be; None: no limit.

    Raises:
        ChildSpecError: something among `children` is no `ChildSpec`.
        DuplicateChildError: two of them have the same id.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec, CountChildren, Supervisor
        >>> with ActorSystem() as system:
        ...     specs = [ChildSpec("cache", Actor), ChildSpec("index", Actor)]
        ...     storage = system.start(ChildSpec("storage", lambda: Supervisor(specs)))
        ...     storage.ask(CountChildren()).specs
        2
    """

    _supervises = True

    def __init__(
        self,
        children: Iterable[ChildSpec] = (),
        *,
        strategy: Strategy = Strategy.ONE_FOR_ONE,
        budget: Budget = Budget(),
        total_budget: Budget | None = None,
        backoff: Backoff = Backoff(),
        auto_shutdown: AutoShutdown = AutoShutdown.NEVER,
        shutdown_order: ShutdownOrder = ShutdownOrder.REVERSE,
        max_children: int | None = None,
    ) -> None:
        self._specs = tuple(children)
        self._policy = Policy(
            strategy, budget, total_budget, backoff, auto_shutdown, shutdown_order
        )
        self._max_children = max_children
        self._children = Children(self._launch)
        self._restarts = Restarts(self, self._children, self._policy, self._shut_down)

    def on_start(self) -> None:
        self._children.start([self._add(spec) for spec in self._specs])

    def receive(self, message: _Message) -> None:
        try:
            self._handle(message)
        except SupervisionError as error:
            if isinstance(message, Request) and self._incarnation.asked(message):
                self.reply_error(message, error)
            else:
                self._incarnation.discard(str(error))

    def on_stop(self, reason: ExitReason) -> None:
        cells = [child.cell for child in self._children if child.state is not ChildState.TERMINATED]
        end_children(cells, self._policy.shutdown_order, for_good=True)

    def _handle(self, message: _Message) -> None:
        match message:
            case StartChild(spec):
                self._start_child(message, spec)
            case RestartChild(child_id):
                self._restart_child(message, self._children[child_id])
            case TerminateChild(child_id):
                self._terminate(self._children[child_id])
                self.reply(message, None)
            case DeleteChild(child_id):
                self._delete(self._children[child_id])
                self.reply(message, None)
            case WhichChildren():
                self.reply(message, self._children.infos())
            case CountChildren():
                self.reply(message, self._children.counts())
            case ShutDown():
                self._shut_down()
            case Relaunch():
                self._restarts.relaunch(message)

    def _on_signal(self, signal: Signal) -> None:
        if isinstance(signal, ChildReady | ChildEnded):
            child = self._children.alive(signal.child, signal.incarnation)
            if child is not None:
                if isinstance(signal, ChildReady):
                    self._is_ready(child)
                else:
                    self._restarts.ended(child, signal.reason)
        self._children.start_next()

    def _shut_down(self) -> None:
        self._incarnation.cell.stop(Shutdown())

    def _add(self, spec: ChildSpec) -> Child:
        if not isinstance(spec, ChildSpec):
            raise ChildSpecError(
                f"{self.ref.name} takes ChildSpec(id, factory, …) as a child; got {spec!r}"
            )
        if self._max_children is not None and len(self._children) >= self._max_children:
            raise TooManyChildrenError(
                f"{self.ref.name} has its {self._max_children} children already; "
                "end one with TerminateChild and DeleteChild, or raise max_children"
            )
        if spec.id in self._children:
            raise DuplicateChildError(
                f"{self.ref.name} has a child {spec.id!r} already; ids are unique in a supervisor"
            )
        child = Child(self._new_cell(spec), self._policy.budget)
        self._children.add(child)
        return child

    def _new_cell(self, spec: ChildSpec) -> Cell:
        me = self._incarnation.cell
        return me.system.new_cell(spec, me, me.system)

    def _launch(self, child: Child) -> None:
        spec, incarnation = child.spec, child.cell.incarnation + 1
        if spec.decider is not None:
            post(spec.decider, ChildUp(self.ref, spec.id, incarnation))
        child.cell.start()

    def _start_child(self, request: StartChild, spec: ChildSpec) -> None:
        child = self._add(spec)
        child.starter = self.defer(request)
        self._children.start([child])

    def _restart_child(self, request: RestartChild, child: Child) -> None:
        if not child.is_at_rest:
            raise ChildRunningError(
                f"the child {child.spec.id!r} is {child.state.value}; only one that is down or "
                "terminated can be started again"
            )
        if child.state is ChildState.TERMINATED:
            child.cell = self._new_cell(child.spec)
            self._children.start([child])
            self._keep_order()
        elif not self._restarts.restart(child):
            self.reply_error(request, BudgetSpentError(f"{child.cell.name} is given up"))
            return
        self.reply(request, child.cell.ref)

    def _keep_order(self) -> None:
        """Show the children in the tree in their start order."""
        cells = self._incarnation.cell.children
        ordered = {
            child.spec.id: cells[child.spec.id]
            for child in self._children
            if child.spec.id in cells
        }
        cells.clear()
        cells.update(ordered)

    def _terminate(self, child: Child) -> None:
        self._children.hold([child])
        self._children.start_is_over(child)
        child.attempt += 1
        if child.state is not ChildState.TERMINATED:
            end_children([child.cell], self._policy.shutdown_order, for_good=True)
        child.state = ChildState.TERMINATED
        if child.spec.restart is Restart.TEMPORARY or child.starter is not None:
            self._restarts.forget(child)
        self._children.start_next()

    def _delete(self, child: Child) -> None:
        if not child.is_at_rest:
            raise ChildRunningError(
                f"the child {child.spec.id!r} is {child.state.value}; end it with TerminateChild "
                "before DeleteChild"
            )
        self._restarts.forget(child)

    def _is_ready(self, child: Child) -> None:
        self._children.start_is_over(child)
        child.state = ChildState.RUNNING
        if child.starter is not None:
            child.starter.reply(child.cell.ref)
            child.starter = None
