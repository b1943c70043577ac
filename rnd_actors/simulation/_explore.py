"""Many schedules of one function: the search for the one in which it fails."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Final, TypeVar

from rnd_actors.actors import ActorSystem
from rnd_actors.errors import ScheduleFailedError
from rnd_actors.simulation._excerpt import KeptTrace, excerpt
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


def explore(
    main: Callable[[ActorSystem], R],
    seeds: Iterable[Seed] = _SCHEDULES,
    *,
    faults: Iterable[Fault] = (),
    limit: float = DAY_S,
    trace_to: str | Path | None = None,
) -> list[Simulated[R]]:
    """Run `main` once for each seed, as `simulate` does, until one fails; return what came of each.

    The failing schedule is run again, for its trace.

    Args:
        main: called with the system of each schedule.
        seeds: of the schedules.
        faults: what is to go wrong in each.
        limit: seconds of virtual time that each may take, > 0.
        trace_to: a file for the whole trace of the failure, of which the error shows an excerpt.

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
            trace, again = _replayed(main, seed, faults, limit, trace_to)
            if (type(again), str(again)) != (type(error), str(error)):
                failure += _NOT_AGAIN
            raise ScheduleFailedError(failure, seed, trace, _shown(trace, trace_to)) from error
    return results


def _replayed(
    main: Callable[[ActorSystem], object],
    seed: Seed,
    faults: tuple[Fault, ...],
    limit: float,
    trace_to: str | Path | None,
) -> tuple[tuple[str, ...], Exception | None]:
    """Run a schedule that failed once more; return its trace and how it failed this time."""
    trace = KeptTrace()
    again = None
    with nullcontext() if trace_to is None else Path(trace_to).open("w", encoding="utf-8") as file:

        def note(line: str) -> None:
            trace.add(line)
            if file is not None:
                file.write(f"{line}\n")

        try:
            simulate(main, seed, faults=faults, limit=limit, trace=note)
        except Exception as error:  # noqa: BLE001
            again = error
    return trace.lines(), again


def _shown(trace: tuple[str, ...], trace_to: str | Path | None) -> tuple[str, ...]:
    """Return what the error shows of the trace, and where to find the rest."""
    shown = excerpt(trace)
    if shown == trace:
        return shown
    place = "trace_to=FILE would write" if trace_to is None else f"{trace_to} has"
    whole = f"all {len(trace)} lines of the trace (they are in the attribute `trace`, too)"
    return (*shown, f"{place} {whole}")
