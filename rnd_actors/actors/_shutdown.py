"""How a supervisor ends its children: in order, each within its own limit."""

import time
from collections.abc import Sequence
from enum import Enum

from gevent import GreenletExit

from rnd_actors.actors._cell import Cell
from rnd_actors.actors._exits import Shutdown

__all__ = ["ShutdownOrder", "end_children"]


class ShutdownOrder(Enum):
    """In which order a supervisor ends its children.

    Example:
        >>> from rnd_actors import Actor, ChildSpec, ShutdownOrder, Supervisor
        >>> specs = [ChildSpec(str(number), Actor) for number in range(16)]
        >>> make = lambda: Supervisor(specs, shutdown_order=ShutdownOrder.PARALLEL)
        >>> pool = ChildSpec("pool", make)
    """

    REVERSE = "reverse"
    """The last one started ends first, and the next one is told when it has ended."""
    PARALLEL = "parallel"
    """All are told at once; for many alike children that do not need each other."""


def end_children(cells: Sequence[Cell], order: ShutdownOrder, *, for_good: bool) -> None:
    """End the incarnations of the actors in `cells`, given in start order.

    If they end for good, what waits for them becomes dead letters. If this itself is killed, what
    is left of them is killed too.
    """
    alive = {cell for cell in cells if cell.life is not None}
    batches = [cells] if order is ShutdownOrder.PARALLEL else [[cell] for cell in reversed(cells)]
    try:
        for batch in batches:
            _end_together(batch)
            if for_good:
                _retire(batch, alive)
    except GreenletExit:
        _kill_together([cell for cell in cells if cell.exit_reason is None], alive)
        raise


def _end_together(cells: Sequence[Cell]) -> None:
    asked_at = time.monotonic()
    for cell in cells:
        if cell.life is not None and cell.spec.shutdown > 0:
            (cell.drain if cell.spec.drain else cell.stop)(Shutdown())
    for cell in sorted(cells, key=lambda cell: cell.spec.shutdown):
        waited = time.monotonic() - asked_at
        cell.await_end(max(0.0, cell.spec.shutdown - waited))


def _kill_together(cells: Sequence[Cell], alive: set[Cell]) -> None:
    for cell in cells:
        if cell.life is not None:
            cell.life.kill()
    try:
        for cell in cells:
            cell.await_end(0)
    finally:
        _retire(cells, alive)


def _retire(cells: Sequence[Cell], alive: set[Cell]) -> None:
    for cell in cells:
        reason = cell.end_reason if cell in alive else None
        cell.retire(reason or Shutdown())
