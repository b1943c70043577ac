"""Simulations of a function with an actor system: on one schedule, or on many until one fails."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Final, Generic, TypeVar

from attrs import frozen

from rnd_actors.actors import ActorSystem
from rnd_actors.errors import ScheduleFailedError
from rnd_actors.simulation._faults import Fault
from rnd_actors.simulation._loop import Seed
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
    """The result of a simulation."""

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
        Exception: what `main` raises, and the errors of `VirtualTime`.

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


_KEPT_AT_EACH_END: Final = 250_000
"""Lines of a hundred characters: some 50 MB in all."""


class KeptTrace:
    """A trace in memory; of one that is too long the middle is left out."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._left_out = 0

    def add(self, line: str) -> None:
        self._lines.append(line)
        if len(self._lines) > 3 * _KEPT_AT_EACH_END:
            del self._lines[_KEPT_AT_EACH_END : 2 * _KEPT_AT_EACH_END]
            self._left_out += _KEPT_AT_EACH_END

    def lines(self) -> tuple[str, ...]:
        """Return all lines, with a line in the place of those that were not kept."""
        if not self._left_out:
            return tuple(self._lines)
        first, last = self._lines[:_KEPT_AT_EACH_END], self._lines[_KEPT_AT_EACH_END:]
        return (*first, f"... {self._left_out} lines that were not kept ...", *last)


_SHORT: Final = 60
"""A trace of so many lines is shown as a whole."""
_FIRST_LINES: Final = 40
_LAST_LINES: Final = 120
_OF_A_KIND: Final = 2
"""How many of the lines that differ in numbers alone are shown, first ones and last ones."""
_TIME: Final = re.compile(r"^ *[\d.]+ s  ")
_NUMBER: Final = re.compile(r"\d+")


def excerpt(trace: Sequence[str]) -> tuple[str, ...]:
    """Return the lines of a trace that lead to a failure, with a line in the place of the others.

    Of lines that differ in their time and in numbers alone, like those of a timer, the first two
    and the last two are shown; then the first 40 of all and the last 120.
    """
    if len(trace) <= _SHORT:
        return tuple(trace)
    kinds = [_NUMBER.sub("#", _TIME.sub("", line)) for line in trace]
    total, seen = Counter(kinds), Counter[str]()
    chosen = []
    for number, kind in enumerate(kinds):
        if not _OF_A_KIND <= seen[kind] < total[kind] - _OF_A_KIND:
            chosen.append(number)
        seen[kind] += 1
    if len(chosen) > _FIRST_LINES + _LAST_LINES:
        chosen = chosen[:_FIRST_LINES] + chosen[-_LAST_LINES:]
    return tuple(_with_gaps(trace, chosen))


def _with_gaps(trace: Sequence[str], numbers: Sequence[int]) -> Iterator[str]:
    after = 0
    for number in numbers:
        if number > after:
            yield f"... {number - after} lines left out ..."
        yield trace[number]
        after = number + 1
