"""The sleeper: a greenlet that waits for another one to wake it."""

from collections.abc import Callable
from typing import Any

from gevent import get_hub, getcurrent

__all__ = ["Sleeper"]


class Sleeper:
    """Lets one greenlet at a time sleep until it is woken.

    gevent's own queues and events wait deep in C code, of which each switch copies the stack to the
    heap and back; from here a switch costs less than half of that, and an idle actor less memory.
    """

    __slots__ = ("_alarm", "_switch")

    def __init__(self) -> None:
        self._switch: Callable[[], object] | None = None
        self._alarm: Any = None

    def sleep(self, seconds: float | None = None) -> None:
        """Sleep until `wake`, for so many seconds at most; whoever sleeps has to look why it woke.

        Raises:
            LoopExit: nothing is left in this thread that could ever wake it.
        """
        hub, timer = get_hub(), None
        self._switch = getcurrent().switch
        try:
            if seconds is not None:
                timer = hub.loop.timer(seconds)
                timer.start(self._switch)
            hub.switch()
        finally:
            self._switch = None
            if self._alarm is not None:
                self._alarm.stop()
                self._alarm = None
            if timer is not None:
                timer.close()

    def wake(self) -> None:
        """Wake who sleeps, if anybody does."""
        if self._switch is not None and self._alarm is None:
            self._alarm = get_hub().loop.run_callback(self._switch)
