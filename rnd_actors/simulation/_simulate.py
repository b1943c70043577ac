"""One simulation from beginning to end: a function, a system, a seed."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from attrs import frozen

from rnd_actors.actors import ActorSystem
from rnd_actors.simulation._faults import Fault
from rnd_actors.simulation._schedule import Seed
from rnd_actors.simulation._virtual_time import DAY_S, VirtualTime

__all__ = ["Simulated", "simulate"]

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


@frozen
class Simulated(Generic[R_co]):
    """What came of a simulation.

    Example:
        >>> import gevent
        >>> from rnd_actors.simulation import simulate
        >>> simulate(lambda system: gevent.sleep(3600) or "done")
        Simulated(result='done', elapsed_s=3600.0)
    """

    result: R_co
    """What `main` returned."""
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
        main: called with the system; what it returns is the result.
        seed: fixes the schedule, the random numbers and the faults.
        faults: what is to go wrong.
        trace: called with a line for each message and each event, such as `print`.
        limit: seconds of virtual time after which it fails, > 0.

    Raises:
        DeadlockError: nothing is left that could ever happen, and `main` waits.
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
