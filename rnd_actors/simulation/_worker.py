"""The law that simulated workers follow."""

from __future__ import annotations

from collections.abc import Callable

from attrs import field, frozen

from rnd_actors._validators import delay, probability, rate
from rnd_actors.simulation._process import Settings, SimulatedProcess

__all__ = ["SimulatedWorker"]


@frozen(kw_only=True)
class SimulatedWorker:
    """A law that worker programs follow; calling it starts a worker that does, without a process.

    It goes where a `spawn` is asked for, of `run` or of a `WorkerActor`, in virtual time or real.
    Faults for `process/3` strike the process of worker 3.

    Args:
        rate: numbers a second, > 0.
        first_delay: seconds from a request to its first number.
        startup: seconds from the spawn until it listens.
        lifetime: draws the seconds from the spawn to the crash; None: it never crashes.
        hang: the probability that it sends nothing more, before each line.
        malformed: the probability of each line to be no sample.

    Raises:
        SettingsError: a value is out of range.

    Example:
        >>> import random
        >>> from rnd_actors import RunSettings, run
        >>> from rnd_actors.simulation import SimulatedWorker, simulate
        >>> law = SimulatedWorker(lifetime=lambda: random.expovariate(1 / 30))
        >>> simulate(lambda system: run(RunSettings(samples=150), spawn=law)).result.samples
        150
    """

    rate: float = field(default=1.0, validator=rate)
    first_delay: float = field(default=0.0, validator=delay)
    startup: float = field(default=0.0, validator=delay)
    lifetime: Callable[[], float] | None = None
    hang: float = field(default=0.0, validator=probability)
    malformed: float = field(default=0.0, validator=probability)

    def __call__(self, settings: Settings) -> SimulatedProcess:
        """Start a worker with these settings."""
        return SimulatedProcess(self, settings)
