"""The sleeper: a greenlet that waits for another one to wake it, or for some time."""

from gevent import get_hub, getcurrent

from rnd_actors.actors._turns import current_turns

__all__ = ["Sleeper"]


class Sleeper:
    """Lets the greenlet that made it sleep until another one wakes it.

    Raises:
        BlockingSwitchOutError: it is the loop itself that would sleep, in a callback.
    """

    __slots__ = ("_is_asleep", "_switch", "_turns")

    def __init__(self) -> None:
        greenlet = getcurrent()
        if greenlet is get_hub():
            greenlet.switch_out()  # raises: callbacks of the loop cannot wait
        self._turns = current_turns()
        self._switch = greenlet.switch
        self._is_asleep = False

    def sleep(self, now: float, seconds: float | None) -> None:
        """Sleep until `wake`, for so many seconds at most; whoever sleeps has to look why it woke.

        Raises:
            LoopExit: nothing is left in this thread that could ever wake it.
        """
        timer = None
        if seconds is not None:
            timer = get_hub().loop.timer(seconds)
            timer.start(self.wake)
        self._is_asleep = True
        try:
            self._turns.sleep(now)
        except BaseException:
            if not self._is_asleep:
                self._turns.forget(self._switch)
            raise
        finally:
            self._is_asleep = False
            if timer is not None:
                timer.close()

    def wake(self) -> None:
        """Wake it if it sleeps."""
        if self._is_asleep:
            self._is_asleep = False
            self._turns.wake(self._switch)
