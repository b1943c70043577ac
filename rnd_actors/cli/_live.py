"""The live view of a terminal: a progress bar, a row per worker, and what went wrong.

The view has a screen of its own, which the terminal shows in place of what was there before.
"""

import io
import os
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from itertools import compress
from math import ceil
from signal import SIGALRM, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGXCPU
from types import FrameType
from typing import Final

from attrs import define, field
from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from rnd_actors.cli._text import say, table
from rnd_actors.cli._ticking import ticking
from rnd_actors.running import Progress, ProgressReport, WorkerRow, WorkerState

_REFRESH_S: Final = 1 / 8
_PART: Final = 5
"""Painting takes a fifth of the time at most, with whatever workers on whatever terminal."""
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
"""The columns of the table, each with the width from which on a terminal shows it."""
_SIDE_BY_SIDE: Final = 45
"""The width of each of several tables side by side, where rows are few."""
_STYLES: Final = {
    WorkerState.WAITING: "dim",
    WorkerState.STARTING: "cyan",
    WorkerState.STREAMING: "green",
    WorkerState.CRASHED: "red",
    WorkerState.RESTARTING: "yellow",
    WorkerState.GIVEN_UP: "bold red",
    WorkerState.STOPPED: "dim",
    WorkerState.REPLACED: "yellow",
    WorkerState.DRAINING: "yellow",
    WorkerState.DRAINED: "dim",
}
_ENTER: Final = b"\x1b[?1049h\x1b[?25l"
_LEAVE: Final = b"\x1b[H\x1b[2J\x1b[?25h\x1b[?1049l"
"""The cursor is shown again, and the screen is empty even for terminals that have one alone."""
_STEP_ASIDE: Final = (SIGTSTP, SIGTTIN, SIGTTOU, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU)
"""Signals that stop or end a program that does not expect them."""
_KEPT_LINES: Final = 1000


@contextmanager
def live_view(
    progress: Progress, screen: "Screen", page: str = ""
) -> Iterator[Callable[[str], None]]:
    """Show the progress on a screen while the block runs; yield a writer of lines.

    The lines stand below the progress, as many as there is room for, and stay after the view.
    """
    took_s = 0.0

    def refresh() -> None:
        nonlocal took_s
        began = time.thread_time()
        screen.paint(draw_live_view(progress, *screen.console.size, screen.lines, page))
        took_s = time.thread_time() - began

    def pauses_s() -> Iterator[float]:
        while True:
            yield max(_REFRESH_S, (_PART - 1) * took_s)

    with screen.opened(), ticking(pauses_s(), refresh):
        refresh()
        yield screen.tell


