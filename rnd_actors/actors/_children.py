"""The children of a supervisor: who they are, and the order in which they start."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from rnd_actors.actors._child import Child
from rnd_actors.actors._strategy import Strategy
from rnd_actors.actors._supervision import ChildCounts, ChildInfo, ChildState
from rnd_actors.errors import UnknownChildError

if TYPE_CHECKING:
    from rnd_actors.actors._cell import Cell

__all__ = ["Children"]


class Children:
    """Children in start order. One starts when `on_start` of the one before has returned or failed.

    Args:
        launch: begins an incarnation of a child.
    """

    def __init__(self, launch: Callable[[Child], None]) -> None:
        self._launch = launch
        self._by_id: dict[str, Child] = {}
        self._to_start: deque[Child] = deque()
        self._starting: Child | None = None

    def __iter__(self) -> Iterator[Child]:
        return iter(tuple(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, child_id: str) -> bool:
        return child_id in self._by_id

    def __getitem__(self, child_id: str) -> Child:
        child = self._by_id.get(child_id)
        if child is None:
            known = ", ".join(map(repr, self._by_id)) or "none"
            raise UnknownChildError(f"there is no child {child_id!r}; the children are: {known}")
        return child

    def has(self, child: Child) -> bool:
        """Whether this one is among them, and not forgotten or replaced."""
        return self._by_id.get(child.spec.id) is child

    def alive(self, cell: Cell, incarnation: int) -> Child | None:
        """Return the child of which this is the present incarnation; None if there is none."""
        child = self._by_id.get(cell.spec.id)
        if child is None or child.cell is not cell or cell.incarnation != incarnation:
            return None
        return child if child.is_active else None

    def add(self, child: Child) -> None:
        """Add a child at the end."""
        self._by_id[child.spec.id] = child

    def remove(self, child: Child) -> None:
        """Forget a child."""
        self._by_id.pop(child.spec.id, None)

    def start(self, children: Iterable[Child]) -> None:
        """Start these, in this order and after those that wait already."""
        for child in children:
            child.state = ChildState.WAITING
            self._to_start.append(child)
        self.start_next()

    def start_now(self, child: Child) -> None:
        """Start this one whatever the others do: it needs none of them."""
        child.state = ChildState.STARTING
        self._launch(child)

    def start_next(self) -> None:
        """Start the next one that waits, unless one is starting."""
        if self._starting is None and self._to_start:
            self._starting = self._to_start.popleft()
            self.start_now(self._starting)

    def start_is_over(self, child: Child) -> None:
        """Note that `on_start` of this one has returned or failed."""
        if child is self._starting:
            self._starting = None

    def hold(self, children: Iterable[Child]) -> None:
        """Let these wait no longer to be started."""
        held = set(children)
        self._to_start = deque(child for child in self._to_start if child not in held)

    def restarted_with(self, failed: Child, strategy: Strategy) -> list[Child]:
        """Return who is restarted when this one has failed, itself among them, in start order."""
        if strategy is Strategy.ONE_FOR_ONE:
            return [failed]
        ordered = list(self)
        first = 0 if strategy is Strategy.ONE_FOR_ALL else ordered.index(failed)
        return [child for child in ordered[first:] if child is failed or not child.is_at_rest]

    def infos(self) -> tuple[ChildInfo, ...]:
        """Say who they are."""
        return tuple(
            ChildInfo(child.spec.id, child.cell.ref, child.state, child.cell.incarnation)
            for child in self
        )

    def counts(self) -> ChildCounts:
        """Say how many they are."""
        active = [child for child in self if child.is_active]
        supervisors = sum(child.cell.supervises for child in active)
        return ChildCounts(len(self), len(active), supervisors, len(active) - supervisors)
