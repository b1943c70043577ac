"""The sleeper: a greenlet that waits for another one to wake it."""

from typing import Any

from gevent import get_hub, getcurrent

__all__ = ["Sleeper"]


class Sleeper:
    """Lets the greenlet that made it sleep until another one wakes it.

    gevent's own queues and events wait deep in C code, of which each switch copies the stack to the
    heap and back; from here a switch costs less than half of that, and an idle actor less memory.
    """

    __slots__ = ("_alarm", "_hub", "_is_asleep", "_switch")

    def __init__(self) -> None:
        self._hub = get_hub()
        self._switch = getcurrent().switch
        self._is_asleep = False
        self._alarm: Any = None

    def sleep(self, seconds: float | None = None) -> None:
        """Sleep until `wake`, for so many seconds at most; whoever sleeps has to look why it woke.

        Raises:
            LoopExit: nothing is left in this thread that could ever wake it.
        """
        timer = None
        self._is_asleep = True
        try:
            if seconds is not None:
                timer = self._hub.loop.timer(seconds)
                timer.start(self._switch)
            self._hub.switch()
        finally:
            self._is_asleep = False
            if self._alarm is not None:
                self._alarm.stop()
                self._alarm = None
            if timer is not None:
                timer.close()

    def wake(self) -> None:
        """Wake it if it sleeps."""
        if self._is_asleep and self._alarm is None:
            self._alarm = self._hub.loop.run_callback(self._switch)
