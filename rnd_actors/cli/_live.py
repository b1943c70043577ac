"""The live view of a terminal: a progress bar and a row per worker."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from rnd_actors.cli._progress import Progress, WorkerState
from rnd_actors.cli._progress_report import ProgressReport
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
def live_view(progress: Progress, console: Console) -> Iterator[Callable[[str], None]]:
    """Show the progress while the block runs; yield what writes lines above it, where they stay."""
    live = Live(
        get_renderable=lambda: draw_live_view(progress, console.width),
        console=console,
        auto_refresh=False,
        transient=True,
    )
    lines: list[str] = []

    def refresh() -> None:
        if lines:  # printing them refreshes the view, so that is not done for each
            console.print(*lines, sep="\n", markup=False, highlight=False, soft_wrap=True)
            lines.clear()
        else:
            live.refresh()

    with live:
        try:
            with ticking(repeat(_REFRESH_S), refresh):
                yield lines.append
        finally:
            refresh()


def draw_live_view(progress: Progress, width: int = 80) -> Group:
    """Return the view as it is now, which fits 16 workers into 24 lines.

    Args:
        progress: what it shows.
        width: columns of the terminal; where they are few, those that matter least are left out.
    """
    report = progress.report()
    outlook = ", ".join(filter(None, (report.deadline, report.forecast)))
    warning = _line(report.last_warning, "yellow")
    return Group(_bar(report), _line(outlook, ""), _table(progress, width), warning)


def _line(text: str | None, style: str) -> Text:
    return Text(text or "", style=style, no_wrap=True, overflow="ellipsis")


def _bar(report: ProgressReport) -> Table:
    row = Table.grid(Column(ratio=1), Column(no_wrap=True), padding=(0, 1), expand=True)
    words = [f"{report.count}", *filter(None, [report.rates])]
    row.add_row(ProgressBar(total=1.0, completed=report.progress), "  ".join(words))
    return row


def _table(progress: Progress, width: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    shown = [column for column, least in _COLUMNS.items() if width >= least]
    for name in shown:
        table.add_column(name, justify="left" if name == "state" else "right", no_wrap=True)
    worst = progress.worst
    for worker, row in progress.workers.items():
        cells: dict[str, str | Text] = {
            "worker": str(worker),
            "port": _known(row.port),
            "pid": _known(row.pid),
            "state": Text(row.state.value, style=_STYLES[row.state]),
            "samples": str(row.samples),
            "restarts": str(row.restarts),
            "last": _known(row.last_value),
            "": Text("worst", style="bold red") if worker == worst else "",
        }
        table.add_row(*(cells[name] for name in shown))
    return table


def _known(number: int | None) -> str:
    return "-" if number is None else str(number)
