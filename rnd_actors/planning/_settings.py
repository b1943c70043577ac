"""A plan: what is needed, of which workers, and by which policy."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from rnd_actors._validators import factor, instance, probability, seconds, whole_number
from rnd_actors._worker_limits import MOST_WORKERS, most_workers
from rnd_actors.errors import SettingsError
from rnd_actors.scaling import FixedPolicy, ScalingPolicy, WorkerFigures
from rnd_actors.simulation import SimulatedWorker

if TYPE_CHECKING:
    from attrs import Attribute


@frozen(kw_only=True)
class WorkerProfile(WorkerFigures):
    """The figures of workers, and how they differ.

    Args:
        slow_share: the part of the incarnations that are slow, 0 to 1.
        slow_factor: how many times as long a slow one needs for each sample, 1 or more.
        irregular: whether samples come by chance, with exponentially distributed gaps, and not
            with gaps that are all alike.

    Raises:
        SettingsError: a value is out of range; it names the figure.
    """

    slow_share: float = field(default=0.0, validator=probability)
    slow_factor: float = field(default=4.0, validator=factor)
    irregular: bool = field(default=False, validator=instance(bool, "True or False"))

    def simulated(self) -> SimulatedWorker:
        """Return simulated workers with these figures, for the real actors in virtual time."""
        lifetime = None
        if self.mtbf is not None:
            crashes_per_s = 1 / self.mtbf
            lifetime = lambda: self.startup + random.expovariate(crashes_per_s)  # noqa: E731
        return SimulatedWorker(
            rate=self.rate,
            startup=self.startup,
            lifetime=lifetime,
            slow_share=self.slow_share,
            slow_factor=self.slow_factor,
            irregular=self.irregular,
        )


@frozen(kw_only=True)
class PlanSettings:
    """A plan to simulate.

    Args:
        samples: how many are needed, 1 or more.
        deadline: seconds that they may take, > 0.
        workers: how many workers there may be, 1 to 10000.
        least_workers: how many there are at least, 1 or more.
        profile: rate, crashes and start-up of the workers.
        policy: decides how many there are, and which are replaced; each run asks a copy of it.
        runs: how many runs are simulated, 10 or more.

    Raises:
        SettingsError: a value is not accepted; it names the setting.
    """

    samples: int = field(validator=whole_number(1, 10**9))
    deadline: float = field(validator=seconds)
    workers: int = field(default=16, validator=whole_number(1, MOST_WORKERS))
    least_workers: int = field(default=1, validator=whole_number(1, MOST_WORKERS))
    profile: WorkerProfile = WorkerProfile()
    policy: ScalingPolicy = field(
        factory=FixedPolicy, validator=instance(ScalingPolicy, "a ScalingPolicy")
    )
    runs: int = field(default=200, validator=whole_number(10, 10**6))

    @least_workers.validator
    def _check_range(self, attribute: Attribute[Any], least: int) -> None:
        if least > self.workers:
            accepted = f"a whole number up to that of workers ({self.workers})"
            raise SettingsError(attribute.name, accepted, least)

    @property
    def most_sought(self) -> int:
        """The greatest number of workers that is tried to find out how many are needed."""
        return max(self.workers, most_workers(None))
