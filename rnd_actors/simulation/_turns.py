"""The turns of a simulation: its schedule picks who is next."""

import time
from typing import TYPE_CHECKING

from gevent.hub import Hub

from rnd_actors.actors._turns import Switch, Turns

if TYPE_CHECKING:
    from rnd_actors.simulation._callbacks import Callback

__all__ = ["VirtualTurns"]


class VirtualTurns(Turns):
    """Makes every turn a callback of its own, among which the loop of the simulation picks."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub)
        self._callbacks: dict[Switch, Callback] = {}

    def wake(self, switch: Switch) -> None:
        self._callbacks[switch] = self._hub.loop.run_callback(self._give, switch)

    def sleep(self, now: float) -> None:
        self._hub.switch()
        self.now = time.monotonic()

    def forget(self, switch: Switch) -> None:
        if switch in self._callbacks:
            self._callbacks.pop(switch).stop()

    def _give(self, switch: Switch) -> None:
        del self._callbacks[switch]
        switch()
