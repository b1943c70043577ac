"""The figures of a run as tables of words, which are the same in HTML and Markdown.

What workers wrote is in them as it is, but for characters that cannot be printed; whoever writes
a table escapes it.
"""

import shlex
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Final

from attrs import frozen

from rnd_actors.collecting import Outcome
from rnd_actors.reporting._contents import Contents
from rnd_actors.reporting._statistics import Spread
from rnd_actors.workers import STANDIN

__all__ = [
    "IDEAL",
    "Table",
    "failures_table",
    "gaps_table",
    "last_words",
    "run_table",
    "title",
    "values_table",
    "workers_table",
]

IDEAL: Final = (
    "Ideal is what all workers deliver if all of them stream all the time from the first spawn on: "
    "their number times the rate of one, which is the median of the rates that were measured, or "
    "1 a second if none was. A run can be a little ahead of it, since the first number of a worker "
    "comes at once."
)
_MOST_FAILURES: Final = 50
_LONGEST_NAME: Final = 60


@frozen
class Table:
    """Rows of words below the names of their columns; without names, the first word is one."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def run_table(contents: Contents) -> Table:
    """Return what the run was, and what came of it."""
    history, figures = contents.history, contents.statistics
    run, result, ideal = history.run, history.result, figures.ideal
    lines = result.lines
    began = datetime.fromtimestamp(run.started_at, UTC)
    rows = {
        "state": _state(contents),
        "worker": _worker(run.worker, *run.worker),
        "host": _hosts(contents) or "not known",
        "began": f"{began:%Y-%m-%d %H:%M:%S} UTC",
        "collector": _printable(run.collector),
        "workers": str(run.workers),
        "sessions": str(run.sessions),
        "samples": f"{len(contents.values)}" + (f" of {run.goal}" if run.goal else ""),
        "total time": _seconds(figures.elapsed_s) + _deadline(result.deadline_s),
        "time to the goal": _seconds(figures.time_to_goal_s),
        "rate": _per_second(figures.rate_per_s),
        "ideal rate": f"{_per_second(ideal.rate_per_s)} ({ideal.workers} workers times "
        f"{_per_second(ideal.worker_rate_per_s)})",
        "share of the ideal": _share(figures.share_of_ideal),
        "lines": f"{lines.received} received: {lines.accepted} accepted, {lines.surplus} surplus, "
        f"{lines.malformed} malformed",
        **{_printable(name): _printable(str(found)) for name, found in result.findings.items()},
    }
    return Table((), tuple(rows.items()))


def title(contents: Contents) -> str:
    """Return what the run is called: its id, its worker and where it ran."""
    run = contents.history.run
    worker = _worker(run.worker, *(PurePath(part).name for part in run.worker[:1]), *run.worker[1:])
    shortened = textwrap.shorten(worker, _LONGEST_NAME, placeholder=" ...")
    hosts = _hosts(contents)
    return f"Run {run.id}: {shortened}" + (f" on {hosts}" if hosts else "")


def values_table(contents: Contents) -> Table:
    """Return how the values are spread, and whether they are uniform."""
    test = contents.uniformity
    rows = _spread(contents.statistics.values, "")
    if test.chi_square is not None:
        rows["chi-square"] = (
            f"{test.chi_square:.2f} with {test.degrees} degrees of freedom "
            f"({test.bars} bars from {test.low} to {test.high})"
        )
        rows["p-value"] = f"{test.p_value:.4f}"
    rows["uniformity"] = test.verdict
    return Table((), tuple(rows.items()))


def gaps_table(contents: Contents) -> Table:
    """Return how the times between consecutive samples are spread."""
    rows = _spread(contents.statistics.gaps_s, " s")
    return Table((), tuple((name, rows[name]) for name in ("mean", "median", "p95", "max")))


def workers_table(contents: Contents) -> Table:
    """Return the figures of each worker."""
    columns = ("worker", "samples", "crashes", "restarts", "streaming", "uptime", "rate")
    rows = (
        (
            str(worker.id),
            str(worker.samples),
            str(worker.crashes),
            str(worker.restarts),
            _seconds(worker.streaming_s),
            _share(worker.uptime),
            _per_second(worker.rate_per_s),
            _printable(worker.last_exit or "") + (" (given up)" if worker.given_up else ""),
        )
        for worker in contents.statistics.workers
    )
    return Table((*columns, "last exit"), tuple(rows))


def failures_table(contents: Contents) -> Table:
    """Return why workers went down by themselves, and how often."""
    failures = contents.statistics.failures
    rows = [(str(count), _printable(text)) for text, count in failures[:_MOST_FAILURES]]
    if others := failures[_MOST_FAILURES:]:
        rows.append((str(sum(count for _, count in others)), "others"))
    return Table(("times", "why"), tuple(rows))


def last_words(contents: Contents) -> Iterator[tuple[str, str]]:
    """Give what workers wrote that were given up, and who it was; each text is given once."""
    writers: dict[tuple[str, ...], list[str]] = {}
    for worker in contents.history.result.workers:
        if worker.given_up and worker.last_words:
            writers.setdefault(worker.last_words, []).append(str(worker.id))
    for words, ids in writers.items():
        who = f"worker{'s' if len(ids) > 1 else ''} {', '.join(ids)}"
        yield who, "\n".join(map(_printable, words))


def _worker(program: tuple[str, ...], *words: str) -> str:
    if program in ((), STANDIN):
        return "the stand-in" if program else "a worker that is not known"
    return _printable(shlex.join(words))


def _hosts(contents: Contents) -> str:
    hosts = (session.host for session in contents.history.sessions)
    return ", ".join(map(_printable, dict.fromkeys(filter(None, hosts))))


def _state(contents: Contents) -> str:
    state, reason = contents.history.run.state, contents.history.result.reason
    told = state in {outcome.value for outcome in Outcome}
    return f"{state}: {_printable(reason)}" if told else state


def _spread(spread: Spread, unit: str) -> dict[str, str]:
    return {
        "samples": str(spread.count),
        "mean": _figure(spread.mean, unit),
        "std deviation": _figure(spread.deviation, unit),
        "min": _figure(spread.minimum, unit),
        "lower quartile": _figure(spread.lower_quartile, unit),
        "median": _figure(spread.median, unit),
        "upper quartile": _figure(spread.upper_quartile, unit),
        "p95": _figure(spread.percentile_95, unit),
        "max": _figure(spread.maximum, unit),
    }


def _figure(figure: float | None, unit: str) -> str:
    if figure is None:
        return "-"
    return f"{figure}{unit}" if isinstance(figure, int) else f"{figure:.4g}{unit}"


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f} s"


def _deadline(deadline_s: float | None) -> str:
    return "" if deadline_s is None else f" (deadline {deadline_s:g} s)"


def _per_second(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.2f}/s"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _printable(text: str) -> str:
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())
