"""The cell of an actor in a simulation: it can be traced, and faults can strike it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gevent
from gevent import getcurrent
from gevent.event import Event as Flag

from rnd_actors.actors import Actor
from rnd_actors.actors._cell import Cell
from rnd_actors.actors._current import current_cell
from rnd_actors.actors._requests import Asked
from rnd_actors.simulation._faults import Crash, CutOff, Fault, Hang, InjectedError, Slow
from rnd_actors.simulation._guarded_door import GuardedDoor

if TYPE_CHECKING:
    from rnd_actors.actors import ActorSystem, ChildSpec
    from rnd_actors.simulation._virtual_time import VirtualTime

__all__ = ["SimulatedCell"]


class SimulatedCell(Cell):
    """A cell whose messages are traced, and which suffers the faults that are meant for it."""

    __slots__ = ("_cut_off_until", "_due", "_simulation")

    def __init__(
        self,
        spec: ChildSpec,
        parent: Cell | None,
        system: ActorSystem,
        simulation: VirtualTime,
    ) -> None:
        self._simulation = simulation
        self._due: list[Fault] = []
        """Faults that strike the next message."""
        self._cut_off_until = 0.0
        super().__init__(spec, parent, system)
        self.door = GuardedDoor(self.mailbox, self._lets_in)
        if parent is not None:
            simulation.injector.register(self)

    def make_actor(self) -> object:
        actor = super().make_actor()
        if isinstance(actor, Actor):
            actor.receive = self._disturbed(actor.receive)  # type: ignore[assignment, method-assign]
        return actor

    def suffer(self, fault: Fault) -> None:
        """Hear that a fault strikes now."""
        if isinstance(fault, CutOff):
            self._cut_off_until = self._simulation.now + fault.seconds
        elif isinstance(fault, Crash):
            self._crash(InjectedError(f"{fault} was to crash {self.name}"))
        else:
            self._due.append(fault)

    def _crash(self, error: InjectedError) -> None:
        """Crash now, also in the middle of a message; a supervisor finishes what it does first."""
        if self.life is not None:
            if self.supervises:
                self.life.background_failed(error)
            else:
                self.life.kill(error)

    def _disturbed(self, receive: Callable[[Any], None]) -> Callable[[Any], None]:
        def disturbed(message: Any) -> None:
            self._simulation.tracer.handles(self.name, message)
            faults = [*self._due, *self._simulation.injector.by_chance(self)]
            self._due.clear()
            for fault in faults:
                self._disturb(fault, message)
            receive(message)

        return disturbed

    def _disturb(self, fault: Fault, message: Any) -> None:
        if isinstance(fault, Crash):
            raise InjectedError(f"{fault} was to crash {self.name} at {message!r}")
        if isinstance(fault, Hang):
            Flag().wait()
        elif isinstance(fault, Slow):
            gevent.sleep(fault.seconds)
        else:
            self.suffer(fault)

    def _lets_in(self, entry: Any, is_forced: bool) -> bool:  # noqa: FBT001
        lost = not is_forced and self._simulation.now < self._cut_off_until
        self._simulation.tracer.told(_sender(), self.name, entry, lost=lost)
        if lost:
            message = entry.request if isinstance(entry, Asked) else entry
            self.mailbox.refuse(message, "lost: a fault has cut its receiver off")
        return not lost


def _sender() -> str:
    cell = current_cell()
    if cell is not None:
        return cell.name
    return "timer" if isinstance(getcurrent(), gevent.hub.Hub) else "main"
