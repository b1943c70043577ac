"""Virtual time as a block: gevent's hub of the thread is replaced while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Final, Self
from weakref import WeakKeyDictionary

import gevent
from gevent import Greenlet
from gevent.hub import Hub, set_hub  # type: ignore[attr-defined]

from rnd_actors.actors import ActorSystem
from rnd_actors.actors._cell import Cell, CellSpec
from rnd_actors.errors import NotSimulatedError, SettingsError
from rnd_actors.simulation._cell import SimulatedCell
from rnd_actors.simulation._clock import seeded_random, virtual_clocks
from rnd_actors.simulation._faults import Fault
from rnd_actors.simulation._injector import Injector
from rnd_actors.simulation._loop import VirtualLoop
from rnd_actors.simulation._schedule import Seed, pick_of
from rnd_actors.simulation._trace import Tracer

__all__ = ["DAY_S", "VirtualTime", "current_simulation"]

DAY_S: Final = 86_400.0
_KILL_PATIENCE_S: Final = 1.0


class VirtualTime:
    """Runs what is in its block in virtual time: a wait takes none of the real one.

    In the block gevent (`sleep`, `Queue`, `Event`, `AsyncResult`, `Timeout`, …), the clocks of
    `time` and `random` are those of the simulation, in this thread. What runs next is fixed by the
    seed. At its end greenlets that are left are killed and everything is as before. Blocks can be
    nested. What is waited for in the block (events, queues, locks) has to be made there, too.

    Events are not logged; `log_events(system.events)` does that, and `trace` tells more.
    `datetime.now()` and clocks that other modules took with `from time import …` stay real.

    Args:
        seed: fixes the schedule, the random numbers and the faults.
        faults: what is to go wrong.
        trace: called with a line for each message and each event.
        limit: seconds of virtual time after which the block fails, > 0.

    Raises:
        DeadlockError: nothing is left that could ever happen, and the block waits.
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
        if not limit > 0:
            raise SettingsError("limit", "seconds > 0", limit)
        self._seed = seed
        self._faults = tuple(faults)
        self._is_watched = trace is not None or bool(self._faults)
        self._loop = VirtualLoop(pick_of(seed), limit, self._who_waits)
        self._systems: WeakKeyDictionary[ActorSystem, None] = WeakKeyDictionary()
        self._greenlets: dict[Greenlet[..., Any], None] = {}
        number = seed if isinstance(seed, int) else 0
        self.injector = Injector(self._faults, self._loop, f"faults {number}")
        """Lets the faults strike."""
        self.tracer = Tracer(trace, self._loop.now)
        """Writes the trace."""

    @property
    def now(self) -> float:
        """How many seconds of virtual time have passed."""
        return self._loop.now()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._hub = stack.enter_context(_hub_on(self._loop, self))
            stack.enter_context(virtual_clocks(self._loop.now))
            stack.enter_context(seeded_random(f"random {self._seed}"))
            Greenlet.add_spawn_callback(self.note_spawn)
            stack.callback(Greenlet.remove_spawn_callback, self.note_spawn)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
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
            system.events.subscribe(self.tracer.event)
        if not self._is_watched:
            return Cell(spec, parent, system)
        return SimulatedCell(spec, parent, system, self)

    def note_spawn(self, greenlet: Greenlet[..., Any]) -> None:
        """Keep a greenlet until it ends.

        With this link every end is a callback, and not just those of greenlets that have used
        a `threading.local`, as the `repr` of attrs does: or else a trace would change the schedule.
        """
        if greenlet.parent is self._hub:
            self._greenlets[greenlet] = None
            greenlet.rawlink(self._greenlets.pop)

    def _who_waits(self) -> str:
        """Say of every actor what it does."""
        waiting = filter(None, (system.who_waits() for system in self._systems))
        return "; ".join(waiting) or "there is no actor"


class _VirtualHub(Hub):
    """gevent's hub, on the loop of a simulation."""

    def __init__(self, loop: VirtualLoop, simulation: VirtualTime) -> None:
        super().__init__(loop)  # type: ignore[call-overload]
        self.simulation = simulation


@contextmanager
def _hub_on(loop: VirtualLoop, simulation: VirtualTime) -> Iterator[Hub]:
    """Let this thread have a hub on `loop` while the block runs."""
    before = gevent.get_hub()
    hub = _VirtualHub(loop, simulation)
    set_hub(hub)
    try:
        yield hub
    finally:
        hub.destroy(destroy_loop=True)
        set_hub(before)


def current_simulation() -> VirtualTime | None:
    """Return the simulation in whose block this runs; None outside of any."""
    return getattr(gevent.get_hub(), "simulation", None)
