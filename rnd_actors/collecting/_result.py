"""The result of a run, and its forms: JSON, a data frame, and HTML for notebooks."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from html import escape
from math import isfinite
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from rnd_actors.errors import ResultFormatError

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]
    from cattrs.preconf.json import JsonConverter

__all__ = ["Lines", "Outcome", "Result", "WorkerResult"]


class Outcome(Enum):
    """How a run ended.

    Example:
        >>> from rnd_actors import Outcome
        >>> [outcome.value for outcome in Outcome]
        ['complete', 'deadline', 'interrupted', 'failed']
    """

    COMPLETE = "complete"
    """The collector's goal was reached."""
    DEADLINE = "deadline"
    """The deadline came first."""
    INTERRUPTED = "interrupted"
    """Somebody stopped it."""
    FAILED = "failed"
    """It could not go on; the reason says why."""


@frozen
class Lines:
    """The ledger of a run: received = accepted + surplus + malformed.

    Example:
        >>> from rnd_actors import Lines
        >>> lines = Lines(received=12, accepted=10, surplus=1, malformed=1)
        >>> lines.received == lines.accepted + lines.surplus + lines.malformed
        True
    """

    received: int
    """Lines read from the workers."""
    accepted: int
    """Samples that count."""
    surplus: int
    """Samples that the collector did not want, mostly since its goal was reached."""
    malformed: int
    """Lines that are no sample."""


@frozen
class WorkerResult:
    """What became of one worker.

    Example:
        >>> from rnd_actors import Collection
        >>> [worker] = Collection.of({3: 3003}).result(goal=150, deadline_s=None).workers
        >>> worker.id, worker.port, worker.starts
        (3, 3003, 0)
    """

    id: int
    port: int
    samples: int
    starts: int
    crashes: int
    malformed: int
    last_exit: str | None
    """Why its last incarnation went down by itself; None if none did."""
    given_up: bool = False
    """Whether its restart budget was spent, so that it was not started again."""
    last_words: tuple[str, ...] = ()
    """The last 20 lines that this incarnation wrote to stdout or stderr."""
    startup_s: float | None = None
    """Mean seconds from a spawn to the first line; None if no line came."""
    streamed_s: float = 0.0
    """Seconds from the first lines of its processes to their ends, or to the end of the run."""
    rate_per_s: float | None = None
    """Lines a second while it streamed; None if no process sent two lines."""


@frozen
class Result:
    """The result of a run, complete or not; a notebook shows it as tables and a histogram.

    Example:
        >>> from rnd_actors import Collection, Result
        >>> result = Collection.of({3: 3003}).result(goal=150, deadline_s=None)
        >>> result.outcome.value, result.samples, result.mean, result.restarts
        ('failed', 0, None, 0)
        >>> Result.from_json(result.to_json()) == result
        True
    """

    outcome: Outcome
    reason: str
    """Why it ended, in words."""
    goal: int | None
    """How many samples were asked for; None if the collector's goal is no number of samples."""
    elapsed_s: float
    """Seconds from the first spawn to the last counted sample; if not complete, to its end."""
    deadline_s: float | None
    lines: Lines
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
        return sum(max(0, worker.starts - 1) for worker in self.workers)

    def to_json(self) -> str:
        """Return the result as one line of JSON, whose keys docs/result.md explains.

        Numbers that JSON does not know (not a number, infinity) become null.
        """
        return json.dumps(_plain(self), allow_nan=False)

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

    def _repr_html_(self) -> str:
        return _html(self)


_SCHEMA: Final = 1
"""Goes up when a key vanishes or changes its meaning; readers ignore keys that are added."""
_TROUBLES_SHOWN: Final = 3


def _plain(result: Result) -> dict[str, Any]:
    """Return fields and derived figures as dictionaries, lists, numbers and strings."""
    figures = {
        "samples": result.samples,
        "rate_per_s": result.rate_per_s,
        "mean": result.mean,
        "restarts": result.restarts,
    }
    unstructure = _converter().unstructure
    return {"schema": _SCHEMA, **unstructure(figures), **unstructure(result)}


def _no_result(got: str) -> ResultFormatError:
    return ResultFormatError(f"expected a result as Result.to_json() writes it; got {got}")


