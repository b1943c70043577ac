"""Simulations of a function with an actor system: on one schedule, or on many until one fails."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Final, Generic, TypeVar

from attrs import frozen

from rnd_actors.actors import ActorSystem
from rnd_actors.errors import ScheduleFailedError
from rnd_actors.simulation._faults import Fault
from rnd_actors.simulation._loop import Seed
from rnd_actors.simulation._trace import KeptTrace, excerpt
from rnd_actors.simulation._virtual_time import DAY_S, VirtualTime

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

_SCHEDULES: Final = range(100)
_NOT_AGAIN: Final = (
    "; but not when it is run again, so something decides that the seed does not: "
    "what an earlier run left behind, threads, datetime.now(), the order of a set"
)


@frozen
class Simulated(Generic[R_co]):
    """The result of a simulation.

    Example:
        >>> import gevent
        >>> from rnd_actors.simulation import simulate
        >>> simulate(lambda system: gevent.sleep(3600) or "done")
        Simulated(result='done', elapsed_s=3600.0)
    """

    result: R_co
    """The value that `main` returned."""
    elapsed_s: float
    """Seconds of virtual time that passed, until the system was left."""


def simulate(
    main: Callable[[ActorSystem], R],
    seed: Seed = 0,
    *,
    faults: Iterable[Fault] = (),
    trace: Callable[[str], object] | None = None,
    limit: float = DAY_S,
) -> Simulated[R]:
    """Run `main` with an `ActorSystem` in virtual time; the same seed gives the same run.

    Args:
        main: called with the system; the value that it returns is the result.
        seed: fixes the schedule, the random numbers and the faults.
        faults: strike actors and simulated processes.
        trace: called with a line for each message and each event, for example `print`.
        limit: seconds of virtual time after which it fails, > 0.

    Raises:
        DeadlockError: `main` waits, and nothing is left that could ever happen.
        VirtualTimeoutError: it is not over after `limit` seconds.
        LivelockError: there is always something more to do before any time can pass.
        NotSimulatedError: a socket, process or thread was asked for.
        SettingsError: `seed` or `limit` is not accepted; or, at the end, a fault had no target.
        Exception: what `main` raises.

    Example:
        >>> from rnd_actors import Actor, ChildSpec, Restart
        >>> from rnd_actors.simulation import simulate
        >>> class Bomb(Actor[str]):
        ...     def on_start(self) -> None:
        ...         self.after(60.0, "bang")
        ...     def receive(self, message: str) -> None:
        ...         self.stop()
        >>> def main(system):
        ...     return system.start(ChildSpec("bomb", Bomb, restart=Restart.TRANSIENT)).join()
        >>> simulate(main)
        Simulated(result=Normal(), elapsed_s=60.0)
    """
    with VirtualTime(seed, faults=faults, trace=trace, limit=limit) as time:
        with ActorSystem() as system:
            result = main(system)
        return Simulated(result, time.now)


def explore(
    main: Callable[[ActorSystem], R],
    seeds: Iterable[Seed] = _SCHEDULES,
    *,
    faults: Iterable[Fault] = (),
    limit: float = DAY_S,
    trace_to: str | Path | None = None,
) -> list[Simulated[R]]:
    """Run `main` once for each seed, as `simulate` does, until one fails; return all results.

    The failing schedule is run again, for its trace.

    Args:
        main: called with the system of each schedule.
        seeds: one for each schedule.
        faults: strike in each schedule.
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
        run = partial(simulate, main, seed, faults=faults, limit=limit)
        try:
            results.append(run())
        except Exception as error:
            before = f" ({len(results)} passed before it)" if results else ""
            failure = f"seed {seed!r} fails{before}: "
            failure += f"{type(error).__name__}: {error}".rstrip(": ")
            trace, again = _replay(run, trace_to)
            if (type(again), str(again)) != (type(error), str(error)):
                failure += _NOT_AGAIN
            raise ScheduleFailedError(failure, seed, trace, _shown(trace, trace_to)) from error
    return results


def _replay(
    run: Callable[..., object], trace_to: str | Path | None
) -> tuple[tuple[str, ...], Exception | None]:
    """Run a failed schedule again; return its trace and its error, None if it does not fail."""
    trace = KeptTrace()
    again = None
    with nullcontext() if trace_to is None else Path(trace_to).open("w", encoding="utf-8") as file:

        def keep(line: str) -> None:
            trace.add(line)
            if file is not None:
                file.write(f"{line}\n")

        try:
            run(trace=keep)
        except Exception as error:  # noqa: BLE001
            again = error
    return trace.lines(), again


def _shown(trace: tuple[str, ...], trace_to: str | Path | None) -> tuple[str, ...]:
    """Return the excerpt of a trace that an error shows, and where to find the rest."""
    shown = excerpt(trace)
    if shown == trace:
        return shown
    place = "trace_to=FILE would write" if trace_to is None else f"{trace_to} has"
    whole = f"all {len(trace)} lines of the trace (they are in the attribute `trace`, too)"
    return (*shown, f"{place} {whole}")
