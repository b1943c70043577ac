"""What follows when a child of a supervisor has ended by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Never

from attrs import field, frozen

from rnd_actors._validators import instance, member, optional, whole_number
from rnd_actors.actors._children import Child, Children
from rnd_actors.actors._events import (
    FAILURES,
    ChildAbandoned,
    ChildRestarting,
    Crashed,
    ExitReason,
    Stopped,
)
from rnd_actors.actors._policy import (
    AutoShutdown,
    Backoff,
    Budget,
    Restart,
    RestartWindow,
    ShutdownOrder,
    Strategy,
)
from rnd_actors.actors._ref import post
from rnd_actors.actors._shutdown import end_children
from rnd_actors.actors._supervision import ChildDown, ChildGivenUp, ChildSpec, ChildState
from rnd_actors.errors import ActorDeadError, BudgetSpentError

if TYPE_CHECKING:
    from rnd_actors.actors._actor import Actor

_DEFAULT_BUDGET: Final = Budget()
_is_budget = optional(instance(Budget, "a Budget(max_restarts, within), or None"))


@frozen(kw_only=True)
class Policy:
    """What a supervisor does with children that end; the arguments of `Supervisor`."""

    strategy: Strategy = field(validator=member(Strategy))
    budget: Budget | None = field(validator=_is_budget)
    total_budget: Budget | None = field(validator=_is_budget)
    backoff: Backoff = field(
        validator=instance(Backoff, "a Backoff(initial, maximum, factor, jitter)")
    )
    auto_shutdown: AutoShutdown = field(validator=member(AutoShutdown))
    shutdown_order: ShutdownOrder = field(validator=member(ShutdownOrder))
    max_children: int | None = field(validator=optional(whole_number(0)))

    @property
    def child_budget(self) -> Budget | None:
        """That of each child: the default one, unless another or only a total one is given."""
        return _DEFAULT_BUDGET if self.budget is self.total_budget is None else self.budget


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
        total = policy.total_budget
        self._total_window = None if total is None else RestartWindow(total)
        self._is_ending = False

    def ended(self, child: Child, reason: ExitReason) -> None:
        """Decide what follows from the end of an incarnation that nobody has asked for."""
        self._children.start_is_over(child)
        quiet_s = self._policy.backoff.quiet_s(self._policy.child_budget)
        child.note_failure(quiet_s)
        if child.starter is not None:
            self._fail_to_start(child)
        elif child.spec.restart is Restart.DELEGATED:
            self._children.change(child, ChildState.DOWN)
            self._tell_decider(child, reason)
        elif _is_restarted(child.spec, reason):
            self.restart(child)
        else:
            self._finish(child)

    def restart(self, child: Child) -> bool:
        """Start a child again, and others with it; False if it had to be given up instead."""
        if not self._spend_budget(child):
            return False
        family = self._end_family(child)
        delay = self._policy.backoff.delay(child.failures)
        self._children.change(child, ChildState.BACKOFF)
        for member_ in family:
            member_.attempt += 1
        self._supervisor.publish(ChildRestarting(child.cell.name, delay))
        if delay:
            attempts = [(member_, member_.attempt) for member_ in family]
            self._supervisor.after(delay, Relaunch(attempts))
        else:
            self._start(family)
        return True

    def relaunch(self, relaunch: Relaunch) -> None:
        """Start these, but for those that somebody has ended or forgotten meanwhile."""
        self._start([child for child, attempt in relaunch.attempts if child.attempt == attempt])

    def forget(self, child: Child) -> None:
        """Let a child, which has ended, be none any more."""
        self._children.remove(child)
        child.cell.retire(child.reason)
        child.settle(ActorDeadError(f"{child.cell.name} was ended before it had started"))

    def _fail_to_start(self, child: Child) -> None:
        """Tell who asked for the child why it did not start; it is kept if it was one before."""
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
        """End those that are restarted with `failed`; return them and it, in start order."""
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
        elif ended_itself and not _is_restarted(spec, child.reason):
            self._finish(child)
        elif spec.restart is Restart.TEMPORARY:
            self.forget(child)
        else:
            self._children.change(child, ChildState.WAITING)

    def _tell_decider(self, child: Child, reason: ExitReason) -> None:
        if child.spec.decider is not None:
            down = ChildDown(self._supervisor.ref, child.spec.id, child.cell.incarnation, reason)
            post(child.spec.decider, down)

    def _spend_budget(self, child: Child) -> bool:
        """Count a restart; say whether it may be. Failing for a budget ends the supervisor."""
        total, own, window = (
            self._policy.total_budget,
            self._policy.child_budget,
            self._total_window,
        )
        if total is not None and window is not None and not window.spend(time.monotonic()):
            self._supervisor.publish(ChildAbandoned(child.cell.name, total, child.reason))
            self._fail_for(child, f"its children together need more than {total}")
        if own is None or child.spend_budget(own):
            return True
        self.forget(child)
        self._supervisor.publish(ChildAbandoned(child.cell.name, own, child.reason))
        if child.spec.decider is None:
            self._fail_for(child, f"{child.cell.name} needs more than {own}")
        post(child.spec.decider, ChildGivenUp(self._supervisor.ref, child.spec.id, child.reason))
        return False

    def _fail_for(self, child: Child, why: str) -> Never:
        cause = child.reason.error if isinstance(child.reason, Crashed) else None
        raise BudgetSpentError(f"{why}; last: {child.reason}") from cause

    def _finish(self, child: Child) -> None:
        """Leave a child that has ended for good where it is."""
        self._children.change(child, ChildState.TERMINATED)
        child.cell.retire(child.reason)
        if child.spec.restart is Restart.TEMPORARY:
            self._children.remove(child)
        if child.spec.significant and self._shall_shut_down():
            self._is_ending = True
            self._shut_down()

    def _shall_shut_down(self) -> bool:
        if self._policy.auto_shutdown is AutoShutdown.ALL_SIGNIFICANT:
            return self._children.are_significant_at_rest()
        return self._policy.auto_shutdown is AutoShutdown.ANY_SIGNIFICANT


def _is_restarted(spec: ChildSpec, reason: ExitReason) -> bool:
    """Say whether a child is restarted after it has ended by itself."""
    if spec.restart is Restart.TRANSIENT:
        return isinstance(reason, FAILURES)
    return spec.restart is Restart.PERMANENT


def _error_of(child: Child) -> BaseException:
    """Say why a child did not start, as an error for who asked for it."""
    if isinstance(child.reason, Crashed):
        return child.reason.error
    return ActorDeadError(f"{child.cell.name} did not start: {child.reason}")
