"""What is known of workers before a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

from attrs import field, frozen

from rnd_actors._validators import Validator, accepts, optional

_LEAST: Final = 1e-12
_MOST: Final = 1e12
"""Products and quotients of figures between these are finite, and not zero."""


def _figure(kind: str, *, may_be_zero: bool = False) -> Validator:
    return accepts(
        f"{kind} from {_LEAST:g} to {_MOST:g}{', or 0' if may_be_zero else ''}",
        lambda value: (
            type(value) in (int, float)
            and (_LEAST <= value <= _MOST or (may_be_zero and value == 0))
        ),
    )


@frozen(kw_only=True)
class WorkerFigures:
    """How fast workers are, how often they crash and how soon they send their first sample.

    The defaults are those of a worker that does what the contract says. A figure is a number from
    1e-12 to 1e12.

    Args:
        rate: samples a second of one worker.
        mtbf: mean seconds from the first sample to a crash, exponentially distributed; None: they
            never crash.
        startup: seconds from a start to the first sample, or 0.

    Raises:
        SettingsError: a value is out of range; it names the figure.
    """

    rate: float = field(default=1.0, validator=_figure("a number a second"))
    mtbf: float | None = field(default=None, validator=optional(_figure("seconds")))
    startup: float = field(default=0.05, validator=_figure("seconds", may_be_zero=True))

    @classmethod
    def measured(cls, workers: Iterable[Mapping[str, Any]]) -> Self:
        """Return the figures of a run, from the `workers` of its result as JSON.

        A figure that the run cannot tell keeps its default: in one without a sample, all do.

        Raises:
            KeyError, TypeError: these are no workers of a result.
            SettingsError: they have a figure that no worker can have.
        """
        workers = tuple(workers)
        crashes = sum(worker["crashes"] for worker in workers)
        streamed_s = sum(worker["streamed_s"] for worker in workers)
        figures = {
            "rate": _mean(workers, "rate_per_s", "streamed_s"),
            "mtbf": streamed_s / crashes if crashes and streamed_s else None,
            "startup": _mean(workers, "startup_s", "starts"),
        }
        return cls(**{name: figure for name, figure in figures.items() if figure is not None})


def _mean(workers: Iterable[Mapping[str, Any]], figure: str, weight: str) -> float | None:
    """Return the weighted mean of a figure over the workers that have it; None: none has."""
    known = [(worker[figure], worker[weight]) for worker in workers if worker[figure] is not None]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None
