"""The contents of a report: the figures of a run, and the tables that HTML and Markdown show.

Words of workers are in the tables unescaped, without the characters that cannot be printed.
"""

import shlex
import textwrap
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Final

from attrs import frozen

from rnd_actors._histogram import Bar, histogram
from rnd_actors._printing import one_line
from rnd_actors.collectors import Outcome, by_host
from rnd_actors.reporting._statistics import (
    RunStatistics,
    Spread,
    Uniformity,
    statistics,
    uniformity,
)
from rnd_actors.store import RunHistory
from rnd_actors.workers import STANDIN

IDEAL: Final = (
    "Ideal is what all workers deliver if all of them stream all the time from the first spawn on: "
    "their number times the rate of one, which is the median of the rates that were measured, or "
    "1 a second if none was. A run can be a little ahead of it, since the first number of a worker "
    "comes at once."
)
_MOST_FAILURES: Final = 50
_LONGEST_NAME: Final = 60
_SECONDS: Final = "{:.2f} s"
_RATE: Final = "{:.2f}/s"
_SHARE: Final = "{:.1%}"
_HOST_COLUMNS: Final = ("host", "workers", "samples", "starts", "crashes", "lost")


@frozen
class Table:
    """Rows of words below the names of their columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@frozen
class Report:
    """A run and its figures, and the same in words: tables, and facts by their names."""

    history: RunHistory
    statistics: RunStatistics
    uniformity: Uniformity
    bars: tuple[Bar, ...]

    @classmethod
    def of(cls, history: RunHistory) -> "Report":
        """Return the report of a run."""
        values = history.result.values
        return cls(history, statistics(history), uniformity(values), histogram(values))

    @property
    def title(self) -> str:
        """The id of the run, its worker and its hosts."""
        run, hosts = self.history.run, self._hosts()
        name = tuple(PurePath(part).name for part in run.worker[:1])
        worker = textwrap.shorten(
            _worker(run.worker, *name, *run.worker[1:]), _LONGEST_NAME, placeholder=" ..."
        )
        return f"Run {run.id}: {worker}" + (f" on {hosts}" if hosts else "")

    @property
    def run_facts(self) -> dict[str, str]:
        """The settings of the run, its outcome and its figures."""
        run, result, times = self.history.run, self.history.result, self.statistics
        told, ideal = result.figures(), times.ideal
        is_over = run.state in {outcome.value for outcome in Outcome}
        return {
            "state": run.state + (f": {one_line(result.reason)}" if is_over else ""),
            "worker": _worker(run.worker, *run.worker),
            "host": self._hosts() or "not known",
            "began": f"{datetime.fromtimestamp(run.started_at, UTC):%Y-%m-%d %H:%M:%S} UTC",
            "collector": one_line(run.collector),
            "workers": str(run.workers),
            "sessions": str(run.sessions),
            "samples": told["samples"],
            "total time": told["total time"],
            "time to the goal": _written(_SECONDS, times.time_to_goal_s),
            "rate": _written(_RATE, times.rate_per_s),
            "ideal rate": f"{_written(_RATE, ideal.rate_per_s)} ({ideal.workers} workers times "
            f"{_written(_RATE, ideal.worker_rate_per_s)})",
            "share of the ideal": _written(_SHARE, times.share_of_ideal),
            "lines": told["lines"],
            **{one_line(name): one_line(told[name]) for name in result.findings},
        }

    @property
    def workers(self) -> Table:
        """The figures of each worker, host by host."""
        results = by_host(self.history.result.workers)
        is_placed = any(result.hosts for result in results)
        was_scaled = any(result.at_work for result in results)
        has_replaced = any(result.replaced for result in results)
        figures = {worker.id: worker for worker in self.statistics.workers}
        rows = (
            (
                str(result.id),
                *([one_line(result.places)] if is_placed else []),
                str(result.samples),
                str(result.crashes),
                str(result.restarts),
                _written(_SECONDS, figures[result.id].streaming_s),
                _written(_SHARE, figures[result.id].uptime),
                _written(_RATE, result.rate_per_s),
                *([str(result.replaced)] if has_replaced else []),
                *([result.at_work] if was_scaled else []),
                one_line(result.last_exit or "") + (" (given up)" if result.given_up else ""),
            )
            for result in results
        )
        columns = ("samples", "crashes", "restarts", "streaming", "uptime", "rate")
        more = (*["replaced"] * has_replaced, *["at work"] * was_scaled)
        names = ("worker", *["host"] * is_placed, *columns, *more, "last exit")
        return Table(names, tuple(rows))

    @property
    def hosts(self) -> Table:
        """The sums of each host of a cluster; no rows if there are not several."""
        hosts = self.history.result.hosts
        rows = (
            tuple(one_line(str(getattr(host, name))) for name in _HOST_COLUMNS) for host in hosts
        )
        return Table(_HOST_COLUMNS, tuple(rows) if len(hosts) > 1 else ())

    @property
    def failures(self) -> Table:
        """The reasons why workers went down by themselves, and how often; 50 at most."""
        failures = self.statistics.failures
        rows = [(str(count), one_line(text)) for text, count in failures[:_MOST_FAILURES]]
        if others := failures[_MOST_FAILURES:]:
            rows.append((str(sum(count for _, count in others)), "others"))
        return Table(("times", "why"), tuple(rows))

    @property
    def values_facts(self) -> dict[str, str]:
        """The spread of the values, and whether they are uniform."""
        test = self.uniformity
        facts = _spread(self.statistics.values, "")
        if test.chi_square is not None:
            facts["chi-square"] = (
                f"{test.chi_square:.2f} with {test.degrees} degrees of freedom "
                f"({test.bars} bars from {test.low} to {test.high})"
            )
            facts["p-value"] = f"{test.p_value:.4f}"
        return {**facts, "uniformity": test.verdict}

    @property
    def gaps_facts(self) -> dict[str, str]:
        """The spread of the times between consecutive samples."""
        facts = _spread(self.statistics.gaps_s, " s")
        return {name: facts[name] for name in ("mean", "median", "p95", "max")}

    @property
    def last_words(self) -> dict[str, str]:
        """The last words of workers that were given up, by their writers; each text once."""
        return {
            f"worker{'s' if len(ids) > 1 else ''} {', '.join(map(str, ids))}": "\n".join(
                map(one_line, words)
            )
            for words, ids in self.history.result.last_words().items()
        }

    def _hosts(self) -> str:
        hosts = (session.host for session in self.history.sessions)
        return ", ".join(map(one_line, dict.fromkeys(filter(None, hosts))))


def _worker(program: tuple[str, ...], *words: str) -> str:
    if program in ((), STANDIN):
        return "the stand-in" if program else "a worker that is not known"
    return one_line(shlex.join(words))


def _spread(spread: Spread, unit: str) -> dict[str, str]:
    numbers = {
        "mean": spread.mean,
        "std deviation": spread.deviation,
        "min": spread.minimum,
        "lower quartile": spread.lower_quartile,
        "median": spread.median,
        "upper quartile": spread.upper_quartile,
        "p95": spread.percentile_95,
        "max": spread.maximum,
    }
    return {
        "samples": str(spread.count),
        **{name: _figure(number, unit) for name, number in numbers.items()},
    }


def _figure(number: float | None, unit: str) -> str:
    if number is None:
        return "-"
    return f"{number}{unit}" if isinstance(number, int) else f"{number:.4g}{unit}"


def _written(form: str, number: float | None) -> str:
    return "-" if number is None else form.format(number)
