"""Turns: which of the sleeping greenlets that were woken goes on next."""

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeAlias

from gevent import get_hub
from gevent.hub import Hub

__all__ = ["Switch", "Turns", "current_turns"]

Switch: TypeAlias = Callable[[], object]
"""The `switch` of a greenlet."""

_IN_A_ROW_S: Final = 0.002
"""Then the loop has its turn: sockets and timers wait no longer, save for one long handler."""


class Turns:
    """Gives sleeping greenlets of one thread their turns, in the order in which they were woken.

    Who goes to sleep hands over to the next at once. By way of gevent's hub it would be two
    switches instead of one, and its own queues and events wait deep in C code, of which each
    switch copies the stack to the heap and back.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub: Any = hub
        self._woken: deque[Switch] = deque()
        self.now = 0.0
        """When the present turn has begun, in monotonic seconds."""
        self._until = 0.0
        """When the loop has its turn again, in monotonic seconds."""
        self._is_due = False
        """Whether the loop will give the next turn."""

    def wake(self, switch: Switch) -> None:
        """Let a greenlet that sleeps go on in its turn."""
        self._woken.append(switch)
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
            self._woken.popleft()()
        else:
            self._hub.switch()

    def forget(self, switch: Switch) -> None:
        """Take back a turn: the greenlet was woken, but has gone on already."""
        with suppress(ValueError):
            self._woken.remove(switch)

    def _begin(self) -> None:
        """Give the next turn, for the loop."""
        self.now = time.monotonic()
        self._until = self.now + _IN_A_ROW_S
        try:
            while self._woken and self.now < self._until:
                self._woken.popleft()()
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
