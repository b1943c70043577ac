"""A result as a piece of HTML, as notebooks show it."""

from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rnd_actors.collecting._result import Result

__all__ = ["as_html"]

_BARS: Final = 20
_WIDTH, _HEIGHT = 400, 80
_COLUMNS: Final = ("id", "port", "samples", "starts", "crashes", "malformed", "last_exit")


def as_html(result: "Result") -> str:
    """Return headline, figures, a histogram and the workers; colours are those of the page."""
    return "".join(
        (
            "<div>",
            f"<p><strong>{escape(result.outcome.value.capitalize())}</strong>: ",
            f"{escape(result.reason)}</p>",
            _figures(result),
            _histogram(result.values),
            _workers(result),
            "</div>",
        )
    )


def _figures(result: "Result") -> str:
    wanted = "" if result.goal is None else f" of {result.goal}"
    figures = {
        "samples": f"{result.samples}{wanted}",
        "total time": f"{result.elapsed_s:.2f} s",
        "rate": f"{result.rate_per_s:.1f}/s",
        "mean": "-" if result.mean is None else f"{result.mean:.2f}",
        "restarts": str(result.restarts),
        **{name: str(value) for name, value in result.findings.items()},
    }
    rows = (
        f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in figures.items()
    )
    return f"<table>{''.join(rows)}</table>"


def _histogram(values: tuple[int, ...]) -> str:
    if not values:
        return ""
    least, most = min(values), max(values)
    size = (most - least) // _BARS + 1
    counts = Counter((value - least) // size for value in values)
    bars, highest, width = (most - least) // size + 1, max(counts.values()), _WIDTH / _BARS
    drawn = "".join(
        f'<rect x="{bar * width:g}" y="{_HEIGHT - height:.1f}" width="{width - 1:g}" '
        f'height="{height:.1f}"><title>{least + bar * size} to {least + (bar + 1) * size - 1}: '
        f"{counts[bar]}</title></rect>"
        for bar in range(bars)
        for height in [_HEIGHT * counts[bar] / highest]
    )
    return (
        f'<svg role="img" aria-label="histogram of the values from {least} to {most}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" fill="currentColor">{drawn}</svg>'
    )


def _workers(result: "Result") -> str:
    head = "".join(f"<th>{name.replace('_', ' ')}</th>" for name in ("worker", *_COLUMNS[1:]))
    rows = (
        "".join(f"<td>{escape(_text(getattr(worker, name)))}</td>" for name in _COLUMNS)
        for worker in result.workers
    )
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(value: object) -> str:
    return "" if value is None else str(value)