@cache
def _converter() -> "JsonConverter":
    """Return a converter that reads only exact types: 1.5 is no whole number, nor is "12"."""
    from cattrs.preconf.json import make_converter  # noqa: PLC0415  # slow to import

    def exactly(*kinds: type) -> Any:
        def check(value: object, kind: type) -> object:
            if type(value) not in kinds:
                raise TypeError(value)
            return kind(value)

        return check

    converter = make_converter()
    converter.register_unstructure_hook(float, lambda number: number if isfinite(number) else None)
    converter.register_structure_hook(int, exactly(int))
    converter.register_structure_hook(float, exactly(float, int))
    converter.register_structure_hook(str, exactly(str))
    converter.register_structure_hook(bool, exactly(bool))
    return converter


_COLOURS: Final = {
    Outcome.COMPLETE: "#2da44e",
    Outcome.DEADLINE: "#e5534b",
    Outcome.INTERRUPTED: "#c69026",
    Outcome.FAILED: "#e5534b",
}
"""Colours that suit light and dark pages."""
_COUNTS: Final = ("port", "samples", "starts", "crashes", "malformed")
_BARS: Final = 24
_WIDTH, _HEIGHT, _LABELS = 360, 80, 16


def _html(result: Result) -> str:
    """Return a page part without scripts; all text from outside is escaped."""
    border = f"border-left:4px solid {_COLOURS[result.outcome]}; padding-left:1em"
    headline = f"<b>{result.outcome.value.capitalize()}</b>: {escape(result.reason)}"
    figures = (f"<th>{escape(name)}</th><td>{escape(text)}</td>" for name, text in _figures(result))
    head = "".join(f"<th>{name}</th>" for name in ("worker", *_COUNTS, "last exit"))
    return (
        f'<div style="{border}"><p style="white-space:pre-wrap">{headline}</p>'
        f"<table>{_rows(figures)}</table>{_histogram(result.values)}"
        '<div style="max-height:30em; overflow:auto"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{_rows(map(_worker, result.workers))}</tbody>"
        "</table></div></div>"
    )


def _rows(rows: Iterable[str]) -> str:
    return "".join(f"<tr>{row}</tr>" for row in rows)


def _figures(result: Result) -> Iterator[tuple[str, str]]:
    wanted = "" if result.goal is None else f" of {result.goal}"
    limit = "" if result.deadline_s is None else f" (deadline {result.deadline_s:g} s)"
    lines = result.lines
    yield "samples", f"{result.samples}{wanted}"
    yield "total time", f"{result.elapsed_s:.2f} s{limit}"
    yield "rate", f"{result.rate_per_s:.1f}/s"
    yield "mean", "-" if result.mean is None else f"{result.mean:.2f}"
    yield "restarts", str(result.restarts)
    kinds = f"{lines.accepted} accepted, {lines.surplus} surplus, {lines.malformed} malformed"
    yield "lines", f"{lines.received} received: {kinds}"
    for name, finding in result.findings.items():
        yield name, "-" if finding is None else str(finding)


def _worker(worker: WorkerResult) -> str:
    cells = "".join(f"<td>{getattr(worker, name)}</td>" for name in ("id", *_COUNTS))
    end = escape(worker.last_exit or "")
    if worker.given_up:
        words = escape("\n".join(worker.last_words))
        end += f"<details><summary>given up</summary><pre>{words}</pre></details>"
    return f'{cells}<td style="text-align:left">{end}</td>'


def _histogram(values: tuple[int, ...]) -> str:
    """Return a drawing of how many samples lie where, in bars of whole numbers; "" without any."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = high - low + 1
    bars = min(_BARS, span)
    counts = Counter((value - low) * bars // span for value in values)
    base, width = _HEIGHT - _LABELS, _WIDTH / bars
    unit = base / max(counts.values())
    drawn = "".join(
        f'<rect x="{bar * width:.1f}" y="{base - count * unit:.1f}" width="{width - 1:.1f}" '
        f'height="{count * unit:.1f}"><title>{_range(low, span, bar, bars)}: {count}</title></rect>'
        for bar, count in sorted(counts.items())
    )
    return (
        f'<svg role="img" aria-label="histogram of the samples from {low} to {high}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" fill="currentColor" font-size="12">'
        f'<g fill-opacity="0.6">{drawn}</g><text y="{_HEIGHT - 3}">{low}</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 3}" text-anchor="end">{high}</text></svg>'
    )


def _range(low: int, span: int, bar: int, bars: int) -> str:
    first, last = (low - (-edge * span // bars) for edge in (bar, bar + 1))
    return f"{first}" if first == last - 1 else f"{first} to {last - 1}"
