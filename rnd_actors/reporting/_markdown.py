"""A report as Markdown: tables, and drawings in characters instead of pictures."""

import re
from collections.abc import Iterator
from typing import Final

from rnd_actors.reporting import _tables as tables
from rnd_actors.reporting._contents import Contents
from rnd_actors.reporting._timeline import LEGEND, draw_timeline
from rnd_actors.reporting._values import histogram

__all__ = ["as_markdown"]

_WIDTH: Final = 80
_LONGEST_BAR: Final = 40


def as_markdown(contents: Contents) -> str:
    """Return the text; most viewers of Markdown show no embedded pictures, so there are none."""
    return "\n".join(_lines(contents)) + "\n"


def _lines(contents: Contents) -> Iterator[str]:
    yield f"# {_escape(tables.title(contents))}"
    yield from _table(tables.run_table(contents))
    yield from ("", tables.IDEAL)
    yield from ("", "## Timeline", "", "```text", *_timeline(contents), "```")
    yield from ("", "## Workers", *_table(tables.workers_table(contents)))
    failures = tables.failures_table(contents)
    if failures.rows:
        yield from ("", "## Failures", *_table(failures))
    yield from ("", "## Values", *_table(tables.values_table(contents)))
    yield from ("", "```text", *_histogram(contents), "```")
    yield from ("", "## Gaps between samples", *_table(tables.gaps_table(contents)))
    for who, words in tables.last_words(contents):
        yield from ("", f"## Last words of {who}", "")
        yield from (f"    {line}" for line in words.splitlines())


def _table(table: tables.Table) -> Iterator[str]:
    width = len(table.columns or table.rows[0])
    yield from ("", _row(table.columns or ("",) * width), _row(("---",) * width))
    yield from (_row(tuple(map(_escape, row))) for row in table.rows)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|&~])", r"\\\1", text)


def _timeline(contents: Contents) -> Iterator[str]:
    for label, cells in draw_timeline(contents.timeline, _WIDTH):
        yield label + "".join(cell.value for cell in cells)
    yield f"0 s to {contents.timeline.end_s:.2f} s  {LEGEND}"


def _histogram(contents: Contents) -> Iterator[str]:
    bars = histogram(contents.values)
    most = max((bar.count for bar in bars), default=0)
    longest = max((len(f"{bar.low}-{bar.high}") for bar in bars), default=0)
    for bar in bars:
        label = f"{bar.low}-{bar.high}".rjust(longest)
        yield f"{label} {'█' * round(_LONGEST_BAR * bar.count / most)} {bar.count}"
