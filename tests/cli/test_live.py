import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from itertools import count, repeat
from pathlib import Path
from types import SimpleNamespace

import gevent
import pytest
from gevent.event import Event as Flag
from rich.console import Console

from rnd_actors.actors import Killed
from rnd_actors.cli import _live, draw_live_view, ticking
from rnd_actors.collectors import RunScaled, SamplesAccepted, WorkerDrained
from rnd_actors.events import ActorFailed
from rnd_actors.running import Progress
from rnd_actors.workers import MalformedLine, WorkerSpawned, WorkerStreaming
from tests.processes import PATIENCE_S


def drawn(progress: Progress, width: int = 80, height: int = 24) -> list[str]:
    console = Console(file=StringIO(), width=width, record=True)
    console.print(draw_live_view(progress, width, height))
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
    assert drawn(progress)[1] == "now 3.0 s, done at 15.9 s"


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


@pytest.mark.parametrize("height", [4, 6, 10, 24, 50])
@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("workers", [1, 16, 1000])
def test_it_fits_and_every_worker_is_shown_or_counted(
    width: int, height: int, workers: int
) -> None:
    progress = Progress(goal=150, workers=workers, deadline=9.0, clock=lambda: 1.5)
    for number in range(30):
        progress(MalformedLine(1, 1, b"oops %d" % number))
    lines = drawn(progress, width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert lines[1] == "no worker yet, deadline 9 s"
    assert lines[-1].startswith("0.0 s worker 1 sent a malformed line")
    shown = sum(line.count("waiting") for line in lines if "workers" not in line)
    left_out = [line for line in lines if "workers: " in line]
    counted = sum(int(line.split(": ")[1].split()[0]) for line in left_out)
    assert shown + counted == workers
    assert bool(left_out) is (shown < workers)


def test_rows_that_are_left_out_are_counted_by_what_they_do(progress: Progress) -> None:
    progress(ActorFailed("workers/12", 1, Killed()))
    lines = drawn(progress, 46, 10)
    assert lines[-2] == "… and 11 more workers: 10 waiting, 1 crashed"


def test_workers_that_are_gone_make_room_for_those_that_are_not(progress: Progress) -> None:
    progress(RunScaled(16, started=tuple(range(17, 33)), draining=tuple(range(1, 17))))
    for worker in range(1, 17):
        progress(WorkerDrained(worker))
    lines = drawn(progress)
    assert [line.split()[0] for line in lines[3:19]] == [str(worker) for worker in range(17, 33)]
    assert lines[-1] == "… and 12 more workers: 12 drained"


def test_wide_terminals_use_their_width_where_rows_are_few(progress: Progress) -> None:
    lines = drawn(progress, 200, 10)
    assert lines[2].split().count("worker") == 3
    numbers = [word for word in lines[3].split() if word.isdigit()]
    assert numbers == ["1", "0", "0", "7", "0", "0", "13", "0", "0"]
    assert not any("more workers" in line for line in lines)


def test_failures_take_the_rows_that_are_free(progress: Progress) -> None:
    for number in range(30):
        progress(MalformedLine(3, 1, b"[red]%d" % number))
    for height, told in ((24, 5), (50, 30)):
        lines = drawn(progress, 80, height)[19:]
        assert len(lines) == told
        assert lines[-1].endswith(" s worker 3 sent a malformed line: b'[red]29'")


def test_lines_that_are_told_take_the_place_of_failures(progress: Progress) -> None:
    progress(MalformedLine(3, 1, b"oops"))
    console = Console(file=StringIO(), width=80, record=True)
    console.print(draw_live_view(progress, 80, 24, ["[red]one", "two"]))
    assert [line.rstrip() for line in console.export_text().splitlines()[-2:]] == [
        "[red]one",
        "two",
    ]


def test_a_ticker_ticks_until_its_block_ends() -> None:
    ticks: list[int] = []
    enough = Flag()

    def tick() -> None:
        ticks.append(len(ticks))
        if len(ticks) == 3:
            enough.set()

    with ticking(repeat(0.001), tick):
        assert enough.wait(PATIENCE_S)
    seen = len(ticks)
    gevent.idle()
    assert len(ticks) == seen


def test_a_view_that_takes_long_to_paint_is_painted_less_often(
    progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = list[Iterable[float]]()

    @contextmanager
    def noted(pauses_s: Iterable[float], _: Callable[[], object]) -> Iterator[None]:
        pauses.append(pauses_s)
        yield

    monkeypatch.setattr(_live, "ticking", noted)
    monkeypatch.setattr(_live, "time", SimpleNamespace(thread_time=count(0.0, 0.5).__next__))
    with Path(os.devnull).open("wb") as terminal:
        screen = _live.Screen(Console(file=StringIO()), terminal.fileno())
        with _live.live_view(progress, screen):
            assert next(iter(pauses[0])) == 2.0
