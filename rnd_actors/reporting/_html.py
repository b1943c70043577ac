"""A report as one page of HTML that needs nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

from rnd_actors.reporting import _pictures as pictures
from rnd_actors.reporting import _tables as tables
from rnd_actors.reporting._contents import Contents

__all__ = ["as_html"]

_STYLE: Final = """\
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
svg { width: 100%; height: auto; } figure { margin: 0; } svg.narrow { display: none; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .15rem 1.2rem .15rem 0; }
th { font-weight: 600; } thead th { border-bottom: 1px solid; }
td, pre { overflow-wrap: anywhere; } pre { white-space: pre-wrap; }
.many td { white-space: nowrap; } .many td:last-child { white-space: normal; min-width: 12rem; }
p { opacity: .75; }
@media (max-width: 46rem) {
  body { margin: 1rem auto; } h1 { font-size: 1.3rem; }
  svg.narrow { display: block; } svg.wide { display: none; }
  th, td { padding-right: .8rem; }
  .many thead { display: none; } .many, .many tbody { display: block; }
  .many tr { display: grid; grid-template-columns: repeat(4, 1fr); padding: .4rem 0;
    border-top: 1px solid; }
  .many td::before { content: attr(data-name); display: block; font-size: .75rem; opacity: .75; }
  .many td:last-child { grid-column: 1 / -1; } .many td:empty { display: none; }
}
"""
_FEW: Final = 3
"""Columns that fit on a phone: rows of more are broken there, and cells have their names above."""


def as_html(contents: Contents) -> str:
    """Return the page; whatever workers wrote is escaped."""
    return "\n".join(_lines(contents)) + "\n"


def _lines(contents: Contents) -> Iterator[str]:
    title = escape(tables.title(contents))
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield f'<head><meta charset="utf-8"><title>{title}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>\n{_STYLE}</style></head>"
    yield f"<body><h1>{title}</h1>"
    yield from _table(tables.run_table(contents))
    yield from _sections(contents)
    yield "</body></html>"


def _sections(contents: Contents) -> Iterator[str]:
    yield "<h2>Samples over time</h2>"
    yield from _picture("Samples over time", pictures.progress_picture(contents))
    yield f"<p>{escape(tables.IDEAL)}</p>"
    yield "<h2>Workers</h2>"
    yield from _picture("What each worker was doing", pictures.timeline_picture(contents))
    if len(contents.timeline.lanes) > pictures.MOST_LANES:
        yield f"<p>The picture shows the first {pictures.MOST_LANES} workers.</p>"
    yield from _table(tables.workers_table(contents))
    failures = tables.failures_table(contents)
    if failures.rows:
        yield "<h2>Failures</h2>"
        yield from _table(failures)
    yield "<h2>Values</h2>"
    if contents.values:
        yield from _picture("Histogram of the values", pictures.values_picture(contents))
    yield from _table(tables.values_table(contents))
    yield "<h2>Gaps between samples</h2>"
    if contents.statistics.gaps:
        yield from _picture("Histogram of the gaps", pictures.gaps_picture(contents))
    yield from _table(tables.gaps_table(contents))
    for who, words in tables.last_words(contents):
        yield f"<h2>Last words of {escape(who)}</h2>"
        yield f"<pre>{escape(words)}</pre>"


def _picture(what: str, drawn: Mapping[str, str]) -> Iterator[str]:
    yield f'<figure role="img" aria-label="{escape(what)}">'
    for form, svg in drawn.items():
        yield svg.replace("<svg ", f'<svg class="{form}" ', 1)
    yield "</figure>"


def _table(table: tables.Table) -> Iterator[str]:
    yield '<table class="many">' if len(table.columns) > _FEW else "<table>"
    if table.columns:
        heads = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
        yield f"<thead><tr>{heads}</tr></thead>"
    yield "<tbody>"
    for row in table.rows:
        yield f"<tr>{''.join(_cells(table.columns, row))}</tr>"
    yield "</tbody></table>"


def _cells(columns: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    if columns:
        for name, word in zip(columns, row, strict=True):
            yield f'<td data-name="{escape(name)}">{escape(word)}</td>'
        return
    name, *words = row
    yield f"<th>{escape(name)}</th>"
    yield from (f"<td>{escape(word)}</td>" for word in words)
