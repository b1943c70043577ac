"""The turns of a simulation: its schedule picks who is next."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from gevent.hub import Hub

from rnd_actors.actors._carrier import Carried, Carrier
from rnd_actors.actors._turns import Switch, Turns

if TYPE_CHECKING:
    from rnd_actors.simulation._callbacks import Callback

__all__ = ["VirtualTurns"]


class VirtualTurns(Turns):
    """Makes every turn a callback of its own, among which the loop of the simulation picks."""

    def __init__(self, hub: Hub, note_carrier: Callable[[Carrier], None]) -> None:
        super().__init__(hub)
        self._note_carrier = note_carrier
        self._callbacks: dict[Carried | Switch, Callback] = {}

    def wake(self, sleeper: Carried | Switch) -> None:
        self._callbacks[sleeper] = self._hub.loop.run_callback(self._begin_turn, sleeper)

    def sleep(self, now: float) -> None:
        self._hub.switch()
        self.now = time.monotonic()

    def forget(self, sleeper: Carried | Switch) -> None:
        if sleeper in self._callbacks:
            self._callbacks.pop(sleeper).stop()

    def new_carrier(self) -> Carrier:
        carrier = super().new_carrier()
        self._note_carrier(carrier)
        return carrier

    def _begin_turn(self, sleeper: Carried | Switch) -> None:
        del self._callbacks[sleeper]
        self.now = time.monotonic()
        self._give(sleeper)
