"""A run in words, tables and charts for people: its result, its stored history, its forecast."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from math import inf
from typing import TYPE_CHECKING, Final

from attrs import frozen
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from rnd_actors._histogram import Bar, draw_histogram, histogram
from rnd_actors._printing import one_line
from rnd_actors.cli._text import table
from rnd_actors.collectors import Outcome, Result, WorkerResult
from rnd_actors.reporting import LEGEND, Activity, Timeline, draw_timeline, timeline
from rnd_actors.store import RunHistory

if TYPE_CHECKING:  # it would bring the simulation, which `show` does not need
    from rnd_actors.planning import Forecast

_SHOWN_AT_EACH_END: Final = 150
_COLUMNS: Final = {"id": 0, "port": 70, "samples": 0, "starts": 56, "crashes": 0, "malformed": 80}
"""The columns of the table of workers, each with the width from which on a terminal shows it."""
_HEADLINES: Final = {
    Outcome.COMPLETE: ("Complete", "bold green"),
    Outcome.DEADLINE: ("Deadline missed", "bold red"),
    Outcome.INTERRUPTED: ("Interrupted", "bold yellow"),
    Outcome.FAILED: ("Failed", "bold red"),
}
_LONGEST_BAR: Final = 60
_LONGEST_FORECAST_BAR: Final = 40
_PERCENTILES: Final = (1, 10, 50, 90, 99)
_STYLES: Final = {
    Activity.STREAMING: "green",
    Activity.STARTING: "yellow",
    Activity.CRASHED: "bold red",
    Activity.DOWN: "dim",
}


def summary(result: Result) -> Group:
    """Return the samples, a line for each worker, and the figures of the run."""
    reason = "\n  ".join(map(one_line, result.reason.splitlines()))
    grid = Table.grid(padding=(0, 2))
    for name, figure in result.figures().items():
        grid.add_row(Text(one_line(name)), Text(one_line(figure)))
    return Group(
        Text(_numbers(result.values)),
        "",
        _Workers(result.workers),
        *map(Text, lines_of_last_words(result)),
        "",
        Text.assemble(_HEADLINES[result.outcome], ": ", reason),
        grid,
    )


def lines_of_last_words(result: Result) -> Iterator[str]:
    """Give the last words of each worker that was given up, unless the reason has them already."""
    for words, writers in result.last_words().items():
        if "\n  ".join(("", *words)) not in result.reason:
            ids = ", ".join(map(str, writers))
            who = f"worker {ids} was" if len(writers) == 1 else f"workers {ids} were"
            yield ""
            yield f"{who} given up; the last words:"
            yield from (f"  {one_line(line)}" for line in words)


def _numbers(values: tuple[int, ...]) -> str:
    left_out = len(values) - 2 * _SHOWN_AT_EACH_END
    if left_out <= 0:
        return " ".join(map(str, values))
    first, last = values[:_SHOWN_AT_EACH_END], values[-_SHOWN_AT_EACH_END:]
    return " ".join([*map(str, first), f"... ({left_out} left out) ...", *map(str, last)])


@frozen
class _Workers:
    """A line for each worker; where a terminal is narrow, the columns that matter least go."""

    workers: Sequence[WorkerResult]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        names = [name for name, least in _COLUMNS.items() if options.max_width >= least]
        columns = [("worker" if name == "id" else name, "right") for name in names]
        cut = console.is_terminal  # a file may be read in a wider window
        rows: list[list[str | Text]] = []
        for worker in self.workers:
            end = Text(_last_exit(worker), no_wrap=cut, overflow="ellipsis" if cut else "fold")
            rows.append([*(str(getattr(worker, name)) for name in names), end])
        yield table([*columns, ("last exit", "fold")], rows)


def _last_exit(worker: WorkerResult) -> str:
    """Return why a worker went down, without its name, which its row has already."""
    words = one_line(worker.last_exit or "")
    return words.removeprefix(f"worker {worker.id}").lstrip(": ")


def history_view(history: RunHistory) -> Group:
    """Return the summary of a stored run, its sessions, the histogram and the timeline."""
    run, parts = history.run, list[RenderableType]()
    parts += (
        Text.assemble((f"Run {run.id}", "bold"), f": {run.state}, {one_line(run.collector)}"),
        "",
        summary(history.result),
        "",
        _sessions(history),
    )
    if history.samples:
        bars = histogram([sample.value for sample in history.samples])
        parts += ("", Text("Values", style="bold"), _Histogram(bars))
    parts += ("", Text("Timeline", style="bold"), _Timeline(timeline(history)))
    return Group(*parts)


def _sessions(history: RunHistory) -> Table:
    rows = (
        (
            str(session.number),
            f"{datetime.fromtimestamp(session.started_at).astimezone():%Y-%m-%d %H:%M:%S}",
            f"{session.elapsed_s:.2f} s",
        )
        for session in history.sessions
    )
    return table((("session", "right"), ("began", "fold"), ("took", "right")), rows)


@frozen
class _Histogram:
    bars: tuple[Bar, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for label, bar, count in draw_histogram(self.bars, options.max_width, _LONGEST_BAR):
            yield _line(f"{label} ", (bar, "cyan"), f" {count}")


@frozen
class _Timeline:
    """A row for each worker, and below it the times at both ends and a legend of the characters."""

    timeline: Timeline

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, begin, end = options.max_width, "0 s", f"{self.timeline.end_s:.1f} s"
        for label, cells in draw_timeline(self.timeline, width):
            same = [(activity, len(list(group))) for activity, group in groupby(cells)]
            yield _line(
                label, *((activity.value * count, _STYLES[activity]) for activity, count in same)
            )
        yield _line(begin, end.rjust(width - len(begin)))
        yield Text(LEGEND)


def _line(*parts: str | tuple[str, str]) -> Text:
    return Text.assemble(*parts, no_wrap=True, overflow="crop")


def forecast_report(outlook: "Forecast") -> Group:
    """Return the probability, the figures of the plan, and the distribution of the times."""
    plan, kept = outlook.plan, outlook.kept
    low, high = kept.limits
    verdict = Text.assemble(
        (f"{kept.estimate:.1%}", "bold"),
        f" of {kept.trials} simulated runs keep the deadline of {plan.deadline:g} s "
        f"(95 % confidence: {low:.1%} to {high:.1%}).",
    )
    needed = "No number of workers up to 1000 keeps it in 99 % of the runs."
    if outlook.workers_needed is not None:
        plural = "" if outlook.workers_needed == 1 else "s"
        needed = f"It takes {outlook.workers_needed} worker{plural} to keep it in 99 % of the runs."
    return Group(verdict, needed, "", _figures(outlook), "", _bars(outlook))


def _figures(outlook: "Forecast") -> Table:
    plan, figures = outlook.plan, outlook.plan.profile
    crashes = "never" if figures.mtbf is None else f"after {figures.mtbf:.4g} s on average"
    grid = Table.grid(padding=(0, 2))
    grid.add_row("samples", f"{plan.samples} from {plan.workers} workers")
    grid.add_row(
        "each worker",
        f"{figures.rate:.4g}/s, the first after {figures.startup:.4g} s, crashes {crashes}",
    )
    for percent in _PERCENTILES:
        time = outlook.percentile(percent)
        within = "not even at ten times the deadline" if time == inf else f"within {time:.2f} s"
        grid.add_row(f"{percent} % of the runs", within)
    return grid


def _bars(outlook: "Forecast") -> Table:
    bars = outlook.histogram()
    most = max((bar.runs for bar in bars), default=1)
    rows: list[tuple[str, str, Text]] = []
    for bar in bars:
        length = round(_LONGEST_FORECAST_BAR * bar.runs / most)
        style = "green" if bar.up_to_s <= outlook.plan.deadline else "red"
        rows.append((f"{bar.up_to_s:.2f} s", str(bar.runs), Text("█" * length, style=style)))
    if never := outlook.times.count(inf):
        rows.append(("never", str(never), Text()))
    return table((("complete within", "right"), ("runs", "right"), ("", "left")), rows)
