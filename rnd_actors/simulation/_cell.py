"""The cell of an actor in a simulation: it can be traced, and faults can strike it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gevent.event
from gevent import getcurrent

from rnd_actors.actors import Actor
from rnd_actors.actors._cell import Cell, message_of
from rnd_actors.actors._owned import current_greenlet
from rnd_actors.simulation._faults import Crash, CutOff, Fault, Hang, InjectedError, Slow

if TYPE_CHECKING:
    from rnd_actors.actors import ActorSystem
    from rnd_actors.actors._cell import CellSpec
    from rnd_actors.simulation._virtual_time import VirtualTime

__all__ = ["SimulatedCell"]


class SimulatedCell(Cell):
    """A cell whose messages are traced, and which suffers the faults that are meant for it."""

    __slots__ = ("_cut_off_until", "_due", "_let_in", "_simulation")

    def __init__(
        self,
        spec: CellSpec,
        parent: Cell | None,
        system: ActorSystem,
        simulation: VirtualTime,
    ) -> None:
        self._simulation = simulation
        self._due: list[Fault] = []
        """Faults that strike the next message."""
        self._cut_off_until = 0.0
        super().__init__(spec, parent, system)
        self._let_in, self.put = self.put, self._put_if_let
        if parent is not None:
            simulation.injector.register(self)

    def make_actor(self) -> object:
        actor = super().make_actor()
        if isinstance(actor, Actor):
            actor.receive = self._disturbed(actor.receive)  # type: ignore[assignment, method-assign]
        return actor

    def post(self, entry: Any) -> None:
        self._simulation.tracer.told(_sender(), self.name, entry, lost=False)
        super().post(entry)

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
        greenlet: Any = self.greenlet
        if greenlet is not None:
            if self.supervises:
                greenlet.fail(error)
            else:
                greenlet.kill(error, block=False)

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
            gevent.event.Event().wait()
        elif isinstance(fault, Slow):
            gevent.sleep(fault.seconds)
        else:
            self.suffer(fault)

    def _put_if_let(self, entry: Any, *how: Any) -> bool:
        lost = self._simulation.now < self._cut_off_until
        self._simulation.tracer.told(_sender(), self.name, entry, lost=lost)
        if lost:
            self.mailbox.refuse(message_of(entry), "lost: a fault has cut its receiver off")
            return True
        return self._let_in(entry, *how) is not False


def _sender() -> str:
    greenlet = current_greenlet()
    if greenlet is not None:
        return greenlet.name
    return "timer" if isinstance(getcurrent(), gevent.hub.Hub) else "main"
