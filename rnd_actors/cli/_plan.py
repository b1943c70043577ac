"""The command `plan`: its options, the simulated runs, and their forecast."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from rnd_actors import _validators as valid
from rnd_actors.cli._options import PATH, SECONDS, Kind, naming_options, option, whole_number
from rnd_actors.cli._text import read_text, say
from rnd_actors.errors import SettingsError

if TYPE_CHECKING:
    from rnd_actors.planning import Forecast, WorkerProfile

_RATE: Final = Kind(valid.rate, float)
_DELAY: Final = Kind(valid.delay, float, least=0)
_PERCENTILES: Final = (1, 5, 10, 25, 50, 75, 90, 95, 99)


def plan(
    context: typer.Context,
    *,
    samples: Annotated[int, option(whole_number(1, 10**9), "N", "How many samples are needed.")],
    deadline: Annotated[float, option(SECONDS, "S", "Seconds that they may take.")],
    workers: Annotated[int, option(whole_number(1, 1000), "N", "Workers.")] = 16,
    rate: Annotated[
        float | None, option(_RATE, "R", "Numbers a second of each worker.", show_default="1")
    ] = None,
    mtbf: Annotated[
        float | None,
        option(
            SECONDS,
            "S",
            "Mean seconds from the first number to a crash.",
            show_default="they do not crash",
        ),
    ] = None,
    startup: Annotated[
        float | None,
        option(_DELAY, "S", "Seconds from a start to the first number.", show_default="0.05"),
    ] = None,
    runs: Annotated[int, option(whole_number(10, 10**6), "N", "Simulated runs.")] = 200,
    result: Annotated[
        Path | None,
        option(
            PATH, "FILE", "What `rnd-actors run --json` wrote; it gives rate, mtbf and startup."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> int:
    """Simulate runs, and print how likely they keep a deadline.

    The real actors run in virtual time, with workers of these figures. It tells the probability
    that the deadline is kept, when the runs are complete, and how many workers it takes to keep
    the deadline in 99 % of the runs.
    """
    from attrs import evolve  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    from rnd_actors.cli._views import forecast_report  # noqa: PLC0415
    from rnd_actors.planning import PlanSettings, WorkerProfile, forecast  # noqa: PLC0415

    given = {"rate": rate, "mtbf": mtbf, "startup": startup}
    measured = WorkerProfile() if result is None else _measured(result)
    with naming_options(context):
        profile = evolve(
            measured, **{name: figure for name, figure in given.items() if figure is not None}
        )
        settings = PlanSettings(
            samples=samples, deadline=deadline, workers=workers, runs=runs, profile=profile
        )
    with _progress() as progress:
        outlook = forecast(settings, progress)
    if json:
        typer.echo(forecast_as_json(outlook))
    else:
        Console(highlight=False).print(forecast_report(outlook))
    return 0


def _measured(file: Path) -> "WorkerProfile":
    from attrs import asdict  # noqa: PLC0415

    from rnd_actors.collectors import Result  # noqa: PLC0415
    from rnd_actors.planning import WorkerProfile  # noqa: PLC0415

    try:
        result = Result.from_json(read_text(file))
    except OSError as error:
        trouble = error.strerror
    except ValueError:
        trouble = "this is none"
    else:
        return WorkerProfile.measured(map(asdict, result.workers))
    raise SettingsError(
        "--result", f"a file that `rnd-actors run --json` wrote ({trouble})", str(file)
    )


@contextmanager
def _progress() -> Iterator[Callable[[str], object]]:
    """Show what is being simulated: in place on a terminal, elsewhere a line now and then."""
    from rich.console import Console  # noqa: PLC0415

    terminal = Console(stderr=True)
    if not sys.stderr.isatty() or terminal.is_dumb_terminal:
        yield _now_and_then()
        return
    try:  # nothing that hides the cursor: whatever ends this has nothing to put in order
        yield lambda words: _write_over(words[: terminal.width - 1])
    finally:
        _write_over("")


def _write_over(line: str) -> None:
    sys.stderr.write(f"\r\x1b[K{line}")
    sys.stderr.flush()


def _now_and_then() -> Callable[[str], object]:
    """Return a writer of lines to stderr, as often as a run tells of its progress."""
    import time  # noqa: PLC0415

    from rnd_actors.cli._ticking import pauses_s  # noqa: PLC0415

    pauses = pauses_s()
    due = time.monotonic() + next(pauses)

    def tell(words: str) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + next(pauses)
            say(words)

    return tell


def forecast_as_json(outlook: "Forecast") -> str:
    """Return the object that `plan --json` prints; a time is null where a run is never complete."""
    from json import dumps  # noqa: PLC0415
    from math import inf  # noqa: PLC0415

    from attrs import asdict  # noqa: PLC0415

    plan, kept = outlook.plan, outlook.kept
    times = {percent: outlook.percentile(percent) for percent in _PERCENTILES}
    return dumps(
        {
            "samples": plan.samples,
            "deadline_s": plan.deadline,
            "workers": plan.workers,
            "figures": asdict(plan.profile),
            "runs": plan.runs,
            "kept": kept.hits,
            "probability": kept.estimate,
            "confidence_95": kept.limits,
            "workers_needed": outlook.workers_needed,
            "percentiles_s": {
                str(percent): time if time < inf else None for percent, time in times.items()
            },
            "histogram": [asdict(bar) for bar in outlook.histogram()],
            "never": outlook.times.count(inf),
        }
    )
