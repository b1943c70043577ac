"""How children end: in order, each within its time limit, and killed at last."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

import gevent

from rnd_actors.actors._cell import Cell
from rnd_actors.actors._children import Child
from rnd_actors.actors._events import ActorStuck, Stopped
from rnd_actors.actors._policy import ShutdownOrder

_KILL_PATIENCE_S: Final = 1.0
_KILLS: Final = 2


def end_children(children: Sequence[Child], order: ShutdownOrder, *, for_good: bool) -> set[Child]:
    """End the incarnations of children, given in start order, each within its own limit.

    Return those that had not ended by themselves before their turn came. If they end for good, what
    waits for them becomes dead letters. If this itself is killed, what is left is killed too.
    """
    alive = {child for child in children if child.cell.greenlet is not None}
    batches = [children] if order is ShutdownOrder.PARALLEL else [[x] for x in reversed(children)]
    ended = set[Child]()
    try:
        for batch in batches:
            ended.update(child for child in batch if child.cell.greenlet is not None)
            _end_together(batch)
            if for_good:
                _retire(batch, alive)
    except BaseException:
        _kill_together([x for x in children if x.cell.exit_reason is None], alive)
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


def _kill_together(children: Sequence[Child], alive: set[Child]) -> None:
    for child in children:
        child.cell.kill()
    try:
        kill_together([child.cell for child in children])
    finally:
        _retire(children, alive)


def _retire(children: Sequence[Child], alive: set[Child]) -> None:
    for child in children:
        reason = child.cell.end_reason if child in alive else None
        child.cell.retire(reason or Stopped())


def kill_together(cells: Iterable[Cell], *, are_killed: bool = False) -> None:
    """Kill the incarnations that live, and wait for a second; do it once more; leave the rest.

    The first kill may meet an actor in `receive` and start its `on_stop`; the second ends that.
    Those that `are_killed` have had the first one.
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
