"""A child as its supervisor sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rnd_actors.actors._budget import Budget, RestartWindow
from rnd_actors.actors._exits import ExitReason, Shutdown
from rnd_actors.actors._supervision import ChildState

if TYPE_CHECKING:
    from rnd_actors.actors._cell import Cell
    from rnd_actors.actors._child_spec import ChildSpec
    from rnd_actors.actors._requests import Deferred

__all__ = ["Child"]


_ACTIVE: Final = (ChildState.STARTING, ChildState.RUNNING)
_AT_REST: Final = (ChildState.DOWN, ChildState.TERMINATED)
_NOT_YET: Final = Shutdown()


class Child:
    """One child: its cell, its state and its record of failures."""

    __slots__ = (
        "_budget",
        "_window",
        "attempt",
        "cell",
        "failures",
        "reason",
        "spec",
        "starter",
        "state",
    )

    def __init__(self, cell: Cell, budget: Budget) -> None:
        self.cell = cell
        self.spec: ChildSpec = cell.spec
        self.state = ChildState.WAITING
        self._budget = budget
        self._window: RestartWindow | None = None
        self.attempt = 0
        """Counts restarts, so that a backoff that was cut off does not start it."""
        self.failures = 0
        """In a row, without a sign of health."""
        self.reason: ExitReason = _NOT_YET
        """Why its last incarnation ended."""
        self.starter: Deferred[Any] | None = None
        """Who asked for it, until it has started once."""

    @property
    def is_active(self) -> bool:
        """Whether an incarnation of it lives."""
        return self.state in _ACTIVE

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing will start it by itself."""
        return self.state in _AT_REST

    def spend_budget(self, now: float) -> bool:
        """Count a restart at `now` (monotonic seconds); False, uncounted, if none is left."""
        if self._window is None:
            self._window = RestartWindow(self._budget)
        return self._window.spend(now)

    def note_end(self, reason: ExitReason) -> None:
        """Enter the end of an incarnation into its record."""
        self.reason = reason
        self.failures += 1
        self.note_health()

    def note_health(self) -> None:
        """Enter whether the incarnation that is over has shown that it works."""
        if self.cell.healthy:
            self.failures = 0
            self._window = None
