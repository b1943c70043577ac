"""A result as HTML without scripts, for notebooks; its colours suit light and dark pages."""

from collections import Counter
from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from rnd_actors.collecting._result import Outcome, Result, WorkerResult

__all__ = ["to_html"]

_COLOURS: Final = {
    Outcome.COMPLETE: "#2da44e",
    Outcome.DEADLINE: "#e5534b",
    Outcome.INTERRUPTED: "#c69026",
    Outcome.FAILED: "#e5534b",
}
_BARS: Final = 24
_WIDTH, _HEIGHT, _LABELS = 360, 80, 16
_COUNTS: Final = ("worker", "port", "samples", "starts", "crashes", "malformed")


def to_html(result: Result) -> str:
    """Return headline, figures, histogram and workers; all that came from outside is escaped."""
    border = f"border-left:4px solid {_COLOURS[result.outcome]}; padding-left:1em"
    headline = f"<b>{result.outcome.value.capitalize()}</b>: {escape(result.reason)}"
    figures = (f"<th>{escape(name)}</th><td>{escape(told)}</td>" for name, told in _figures(result))
    workers = (_worker(worker) for worker in result.workers)
    head = "".join(f"<th>{name}</th>" for name in (*_COUNTS, "last exit"))
    return (
        f'<div style="{border}"><p style="white-space:pre-wrap">{headline}</p>'
        f"<table>{_rows(figures)}</table>{_histogram(result.values)}"
        '<div style="max-height:30em; overflow:auto">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{_rows(workers)}</tbody></table></div></div>"
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
    counts = (worker.id, worker.port, worker.samples, worker.starts, worker.crashes)
    cells = "".join(f"<td>{count}</td>" for count in (*counts, worker.malformed))
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
