"""The result of a run, and its forms: JSON, a data frame, words, and HTML for notebooks."""

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from functools import cache, partial
from html import escape
from math import isfinite
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from rnd_actors._histogram import histogram
from rnd_actors._json import to_json
from rnd_actors.collectors._worker_result import (
    HostResult,
    Ledger,
    WorkerResult,
    by_host,
    sums_by_host,
)
from rnd_actors.errors import ResultFormatError

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]
    from cattrs.preconf.json import JsonConverter


class Outcome(Enum):
    """How a run ended."""

    COMPLETE = "complete"
    """The collector's goal was reached."""
    DEADLINE = "deadline"
    """The deadline came first."""
    INTERRUPTED = "interrupted"
    """Somebody stopped it."""
    FAILED = "failed"
    """It could not go on; the reason says why."""


@frozen
class Result:
    """The result of a run, complete or not; a notebook shows it as tables and a histogram."""

    outcome: Outcome
    reason: str
    """Why it ended, in words."""
    goal: int | None
    """How many samples were asked for; None if the collector's goal is no number of samples."""
    elapsed_s: float
    """Seconds from the first spawn to the last counted sample; if not complete, to its end."""
    deadline_s: float | None
    lines: Ledger
    values: tuple[int, ...]
    """The samples, in the order of their arrival."""
    workers: tuple[WorkerResult, ...]
    findings: Mapping[str, float | int | str | None] = field(factory=dict)
    """The findings of the collector, by name."""

    @property
    def samples(self) -> int:
        """How many samples count."""
        return len(self.values)

    @property
    def rate_per_s(self) -> float:
        """Samples a second over `elapsed_s`."""
        return self.samples / self.elapsed_s if self.elapsed_s else 0.0

    @property
    def mean(self) -> float | None:
        """The mean of the samples; None if there are none."""
        return fmean(self.values) if self.values else None

    @property
    def restarts(self) -> int:
        """How many times a worker was started again."""
        return sum(worker.restarts for worker in self.workers)

    @property
    def hosts(self) -> tuple[HostResult, ...]:
        """What the workers did on each host of a cluster; empty: all were on this machine."""
        return sums_by_host(worker.hosts for worker in self.workers)

    def to_json(self) -> str:
        """Return the result as one line of JSON, whose keys docs/result.md explains.

        Numbers that JSON does not know (not a number, infinity) become null.
        """
        return to_json(_plain(self), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Result":
        """Return the result that `to_json` has written; unknown keys are ignored.

        Raises:
            ResultFormatError: the text is no JSON, no result, or one of an unknown schema.
        """
        from cattrs import ClassValidationError, transform_error  # noqa: PLC0415  # slow to import

        try:
            plain = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _no_result(f"text that is no JSON ({error})") from error
        if not isinstance(plain, dict):
            raise _no_result("JSON that is no object")
        if "schema" not in plain:
            raise _no_result("an object without the key schema")
        if plain["schema"] != _SCHEMA:
            raise ResultFormatError(
                f"expected a result of schema {_SCHEMA}; got schema {plain['schema']!r}; "
                "read it with the version of rnd-actors that wrote it, or a newer one"
            )
        try:
            return _converter().structure(plain, cls)
        except ClassValidationError as error:
            raise _no_result("; ".join(transform_error(error)[:_TROUBLES_SHOWN])) from error

    def to_pandas(self) -> "pd.DataFrame":
        """Return one row per sample, in the order of arrival, with the column `value`.

        The index is named `index`; `attrs` has all other keys of `to_json`.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415  # optional, and slow to import
        except ModuleNotFoundError as error:
            raise ImportError(
                "Result.to_pandas() needs pandas; install it: pip install pandas"
            ) from error
        index = pd.RangeIndex(self.samples, name="index")
        frame = pd.DataFrame({"value": self.values}, index=index, dtype="int64")
        frame.attrs = {key: value for key, value in _plain(self).items() if key != "values"}
        return frame

    def figures(self) -> dict[str, str]:
        """Return the figures and the findings of the collector in words, by name."""
        wanted = "" if self.goal is None else f" of {self.goal}"
        limit = "" if self.deadline_s is None else f" (deadline {self.deadline_s:g} s)"
        return {
            "samples": f"{self.samples}{wanted}",
            "total time": f"{self.elapsed_s:.2f} s{limit}",
            "rate": f"{self.rate_per_s:.1f}/s",
            "mean": _rounded(self.mean),
            "restarts": str(self.restarts),
            "lines": str(self.lines),
            **{name: _rounded(finding) for name, finding in self.findings.items()},
        }

    def last_words(self) -> dict[tuple[str, ...], list[int]]:
        """Return the last words of workers that were given up, each with the ids of its writers."""
        writers: dict[tuple[str, ...], list[int]] = {}
        for worker in self.workers:
            if worker.given_up and worker.last_words:
                writers.setdefault(worker.last_words, []).append(worker.id)
        return writers

    def _repr_html_(self) -> str:
        return _html(self)


_SCHEMA: Final = 1
"""Goes up when a key vanishes or changes its meaning; readers ignore keys that are added."""
_TROUBLES_SHOWN: Final = 3


def _plain(result: Result) -> dict[str, Any]:
    """Return fields and derived figures as dictionaries, lists, numbers and strings."""
    names = ("samples", "rate_per_s", "mean", "restarts", "hosts")
    derived = {name: getattr(result, name) for name in names}
    unstructure = _converter().unstructure
    return {"schema": _SCHEMA, **unstructure(derived), **unstructure(result)}


def _no_result(got: str) -> ResultFormatError:
    return ResultFormatError(f"expected a result as Result.to_json() writes it; got {got}")


@cache
def _converter() -> "JsonConverter":
    """Return a converter that reads only exact types: 1.5 is no whole number, nor is "12"."""
    from cattrs.preconf.json import make_converter  # noqa: PLC0415  # slow to import

    converter = make_converter()
    converter.register_unstructure_hook(float, lambda number: number if isfinite(number) else None)
    for kind in (int, str, bool):
        converter.register_structure_hook(kind, partial(_exactly, (kind,)))
    converter.register_structure_hook(float, partial(_exactly, (float, int)))
    return converter


def _exactly(accepted: tuple[type, ...], value: object, kind: type) -> object:
    if type(value) not in accepted:
        raise TypeError(value)
    return kind(value)


def _rounded(figure: float | str | None) -> str:
    if figure is None:
        return "-"
    return f"{figure:.2f}" if isinstance(figure, float) else str(figure)


_COLOURS: Final = {
    Outcome.COMPLETE: "#2da44e",
    Outcome.DEADLINE: "#e5534b",
    Outcome.INTERRUPTED: "#c69026",
    Outcome.FAILED: "#e5534b",
}
"""Colours that suit light and dark pages."""
_COUNTS: Final = ("port", "samples", "starts", "crashes", "malformed")
_HOST_COUNTS: Final = ("host", "workers", "samples", "starts", "crashes", "lost")
_WIDTH, _HEIGHT, _LABELS = 360, 80, 16


def _html(result: Result) -> str:
    """Return a part of a page, without scripts; all text from outside is escaped."""
    border = f"border-left:4px solid {_COLOURS[result.outcome]}; padding-left:1em"
    headline = f"<b>{result.outcome.value.capitalize()}</b>: {escape(result.reason)}"
    told = (
        f"<th>{escape(name)}</th><td>{escape(text)}</td>" for name, text in result.figures().items()
    )
    return (
        f'<div style="{border}"><p style="white-space:pre-wrap">{headline}</p>'
        f"<table>{_rows(told)}</table>{_drawn(result.values)}{_hosts(result)}"
        '<div style="max-height:30em; overflow:auto">'
        f"{_workers(result.workers)}</div></div>"
    )


def _hosts(result: Result) -> str:
    """Return the table of the hosts; nothing if there are not several."""
    hosts = result.hosts
    if len(hosts) < 2:  # noqa: PLR2004  # the sums of one are those of the run
        return ""
    cells = (
        "".join(f"<td>{escape(str(getattr(host, name)))}</td>" for name in _HOST_COUNTS)
        for host in hosts
    )
    return _table(_HOST_COUNTS, cells)


def _workers(workers: Sequence[WorkerResult]) -> str:
    counts = ["places"] if any(worker.hosts for worker in workers) else []
    counts += _COUNTS
    names = ("host" if name == "places" else name for name in counts)
    cells = (_cells(worker, counts) for worker in by_host(workers))
    return _table(("worker", *names, "last exit"), cells)


def _table(names: Iterable[str], rows: Iterable[str]) -> str:
    head = "".join(f"<th>{name}</th>" for name in names)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{_rows(rows)}</tbody></table>"


def _rows(rows: Iterable[str]) -> str:
    return "".join(f"<tr>{row}</tr>" for row in rows)


def _cells(worker: WorkerResult, counts: Sequence[str]) -> str:
    shown = (escape(str(getattr(worker, name))) for name in ("id", *counts))
    cells = "".join(f"<td>{words}</td>" for words in shown)
    end = escape(worker.last_exit or "")
    if worker.given_up:
        words = escape("\n".join(worker.last_words))
        end += f"<details><summary>given up</summary><pre>{words}</pre></details>"
    return f'{cells}<td style="text-align:left">{end}</td>'


def _drawn(values: tuple[int, ...]) -> str:
    """Return the histogram of the values as SVG; nothing if there are none."""
    bars = histogram(values)
    if not bars:
        return ""
    low, high, base, width = bars[0].low, bars[-1].high, _HEIGHT - _LABELS, _WIDTH / len(bars)
    unit = base / max(bar.count for bar in bars)
    drawn = "".join(
        f'<rect x="{place * width:.1f}" y="{base - bar.count * unit:.1f}" width="{width - 1:.1f}" '
        f'height="{bar.count * unit:.1f}"><title>'
        f"{bar.low}{f' to {bar.high}' if bar.high > bar.low else ''}: {bar.count}</title></rect>"
        for place, bar in enumerate(bars)
        if bar.count
    )
    return (
        f'<svg role="img" aria-label="histogram of the samples from {low} to {high}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" fill="currentColor" font-size="12">'
        f'<g fill-opacity="0.6">{drawn}</g><text y="{_HEIGHT - 3}">{low}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 3}" text-anchor="end">{high}</text></svg>'
    )
