"""The event loop of a simulation: a heap of timers and a list of callbacks, and no real I/O.

It has the interface of gevent's loops, so gevent's hub runs on it as on any other. Among the
callbacks that could run next it takes the one that the schedule picks; when none is left it jumps
to the next timer.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, Never, TypeAlias

from gevent import getcurrent
from gevent.exceptions import LoopExit

from rnd_actors._validators import accepts, require
from rnd_actors.errors import DeadlockError, LivelockError, NotSimulatedError, VirtualTimeoutError
from rnd_actors.simulation._timers import Callback, TimerHeap, VirtualTimer

Seed: TypeAlias = int | Sequence[int]
"""Fixes a schedule. A number seeds a random one. Each element of a sequence picks one of the
callbacks that could run next, counted from 0, the oldest, and modulo their number; after its end
the oldest is always next, as in gevent's own loops."""

_MOST_CALLBACKS_AT_ONCE: Final = 1_000_000
"""So many at one moment of virtual time are taken for a livelock."""
_MOST_READINGS_AT_ONCE: Final = 10_000_000


class VirtualLoop:
    """A loop for gevent's hub that runs in virtual time, on a schedule.

    Args:
        seed: of the schedule.
        limit: virtual seconds after which it raises `VirtualTimeoutError` in the main greenlet.
        who_waits: describes the actors that wait, for its errors.
    """

    default = False
    approx_timer_resolution = 0.0

    def __init__(self, seed: Seed, limit: float, who_waits: Callable[[], str]) -> None:
        self._pick = pick_of(seed)
        self._who_waits = who_waits
        self._limit = self._give_up_at = limit
        self._runnable: list[Callback] = []
        self._heap = TimerHeap()
        self._readings = 0
        """How often the time was read since it has last passed."""
        self.refused: NotSimulatedError | None = None
        """The first refusal of real I/O: a supervisor may have taken it for a crash of an actor."""
        self.error_handler: Any = None

    def now(self) -> float:
        self._readings += 1
        if self._readings > _MOST_READINGS_AT_ONCE:
            self._readings = 0
            raise LivelockError(
                f"virtual time stands still at {self._heap.now:g} s: it was asked for "
                f"{_MOST_READINGS_AT_ONCE:,} times; a loop until it is later has to wait in between"
            )
        return self._heap.now

    def update_now(self) -> None:
        """Time passes only while the loop has nothing else to do."""

    update = update_now

    def run(self, nowait: bool = False, once: bool = False) -> None:  # noqa: FBT001, FBT002
        """Run callbacks and timers; when none is left, raise `DeadlockError` in the main greenlet.

        The simulation may go on afterwards.
        """
        runnable, pick, heap = self._runnable, self._pick, self._heap
        at_once, moment = 0, heap.now
        while True:
            if runnable:
                self._run(runnable.pop(pick(len(runnable)) if len(runnable) > 1 else 0))
                at_once += 1
                if at_once > _MOST_CALLBACKS_AT_ONCE:
                    at_once = 0
                    self._report_livelock()
            elif (next_time := heap.next_time()) is None:
                why = f"nothing is left that could wake anyone; {self._who_waits()}"
                self._throw(NothingLeftError(why, getcurrent(), None))
            else:
                if next_time > self._give_up_at:
                    self._give_up()
                else:
                    runnable += heap.expire(next_time)
                if heap.now > moment:
                    at_once, self._readings, moment = 0, 0, heap.now

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

    def _give_up(self) -> None:
        self._heap.now = self._give_up_at
        self._give_up_at += self._limit
        why = f"not over after {self._limit:g} s of virtual time; {self._who_waits()}"
        self._throw(VirtualTimeoutError(why))

    def _report_livelock(self) -> None:
        self._throw(
            LivelockError(
                f"virtual time stands still at {self._heap.now:g} s: {_MOST_CALLBACKS_AT_ONCE:,} "
                "callbacks have run, and there is always another; a loop around sleep(0) cannot "
                "wait for something that takes time"
            )
        )

    def _throw(self, error: Exception) -> None:
        """Raise in the greenlet that runs the simulation."""
        hub: Any = getcurrent()
        hub.parent.throw(error)

    def destroy(self) -> None:
        self._runnable.clear()
        self._heap.clear()

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
        return VirtualTimer(self._heap, after, repeat, ref=ref)

    def idle(self, ref: bool = True, priority: int | None = None) -> VirtualTimer:  # noqa: FBT001, FBT002
        return self.timer(0.0, ref=ref)

    def io(self, fd: int, events: int, **_: Any) -> Never:
        self._refuse("sockets and pipes", "put an actor or a SimulatedWorker in their place")

    def child(self, pid: int, **_: Any) -> Never:
        self._refuse("processes", "put a SimulatedWorker or another actor in their place")

    def install_sigchld(self) -> None:
        self.child(0)

    def async_(self, **_: Any) -> Never:
        threads = "native threads, which look up host names, too"
        self._refuse(threads, "put an actor in the place of what they do")

    def fork(self, **_: Any) -> Never:
        self.async_()

    def signal(self, signum: int, **_: Any) -> Never:
        self._refuse("signals", "tell the actor what the signal would")

    def stat(self, path: str, **_: Any) -> Never:
        self._refuse("watchers of files", "tell the actor what they would")

    def _refuse(self, what: str, instead: str) -> Never:
        error = NotSimulatedError(f"virtual time has no {what}; {instead}")
        self.refused = self.refused or error
        raise error


class NothingLeftError(DeadlockError, LoopExit):
    """The `LoopExit` of gevent's own loops, with the names of all actors that wait.

    Its arguments are those of gevent's: a semaphore takes it for one of another thread otherwise.
    """

    def __str__(self) -> str:
        return str(self.args[0])


def pick_of(seed: Seed) -> Callable[[int], int]:
    """Return the schedule of a seed: it picks one of so many callbacks, 2 or more, from 0 on."""
    require(_IS_SEED, "seed", seed)
    if isinstance(seed, int):
        draw = random.Random(f"schedule {seed}").random  # noqa: S311
        return lambda count: int(draw() * count)
    choices = iter(seed)
    return lambda count: next(choices, 0) % count


def _is_seed(seed: object) -> bool:
    if isinstance(seed, Sequence):
        return all(isinstance(choice, int) for choice in seed)
    return isinstance(seed, int)


_IS_SEED: Final = accepts("a whole number, or a sequence of them", _is_seed)
