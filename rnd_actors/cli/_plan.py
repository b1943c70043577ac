"""The command `plan`: its options, the simulated runs, and their forecast."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from rnd_actors import _validators as valid
from rnd_actors.cli._options import SECONDS, Kind, naming_options, option, whole_number
from rnd_actors.cli._scaling import (
    DEFAULT_WORKERS,
    Confidence,
    Figures,
    ReplaceSlow,
    Scale,
    ScaleOption,
    Workers,
    known_figures,
    require_agreement,
)
from rnd_actors.cli._text import say

if TYPE_CHECKING:
    from rich.console import Console

    from rnd_actors.planning import Forecast, PlanProgress, PlanSettings, PolicyForecast
    from rnd_actors.scaling import ScalingPolicy, WorkerFigures

_RATE: Final = Kind(valid.rate, float)
_DELAY: Final = Kind(valid.delay, float, least=0)
_PROBABILITY: Final = Kind(valid.probability, float)
_FACTOR: Final = Kind(valid.factor, float)
_PERCENTILES: Final = (1, 5, 10, 25, 50, 75, 90, 95, 99)
_REDRAW_S: Final = 0.1
_LONGEST_BAR: Final = 40
_SPACE: Final = 8
"""For the share that is done, and the spaces between."""


def plan(
    context: typer.Context,
    *,
    samples: Annotated[int, option(whole_number(1, 10**9), "N", "How many samples are needed.")],
    deadline: Annotated[float, option(SECONDS, "S", "Seconds that they may take.")],
    workers: Workers = DEFAULT_WORKERS,
    scale: ScaleOption = Scale.FIXED,
    confidence: Confidence = 0.99,
    replace_slow: ReplaceSlow = None,
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
    slow_share: Annotated[
        float, option(_PROBABILITY, "P", "The chance of a started worker to be slow.")
    ] = 0.0,
    slow_factor: Annotated[
        float, option(_FACTOR, "F", "How many times as long a slow one needs for a number.")
    ] = 4.0,
    irregular: Annotated[
        bool, typer.Option("--irregular", help="Numbers come by chance, not at equal intervals.")
    ] = False,
    runs: Annotated[int, option(whole_number(10, 10**6), "N", "Simulated runs.")] = 200,
    figures: Figures = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> int:
    """Simulate runs, and print how likely they keep a deadline.

    It tells the probability that the deadline is kept, when the runs are complete, how many workers
    it takes to keep the deadline in 99 % of the runs, and what other policies would do.
    """
    from attrs import asdict  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    from rnd_actors.cli._views import forecast_report  # noqa: PLC0415
    from rnd_actors.planning import (  # noqa: PLC0415
        PlanSettings,
        WorkerProfile,
        compare,
        forecast,
    )
    from rnd_actors.scaling import Scaling, policy_for  # noqa: PLC0415

    given: dict[str, Any] = {"rate": rate, "mtbf": mtbf, "startup": startup}
    given = {name: figure for name, figure in given.items() if figure is not None}
    with naming_options(context):
        require_agreement(context, scale, workers, deadline)
        known = known_figures(context, figures)
        profile = WorkerProfile(
            **{**asdict(known), **given},
            slow_share=slow_share,
            slow_factor=slow_factor,
            irregular=irregular,
        )
        settings = PlanSettings(
            samples=samples,
            deadline=deadline,
            workers=workers.most,
            least_workers=workers.least or 1,
            runs=runs,
            profile=profile,
            policy=policy_for(
                Scaling(scale.value),
                confidence=confidence,
                replace_slow=replace_slow,
                known=known,
            ),
        )
    with _progress() as progress:
        outlook = forecast(settings, progress)
        others = _others(settings, confidence=confidence, replace_slow=replace_slow, known=known)
        policies = compare(settings, others, progress)
    if json:
        typer.echo(forecast_as_json(outlook, policies))
    else:
        Console(highlight=False).print(forecast_report(outlook, policies))
    return 0


def _others(
    plan: "PlanSettings", *, confidence: float, replace_slow: bool | None, known: "WorkerFigures"
) -> "Iterator[ScalingPolicy]":
    """Give the policies to compare, with and without replacements where there may be any."""
    from rnd_actors.scaling import Scaling, policy_for  # noqa: PLC0415

    differ = plan.profile.slow_share or plan.profile.irregular
    for replaces in (False, True) if differ else (replace_slow,):
        for scale in Scaling:
            policy = policy_for(scale, confidence=confidence, replace_slow=replaces, known=known)
            if policy != plan.policy:
                yield policy


@contextmanager
def _progress() -> "Iterator[PlanProgress]":
    """Show what is being simulated: as a bar on a terminal, elsewhere a line now and then."""
    from rich.console import Console  # noqa: PLC0415

    terminal = Console(stderr=True)
    if not sys.stderr.isatty() or terminal.is_dumb_terminal:
        yield _now_and_then()
        return
    drawn_at = 0.0

    def draw(words: str, done: int, total: int) -> None:
        nonlocal drawn_at
        if time.monotonic() - drawn_at >= _REDRAW_S:
            drawn_at = time.monotonic()
            _write_over(_bar(terminal, words, done, total))

    try:  # nothing that hides the cursor: whatever ends this has nothing to put in order
        yield draw
    finally:
        _write_over("")


def _bar(terminal: "Console", words: str, done: int, total: int) -> str:
    """Return a line of the width of the terminal: words, a bar, and the share that is done."""
    from rich.progress_bar import ProgressBar  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    line = Table.grid(padding=(0, 1))
    line.add_column(no_wrap=True)
    line.add_column(width=max(1, min(_LONGEST_BAR, terminal.width - len(words) - _SPACE)))
    line.add_column(no_wrap=True)
    line.add_row(words, ProgressBar(total=total, completed=done), f"{done / total:.0%}")
    with terminal.capture() as capture:
        terminal.print(line, end="")
    return capture.get().rstrip("\n")


def _write_over(line: str) -> None:
    sys.stderr.write(f"\r\x1b[K{line}")
    sys.stderr.flush()


def _now_and_then() -> "PlanProgress":
    """Return a writer of lines to stderr, as often as a run tells of its progress."""
    from rnd_actors.cli._ticking import pauses_s  # noqa: PLC0415

    pauses = pauses_s()
    due = time.monotonic() + next(pauses)

    def tell(words: str, done: int, total: int) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + next(pauses)
            say(f"{words}: {done} of {total}")

    return tell


def forecast_as_json(outlook: "Forecast", policies: "Sequence[PolicyForecast]" = ()) -> str:
    """Return the object that `plan --json` prints; a time is null where a run is never complete."""
    from json import dumps  # noqa: PLC0415
    from math import inf  # noqa: PLC0415

    from attrs import asdict  # noqa: PLC0415

    from rnd_actors.cli._views import policy_in_words  # noqa: PLC0415

    plan, kept = outlook.plan, outlook.kept
    times = {percent: outlook.percentile(percent) for percent in _PERCENTILES}
    return dumps(
        {
            "samples": plan.samples,
            "deadline_s": plan.deadline,
            "workers": plan.workers,
            "least_workers": plan.least_workers,
            "policy": policy_in_words(plan.policy),
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
            "policies": [
                {
                    "policy": policy_in_words(each.policy),
                    "kept": each.kept.hits,
                    "most_workers": each.most_workers,
                    "mean_workers": each.mean_workers,
                    "mean_replaced": each.mean_replaced,
                }
                for each in (outlook.policy, *policies)
            ],
        }
    )
