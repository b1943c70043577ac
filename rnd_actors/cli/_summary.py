"""The result of a run, in words for people."""

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import frozen
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.table import Table
from rich.text import Text

from rnd_actors._printing import one_line
from rnd_actors.cli._text import table
from rnd_actors.collectors import Outcome, Result, WorkerResult

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
    grid = Table.grid(padding=(0, 2))
    for name, figure in result.figures().items():
        grid.add_row(Text(one_line(name)), Text(one_line(figure)))
    return Group(
        Text(_numbers(result.values)),
        "",
        _Workers(result.workers),
        *map(Text, lines_of_last_words(result)),
        "",
        Text.assemble(_HEADLINES[result.outcome], ": ", reason),
        grid,
    )


def lines_of_last_words(result: Result) -> Iterator[str]:
    """Give the last words of each worker that was given up, unless the reason has them already."""
    for words, writers in result.last_words().items():
        if "\n  ".join(("", *words)) not in result.reason:
            ids = ", ".join(map(str, writers))
            who = f"worker {ids} was" if len(writers) == 1 else f"workers {ids} were"
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
        rows: list[list[str | Text]] = []
        for worker in self.workers:
            end = Text(_last_exit(worker), no_wrap=cut, overflow="ellipsis" if cut else "fold")
            rows.append([*(str(getattr(worker, name)) for name in names), end])
        yield table([*columns, ("last exit", "fold")], rows)


def _last_exit(worker: WorkerResult) -> str:
    """Return why a worker went down, without its name, which its row has already."""
    words = one_line(worker.last_exit or "")
    return words.removeprefix(f"worker {worker.id}").lstrip(": ")
