"""The options that say how many workers there are, and the policy that they make."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from rnd_actors import _validators as valid
from rnd_actors._worker_limits import MOST_WORKERS, most_workers
from rnd_actors.cli._options import PATH, Kind, label, option
from rnd_actors.cli._text import read_text
from rnd_actors.errors import SettingsConflictError, SettingsError

if TYPE_CHECKING:
    from rnd_actors.scaling import WorkerFigures


class Scale(Enum):
    """How many workers start, and when."""

    FIXED = "fixed"
    DEADLINE = "deadline"


@dataclass(frozen=True)
class WorkerRange:
    """How many workers there may be; `least` is None if only one number was given."""

    least: int | None
    most: int

    @classmethod
    def parse(cls, text: str) -> "WorkerRange":
        """Return the range of a text such as `16` or `4..16`."""
        least, dots, most = text.rpartition("..")
        return cls(int(least) if dots else None, int(most))

    def __repr__(self) -> str:
        return str(self.most) if self.least is None else f"{self.least}..{self.most}"


class _RangeKind(Kind):
    """Takes whole numbers of TOML, too."""

    def __call__(self, given: object, where: str | None = None) -> Any:
        return super().__call__(str(given) if type(given) is int else given, where)


def _is_range(value: object) -> bool:
    if not isinstance(value, WorkerRange):
        return False
    return 1 <= (1 if value.least is None else value.least) <= value.most <= MOST_WORKERS


Workers: TypeAlias = Annotated[
    WorkerRange,
    option(
        _RangeKind(
            valid.accepts(
                f"a whole number from 1 to {MOST_WORKERS}, or a range such as 4..16", _is_range
            ),
            WorkerRange.parse,
        ),
        "N|MIN..MAX",
        "Workers, 1 to 1000, or to 10000 with a cluster; with --scale deadline the most that there "
        "may be, or the least and the most.",
    ),
]
ScaleOption: TypeAlias = Annotated[
    Scale,
    option(
        Kind(valid.instance(Scale, "fixed or deadline"), Scale),
        "fixed|deadline",
        "Whether all workers start at once, or as few as keep the deadline, and more as needed.",
    ),
]
Confidence: TypeAlias = Annotated[
    float,
    option(
        Kind(valid.confidence, float),
        "P",
        "With --scale deadline: how sure the deadline is to be kept.",
    ),
]
ReplaceSlow: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--replace-slow/--keep-slow",
        help="Whether workers that are slow beside the others are replaced.",
        show_default="replace them with --scale deadline, keep them with fixed",
    ),
]
DEFAULT_WORKERS: Final = WorkerRange(None, 16)


Figures: TypeAlias = Annotated[
    Path | None,
    option(
        PATH,
        "RESULT",
        "What `rnd-actors run --json` wrote: the rate, the mean time between crashes and the "
        "start-up of the workers, for --scale deadline.",
        show_default="those of the contract",
    ),
]


def require_agreement(
    context: typer.Context, scale: Scale, workers: WorkerRange, deadline: float | None
) -> None:
    """Raise `SettingsConflictError` if an option is given that needs another `--scale`."""
    if scale is Scale.DEADLINE and deadline is None:
        raise SettingsConflictError(f"{label(context, 'scale')} deadline needs --deadline SECONDS")
    if scale is Scale.FIXED and workers.least is not None:
        raise SettingsConflictError(f"{label(context, 'workers')} {workers} needs --scale deadline")


def require_cluster(context: typer.Context, workers: WorkerRange, cluster: str | None) -> None:
    """Raise `SettingsConflictError` if there are more workers than one machine takes."""
    if workers.most > (most := most_workers(cluster)):
        needs = f"{label(context, 'workers')} {workers} needs --cluster ADDRESS"
        raise SettingsConflictError(f"{needs}: on one machine there are {most} at most")


def known_figures(context: typer.Context, file: Path | None) -> "WorkerFigures":
    """Return what a result tells of the workers; without one what the contract says.

    Raises:
        SettingsError: the file is no result.
    """
    from attrs import asdict  # noqa: PLC0415

    from rnd_actors.collectors import Result  # noqa: PLC0415
    from rnd_actors.scaling import WorkerFigures  # noqa: PLC0415

    if file is None:
        return WorkerFigures()
    try:
        return WorkerFigures.measured(map(asdict, Result.from_json(read_text(file)).workers))
    except OSError as error:
        trouble = error.strerror
    except SettingsError as error:
        trouble = f"in this one, {error}"
    except (ValueError, OverflowError):
        trouble = "this is none"
    accepted = f"a file that `rnd-actors run --json` wrote ({trouble})"
    raise SettingsError(label(context, "figures"), accepted, str(file))
