"""Virtual time as a block, which replaces gevent's hub, the clocks and the random numbers."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any, Final, Self
from weakref import WeakKeyDictionary

import gevent
from gevent import Greenlet, monkey
from gevent.hub import Hub, set_hub  # type: ignore[attr-defined]

from rnd_actors._validators import accepts, require
from rnd_actors.actors import ActorSystem
from rnd_actors.actors._cell import Cell, CellSpec
from rnd_actors.errors import NotSimulatedError
from rnd_actors.simulation._faults import Fault, Injector, SimulatedCell, Tracer
from rnd_actors.simulation._loop import Seed, VirtualLoop

DAY_S: Final = 86_400.0
_KILL_PATIENCE_S: Final = 1.0
_EPOCH_S: Final = 946_684_800.0
"""The beginning of 2000, UTC: where the wall clock of every simulation starts."""
_NS: Final = 1_000_000_000
_IS_LIMIT: Final = accepts("seconds > 0", lambda limit: limit > 0)


class VirtualTime:
    """Runs the code of its block in virtual time: a wait takes no real time.

    In the block gevent (`sleep`, `Queue`, `Event`, `AsyncResult`, `Timeout`, …), the clocks of
    `time` and `random` are those of the simulation, in this thread. The seed fixes which callback
    runs next. At the end of the block greenlets that are left are killed, and everything is as it
    was before. Blocks can be nested. Events, queues and locks that the block waits for have to be
    made in it, too.

    Events are not logged; `log_events(system.events)` does that, and `trace` tells more.
    `datetime.now()` and clocks that other modules took with `from time import …` stay real.

    Args:
        seed: fixes the schedule, the random numbers and the faults.
        faults: strike actors and simulated processes.
        trace: called with a line for each message and each event.
        limit: seconds of virtual time after which the block fails, > 0.

    Raises:
        DeadlockError: the block waits, and nothing is left that could ever happen.
        VirtualTimeoutError: the block is not over after `limit` seconds.
        LivelockError: there is always something more to do before any time can pass.
        NotSimulatedError: a socket, process or thread was asked for; raised where that happened
            and, if that has not ended the block, at its end.
        SettingsError: `seed` or `limit` is not accepted; or, at the end, a fault had no target.

    Example:
        >>> import gevent
        >>> from rnd_actors.simulation import VirtualTime
        >>> with VirtualTime() as time:
        ...     gevent.sleep(3600)
        ...     time.now
        3600.0
    """

    def __init__(
        self,
        seed: Seed = 0,
        *,
        faults: Iterable[Fault] = (),
        trace: Callable[[str], object] | None = None,
        limit: float = DAY_S,
    ) -> None:
        require(_IS_LIMIT, "limit", limit)
        self._seed = seed
        self._loop = VirtualLoop(seed, limit, self._who_waits)
        self._systems: WeakKeyDictionary[ActorSystem, None] = WeakKeyDictionary()
        self._greenlets: dict[Greenlet[..., Any], None] = {}
        faults = tuple(faults)
        number = seed if isinstance(seed, int) else 0
        self.injector = Injector(faults, self._loop, f"faults {number}")
        self._tracer = Tracer(trace, self._loop.now)
        self._is_plain = trace is None and not faults

    @property
    def now(self) -> float:
        """How many seconds of virtual time have passed."""
        return self._loop.now()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.callback(set_hub, gevent.get_hub())
            self._hub = _VirtualHub(self._loop, self)
            stack.callback(self._hub.destroy, destroy_loop=True)
            set_hub(self._hub)
            stack.enter_context(_virtual_clocks(self._loop.now))
            stack.callback(random.setstate, random.getstate())
            random.seed(f"random {self._seed}")
            Greenlet.add_spawn_callback(self._keep_until_its_end)
            stack.callback(Greenlet.remove_spawn_callback, self._keep_until_its_end)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, _: object, exc: BaseException | None, __: object) -> None:
        with self._stack:
            left = list(self._greenlets)
            gevent.killall(left, block=False)
            gevent.joinall(left, timeout=_KILL_PATIENCE_S)
            for greenlet in self._greenlets:
                greenlet.unlink(self._greenlets.pop)
        is_failure = exc is None or isinstance(exc, Exception)
        if self._loop.refused and is_failure and not isinstance(exc, NotSimulatedError):
            raise self._loop.refused from exc
        if exc is None:
            self.injector.check_targets()

    def new_cell(self, spec: CellSpec, parent: Cell | None, system: ActorSystem) -> Cell:
        """Make the cell of an actor of this simulation."""
        if parent is None:
            self._systems[system] = None
            system.events.subscribe(self._tracer.event)
        if self._is_plain:
            return Cell(spec, parent, system)
        return SimulatedCell(spec, parent, system, self.injector, self._tracer)

    def _keep_until_its_end(self, greenlet: Greenlet[..., Any]) -> None:
        """Keep a greenlet that was spawned, to be killed at the end of the block.

        With this link every end is a callback, and not just those of greenlets that have used
        a `threading.local`, as the `repr` of attrs does: or else a trace would change the schedule.
        """
        if greenlet.parent is self._hub:
            self._greenlets[greenlet] = None
            greenlet.rawlink(self._greenlets.pop)

    def _who_waits(self) -> str:
        waiting = filter(None, (system.who_waits() for system in self._systems))
        return "; ".join(waiting) or "there is no actor"


def current_simulation() -> VirtualTime | None:
    """Return the simulation in whose block this runs; None outside of any."""
    return getattr(gevent.get_hub(), "simulation", None)


class _VirtualHub(Hub):
    """gevent's hub, on the loop of a simulation."""

    def __init__(self, loop: VirtualLoop, simulation: VirtualTime) -> None:
        super().__init__(loop)  # type: ignore[call-overload]
        self.simulation = simulation


