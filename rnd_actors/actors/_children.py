"""The children of a supervisor: their states, and the order in which they start."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

from attrs import define, field

from rnd_actors._printing import shown
from rnd_actors.actors._cell import Cell
from rnd_actors.actors._handling import Deferred
from rnd_actors.actors._incarnation import ExitReason, Stopped
from rnd_actors.actors._owned import OwnedGreenlet
from rnd_actors.actors._policy import RestartIntensity, RestartWindow
from rnd_actors.actors._ref import ActorRef
from rnd_actors.actors._requests import Asked
from rnd_actors.actors._supervision import INFINITY, ChildCounts, ChildInfo, ChildSpec, ChildState
from rnd_actors.errors import ActorDeadError, UnknownChildError

_ACTIVE: Final = (ChildState.STARTING, ChildState.RUNNING)
_AT_REST: Final = (ChildState.DOWN, ChildState.TERMINATED)
_NOT_YET: Final = Stopped()
_SHUTDOWN_S: Final = 10.0
_NAMED: Final = 20


@define(eq=False)
class Child:
    """One child: its cell, its state and its record of failures."""

    cell: Cell
    spec: ChildSpec
    is_kept: bool = field(kw_only=True)
    """Whether it stays a child when it has ended for good."""
    state: ChildState = ChildState.WAITING
    attempt: int = 0
    """The number of the restart, so that a backoff that was cut off does not start it."""
    failures: int = 0
    """Failures in a row, without a sign of health or a quiet time."""
    starters: tuple[Deferred[Any], ...] = ()
    """The answers to the requests for it, until it has started."""
    _window: RestartWindow | None = None
    _failed_starts: int = 0
    _ready_at: float | None = None

    @property
    def reason(self) -> ExitReason:
        return self.cell.end_reason or _NOT_YET

    @property
    def is_active(self) -> bool:
        return self.state in _ACTIVE

    @property
    def is_at_rest(self) -> bool:
        """Whether only a request starts it."""
        return self.state in _AT_REST

    @property
    def shutdown_s(self) -> float:
        if self.spec.shutdown is not None:
            return self.spec.shutdown
        return INFINITY if self.cell.supervises else _SHUTDOWN_S

    def count_restart(self, intensity: RestartIntensity) -> bool:
        """Count a restart; False, uncounted, if none is left."""
        if self._window is None:
            self._window = RestartWindow(intensity)
        if intensity.max_restarts is not None and self._failed_starts > intensity.max_restarts:
            return False
        return self._window.spend(time.monotonic())

    def note_ready(self) -> None:
        """Record that its `on_start` has returned."""
        self._ready_at = time.monotonic()
        self._failed_starts = 0

    def note_failure(self, quiet_s: float) -> None:
        """Record that it ended by itself; after more than `quiet_s` seconds, a new row begins."""
        if self._ready_at is None:
            self._failed_starts += 1
        ran_s = 0.0 if self._ready_at is None else time.monotonic() - self._ready_at
        self.failures = 1 if ran_s > quiet_s else self.failures + 1
        self.note_end()

    def note_end(self) -> None:
        self._ready_at = None
        if self.cell.healthy:
            self.failures = 0
            self._window = None

    def take_starters(self) -> tuple[Deferred[Any], ...]:
        """Return the answers that are owed, which is over then."""
        starters, self.starters = self.starters, ()
        return starters

    def has_starter(self, asked: object) -> bool:
        """Whether this request is one of those that wait for its start."""
        return any(starter._asked is asked for starter in self.starters)  # noqa: SLF001

    def settle(self, error: BaseException) -> None:
        for starter in self.take_starters():
            starter.reply_error(error)


class LivingRefs(list[ActorRef[Any]]):
    """Refs that come and go at the same cost, however many there are; the last one fills a gap."""

    def __init__(self) -> None:
        super().__init__()
        self.changes = 0
        self._position: dict[ActorRef[Any], int] = {}

    def add(self, ref: ActorRef[Any]) -> None:
        self.changes += 1
        self._position[ref] = len(self)
        self.append(ref)

    def discard(self, ref: ActorRef[Any]) -> None:
        position = self._position.pop(ref, None)
        if position is not None:
            self.changes += 1
            last = self.pop()
            if last is not ref:
                self[position] = last
                self._position[last] = position


class Children:
    """Children in start order. One starts when `on_start` of the one before has returned or failed.

    Args:
        launch: begins an incarnation of a child.
    """

    def __init__(self, launch: Callable[[Child], None]) -> None:
        self._launch = launch
        self._by_id: dict[str, Child] = {}
        self.refs = LivingRefs()
        """Of the children that have not stopped for good."""
        self.are_ending = False
        """Whether all end, with their supervisor."""
        self._to_start: deque[tuple[Child, int]] = deque()
        self._starting: Child | None = None
        """The child after which the next one in the queue starts."""
        self._all_starting: set[Child] = set()
        self._significant: set[Child] = set()
        """Significant children that are not at rest."""
        self._unhealthy: set[Child] = set()
        """Children that have not ended for good, and do not work yet."""

    def __iter__(self) -> Iterator[Child]:
        return iter(tuple(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, child_id: str) -> bool:
        return child_id in self._by_id

    def __getitem__(self, child_id: Any) -> Child:
        child = self._by_id.get(child_id) if isinstance(child_id, str) else None
        if child is None:
            names = ", ".join(map(repr, islice(self._by_id, _NAMED))) or "none"
            more = f" and {len(self) - _NAMED} more" if len(self) > _NAMED else ""
            raise UnknownChildError(
                f"there is no child {shown(child_id)}; the children are: {names}{more}"
            )
        return child

    def find(self, child_id: str) -> Cell | None:
        """Return the cell of the child, unless it has stopped for good."""
        child = self._by_id.get(child_id)
        return None if child is None or child.cell.exit_reason is not None else child.cell

    def cells(self) -> Iterator[Cell]:
        return (child.cell for child in self if child.cell.exit_reason is None)

    def has(self, child: Child) -> bool:
        """Return whether a child is among them, and not forgotten or replaced."""
        return self._by_id.get(child.spec.id) is child

    def alive(self, cell: Cell, incarnation: int) -> Child | None:
        """Return the child whose present incarnation this is; None if there is none."""
        child = self._by_id.get(cell.spec.id)
        if child is None or child.cell is not cell or cell.incarnation != incarnation:
            return None
        return child if child.is_active else None

    def add(self, child: Child) -> None:
        self._by_id[child.spec.id] = child
        self.refs.add(child.cell.ref)
        self.change(child, child.state)

    def remove(self, child: Child) -> None:
        self.change(child, ChildState.TERMINATED)
        if self.has(child):
            del self._by_id[child.spec.id]

    def change(self, child: Child, state: ChildState) -> None:
        if (child.state is ChildState.TERMINATED) != (state is ChildState.TERMINATED):
            keep = self.refs.add if child.state is ChildState.TERMINATED else self.refs.discard
            keep(child.cell.ref)
        child.state = state
        if state is ChildState.TERMINATED:
            self._unhealthy.discard(child)
        if state in _AT_REST:
            self._significant.discard(child)
        elif state is not ChildState.RUNNING:
            self._unhealthy.add(child)
            if child.spec.significant:
                self._significant.add(child)

    def note_health(self, child: Child) -> None:
        self._unhealthy.discard(child)

    def are_healthy(self) -> bool:
        """Return whether there are children, and all that have not ended for good work."""
        return bool(self.refs) and not self._unhealthy

    def are_significant_at_rest(self) -> bool:
        return not self._significant

    def start(self, children: Iterable[Child]) -> None:
        """Start these in this order, after all that wait already."""
        for child in children:
            if child.state is not ChildState.WAITING:
                self.change(child, ChildState.WAITING)
            self._to_start.append((child, child.attempt))
        self.start_next()

    def is_awaited_by_starting(self, asked: Asked | None) -> bool:
        """Return whether a child that starts waits, maybe by way of others, for this request."""
        if asked is None or not self._all_starting:
            return False
        asking = _actor_of(asked.asker)
        return asking is not None and any(
            _waits_for(child.cell, asking) for child in self._all_starting
        )

    def start_waits_for(self, child: Child, asked: Asked | None) -> bool:
        """Return whether a child cannot start before the actor that asks, maybe by way of others.

        It may wait, in its `on_start`, for the start of one that waits for it.
        """
        asking = None if asked is None else _actor_of(asked.asker)
        while asking is not None and child.cell is not asking:
            awaited = child.cell.waits_for
            starting = (x for x in self._all_starting if x.has_starter(awaited))
            following = next(starting, None)
            if following is None:
                return False
            child = following
        return asking is not None

    def start_now(self, child: Child) -> None:
        """Start a child at once, whatever the others do."""
        self.change(child, ChildState.STARTING)
        self._all_starting.add(child)
        self._launch(child)

    def start_next(self) -> None:
        """Start the next one that still waits, unless one is starting."""
        while self._starting is None and self._to_start:
            child, attempt = self._to_start.popleft()
            if child.state is ChildState.WAITING and child.attempt == attempt and self.has(child):
                self._starting = child
                self.start_now(child)

    def start_is_over(self, child: Child) -> None:
        """Record that `on_start` of a child has returned or failed."""
        self._all_starting.discard(child)
        if child is self._starting:
            self._starting = None

    def infos(self) -> tuple[ChildInfo, ...]:
        return tuple(
            ChildInfo(
                child.spec.id,
                child.cell.ref,
                child.state,
                child.cell.incarnation,
                child.cell.kind,
                child.spec,
            )
            for child in self
        )

    def counts(self) -> ChildCounts:
        active = [child for child in self if child.is_active]
        supervisors = sum(child.cell.supervises for child in active)
        return ChildCounts(len(self), len(active), supervisors, len(active) - supervisors)


def require_open(supervisor: Any) -> None:
    """Raise `ActorDeadError` if a supervisor that is not restarted ends: it would not answer."""
    children = supervisor.children
    if children is not None and children.are_ending:
        raise ActorDeadError(f"{supervisor.name} ends, and starts nobody any more")


def _actor_of(greenlet: Any) -> object:
    """Return the actor whose greenlet this is, or whose greenlet has spawned it, if any."""
    while greenlet is not None and not isinstance(greenlet, OwnedGreenlet):
        spawned_by = getattr(greenlet, "spawning_greenlet", None)
        greenlet = None if spawned_by is None else spawned_by()
    return None if greenlet is None else greenlet.cell


def _waits_for(waiting: Any, other: object) -> bool:
    """Return whether an actor is `other`, or waits for it, maybe by way of further ones."""
    while waiting is not None and waiting is not other:
        waits_for = waiting.waits_for
        waiting = waits_for.receiver if isinstance(waits_for, Asked) else None
    return waiting is other
