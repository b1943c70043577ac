"""Writes the report of a run to a file, as HTML, Markdown or JSON."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from attrs import asdict

from rnd_actors._histogram import draw_histogram
from rnd_actors._json import to_json
from rnd_actors.errors import SettingsError
from rnd_actors.reporting._report import IDEAL, Report
from rnd_actors.reporting._timeline import LEGEND, draw_timeline
from rnd_actors.sinks import check_file, replacing
from rnd_actors.store import RunHistory

_SCHEMA: Final = 1
"""Of the JSON: counted up when a key is taken away or changes its meaning; keys may be added."""
_WIDTH: Final = 80
_LONGEST_BAR: Final = 40


def write_report(history: RunHistory, path: Path, *, overwrite: bool = False) -> None:
    """Write the report of a run to a file, which is replaced as a whole or not at all.

    Args:
        history: of the run, which may still go on.
        path: its suffix chooses the form: `.html` is one page with pictures that needs no network,
            `.md` has drawings in characters, `.json` the figures only.
        overwrite: whether the file is replaced if it holds something already.

    Raises:
        SettingsError: another suffix, a path that cannot be written, a file that holds something
            already, or the extra `rnd-actors[report]` is not installed.
        SinkError: the disk is full, or fails; the file is as it was.
    """
    form = _FORMS.get(path.suffix.lower())
    if form is None:
        accepted = f"a file whose name ends in {', '.join(_FORMS)}"
        raise SettingsError("output", accepted, str(path))
    refused = None if overwrite else "files that hold nothing yet, unless overwrite is given"
    check_file(path, "output", has_draft=True, refused=refused)
    try:
        text = form(Report.of(history))
    except ImportError as error:
        accepted = (
            f"a report if rnd-actors[report] is installed ({error}): "
            "pip install 'rnd-actors[report]'"
        )
        raise SettingsError("output", accepted, str(path)) from error
    with replacing(path) as file:
        file.write(text.encode())


def _as_html(report: Report) -> str:
    """Return `report.html` filled in, which escapes the words of workers."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415  # an extra

    from rnd_actors.reporting import _pictures as pictures  # noqa: PLC0415  # loads an extra

    environment = Environment(
        loader=PackageLoader("rnd_actors.reporting", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    page = environment.get_template("report.html")
    return page.render(report=report, ideal=IDEAL, pictures=pictures)


def _as_markdown(report: Report) -> str:
    """Return text without pictures: most viewers of Markdown show no embedded ones."""
    return "\n".join(_markdown_lines(report)) + "\n"


def _as_json(report: Report) -> str:
    """Return one object of figures; unknown ones are null."""
    history, figures = report.history, report.statistics
    run, result = history.run, history.result
    content = {
        "schema": _SCHEMA,
        "run": {
            "id": run.id,
            "state": run.state,
            "reason": result.reason,
            "collector": run.collector,
            "started_at": run.started_at,
            "workers": run.workers,
            "worker": run.worker,
            "goal": run.goal,
            "deadline_s": result.deadline_s,
            "sessions": [asdict(session) for session in history.sessions],
        },
        "samples": result.samples,
        "elapsed_s": figures.elapsed_s,
        "time_to_goal_s": figures.time_to_goal_s,
        "rate_per_s": figures.rate_per_s,
        "ideal": {
            "worker_rate_per_s": figures.ideal.worker_rate_per_s,
            "rate_per_s": figures.ideal.rate_per_s,
            "samples": figures.ideal.samples(figures.elapsed_s),
            "share": figures.share_of_ideal,
        },
        "lines": asdict(result.lines),
        "values": asdict(figures.values),
        "gaps_s": asdict(figures.gaps_s),
        "uniformity": asdict(report.uniformity),
        "histogram": [asdict(bar) for bar in report.bars],
        "workers": [asdict(worker) for worker in figures.workers],
        "hosts": [asdict(host) for host in result.hosts],
        "failures": [{"text": text, "count": count} for text, count in figures.failures],
        "findings": dict(result.findings),
    }
    return to_json(content, indent=2) + "\n"


_FORMS: Final[dict[str, Callable[[Report], str]]] = {
    ".html": _as_html,
    ".md": _as_markdown,
    ".json": _as_json,
}


def _markdown_lines(report: Report) -> Iterator[str]:
    yield f"# {_escape(report.title)}"
    yield from _facts(report.run_facts)
    yield from ("", IDEAL)
    yield from ("", "## Timeline", "", "```text", *_timeline(report), "```")
    yield from ("", "## Workers", *_table(report.workers.columns, report.workers.rows))
    if report.hosts.rows:
        yield from ("", "## Hosts", *_table(report.hosts.columns, report.hosts.rows))
    if report.failures.rows:
        yield from ("", "## Failures", *_table(report.failures.columns, report.failures.rows))
    yield from ("", "## Values", *_facts(report.values_facts))
    yield from ("", "```text", *_histogram(report), "```")
    yield from ("", "## Gaps between samples", *_facts(report.gaps_facts))
    for who, words in report.last_words.items():
        yield from ("", f"## Last words of {who}", "")
        yield from (f"    {line}" for line in words.splitlines())


def _facts(facts: dict[str, str]) -> Iterator[str]:
    return _table(("", ""), facts.items())


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield ""
    for row in (columns, ("---",) * len(columns), *(tuple(map(_escape, row)) for row in rows)):
        yield f"| {' | '.join(row)} |"


def _escape(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|&~])", r"\\\1", text)


def _timeline(report: Report) -> Iterator[str]:
    for label, cells in draw_timeline(report.statistics.timeline, _WIDTH):
        yield label + "".join(cell.value for cell in cells)
    yield f"0 s to {report.statistics.timeline.end_s:.2f} s  {LEGEND}"


def _histogram(report: Report) -> Iterator[str]:
    for label, drawn, count in draw_histogram(report.bars, _WIDTH, _LONGEST_BAR):
        yield f"{label} {drawn} {count}"