_Clock = Callable[[], float]
_CLOCKS: Final[list[tuple[ModuleType, str, Callable[[float], float]]]] = [
    (time, "monotonic", lambda now: now),
    (time, "monotonic_ns", lambda now: round(now * _NS)),
    (time, "perf_counter", lambda now: now),
    (time, "perf_counter_ns", lambda now: round(now * _NS)),
    (time, "time", lambda now: _EPOCH_S + now),
    (time, "time_ns", lambda now: round((_EPOCH_S + now) * _NS)),
    (threading, "_time", lambda now: now),  # the clock of Condition.wait_for
]
"""Each clock, and its reading at a virtual time."""
_REAL: Final = [getattr(module, name) for module, name, _ in _CLOCKS]
_thread_id: Final = monkey.get_original("_thread", "get_ident")
_lock: Final = monkey.get_original("_thread", "allocate_lock")()
_now_of: Final[dict[int, _Clock]] = {}
"""The virtual time of each thread that simulates."""


@contextmanager
def _virtual_clocks(now: _Clock) -> Iterator[None]:
    """Let the clocks of `time` return virtual time in this thread while the block runs.

    They return the real time in other threads. After the last block they are as before.
    """
    me = _thread_id()
    with _lock:
        before = _now_of.get(me)
        if not _now_of:
            _set_clocks(
                [_virtual(real, at) for real, (_, _, at) in zip(_REAL, _CLOCKS, strict=True)]
            )
        _now_of[me] = now
    try:
        yield
    finally:
        with _lock:
            if before is None:
                del _now_of[me]
            else:
                _now_of[me] = before
            if not _now_of:
                _set_clocks(_REAL)


def _virtual(real: _Clock, reading_at: Callable[[float], float]) -> _Clock:
    def clock() -> float:
        now = _now_of.get(_thread_id())
        return real() if now is None else reading_at(now())

    return clock


def _set_clocks(clocks: list[Any]) -> None:
    for clock, (module, name, _) in zip(clocks, _CLOCKS, strict=True):
        setattr(module, name, clock)
