"""The loop of a simulation: a heap of timers and a list of callbacks, and no real I/O.

It has the interface of gevent's loops, so gevent's hub runs on it as on any other. Among the
callbacks that could run next it takes the one that the schedule picks; when there are none it jumps
to the next timer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any, Final, TypeAlias

from gevent import getcurrent
from gevent.exceptions import LoopExit

from rnd_actors.errors import DeadlockError, LivelockError, VirtualTimeoutError
from rnd_actors.simulation._callbacks import Callback, VirtualTimer
from rnd_actors.simulation._nothing_real import NothingReal
from rnd_actors.simulation._schedule import Pick

__all__ = ["VirtualLoop"]

_MOST_CALLBACKS_AT_ONCE: Final = 1_000_000
"""So many at one moment of virtual time are taken for a livelock."""
_MOST_READINGS_AT_ONCE: Final = 10_000_000
_LEAST_STALE: Final = 1_000
"""Fewer stopped timers are not worth a new heap."""


_Entry: TypeAlias = tuple[float, int, VirtualTimer]
"""When a timer expires, the number of its entry, and the timer."""


class NothingLeftError(DeadlockError, LoopExit):
    """What gevent's own loops report as `LoopExit`, with the names of those who wait.

    Its arguments are those of gevent's: a semaphore takes it for one of another thread otherwise.
    """

    def __str__(self) -> str:
        return str(self.args[0])


class VirtualLoop(NothingReal):
    """A loop for gevent's hub that runs in virtual time, on a schedule.

    Args:
        pick: says which of so many callbacks runs next.
        limit: virtual seconds after which it raises `VirtualTimeoutError` in the main greenlet.
        who_waits: says who waits for what, for its errors.
    """

    default = False
    approx_timer_resolution = 0.0

    def __init__(self, pick: Pick, limit: float, who_waits: Callable[[], str]) -> None:
        super().__init__()
        self._pick = pick
        self._who_waits = who_waits
        self._limit = self._give_up_at = limit
        self._now = 0.0
        self._runnable: list[Callback] = []
        self._heap: list[_Entry] = []
        self._armed = 0
        """How many timers were ever armed."""
        self._stale = 0
        """How many entries of the heap belong to timers that were stopped."""
        self._awaited = 0
        """How many timers the loop has to wait for."""
        self._readings = 0
        """How often the time was asked for since it has passed."""
        self.error_handler: Any = None

    def now(self) -> float:
        self._readings += 1
        if self._readings > _MOST_READINGS_AT_ONCE:
            self._readings = 0
            raise LivelockError(
                f"virtual time stands still at {self._now:g} s: it was asked for "
                f"{_MOST_READINGS_AT_ONCE:,} times; a loop until it is later has to wait in between"
            )
        return self._now

    def update_now(self) -> None:
        """Do nothing: time passes only while the loop has nothing else to do."""

    update = update_now

    def run(self, nowait: bool = False, once: bool = False) -> None:  # noqa: FBT001, FBT002
        """Run callbacks and timers; when none are left, say so in the main greenlet and go on."""
        runnable, pick = self._runnable, self._pick
        at_once, moment = 0, self._now
        while True:
            if runnable:
                self._run(runnable.pop(pick(len(runnable)) if len(runnable) > 1 else 0))
                at_once += 1
                if at_once > _MOST_CALLBACKS_AT_ONCE:
                    at_once = 0
                    self._report_livelock()
            elif self._advance():
                if self._now > moment:
                    at_once, self._readings, moment = 0, 0, self._now
            else:
                why = f"nothing is left that could wake anyone; {self._who_waits()}"
                self._throw(NothingLeftError(why, getcurrent(), None))

    def run_callback(self, func: Callable[..., object], *args: Any) -> Callback:
        callback = Callback(func, args)
        self._runnable.append(callback)
        return callback

    run_callback_threadsafe = run_callback

    def timer(
        self,
        after: float,
        repeat: float = 0.0,
        ref: bool = True,  # noqa: FBT001, FBT002
        priority: int | None = None,
    ) -> VirtualTimer:
        return VirtualTimer(self, after, repeat, ref=ref)

    def idle(self, ref: bool = True, priority: int | None = None) -> VirtualTimer:  # noqa: FBT001, FBT002
        return self.timer(0.0, ref=ref)

    def arm(self, timer: VirtualTimer, delay: float) -> int:
        """Let a timer expire after so many seconds; return the number of its entry."""
        self._armed += 1
        self._awaited += timer.ref
        heappush(self._heap, (self._now + delay, self._armed, timer))
        return self._armed

    def disarm(self, timer: VirtualTimer) -> None:
        """Hear that a timer has been stopped."""
        self._awaited -= timer.ref
        self._stale += 1
        if self._stale > max(_LEAST_STALE, len(self._heap) // 2):
            self._heap = list(filter(_is_armed, self._heap))
            heapify(self._heap)
            self._stale = 0

    def _run(self, chosen: Callback) -> None:
        callback, args = chosen.callback, chosen.args
        if callback is None or args is None:
            return
        chosen.callback = None
        try:
            callback(*args)
        except BaseException:  # noqa: BLE001
            self.error_handler.handle_error(chosen, *sys.exc_info())
        chosen.args = None

    def _advance(self) -> bool:
        """Jump to the next timers that are waited for; False if there are none."""
        if not self._awaited:
            return False
        heap = self._heap
        while not _is_armed(heap[0]):
            heappop(heap)
            self._stale -= 1
        if heap[0][0] > self._give_up_at:
            self._give_up()
            return True
        self._now = heap[0][0]
        while heap and heap[0][0] <= self._now:
            entry = heappop(heap)
            if _is_armed(entry):
                timer = entry[2]
                self._awaited -= timer.ref
                self._runnable.append(timer.expire())
            else:
                self._stale -= 1
        return True

    def _report_livelock(self) -> None:
        self._throw(
            LivelockError(
                f"virtual time stands still at {self._now:g} s: {_MOST_CALLBACKS_AT_ONCE:,} "
                "callbacks have run, and there is always another; a loop around sleep(0) cannot "
                "wait for something that takes time"
            )
        )

    def _give_up(self) -> None:
        self._now = self._give_up_at
        self._give_up_at += self._limit
        self._throw(
            VirtualTimeoutError(
                f"not over after {self._limit:g} s of virtual time; {self._who_waits()}"
            )
        )

    def _throw(self, error: Exception) -> None:
        """Raise in the greenlet that runs the simulation; it may go on afterwards."""
        hub: Any = getcurrent()
        hub.parent.throw(error)

    def destroy(self) -> None:
        """Forget all that was to come."""
        self._runnable.clear()
        self._heap.clear()
        self._awaited = 0


def _is_armed(entry: _Entry) -> bool:
    """Say whether the timer of an entry still waits for just this time."""
    _, number, timer = entry
    return timer.entry == number
