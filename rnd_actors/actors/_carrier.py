"""The carrier: a greenlet on which actors have their turns, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gevent

if TYPE_CHECKING:
    from rnd_actors.actors._cell import Cell
    from rnd_actors.actors._turns import Turns

__all__ = ["Carried", "Carrier"]


class Carried:
    """What needs a greenlet only while it has its turn."""

    __slots__ = ("turns",)

    turns: Turns
    """Where it has its turns."""

    def take_turn(self, carrier: Carrier) -> None:
        """Do what there is to do, on the greenlet `carrier`, which calls this."""
        raise NotImplementedError


class Carrier(gevent.Greenlet):  # type: ignore[type-arg]
    """A greenlet on which one after the other has its turn."""

    __slots__ = ("_turns", "cell", "load")

    spawning_stack_limit = 0  # it would show who came first, and keep frames alive

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self._turns = turns
        self.cell: Cell | None = None
        """Of the actor that has its turn."""
        self.load: Carried | None = None
        """Who has the next turn on it."""

    def unload(self) -> Carried | None:
        """Return who has the next turn on it; None: it is not needed any more."""
        load, self.load = self.load, None
        return load

    def _run(self) -> None:
        self._turns.carry(self)
