"""Whose code is running: the actor that the current greenlet belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gevent import getcurrent

if TYPE_CHECKING:
    from rnd_actors.actors._cell import Cell

__all__ = ["current_cell"]


def current_cell() -> Cell | None:
    """Return the cell of the actor that runs now, also in its background work; None outside."""
    greenlet = getcurrent()
    cell: Cell | None = getattr(greenlet, "cell", None) or getattr(greenlet, "owner", None)
    return cell
