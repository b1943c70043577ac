"""The command `show`, and how it draws a run."""

import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from rnd_actors import cli, store
from rnd_actors.cli._views import history_view
from rnd_actors.store import RunHistory
from tests.reporting.histories import a_run, history_of, on_two_hosts, worker_result


def drawn(history: RunHistory, width: int) -> list[str]:
    console = Console(file=StringIO(), width=width, record=True, color_system=None)
    console.print(history_view(history))
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_it_tells_the_run_its_summary_and_its_sessions() -> None:
    lines = drawn(a_run(), 80)
    assert lines[0] == "Run 7: complete, SampleCount(goal=150)"
    assert "Complete: the goal is reached" in lines
    sessions = lines[lines.index("session  began                  took") + 1 :][:2]
    assert [line.split()[0] for line in sessions] == ["1", "2"]
    assert [line.split()[-2:] for line in sessions] == [["5.00", "s"], ["3.79", "s"]]


def test_it_tells_workers_host_by_host_and_the_sums_of_hosts() -> None:
    lines = [" ".join(line.split()) for line in drawn(on_two_hosts(a_run()), 120)]
    begin = lines.index("worker host port samples starts crashes malformed last exit") + 1
    rows = [line.split()[:2] for line in lines[begin : begin + 16]]
    assert rows[7:9] == [["15", "10.0.0.1"], ["4", "10.0.0.2"]]
    assert lines[begin + 15].startswith("2 10.0.0.3 (+1) 3002")
    begin = lines.index("host workers samples starts crashes lost") + 1
    assert lines[begin + 2] == "10.0.0.3 1 2 1 0 7"
    assert not any("host" in line for line in drawn(a_run(), 120))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_charts_fit_the_terminal(width: int) -> None:
    lines = drawn(a_run(), width)
    assert max(map(cell_len, lines)) <= width
    start = lines.index("Timeline") + 1
    timeline = lines[start : start + 16]
    assert [line.split()[0] for line in timeline] == [str(worker) for worker in range(1, 17)]
    assert {cell_len(line) for line in timeline} == {width}
    assert lines[start + 16].split() == ["0", "s", "8.8", "s"]
    assert cell_len(lines[start + 16]) == width


def test_crashes_and_what_follows_them_are_marked() -> None:
    lines = drawn(a_run(), 80)
    [worker] = [line for line in lines if re.match(r" 4 [█X]", line)]
    assert re.fullmatch(r" 4 █+X·+█+X·+░█+", worker)
    assert lines[-1] == "█ streaming  ░ starting  X crashed  · down"


def test_the_longest_bar_of_the_histogram_is_that_of_the_most_samples() -> None:
    lines = drawn(a_run(), 80)
    start = lines.index("Values") + 1
    bars = {line.split()[0]: line.split()[1] for line in lines[start : start + 20]}
    assert (len(bars["65-69"]), len(bars["5-9"])) == (60, 27)
    assert lines[start + 13] == f"65-69 {'█' * 60} 11"


def test_on_a_narrow_terminal_the_times_of_sessions_are_whole() -> None:
    lines = drawn(a_run(), 30)
    start = next(number for number, line in enumerate(lines) if line.startswith("session"))
    assert re.fullmatch(r" +1 +\d{4}-\d\d-\d\d +\d+\.\d\d s *", lines[start + 1])
    assert "took" in lines[start]


def test_a_run_without_samples_has_a_timeline_only() -> None:
    lines = drawn(history_of((), sessions=(), state="running", workers=(worker_result(),)), 20)
    assert "Values" not in lines
    assert "1 ··················" in lines


@pytest.fixture
def _stored(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_run(path: Path, run: int | None) -> RunHistory:
        assert (path, run) == (Path("runs.db"), 7)
        return a_run()

    monkeypatch.setattr(store, "read_run", read_run, raising=False)


@pytest.mark.usefixtures("_stored")
def test_the_command_shows_the_run_that_is_asked_for_without_colours_when_piped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["show", "runs.db", "7"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Run 7: complete")
    assert "\x1b" not in out


@pytest.mark.usefixtures("_stored")
@pytest.mark.parametrize("no_color", [True, False])
def test_a_terminal_has_colours_unless_it_is_told_not_to(
    no_color: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    cli.main(["show", "runs.db", "7"])
    assert bool(re.search("\x1b\\[3[0-9]m", capsys.readouterr().out)) is not no_color


def test_it_needs_no_extra() -> None:
    program = (
        "from gevent import monkey; monkey.patch_all(); import sys; from rich import print as show;"
        "from rnd_actors.cli._views import history_view;"
        "from tests.reporting.histories import a_run; show(history_view(a_run()));"
        "print({'matplotlib', 'scipy', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.endswith("down\nset()\n")
