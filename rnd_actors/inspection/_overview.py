"""All actors of a system at one moment, a row for each."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from attrs import frozen

from rnd_actors.actors import ActorRef, ActorStats, ActorSystem
from rnd_actors.actors._cell import Cell
from rnd_actors.inspection._actors import work_of
from rnd_actors.inspection._suspend import is_suspended
from rnd_actors.supervision import ChildState


class ActorState(Enum):
    """What an actor is doing, in a word."""

    RUNNING = "running"
    """It handles a message, or has a `run` of its own."""
    IDLE = "idle"
    """It waits for a message."""
    WAITING = "waiting"
    """It waits for an answer, or for room in the mailbox of another one."""
    STARTING = "starting"
    """Its `on_start` runs."""
    DOWN = "down"
    """It has ended, and may be started again."""
    SUSPENDED = "suspended"
    """It handles nothing, until `unsuspend`."""
    STOPPED = "stopped"
    """It has ended for good; its supervisor keeps it as a child."""


@frozen
class ActorRow:
    """One actor at the time of `overview(system)`."""

    ref: ActorRef[Any]
    parent: str
    """The name of its supervisor; empty for the root."""
    kind: str
    """The name of the actor's class; empty while it is down."""
    incarnation: int
    state: ActorState
    doing: str
    """Its present work in words, also what it waits for."""
    stats: ActorStats
    has_own_work: bool = False
    """Whether it has a `run` of its own, so that nobody can tell when it is busy."""


def overview(system: ActorSystem) -> tuple[ActorRow, ...]:
    """Return all actors of a system, each before its children; nobody is asked or waited for.

    Raises:
        ActorError: the system has not been entered yet.
        WrongThreadError: the system belongs to another thread.

    Example:
        >>> from rnd_actors import Actor, ActorSystem, ChildSpec
        >>> from rnd_actors.inspection import overview
        >>> with ActorSystem() as system:
        ...     counter = system.start(ChildSpec("counter", Actor))
        ...     rows = overview(system)
        >>> [(row.ref.name, row.parent, row.state.value) for row in rows]
        [('system', '', 'idle'), ('counter', 'system', 'idle')]
    """
    cell: Any = system.root._cell  # noqa: SLF001
    cell.require_thread()
    return tuple(_rows(cell, "", ChildState.RUNNING))


def _rows(cell: Cell, parent: str, child_state: ChildState) -> Iterator[ActorRow]:
    yield ActorRow(
        ref=cell.ref,
        parent=parent,
        kind=cell.kind,
        incarnation=cell.incarnation,
        state=_state_of(cell, child_state),
        doing=work_of(cell),
        stats=cell.stats(),
        has_own_work=cell.has_own_work,
    )
    for child in cell.children or ():
        yield from _rows(child.cell, cell.name, child.state)


def _state_of(cell: Cell, child_state: ChildState) -> ActorState:
    if cell.greenlet is None:
        return ActorState.DOWN if cell.exit_reason is None else ActorState.STOPPED
    if child_state is ChildState.STARTING:
        return ActorState.STARTING
    if is_suspended(cell):
        return ActorState.SUSPENDED
    if cell.waits_for is not None:
        return ActorState.WAITING
    return ActorState.RUNNING if cell.mailbox.idle_since is None else ActorState.IDLE
