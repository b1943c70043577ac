"""Turns: which of those who were woken, actors and greenlets that sleep, goes on next."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import gevent
from gevent import get_hub

from rnd_actors.actors._carrier import Carried, Carrier

if TYPE_CHECKING:
    from gevent.hub import Hub

__all__ = ["Switch", "Turns", "current_turns"]

Switch: TypeAlias = Callable[[], object]
"""The `switch` of a greenlet."""

_IN_A_ROW_S: Final = 0.006
"""Then the loop has its turn: sockets and timers wait no longer, save for one long handler.

It is more than `sys.getswitchinterval()`, or other threads would starve: the loop lets go of the
interpreter's lock for a moment only, and who misses that waits for an interval without such."""


class Turns:
    """Gives those who were woken in one thread their turns, in the order of waking.

    Who goes to sleep hands over to the next at once. By way of gevent's hub it would be two
    switches instead of one, and its own queues and events wait deep in C code, of which each
    switch copies the stack to the heap and back. An actor needs no switch at all: it has its turn
    on the carrier of the one before, and only if that one waits in its turn, on another.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub: Any = hub
        self._woken: deque[Carried | Switch] = deque()
        self._spare: list[Carrier] = []
        self._users = 0
        self.now = 0.0
        """When the present turn has begun, in monotonic seconds."""
        self._until = 0.0
        """When the loop has its turn again, in monotonic seconds."""
        self._is_due = False
        """Whether the loop will give the next turn."""

    def wake(self, sleeper: Carried | Switch) -> None:
        """Let an actor, or a greenlet that sleeps, go on in its turn."""
        self._woken.append(sleeper)
        if not self._is_due:
            self._hub.loop.run_callback(self._begin)
            self._is_due = True

    def sleep(self, now: float) -> None:
        """Let others have their turns, until somebody wakes the greenlet that calls this.

        Raises:
            LoopExit: nothing is left in this thread that could ever wake it.
        """
        self.now = now
        if now < self._until and self._woken:
            self._give(self._woken.popleft())
        else:
            self._hub.switch()

    def forget(self, sleeper: Carried | Switch) -> None:
        """Take back a turn: who was woken has gone on already, or never will."""
        with suppress(ValueError):
            self._woken.remove(sleeper)

    def give_now(self, woken: Carried) -> None:
        """Give a turn before all others, for the loop."""
        self.forget(woken)
        self._give(woken)

    def open(self) -> None:
        """Keep carriers that are not needed at the moment, until as many `close` have come."""
        self._users += 1

    def close(self) -> None:
        """End the carriers that nobody needs any more."""
        self._users -= 1
        if not self._users:
            gevent.killall(tuple(self._spare))

    def new_carrier(self) -> Carrier:
        """Return one on which nobody has had a turn yet."""
        return Carrier(self)

    def carry(self, carrier: Carrier) -> None:
        """Give one turn after the other on a carrier that has its first load."""
        woken = self._woken
        carried: Any = carrier.unload()
        while carried is not None:
            carried.take_turn(carrier)
            carried = None  # a carrier that waits keeps nobody alive
            if woken and self.now < self._until and isinstance(woken[0], Carried):
                carried = woken.popleft()
            elif self._users:
                carried = self._park(carrier)

    def _park(self, carrier: Carrier) -> Carried | None:
        """Let another greenlet go on; return who has the next turn on this one."""
        carrier.cell = carrier.gr_context = None
        self._spare.append(carrier)
        try:
            self.sleep(self.now)
        except BaseException:
            self._spare.remove(carrier)
            raise
        return carrier.unload()

    def _give(self, sleeper: Carried | Switch) -> None:
        """Give a turn, for a greenlet that is no carrier, or one whose turn is not over."""
        if isinstance(sleeper, Carried):
            carrier = self._spare.pop() if self._spare else self.new_carrier()
            carrier.load = sleeper
            carrier.switch()
        else:
            sleeper()

    def _begin(self) -> None:
        """Give the next turn, for the loop."""
        self.now = time.monotonic()
        self._until = self.now + _IN_A_ROW_S
        try:
            while self._woken and self.now < self._until:
                self._give(self._woken.popleft())
                self.now = time.monotonic()
        finally:
            self._is_due = bool(self._woken)
            if self._is_due:
                timer = self._hub.loop.timer(0)  # a callback would come before sockets and timers
                timer.start(self._begin_again, timer)

    def _begin_again(self, timer: Any) -> None:
        timer.close()
        self._begin()


def current_turns() -> Turns:
    """Return those of this thread."""
    hub: Any = get_hub()
    turns: Turns | None = getattr(hub, "turns", None)
    if turns is None:
        turns = hub.turns = Turns(hub)
    return turns
