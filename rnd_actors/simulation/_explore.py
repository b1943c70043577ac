"""Many schedules of one function: the search for the one in which it fails."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from rnd_actors.actors import ActorSystem
from rnd_actors.errors import ScheduleFailedError
from rnd_actors.simulation._faults import Fault
from rnd_actors.simulation._schedule import Seed
from rnd_actors.simulation._simulate import Simulated, simulate
from rnd_actors.simulation._virtual_time import DAY_S

__all__ = ["explore"]

R = TypeVar("R")

_SCHEDULES: Final = range(100)
_NOT_AGAIN: Final = (
    "; but not when it is run again, so something decides that the seed does not: "
    "what an earlier run left behind, threads, datetime.now(), the order of a set"
)
_LAST_LINES: Final = 200
"""How much of the trace of a failure is kept: the end is what matters."""


def explore(
    main: Callable[[ActorSystem], R],
    seeds: Iterable[Seed] = _SCHEDULES,
    *,
    faults: Iterable[Fault] = (),
    limit: float = DAY_S,
) -> list[Simulated[R]]:
    """Run `main` once for each seed, as `simulate` does, until one fails; return what came of each.

    The failing schedule is run again, for its trace.

    Raises:
        ScheduleFailedError: `main` failed in one of the schedules; its cause is that failure.

    Example:
        >>> from rnd_actors import Actor, ChildSpec, Restart
        >>> from rnd_actors.simulation import explore
        >>> def main(system):
        ...     order = []
        ...     class Runner(Actor[str]):
        ...         def receive(self, message: str) -> None:
        ...             order.append(self.ref.name)
        ...             self.stop()
        ...     specs = [ChildSpec(name, Runner, restart=Restart.TRANSIENT) for name in ("a", "b")]
        ...     runners = [system.start(spec) for spec in specs]
        ...     for runner in runners:
        ...         runner.tell("run")
        ...     for runner in runners:
        ...         runner.join()
        ...     return "".join(order)
        >>> sorted({run.result for run in explore(main)})
        ['ab', 'ba']
    """
    faults = tuple(faults)
    results: list[Simulated[R]] = []
    for seed in seeds:
        try:
            results.append(simulate(main, seed, faults=faults, limit=limit))
        except Exception as error:
            before = f" ({len(results)} passed before it)" if results else ""
            failure = f"seed {seed!r} fails{before}: "
            failure += f"{type(error).__name__}: {error}".rstrip(": ")
            trace, again = _replayed(main, seed, faults, limit)
            if (type(again), str(again)) != (type(error), str(error)):
                failure += _NOT_AGAIN
            raise ScheduleFailedError(failure, seed, trace) from error
    return results


def _replayed(
    main: Callable[[ActorSystem], object], seed: Seed, faults: tuple[Fault, ...], limit: float
) -> tuple[tuple[str, ...], Exception | None]:
    """Run a schedule that failed once more; return its trace and how it failed this time."""
    trace: deque[str] = deque(maxlen=_LAST_LINES)
    again = None
    try:
        simulate(main, seed, faults=faults, limit=limit, trace=trace.append)
    except Exception as error:  # noqa: BLE001
        again = error
    return tuple(trace), again
