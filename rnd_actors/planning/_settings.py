"""What is planned, checked on creation."""

from typing import Final

from attrs import field, frozen

from rnd_actors._validators import seconds, whole_number
from rnd_actors.planning._figures import WorkerFigures

__all__ = ["MOST_WORKERS", "PlanSettings"]

MOST_WORKERS: Final = 1000


@frozen(kw_only=True)
class PlanSettings:
    """What is planned.

    Args:
        samples: how many are needed.
        deadline: seconds that they may take.
        workers: how many workers there are, 1 to 1000.
        figures: how the workers are.
        runs: how many runs are simulated, 10 or more.

    Raises:
        SettingsError: a value is not accepted; it names the setting.

    Example:
        >>> from rnd_actors.planning import PlanSettings
        >>> PlanSettings(samples=150, deadline=10.0).workers
        16
    """

    samples: int = field(validator=whole_number(1, 10**9))
    deadline: float = field(validator=seconds)
    workers: int = field(default=16, validator=whole_number(1, MOST_WORKERS))
    figures: WorkerFigures = WorkerFigures()
    runs: int = field(default=200, validator=whole_number(10, 10**6))
