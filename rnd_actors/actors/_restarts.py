"""What follows when a child has ended by itself, and how a supervisor ends children."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Never

import gevent
from attrs import frozen

from rnd_actors.actors._actor import Actor
from rnd_actors.actors._cell import Cell
from rnd_actors.actors._children import Child, Children
from rnd_actors.actors._events import ActorStuck, ChildRestarting, RestartIntensityReached
from rnd_actors.actors._incarnation import Crashed, ExitReason, Stopped
from rnd_actors.actors._policy import (
    AutoShutdown,
    Directive,
    OnLimit,
    Policy,
    Restart,
    RestartWindow,
    ShutdownOrder,
    Strategy,
)
from rnd_actors.actors._ref import post
from rnd_actors.actors._supervision import ChildDown, ChildGivenUp, ChildState
from rnd_actors.errors import ActorCrashedError, ActorDeadError, RestartIntensityError

_KILL_PATIENCE_S: Final = 1.0
_KILLS: Final = 2


@frozen
class Relaunch:
    """Told to the supervisor by itself: the backoff of these children is over."""

    attempts: Sequence[tuple[Child, int]]


class Restarts:
    """Decides on children that have ended, and restarts them.

    Args:
        supervisor: the actor whose children they are.
        children: its children.
        policy: its settings.
        shut_down: ends the supervisor.
        fail: lets the supervisor fail with an error.
    """

    def __init__(
        self,
        supervisor: Actor[Any],
        children: Children,
        policy: Policy,
        shut_down: Callable[[], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        self._supervisor = supervisor
        self._children = children
        self._policy = policy
        self._shut_down = shut_down
        self._fail = fail
        total = policy.total_intensity
        self._total_window = None if total is None else RestartWindow(total)
        self._is_ending = False

    def ended(self, child: Child, reason: ExitReason) -> None:
        """Decide what follows when an incarnation has ended by itself."""
        self._children.start_is_over(child)
        child.note_failure(self._policy.backoff.quiet_s(self._policy.child_intensity))
        if child.starters:
            self._fail_to_start(child)
            return
        match child.spec.directive(reason):
            case Directive.RESTART:
                self.restart(child)
            case Directive.STOP:
                self._finish(child)
            case Directive.ESCALATE:
                self.escalate(child)
            case None:
                self._children.change(child, ChildState.DOWN)
                self._tell_decider(child, reason)

    def restart(self, child: Child) -> bool:
        """Start a child again, and others with it; False if it had to be given up instead."""
        if not self._count_restart(child):
            return False
        family = self._end_family(child)
        delay = self._policy.backoff.delay(child.failures)
        self._children.change(child, ChildState.BACKOFF)
        for each in family:
            each.attempt += 1
        self._supervisor.publish(ChildRestarting(child.cell.name, delay))
        if delay:
            self._supervisor.after(delay, Relaunch([(each, each.attempt) for each in family]))
        else:
            self._start(family)
        return True

    def relaunch(self, relaunch: Relaunch) -> None:
        """Start these children, except those that were ended or forgotten meanwhile."""
        self._start([child for child, attempt in relaunch.attempts if child.attempt == attempt])

    def escalate(self, child: Child) -> None:
        """Let the supervisor fail with the error of a child, after the message in hand."""
        error: BaseException = ActorCrashedError(f"{child.cell.name} has ended: {child.reason}")
        if isinstance(child.reason, Crashed):
            error = child.reason.error
        self._fail(error)

    def forget(self, child: Child) -> None:
        self._children.remove(child)
        child.cell.retire(child.reason)
        child.settle(ActorDeadError(f"{child.cell.name} was ended before it had started"))

    def _fail_to_start(self, child: Child) -> None:
        """Give the asker of the child its error; keep the child if it was one before."""
        child.settle(_error_of(child))
        if child.is_kept:
            self._children.change(child, ChildState.TERMINATED)
            child.cell.retire(child.reason)
        else:
            self.forget(child)

    def _start(self, family: Sequence[Child]) -> None:
        family = [x for x in family if self._children.has(x) and not self._is_ending]
        if self._policy.strategy is Strategy.ONE_FOR_ONE:
            for child in family:
                self._children.start_now(child)
        else:
            self._children.start(family)

    def _end_family(self, failed: Child) -> list[Child]:
        """Return the children to restart when `failed` fails, in start order; end its siblings."""
        if self._policy.strategy is Strategy.ONE_FOR_ONE:
            return [failed]
        ordered = list(self._children)
        first = 0 if self._policy.strategy is Strategy.ONE_FOR_ALL else ordered.index(failed)
        family = [x for x in ordered[first:] if x is failed or not x.is_at_rest]
        siblings = [child for child in family if child is not failed]
        active = [child for child in siblings if child.is_active]
        for child in siblings:
            child.attempt += 1  # no backoff or queue starts it now
        told = end_children(active, self._policy.shutdown_order, for_good=False)
        for child in siblings:
            ended_itself = child.is_active and child not in told
            self._note_end_of_sibling(child, ended_itself=ended_itself)
        return [child for child in family if child is failed or not child.is_at_rest]

    def _note_end_of_sibling(self, child: Child, *, ended_itself: bool) -> None:
        """Judge a sibling by its own reason if it ended by itself while others were waited for."""
        self._children.start_is_over(child)
        was_active, spec = child.is_active, child.spec
        child.note_end()
        if spec.restart is Restart.DELEGATED:
            if was_active:
                self._tell_decider(child, child.reason if ended_itself else Stopped())
            self._children.change(child, ChildState.WAITING)
        elif ended_itself and spec.directive(child.reason) is Directive.ESCALATE:
            self.escalate(child)
        elif ended_itself and spec.directive(child.reason) is Directive.STOP:
            self._finish(child)
        elif spec.restart is Restart.TEMPORARY:
            self.forget(child)
        else:
            self._children.change(child, ChildState.WAITING)

    def _tell_decider(self, child: Child, reason: ExitReason) -> None:
        if child.spec.decider is not None:
            me, cell = self._supervisor.ref, child.cell
            down = ChildDown(me, child.spec.id, cell.incarnation, reason, ref=cell.ref)
            post(child.spec.decider, down)

    def _count_restart(self, child: Child) -> bool:
        """Count a restart; return False if the child is given up, or fail if the supervisor is."""
        total, own = self._total_window, self._policy.child_intensity
        if total is not None and not total.spend(time.monotonic()):
            self._supervisor.publish(
                RestartIntensityReached(child.cell.name, total.intensity, child.reason)
            )
            self._fail_for(child, f"its children together need more than {total.intensity}")
        if own is None or child.count_restart(own):
            return True
        self._supervisor.publish(RestartIntensityReached(child.cell.name, own, child.reason))
        if child.spec.decider is not None:
            self.forget(child)
            me, ref = self._supervisor.ref, child.cell.ref
            post(child.spec.decider, ChildGivenUp(me, child.spec.id, child.reason, ref=ref))
        elif self._policy.on_limit is OnLimit.STOP_CHILD:
            self._finish(child)
        else:
            self.forget(child)
            self._fail_for(child, f"{child.cell.name} needs more than {own}")
        return False

    def _fail_for(self, child: Child, why: str) -> Never:
        cause = child.reason.error if isinstance(child.reason, Crashed) else None
        raise RestartIntensityError(f"{why}; last: {child.reason}") from cause

    def _finish(self, child: Child) -> None:
        """Leave a child that has ended for good where it is."""
        self._children.change(child, ChildState.TERMINATED)
        child.cell.retire(child.reason)
        if child.spec.restart is Restart.TEMPORARY or not child.is_kept:
            self._children.remove(child)
        if child.spec.significant and self._shall_shut_down():
            self._is_ending = True
            self._shut_down()

    def _shall_shut_down(self) -> bool:
        if self._policy.auto_shutdown is AutoShutdown.ALL_SIGNIFICANT:
            return self._children.are_significant_at_rest()
        return self._policy.auto_shutdown is AutoShutdown.ANY_SIGNIFICANT


def _error_of(child: Child) -> BaseException:
    if isinstance(child.reason, Crashed):
        return child.reason.error
    return ActorDeadError(f"{child.cell.name} did not start: {child.reason}")


def end_children(children: Sequence[Child], order: ShutdownOrder, *, for_good: bool) -> set[Child]:
    """End the incarnations of children, given in start order, each within its own limit.

    Return the children that had not ended by themselves before their turn came. If they end for
    good, their mailboxes become dead letters. If this itself is killed, all are killed at once.
    """
    alive = {child for child in children if child.cell.greenlet is not None or child.is_active}
    batches = [children] if order is ShutdownOrder.PARALLEL else [[x] for x in reversed(children)]
    ended = set[Child]()
    try:
        for batch in batches:
            ended.update(child for child in batch if child.cell.greenlet is not None)
            _end_together(batch)
            if for_good:
                _retire(batch, alive)
    except BaseException:
        left = [child for child in children if child.cell.exit_reason is None]
        for child in left:
            child.cell.kill()
        try:
            kill_together([child.cell for child in left])
        finally:
            _retire(left, alive)
        raise
    return ended


def _end_together(children: Sequence[Child]) -> None:
    asked_at = time.monotonic()
    limits = {child: child.shutdown_s for child in children}
    for child in children:
        cell = child.cell
        if cell.greenlet is not None and limits[child] > 0:
            (cell.drain if child.spec.drain else cell.stop)(Stopped())
    late = []
    for child in sorted(children, key=limits.__getitem__):
        waited = time.monotonic() - asked_at
        if not child.cell.await_end(max(0.0, limits[child] - waited)):
            child.cell.kill()
            late.append(child.cell)
    kill_together(late, are_killed=True)


def _retire(children: Sequence[Child], alive: set[Child]) -> None:
    for child in children:
        reason = child.cell.end_reason if child in alive else None
        child.cell.retire(reason or Stopped())


def kill_together(cells: Iterable[Cell], *, are_killed: bool = False) -> None:
    """Kill the incarnations that live, and wait for a second; do it once more; leave the rest.

    The first kill may meet an actor in `receive` and start its `on_stop`; the second ends that.
    With `are_killed`, the first kill was given already.
    """
    left = [cell for cell in cells if cell.greenlet is not None]
    patience = _KILL_PATIENCE_S * (1 + _KILLS * any(cell.supervises for cell in left))
    for number in range(_KILLS):
        greenlets: list[Any] = [cell.greenlet for cell in left if not cell.await_end(0)]
        if number or not are_killed:
            gevent.killall(greenlets, block=False)
        gevent.joinall(greenlets, timeout=patience)
    for cell in left:
        greenlet = cell.greenlet
        if greenlet is not None and greenlet.ready():
            greenlet.report_end()
        elif greenlet is not None:
            cell.system.events.publish(ActorStuck(cell.name))
