from io import StringIO
from itertools import repeat

import gevent
import pytest
from gevent.event import Event as Flag
from rich.console import Console

from rnd_actors.cli import Progress, draw_live_view
from rnd_actors.cli._live import live_view
from rnd_actors.cli._ticker import ticking
from rnd_actors.collecting import SamplesAccepted
from rnd_actors.workers import MalformedLine, WorkerSpawned, WorkerStreaming


def drawn(progress: Progress, width: int = 80) -> list[str]:
    console = Console(file=StringIO(), width=width, record=True)
    console.print(draw_live_view(progress, width))
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.fixture
def progress() -> Progress:
    times = iter(range(100))
    progress = Progress(goal=150, workers=16, clock=lambda: float(next(times)))
    progress(WorkerSpawned(3, 2, pid=4711, port=3003))
    progress(WorkerStreaming(3, 2))
    progress(SamplesAccepted(3, 1, 7, 1, 1 / 150))
    progress(SamplesAccepted(3, 10, 42, 11, 11 / 150))
    return progress


def test_the_bar_tells_samples_and_rates(progress: Progress) -> None:
    assert drawn(progress)[0].endswith("11 of 150  10.0/s (ideal 160.0/s)")


def test_below_it_stands_when_it_will_be_done(progress: Progress) -> None:
    assert drawn(progress)[1] == "14 s left, done at 15.9 s"


def test_a_worker_has_a_row_with_all_that_is_known(progress: Progress) -> None:
    header, *rows = drawn(progress)[2:19]
    assert header.split() == ["worker", "port", "pid", "state", "samples", "restarts", "last"]
    assert rows[2].split() == ["3", "3003", "4711", "streaming", "11", "1", "42"]
    assert rows[3].split() == ["4", "-", "-", "waiting", "0", "0", "-"]


@pytest.mark.parametrize("width", [200, 80, 67, 58, 51, 45, 40, 35, 28, 20])
def test_sixteen_workers_fit_into_24_lines_of_any_width(progress: Progress, width: int) -> None:
    progress(MalformedLine(3, 1, 200 * b"[red]"))
    lines = drawn(progress, width)
    assert len(lines) == 20
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (67, "worker port pid state samples restarts last"),
        (66, "worker port state samples restarts last"),
        (57, "worker state samples restarts last"),
        (50, "worker state samples restarts"),
        (40, "worker state samples"),
        (27, "worker state"),
    ],
)
def test_a_narrow_terminal_gets_fewer_columns_and_no_wrapped_or_cut_ones(
    progress: Progress, width: int, shown: str
) -> None:
    lines = drawn(progress, width)
    assert lines[2].split() == shown.split()
    assert len(lines[5].split()) == len(shown.split())
    assert "streaming" in lines[5]
    assert "\N{HORIZONTAL ELLIPSIS}" not in "".join(lines[2:19])


def test_the_worst_worker_is_marked_by_a_word(progress: Progress) -> None:
    total = 11
    for worker in range(1, 17):
        for _ in range(4):
            total += worker != 9
            progress(SamplesAccepted(worker, int(worker != 9), 7, total, total / 150))
    rows = drawn(progress)[3:19]
    assert [row.split()[0] for row in rows if row.endswith("worst")] == ["9"]
    assert len(drawn(progress, width=40)[11].split()) == 4


def test_the_last_warning_is_below_the_rows(progress: Progress) -> None:
    progress(MalformedLine(3, 1, b"[red]oops"))
    assert drawn(progress)[-1] == "worker 3 sent a malformed line: b'[red]oops'"


def test_the_view_shows_what_happens_and_disappears(progress: Progress) -> None:
    refreshed = Flag()

    class Terminal(StringIO):
        def write(self, text: str) -> int:
            if "12 of 150" in text:
                refreshed.set()
            return super().write(text)

    terminal = Terminal()
    console = Console(file=terminal, force_terminal=True, width=80, height=24)
    with live_view(progress, console):
        progress(SamplesAccepted(3, 1, 1, 12, 12 / 150))
        assert refreshed.wait(10)
    cursor_shown, lines_erased = "\x1b[?25h", 20 * "\x1b[1A\x1b[2K"
    assert cursor_shown in terminal.getvalue()
    assert terminal.getvalue().endswith(lines_erased)


def test_lines_are_written_above_the_view_and_stay(progress: Progress) -> None:
    terminal = StringIO()
    console = Console(file=terminal, force_terminal=True, width=30, height=24)
    with live_view(progress, console) as write:
        write("[red]a line that is wider than the terminal")
        write("another line")
    _, lines, after = terminal.getvalue().partition(
        "[red]a line that is wider than the terminal\nanother line\n"
    )
    assert lines
    erasing_a_line = "\x1b[1A\x1b[2K"
    assert after.endswith(20 * erasing_a_line)
    assert not after.endswith(21 * erasing_a_line)


def test_a_ticker_ticks_until_its_block_ends() -> None:
    ticks: list[int] = []
    enough = Flag()

    def tick() -> None:
        ticks.append(len(ticks))
        if len(ticks) == 3:
            enough.set()

    with ticking(repeat(0.001), tick):
        assert enough.wait(10)
    seen = len(ticks)
    gevent.idle()
    assert len(ticks) == seen
