"""What follows when a child of a supervisor has ended by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Never

from attrs import frozen

from rnd_actors.actors._backoff import Backoff
from rnd_actors.actors._budget import Budget, RestartWindow
from rnd_actors.actors._child_spec import Restart
from rnd_actors.actors._delegation import ChildDown, ChildGivenUp
from rnd_actors.actors._events import ChildAbandoned, ChildRestarting
from rnd_actors.actors._exits import Crashed, ExitReason, Killed, Shutdown
from rnd_actors.actors._ref import post
from rnd_actors.actors._shutdown import ShutdownOrder, end_children
from rnd_actors.actors._strategy import AutoShutdown, Strategy
from rnd_actors.actors._supervision import ChildState
from rnd_actors.errors import ActorDeadError, BudgetSpentError

if TYPE_CHECKING:
    from rnd_actors.actors._actor import Actor
    from rnd_actors.actors._child import Child
    from rnd_actors.actors._children import Children

__all__ = ["Policy", "Relaunch", "Restarts"]


@frozen
class Policy:
    """What a supervisor does with children that end."""

    strategy: Strategy
    budget: Budget
    total_budget: Budget | None
    backoff: Backoff
    auto_shutdown: AutoShutdown
    shutdown_order: ShutdownOrder


@frozen
class Relaunch:
    """Told to the supervisor by itself: the backoff of these children is over."""

    attempts: Sequence[tuple[Child, int]]


class Restarts:
    """Decides on children that have ended, and restarts them.

    Args:
        supervisor: in whose name it acts.
        children: the supervisor's children.
        policy: what to do.
        shut_down: ends the supervisor.
    """

    def __init__(
        self,
        supervisor: Actor[Any],
        children: Children,
        policy: Policy,
        shut_down: Callable[[], None],
    ) -> None:
        self._supervisor = supervisor
        self._children = children
        self._policy = policy
        self._shut_down = shut_down
        self._total_window = RestartWindow(policy.total_budget or policy.budget)

    def ended(self, child: Child, reason: ExitReason) -> None:
        """Decide what follows from the end of an incarnation that nobody has asked for."""
        self._children.start_is_over(child)
        child.note_end(reason)
        spec = child.spec
        abnormal = isinstance(reason, Crashed | Killed)
        if child.starter is not None:
            self._settle(child, _error_of(child))
            self.forget(child)
        elif spec.decider is not None:
            child.state = ChildState.DOWN
            post(
                spec.decider,
                ChildDown(self._supervisor.ref, spec.id, child.cell.incarnation, reason),
            )
        elif spec.restart is Restart.PERMANENT or (spec.restart is Restart.TRANSIENT and abnormal):
            self.restart(child)
        else:
            self._let_go(child)

    def restart(self, child: Child) -> bool:
        """Start a child again, and others with it; False if it had to be given up instead."""
        if not self._spend_budget(child):
            return False
        family = self._children.restarted_with(child, self._policy.strategy)
        self._end_for_a_restart([other for other in family if other is not child])
        for member in family:
            member.attempt += 1
        delay = self._policy.backoff.delay(child.failures)
        child.state = ChildState.BACKOFF
        self._supervisor.publish(ChildRestarting(child.cell.name, delay))
        if delay:
            attempts = [(member, member.attempt) for member in family]
            self._supervisor.after(delay, Relaunch(attempts))
        else:
            self._start(family)
        return True

    def relaunch(self, relaunch: Relaunch) -> None:
        """Start these, but for those that somebody has ended or forgotten meanwhile."""
        self._start([child for child, attempt in relaunch.attempts if child.attempt == attempt])

    def _start(self, family: Sequence[Child]) -> None:
        family = [child for child in family if self._children.has(child)]
        if self._policy.strategy is Strategy.ONE_FOR_ONE:
            for child in family:
                self._children.start_now(child)
        else:
            self._children.start(family)

    def _end_for_a_restart(self, others: Sequence[Child]) -> None:
        self._children.hold(others)
        active = [child.cell for child in others if child.is_active]
        end_children(active, self._policy.shutdown_order, for_good=False)
        for child in others:
            self._children.start_is_over(child)
            child.note_health()
            child.reason = child.cell.end_reason or Shutdown()
            if child.spec.decider is not None and child.is_active:
                down = ChildDown(
                    self._supervisor.ref, child.spec.id, child.cell.incarnation, Shutdown()
                )
                post(child.spec.decider, down)
            child.state = ChildState.WAITING
            if child.spec.restart is Restart.TEMPORARY:
                self.forget(child)

    def _spend_budget(self, child: Child) -> bool:
        """Count a restart; say whether it may be. Failing for a budget ends the supervisor."""
        now = time.monotonic()
        total = self._policy.total_budget
        if total is not None and not self._total_window.spend(now):
            self._supervisor.publish(ChildAbandoned(child.cell.name, total, child.reason))
            self._fail_for(child, f"its children together need more than {total}")
        if child.spend_budget(now):
            return True
        self.forget(child)
        self._supervisor.publish(ChildAbandoned(child.cell.name, self._policy.budget, child.reason))
        if child.spec.decider is None:
            self._fail_for(child, f"{child.cell.name} needs more than {self._policy.budget}")
        else:
            post(
                child.spec.decider, ChildGivenUp(self._supervisor.ref, child.spec.id, child.reason)
            )
        return False

    def _fail_for(self, child: Child, why: str) -> Never:
        cause = child.reason.error if isinstance(child.reason, Crashed) else None
        raise BudgetSpentError(f"{why}; last: {child.reason}") from cause

    def _let_go(self, child: Child) -> None:
        """Leave a child that has ended for good where it is."""
        child.state = ChildState.TERMINATED
        child.cell.retire(child.reason)
        if child.spec.restart is Restart.TEMPORARY:
            self._children.remove(child)
        if child.spec.significant and self._shall_shut_down():
            self._shut_down()

    def _shall_shut_down(self) -> bool:
        if self._policy.auto_shutdown is AutoShutdown.ALL_SIGNIFICANT:
            return all(child.is_at_rest for child in self._children if child.spec.significant)
        return self._policy.auto_shutdown is AutoShutdown.ANY_SIGNIFICANT

    def forget(self, child: Child) -> None:
        self._children.remove(child)
        child.cell.retire(child.reason)
        self._settle(child, ActorDeadError(f"{child.cell.name} was ended before it had started"))

    def _settle(self, child: Child, error: Exception) -> None:
        """Tell who asked for a child that it will not start."""
        if child.starter is not None:
            child.starter.reply_error(error)
            child.starter = None


def _error_of(child: Child) -> Exception:
    """Say why a child did not start, as an error for who asked for it."""
    if isinstance(child.reason, Crashed) and isinstance(child.reason.error, Exception):
        return child.reason.error
    return ActorDeadError(f"{child.cell.name} did not start: {child.reason}")
