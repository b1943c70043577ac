"""The result of a run, in words for people."""

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import frozen
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.table import Table
from rich.text import Text

from rnd_actors.cli._text import one_line, table
from rnd_actors.collecting import Outcome, Result, WorkerResult

_SHOWN_AT_EACH_END: Final = 150
_COLUMNS: Final = {"id": 0, "port": 70, "samples": 0, "starts": 56, "crashes": 0, "malformed": 80}
"""The columns of the table of workers, each with the width from which on a terminal shows it."""
_HEADLINES: Final = {
    Outcome.COMPLETE: ("Complete", "bold green"),
    Outcome.DEADLINE: ("Deadline missed", "bold red"),
    Outcome.INTERRUPTED: ("Interrupted", "bold yellow"),
    Outcome.FAILED: ("Failed", "bold red"),
}


def summary(result: Result) -> Group:
    """Return the samples, a line for each worker, and the figures of the run."""
    reason = "\n  ".join(map(one_line, result.reason.splitlines()))
    return Group(
        Text(_numbers(result.values)),
        "",
        _Workers(result.workers),
        *map(Text, last_words(result)),
        "",
        Text.assemble(_HEADLINES[result.outcome], ": ", reason),
        _figures(result),
    )


def last_words(result: Result) -> Iterator[str]:
    """Give the last lines of each worker that was given up.

    Lines that several workers wrote are given once, and lines in the reason of the result never.
    """
    writers: dict[tuple[str, ...], list[str]] = {}
    for worker in result.workers:
        if worker.given_up and worker.last_words:
            writers.setdefault(worker.last_words, []).append(str(worker.id))
    for words, ids in writers.items():
        if "\n  ".join(("", *words)) not in result.reason:
            who = f"worker {ids[0]} was" if len(ids) == 1 else f"workers {', '.join(ids)} were"
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
    """A line for each worker; where a terminal is narrow, the columns that matter least go."""

    workers: Sequence[WorkerResult]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        names = [name for name, least in _COLUMNS.items() if options.max_width >= least]
        columns = [("worker" if name == "id" else name, "right") for name in names]
        cut = console.is_terminal  # a file may be read in a wider window
        rows = (
            (
                *(str(getattr(worker, name)) for name in names),
                Text(_last_exit(worker), no_wrap=cut, overflow="ellipsis" if cut else "fold"),
            )
            for worker in self.workers
        )
        yield table([*columns, ("last exit", "fold")], rows)


def _last_exit(worker: WorkerResult) -> str:
    """Return why a worker went down, without its name, which its row has already."""
    words = one_line(worker.last_exit or "")
    return words.removeprefix(f"worker {worker.id}").lstrip(": ")


def _figures(result: Result) -> Table:
    wanted = "" if result.goal is None else f" of {result.goal}"
    limit = "" if result.deadline_s is None else f" (deadline {result.deadline_s:g} s)"
    lines = result.lines
    figures = {
        "samples": f"{result.samples}{wanted}",
        "total time": f"{result.elapsed_s:.2f} s{limit}",
        "rate": f"{result.rate_per_s:.1f}/s",
        "mean": _figure(result.mean),
        "restarts": str(result.restarts),
        "lines": f"{lines.received} received: {lines.accepted} accepted, "
        f"{lines.surplus} surplus, {lines.malformed} malformed",
        **{one_line(name): _figure(finding) for name, finding in result.findings.items()},
    }
    grid = Table.grid(padding=(0, 2))
    for name, figure in figures.items():
        grid.add_row(Text(name), Text(figure))
    return grid


def _figure(value: float | int | str | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else one_line(value)