def draw_live_view(
    progress: Progress,
    width: int = 80,
    height: int = 24,
    lines: Sequence[str] = (),
    page: str = "",
) -> Group:
    """Return the view as it is now, which fits 16 workers and their failures into 24 lines.

    Args:
        progress: the model of the run.
        width: columns of the terminal; a narrow one lacks the columns that matter least.
        height: rows of the terminal; workers without a row are counted.
        lines: the lines below; by default the warnings, each with its time.
        page: where the page of the run is; empty: it has none.
    """
    report = progress.report()
    told = list(lines) or [f"{at:.1f} s {text}" for at, text in progress.warnings]
    rows = height - 2 - bool(page)
    workers = _workers(progress, width, rows - min(len(told), ceil(rows / 8)))
    room = rows - sum(part.row_count + 1 if isinstance(part, Table) else 1 for part in workers)
    return Group(
        _bar(report, width),
        _line(report.clock, "bold red" if report.late_s else ""),
        *([_line(page, "dim")] if page else ()),
        *workers,
        *(_line(text, "" if lines else "yellow") for text in told[max(0, len(told) - room) :]),
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
    """Return the workers in at most `rows` rows: a table, and a line that counts the others.

    Where there is no room for all, those that are gone make room for those that are not.
    """
    workers = progress.by_host
    depth = rows - 1  # below the header
    abreast = 1
    if len(workers) > depth > 1:
        abreast = min(ceil(len(workers) / depth), max(1, width // _SIDE_BY_SIDE))
    if len(workers) <= depth * abreast:
        return [_table(progress, workers, width, abreast)]
    workers.sort(key=lambda worker: worker[1].state is WorkerState.DRAINED)
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
    """Return a table of these workers with `abreast` of them in a row."""
    shown = [width // abreast >= least for least in _COLUMNS.values()]
    names = [*compress(_COLUMNS, shown)] * abreast
    depth, worst = ceil(len(workers) / abreast), progress.worst
    rows: list[list[str | Text]] = [[] for _ in range(depth)]
    for place, (worker, known) in enumerate(workers):
        cells = _cells(worker, known, is_worst=worker == worst)
        rows[place % depth] += compress(cells, shown)
    return table([(name, "left" if name == "state" else "right") for name in names], rows)


def _cells(worker: int, row: WorkerRow, *, is_worst: bool) -> tuple[str | Text, ...]:
    numbers = (row.port, row.pid, row.last_value)
    port, pid, last = ("-" if number is None else str(number) for number in numbers)
    if row.host is not None:
        port = f"{row.host}:{port}"
    state = Text(row.state.value, style=_STYLES[row.state])
    worst = Text("worst", style="bold red") if is_worst else ""
    return str(worker), port, pid, state, str(row.samples), str(row.restarts), last, worst


@define(eq=False)
class Screen:
    """The alternate screen of a terminal, painted as a whole: no earlier size leaves traces.

    The screen is painted only while the program is in the foreground of its terminal. A signal that
    stops or ends the program finds the terminal as it was before.

    Args:
        console: renders the view, as wide and high as the terminal is at the time.
        descriptor: the descriptor of the terminal.
    """

    console: Console
    _descriptor: int
    lines: deque[str] = field(init=False, factory=lambda: deque(maxlen=_KEPT_LINES))
    """Lines that were told meanwhile, to be written to stderr in the end."""
    _told: int = field(init=False, default=0)
    _entered: bool = field(init=False, default=False)
    _closed: bool = field(init=False, default=False)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Let the screen be painted while the block runs, then write the lines that were told.

        Text that others print to the terminal becomes lines, too.
        """
        before = [
            (number, signal.signal(number, self._step_aside))
            for number in _STEP_ASIDE
            if signal.getsignal(number) == signal.SIG_DFL
        ]
        printed = _Lines(self.tell)
        stdout = printed if sys.stdout.isatty() else sys.stdout
        try:
            with redirect_stdout(stdout), redirect_stderr(printed):
                yield
        finally:
            self._closed = True
            self.leave()
            for number, handler in before:
                signal.signal(number, handler)
            if self._told > len(self.lines):
                say(f"({self._told - len(self.lines)} earlier lines are left out)")
            for line in self.lines:
                say(line)

    def tell(self, line: str) -> None:
        """Keep a line; only the last thousand are written in the end."""
        self.lines.append(line)
        self._told += 1

    def paint(self, renderable: RenderableType) -> None:
        """Show this renderable and nothing else."""
        if self._closed or not self._in_foreground():
            return
        with self.console.capture() as captured:
            self.console.print(renderable)
        rows = captured.get().splitlines()[: self.console.height]
        painted = "\x1b[K\n".join(rows)
        if not self._entered:
            self._entered = True
            self._write(_ENTER)
        self._write(f"\x1b[H{painted}\x1b[K\x1b[J".encode(errors="replace"))

    def leave(self) -> None:
        """Show the terminal as it was before, with its cursor; signal handlers may call this."""
        if self._entered:
            self._entered = False
            self._write(_LEAVE)

    def _step_aside(self, number: int, _: FrameType | None) -> None:
        """Leave the screen, and let the signal do to this program what it does to any other."""
        self.leave()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        signal.signal(number, self._step_aside)  # the program was stopped, and goes on

    def _in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:  # it is not the controlling terminal
            return True

    def _write(self, data: bytes) -> None:
        """Write at once: a signal handler must not find half of it in a buffer."""
        with suppress(OSError):  # the terminal has gone
            while data:
                data = data[os.write(self._descriptor, data) :]


class _Lines(io.TextIOBase):
    """A text stream that tells what is printed line by line."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self._rest = ""

    def write(self, text: str, /) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._tell(line)
        return len(text)

    def writable(self) -> bool:
        return True
