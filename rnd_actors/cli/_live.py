"""The live view of a terminal: a progress bar and a row per worker."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from rnd_actors.cli._progress import Progress, WorkerState
from rnd_actors.cli._progress_report import ProgressReport
from rnd_actors.cli._ticker import every

__all__ = ["draw_live_view", "live_view"]

_REFRESH_S: Final = 1 / 8
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
        get_renderable=lambda: draw_live_view(progress),
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
            with every(_REFRESH_S, refresh):
                yield lines.append
        finally:
            refresh()


def draw_live_view(progress: Progress) -> Group:
    """Return the view as it is now, which fits 16 workers into 24 lines."""
    report = progress.report()
    warning = Text(report.last_warning or "", style="yellow", no_wrap=True, overflow="ellipsis")
    return Group(_bar(report), _table(progress), warning)


def _bar(report: ProgressReport) -> Table:
    row = Table.grid(Column(ratio=1), Column(no_wrap=True), padding=(0, 1), expand=True)
    words = [f"{report.samples}/{report.goal}"]
    if report.rate_per_s is not None and report.left_s is not None:
        words += [f"{report.rate_per_s:.1f}/s", f"{report.left_s:.0f} s left"]
    row.add_row(ProgressBar(total=report.goal, completed=report.samples), "  ".join(words))
    return row


def _table(progress: Progress) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("worker", "port", "pid"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("state", min_width=len("restarting"), no_wrap=True)
    for name in ("samples", "restarts"):  # wider than what is below: may be cut where it is narrow
        table.add_column(name, justify="right")
    table.add_column("last", justify="right", no_wrap=True)
    for worker, row in progress.workers.items():
        table.add_row(
            str(worker),
            _known(row.port),
            _known(row.pid),
            Text(row.state.value, style=_STYLES[row.state]),
            str(row.samples),
            str(row.restarts),
            _known(row.last_value),
        )
    return table


def _known(number: int | None) -> str:
    return "-" if number is None else str(number)
