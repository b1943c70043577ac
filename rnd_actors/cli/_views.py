"""A run in words, tables and charts for people: its result, its stored history, its forecast."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from math import inf
from typing import TYPE_CHECKING, Final

from attrs import asdict, evolve, frozen
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from rnd_actors._histogram import Bar, draw_histogram, histogram
from rnd_actors._printing import one_line, ranges
from rnd_actors.cli._text import cut, table, table_of_hosts
from rnd_actors.collectors import Outcome, Result, WorkerResult, by_host
from rnd_actors.reporting import LEGEND, Activity, Timeline, draw_timeline, timeline
from rnd_actors.store import RunHistory

if TYPE_CHECKING:  # it would bring the simulation, which `show` does not need
    from rnd_actors.planning import Forecast, PolicyForecast
    from rnd_actors.scaling import ScalingPolicy

_SHOWN_AT_EACH_END: Final = 150
_COLUMNS: Final = {
    "worker": 0,
    "host": 64,
    "port": 70,
    "samples": 0,
    "starts": 56,
    "crashes": 0,
    "malformed": 80,
    "replaced": 0,
    "at work": 0,
}
"""The columns of the table of workers, each with the width from which on a terminal shows it."""
_RARE: Final = ("host", "replaced", "at work")
"""Those that are left out where no worker has anything in them."""
_LEFT: Final = ("host", "at work")
"""The columns of words, which begin at the left."""
_HEADLINES: Final = {
    Outcome.COMPLETE: ("Complete", "bold green"),
    Outcome.DEADLINE: ("Deadline missed", "bold red"),
    Outcome.INTERRUPTED: ("Interrupted", "bold yellow"),
    Outcome.FAILED: ("Failed", "bold red"),
}
_LONGEST_BAR: Final = 60
_LONGEST_FORECAST_BAR: Final = 36
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
        *table_of_hosts([asdict(host) for host in result.hosts]),
        *map(Text, lines_of_last_words(result)),
        "",
        Text.assemble(_HEADLINES[result.outcome], ": ", reason),
        grid,
    )


def lines_of_last_words(result: Result) -> Iterator[str]:
    """Give the last words of each worker that was given up, unless the reason has them already."""
    for words, writers in result.last_words().items():
        if "\n  ".join(("", *words)) not in result.reason:
            ids = ranges(writers)
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
    """A line for each worker; where a terminal is narrow, the columns that matter least go.

    Of many workers it has those with the most trouble.
    """

    workers: Sequence[WorkerResult]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        workers, others = cut(by_host(self.workers), _trouble)
        cells = [_cells(worker) for worker in workers]
        names = [name for name, least in _COLUMNS.items() if options.max_width >= least]
        shown = [name for name in names if name not in _RARE or any(row[name] for row in cells)]
        is_cut = console.is_terminal  # a file may be read in a wider window
        rows: list[list[str | Text]] = []
        for row in cells:
            end = Text(
                str(row["last exit"]), no_wrap=is_cut, overflow="ellipsis" if is_cut else "fold"
            )
            rows.append([*(str(row[name]) for name in shown), end])
        columns = [(name, "left" if name in _LEFT else "right") for name in shown]
        yield table([*columns, ("last exit", "fold")], rows)
        if others:
            yield Text(others)


def _trouble(worker: WorkerResult) -> tuple[bool, int, int]:
    return worker.given_up, worker.crashes, -worker.samples


def _cells(worker: WorkerResult) -> dict[str, str | int]:
    host = ""
    if worker.hosts:
        earlier = len(worker.hosts) - 1
        host = one_line(worker.hosts[-1].host) + (f" (+{earlier})" if earlier else "")
    return {
        "worker": worker.id,
        "host": host,
        "port": worker.port,
        "samples": worker.samples,
        "starts": worker.starts,
        "crashes": worker.crashes,
        "malformed": worker.malformed,
        "replaced": worker.replaced,
        "at work": worker.at_work,
        "last exit": _last_exit(worker),
    }


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
    """A row for each worker, and below it the times at both ends and a legend of the characters.

    Of many workers it has those that crashed most.
    """

    timeline: Timeline

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, begin, end = options.max_width, "0 s", f"{self.timeline.end_s:.1f} s"
        lanes, others = cut(self.timeline.lanes, lambda lane: len(lane.crashes))
        for label, cells in draw_timeline(evolve(self.timeline, lanes=tuple(lanes)), width):
            same = [(activity, len(list(group))) for activity, group in groupby(cells)]
            yield _line(
                label, *((activity.value * count, _STYLES[activity]) for activity, count in same)
            )
        yield _line(begin, end.rjust(width - len(begin)))
        yield Text(LEGEND)
        if others:
            yield Text(others)


def _line(*parts: str | tuple[str, str]) -> Text:
    return Text.assemble(*parts, no_wrap=True, overflow="crop")


def forecast_report(outlook: "Forecast", policies: "Sequence[PolicyForecast]" = ()) -> Group:
    """Return the probability, the figures of the plan, the times, and what other policies do."""
    plan, kept = outlook.plan, outlook.kept
    low, high = kept.limits
    verdict = Text.assemble(
        (f"{kept.estimate:.1%}", "bold"),
        f" of {kept.trials} simulated runs keep the deadline of {plan.deadline:g} s "
        f"(95 % confidence: {low:.1%} to {high:.1%}).",
    )
    how = "" if plan.policy.only_starts else " with this policy"
    needed = f"No number of workers up to {plan.most_sought} keeps it in 99 % of the runs{how}."
    if outlook.workers_needed is not None:
        plural = "" if outlook.workers_needed == 1 else "s"
        needed = f"It takes {outlook.workers_needed} worker{plural} to keep it in 99 % of the runs."
    comparison = _comparison((outlook.policy, *policies))
    return Group(verdict, needed, "", comparison, "", _figures(outlook), "", _bars(outlook))


def policy_in_words(policy: "ScalingPolicy") -> str:
    """Return what a policy does: for an installed one the options that ask for it."""
    from rnd_actors.scaling import DeadlinePolicy, FixedPolicy  # noqa: PLC0415

    if not isinstance(policy, FixedPolicy | DeadlinePolicy):
        return type(policy).__name__
    name = "fixed" if isinstance(policy, FixedPolicy) else "deadline"
    return f"{name}, slow ones replaced" if policy.replace_slow else name


def _comparison(policies: "Sequence[PolicyForecast]") -> Table:
    names = ("policy", "kept", "workers at most", "on average", "replaced")
    rows = (
        (
            policy_in_words(each.policy),
            f"{each.kept.estimate:.1%}",
            str(each.most_workers),
            f"{each.mean_workers:.1f}",
            f"{each.mean_replaced:.1f}",
        )
        for each in policies
    )
    return table([(name, "fold" if name == "policy" else "right") for name in names], rows)


def _figures(outlook: "Forecast") -> Table:
    plan, figures = outlook.plan, outlook.plan.profile
    crashes = "never" if figures.mtbf is None else f"after {figures.mtbf:.4g} s on average"
    grid = Table.grid(padding=(0, 2))
    number = str(outlook.policy.most_workers)
    if outlook.policy.mean_workers < outlook.policy.most_workers:
        number = f"{outlook.policy.mean_workers:.1f} workers on average, {number} at most"
    else:
        number = f"{number} worker{'' if number == '1' else 's'}"
    grid.add_row("samples", f"{plan.samples} from {number} ({policy_in_words(plan.policy)})")
    grid.add_row(
        "each worker",
        f"{figures.rate:.4g}/s, the first after {figures.startup:.4g} s, crashes {crashes}",
    )
    if figures.slow_share:
        slow = f"{figures.slow_share:.0%} need {figures.slow_factor:g} times as long for a number"
        grid.add_row("slow ones", slow)
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
