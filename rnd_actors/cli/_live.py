"""The live view of a terminal: a progress bar, a row per worker, and what went wrong."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from math import ceil
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from rnd_actors.cli._interruption import Interruption
from rnd_actors.cli._progress import Progress, WorkerRow, WorkerState
from rnd_actors.cli._progress_report import ProgressReport
from rnd_actors.cli._screen import Screen
from rnd_actors.cli._ticker import ticking

__all__ = ["draw_live_view", "live_view"]

_REFRESH_S: Final = 1 / 8
_COLUMNS: Final = {
    "worker": 0,
    "port": 58,
    "pid": 67,
    "state": 0,
    "samples": 28,
    "restarts": 45,
    "last": 51,
    "": 35,
}
"""The columns of the table, and how wide a terminal has to be for each."""
_SIDE_BY_SIDE: Final = 45
"""How wide a table is of which others stand to the right, where rows are few."""
_STYLES: Final = {
    WorkerState.WAITING: "dim",
    WorkerState.STARTING: "cyan",
    WorkerState.STREAMING: "green",
    WorkerState.CRASHED: "red",
    WorkerState.RESTARTING: "yellow",
    WorkerState.GIVEN_UP: "bold red",
    WorkerState.STOPPED: "dim",
}


@contextmanager
def live_view(
    progress: Progress, console: Console, told: Interruption
) -> Iterator[Callable[[str], None]]:
    """Show the progress on a screen of its own while the block runs; yield what tells lines.

    They are shown below the progress, as many as there is room for, and stay when it has gone.
    """
    screen = Screen(console, console.file.fileno())

    def refresh() -> None:
        screen.paint(draw_live_view(progress, *console.size, screen.lines))

    told.before_giving_up = screen.leave
    with screen.opened(), ticking(repeat(_REFRESH_S), refresh):
        refresh()
        yield screen.tell


def draw_live_view(
    progress: Progress, width: int = 80, height: int = 24, lines: Sequence[str] = ()
) -> Group:
    """Return the view as it is now, which fits 16 workers and their failures into 24 lines.

    Args:
        progress: what it shows.
        width: columns of the terminal; where they are few, those that matter least are left out.
        height: rows of the terminal; workers for which there is none are counted.
        lines: what to show below; by default the warnings, each with its time.
    """
    report = progress.report()
    told = list(lines) or [f"{at:.1f} s {text}" for at, text in progress.warnings]
    rows = height - 2
    least_told = min(len(told), ceil(rows / 8))
    table = _workers(progress, width, rows - least_told)
    room = rows - sum(part.row_count + 1 if isinstance(part, Table) else 1 for part in table)
    return Group(
        _bar(report, width),
        _line(report.clock, "bold red" if report.late_s else ""),
        *table,
        *(
            _line(text, "" if lines else "yellow")
            for text in told[max(0, len(told) - max(0, room)) :]
        ),
    )


def _line(text: str, style: str) -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _bar(report: ProgressReport, width: int) -> Table:
    row = Table.grid(Column(ratio=1), Column(no_wrap=True), padding=(0, 1), expand=True)
    words = [report.count]
    if report.rates is not None:
        words.append(report.rates if width >= _COLUMNS["port"] else report.rates.split(" ")[0])
    row.add_row(ProgressBar(total=1.0, completed=report.progress), "  ".join(words))
    return row


def _workers(progress: Progress, width: int, rows: int) -> list[RenderableType]:
    """Return what tells of the workers in so many rows: a table, and a line of those left out."""
    workers = list(progress.workers.items())
    depth = rows - 1  # below the header
    abreast = 1
    if len(workers) > depth > 1:
        abreast = min(ceil(len(workers) / depth), max(1, width // _SIDE_BY_SIDE))
    if len(workers) <= depth * abreast:
        return [_table(progress, workers, width, abreast)]
    shown = workers[: max(0, depth - 1) * abreast]
    states = Counter(row.state.value for _, row in workers[len(shown) :])
    more = ", ".join(f"{count} {state}" for state, count in states.most_common())
    if not shown:
        return [_line(f"{len(workers)} workers: {more}", "")]
    left_out = _line(f"… and {len(workers) - len(shown)} more workers: {more}", "dim")
    return [_table(progress, shown, width, abreast), left_out]


def _table(
    progress: Progress, workers: Sequence[tuple[int, WorkerRow]], width: int, abreast: int
) -> Table:
    """Return a table of these workers in so many columns of rows."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    names = [name for name, least in _COLUMNS.items() if width // abreast >= least]
    for _ in range(abreast):
        for name in names:
            table.add_column(name, justify="left" if name == "state" else "right", no_wrap=True)
    depth = ceil(len(workers) / abreast)
    for first in range(depth):
        cells = [
            cell
            for worker, row in workers[first::depth]
            for cell in _cells(names, worker, row, is_worst=worker == progress.worst)
        ]
        table.add_row(*cells)
    return table


def _cells(
    names: Sequence[str], worker: int, row: WorkerRow, *, is_worst: bool
) -> Iterator[str | Text]:
    cells: dict[str, str | Text] = {
        "worker": str(worker),
        "port": _known(row.port),
        "pid": _known(row.pid),
        "state": Text(row.state.value, style=_STYLES[row.state]),
        "samples": str(row.samples),
        "restarts": str(row.restarts),
        "last": _known(row.last_value),
        "": Text("worst", style="bold red") if is_worst else "",
    }
    for name in names:
        yield cells[name]


def _known(number: int | None) -> str:
    return "-" if number is None else str(number)
