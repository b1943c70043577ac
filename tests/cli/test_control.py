"""The commands that look at runs and steer them, beside runs in processes of their own."""

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from attrs import asdict
from rich.console import Console

from rnd_actors.cli import _control_views
from rnd_actors.cli._text import table
from rnd_actors.collectors import HostResult
from rnd_actors.control import RunAddress
from tests.cli.commands import FAST, MODULE, PATIENCE_S, PATIENT, call, execute, started
from tests.cli.test_signals import new_tag
from tests.processes import alive, until

ENDLESS = ("--samples=1000000", "--workers=2", "--json", "--quiet")


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with TemporaryDirectory(prefix="rt-", ignore_cleanup_errors=True) as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        yield Path(runtime) / "rnd-actors"


def seen(run: "Popen[str]") -> dict[str, Any]:
    """The status of a run; empty as long as there is none."""
    done = call("status", str(run.pid), "--json")
    status: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
    return status


@contextmanager
def going_on(*options: str, command: tuple[str, ...] = MODULE) -> Iterator["Popen[str]"]:
    """Have a run go on while the block runs; it has samples when the block begins."""
    with started(*FAST, *ENDLESS, *options, command=command) as process:
        until(lambda: seen(process).get("samples"))
        yield process


def result_of(run: "Popen[str]") -> dict[str, Any]:
    out, _ = run.communicate(timeout=PATIENCE_S)
    result: dict[str, Any] = json.loads(out)
    return result


def test_ps_lists_the_runs_that_go_on() -> None:
    assert call("ps").stdout.split()[:3] == ["id", "pid", "goal"]
    with going_on() as first, going_on("--samples=2000000") as second:
        rows = [line.split() for line in call("ps").stdout.splitlines()]
        told = {row[0]: row[2] for row in rows if row[0].isdecimal()}
        assert told.items() >= {str(first.pid): "1000000", str(second.pid): "2000000"}.items()
        lines = [json.loads(line) for line in call("ps", "--json").stdout.splitlines()]
        assert [line["pid"] for line in lines] == sorted([first.pid, second.pid])


@pytest.mark.parametrize("columns", [20, 40])
def test_ids_are_whole_in_a_narrow_terminal(columns: int) -> None:
    rows = [(str(each), *("1000000" for _ in range(6))) for each in (8, 4194304)]
    shown = table([("id", "right"), *(("figure", "right") for _ in range(6))], rows)
    console = Console(width=columns, file=StringIO())
    with console.capture() as capture:
        console.print(shown)
    _, *lines = capture.get().splitlines()
    assert [line.split()[0] for line in lines] == ["8", "4194304"]


def test_of_several_runs_one_has_to_be_named() -> None:
    with going_on() as first, going_on() as second:
        done = call("stop")
        assert (done.returncode, done.stdout) == (1, "")
        names = ", ".join(map(str, sorted([first.pid, second.pid])))
        assert done.stderr == f"rnd-actors: several runs go on; say which one you mean: {names}\n"
        assert call("stop", str(second.pid)).returncode == 0
        assert result_of(second)["outcome"] == "interrupted"
        assert call("restart", f"{first.pid}", "1").returncode == 0
        assert first.poll() is None


def test_without_a_run_the_commands_say_so() -> None:
    for command in (["status"], ["restart", "1"], ["events", "--follow"], ["dump"], ["tree"]):
        done = call(*command)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "rnd-actors: no run goes on; `rnd-actors run` starts one\n"


def test_a_run_that_is_not_there_is_exit_code_1_and_wrong_usage_is_2() -> None:
    with going_on() as run:
        done = call("status", "1")
        told = f"rnd-actors: there is no run 1; the runs are: {run.pid}\n"
        assert (done.returncode, done.stderr) == (1, told)
        refused = call("restart", "3")
        told = f"rnd-actors: run {run.pid}: there is no worker 3; the workers are 1 to 2\n"
        assert (refused.returncode, refused.stderr) == (1, told)
        assert call("restart", "x").returncode == 2
        assert call("restart").returncode == 2
        assert call("events", "--level=loud").returncode == 2
        assert call("trace", "collector", "-n", "0").returncode == 2


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.0, "0 s"), (59.4, "59 s"), (60.0, "0:01 h"), (90_000.0, "25:00 h")]
)
def test_the_age_of_a_run_is_told_in_seconds_or_in_hours_and_minutes(
    seconds: float, told: str
) -> None:
    assert _control_views._age(seconds) == told


def test_status_shows_the_run_and_its_workers() -> None:
    with going_on("--deadline=3600") as run:
        text = call("status").stdout
    assert f"pid {run.pid}" in text
    assert re.search(r"^samples +\d+ of 1000000 \(0%\)", text, re.MULTILINE)
    assert re.search(r"^deadline +3600 s", text, re.MULTILINE)
    assert re.search(r"^ +2  (streaming|starting) +\d+", text, re.MULTILINE)


def test_each_worker_has_its_figures_below_their_names() -> None:
    worker = {"id": 1, "state": "streaming", "host": None, "port": 3001, "pid": 77}
    worker |= {"samples": 5, "restarts": 2, "replaced": 0, "last_value": 42}
    with going_on() as run:
        status = seen(run)
    for more, names in (
        ({}, "worker  state      port  pid  samples  restarts  last"),
        ({"replaced": 1}, "worker  state      port  pid  samples  restarts  replaced  last"),
        ({"host": "a"}, "worker  state      host  port  pid  samples  restarts  last"),
    ):
        shown = Console(width=120, file=StringIO())
        shown.print(_control_views.status_view({**status, "workers": [{**worker, **more}]}))
        *_, head, row = shown.file.getvalue().rstrip().splitlines()  # type: ignore[attr-defined]
        assert head.split() == names.split()
        assert row.split()[-1] == "42"


def test_workers_that_have_left_are_summed_up_and_hosts_that_are_not_up_are_named() -> None:
    worker = {"state": "streaming", "host": "a", "port": 3001, "pid": 77, "samples": 5}
    worker |= {"restarts": 2, "replaced": 0, "last_value": 42}
    workers = [{"id": 1, **worker}, *({"id": n, **worker, "state": "drained"} for n in (2, 3))]
    hosts = [
        {**asdict(HostResult("a", 1, 5, 1, 0, 0)), "state": "up", "why": None},
        {**asdict(HostResult("b", 2, 10, 2, 1, 0)), "state": "lost", "why": "the host is gone"},
    ]
    with going_on() as run:
        status = seen(run)
    shown = StringIO()
    view = _control_views.status_view({**status, "hosts": hosts, "workers": workers})
    Console(width=120, file=shown).print(view)
    lines = [line.split() for line in shown.getvalue().splitlines()]
    assert ["drained", "2", "workers,", "10", "samples"] in lines
    assert ["hosts", "b", "is", "lost:", "the", "host", "is", "gone"] in lines
    assert [line[0] for line in lines if "42" in line] == ["1"]


def test_of_thousands_of_workers_those_in_trouble_are_shown() -> None:
    worker = {"state": "streaming", "host": None, "port": 3001, "pid": 77, "samples": 5}
    worker |= {"restarts": 0, "replaced": 0, "last_value": 42}
    workers = [{"id": number, **worker} for number in range(1, 3001)]
    workers[2999] |= {"state": "given up", "restarts": 5}
    unknown = dict.fromkeys(("url", "goal", "rate_per_s", "ideal_rate_per_s", "finish_s"))
    unknown |= dict.fromkeys(("deadline_s", "last_warning"))
    known = {"id": "1", "pid": 1, "worker": "w", "started_at": 0.0, "hosts": [], "warnings": 0}
    known |= {"samples": 15_000, "progress": 0.5, "elapsed_s": 5.0, "restarts": 5}
    shown = StringIO()
    view = _control_views.status_view({**known, **unknown, "workers": workers})
    Console(width=120, file=shown).print(view)
    *_, last_but_one, last, others = shown.getvalue().splitlines()
    assert last_but_one.split()[:2] == ["199", "streaming"]
    assert last.split()[:3] == ["3000", "given", "up"]
    assert others == "… and 2800 more workers"


def test_the_sums_of_hosts_are_shown_if_there_are_several() -> None:
    with going_on() as run:
        status = seen(run)
    assert status["hosts"] == []
    sums = [asdict(HostResult(f"10.0.0.{number}", 2, 3, 4, 1, 5)) for number in (1, 2)]
    hosts = [{**each, "state": "up", "why": None} for each in sums]
    shown = Console(width=120, file=StringIO(), record=True)
    shown.print(_control_views.status_view({**status, "hosts": hosts[:1]}))
    assert "10.0.0.1" not in shown.export_text()
    shown.print(_control_views.status_view({**status, "hosts": hosts}))
    *_, names, first, second = shown.export_text().rstrip().splitlines()
    assert names.split() == ["host", "workers", "samples", "starts", "crashes", "lost"]
    assert first.split() == ["10.0.0.1", "2", "3", "4", "1", "5"]
    assert second.split()[0] == "10.0.0.2"


def test_who_watches_sees_the_run_until_its_end() -> None:
    with going_on() as run, started("status", "--watch", "--json") as watcher:
        assert watcher.stdout is not None
        first = json.loads(watcher.stdout.readline())["samples"]
        assert any(json.loads(line)["samples"] > first for line in watcher.stdout)
        assert call("stop").returncode == 0
        watcher.communicate(timeout=PATIENCE_S)
        assert watcher.returncode == 0
        assert run.wait(PATIENCE_S) == 143


def test_restarts_are_no_crashes_in_the_result() -> None:
    with going_on() as run:
        done = call("restart", "all")
        assert (done.returncode, done.stdout) == (0, f"run {run.pid} restarts workers 1 to 2\n")
        until(lambda: [worker["restarts"] for worker in seen(run)["workers"]] == [1, 1])
        call("stop")
        result = result_of(run)
    assert [worker["starts"] for worker in result["workers"]] == [2, 2]
    assert [worker["crashes"] for worker in result["workers"]] == [0, 0]
    assert result["lines"]["received"] == result["samples"] + result["lines"]["surplus"]


def test_stop_is_as_sigterm() -> None:
    with going_on() as run:
        done = call("stop")
        assert (done.returncode, done.stdout) == (0, f"run {run.pid} stops\n")
        assert result_of(run)["outcome"] == "interrupted"
        assert run.returncode == 143
    assert call("ps", "--json").stdout == ""


def test_stop_now_is_as_a_second_sigterm() -> None:
    tag = new_tag()
    with going_on("--worker-arg=-ignore-term", f"--worker-arg={tag}") as run:
        assert call("stop", "--now").stdout == f"run {run.pid} ends at once\n"
        out, err = run.communicate(timeout=PATIENCE_S)
        assert (run.returncode, out, err) == (143, "", "")
        until(lambda: not alive(tag))


def test_a_run_that_stops_can_be_ended_at_once() -> None:
    with going_on("--worker-arg=-ignore-term", command=PATIENT) as run:
        call("stop")
        assert call("stop", "--now").returncode == 0
        assert run.wait(PATIENCE_S) == 143


def test_the_socket_of_a_killed_run_is_removed_by_ps(folder: Path) -> None:
    with going_on() as run:
        run.send_signal(signal.SIGKILL)
        run.wait(PATIENCE_S)
        assert [path.name for path in folder.iterdir()] == [f"{run.pid}.sock"]
        assert (call("ps").returncode, list(folder.iterdir())) == (0, [])


def test_events_are_lines_of_the_log() -> None:
    with going_on("--worker-arg=-crash-at=5") as run:
        until(lambda: call("events", "--level=warning").stdout)
        lines = call("events", "--level", "WARNING", "-n", "2").stdout.splitlines()
        assert 1 <= len(lines) <= 2
        for line in lines:
            assert re.match(r"\d\d:\d\d:\d\d WARNING (workers/\d failed|port \d+ is taken)", line)
        record = json.loads(call("events", "--json", "-n1").stdout)
        assert set(record) == {"time", "level", "event", "text", "fields"}
        assert run.poll() is None


def test_who_follows_the_events_reads_them_until_the_run_ends() -> None:
    with going_on(), started("events", "--follow", "--level=debug") as follower:
        assert follower.stdout is not None
        assert any("samples from worker" in line for line in follower.stdout)
        call("stop")
        out, _ = follower.communicate(timeout=PATIENCE_S)
        assert (follower.returncode, "workers stopped" in out) == (0, True)


def test_tree_trace_and_dump_show_the_actors_of_a_run() -> None:
    with going_on():
        assert "collector CollectorActor" in call("tree").stdout
        assert "workers/2 WorkerActor" in call("dump").stdout
        assert call("trace", "collector", "-n", "2").stdout.count("Samples(") == 2
        assert call("trace", "workers/1").returncode == 1


def test_a_resumed_run_can_be_stopped_too(tmp_path: Path) -> None:
    store = tmp_path / "runs.db"
    with going_on(f"--output={store}") as run:
        call("stop")
        first = result_of(run)["samples"]
    with started("resume", str(store), "--json", "--quiet") as again:
        until(lambda: seen(again).get("samples", 0) > first)
        call("stop")
        assert result_of(again)["samples"] > first


def test_a_run_without_a_folder_for_its_socket_goes_on_and_tells_it(folder: Path) -> None:
    folder.symlink_to(folder.parent)
    done = execute(*FAST, "--samples=20", "--workers=2", "-v")  # or the last warning alone is told
    assert (done.returncode, "cannot be looked at or steered" in done.stderr) == (0, True)
    assert call("ps").returncode == 1


def test_help_lists_the_commands_in_groups() -> None:
    text = call("--help").stdout
    places = [
        text.index(words)
        for words in ("Before a run:", "Run:", "Watch and steer:", "\n  ps ", "Look back:")
    ]
    assert places == sorted(places)
    assert os.environ["COLUMNS"] == "80"


def test_workers_are_added_and_drained_while_the_others_go_on() -> None:
    with going_on() as run:
        pids = {worker["id"]: worker["pid"] for worker in seen(run)["workers"]}
        added = call("scale", "+2")
        told = f"run {run.pid}: the run has 4 workers now; new: 3 to 4\n"
        assert (added.returncode, added.stdout) == (0, told)
        until(lambda: all(worker["samples"] for worker in seen(run)["workers"]))
        drained = call("scale", str(run.pid), "-2", "--drain", "1")
        told = f"run {run.pid}: the run has 2 workers now; leaving: 1, 4\n"
        assert (drained.returncode, drained.stdout) == (0, told)
        until(lambda: [row["state"] for row in seen(run)["workers"]].count("drained") == 2)
        [second] = [worker for worker in seen(run)["workers"] if worker["id"] == 2]
        assert (second["pid"], second["state"]) == (pids[2], "streaming")
        twice = call("scale", "--drain", "2", "--drain", "2")
        assert twice.stdout.endswith("1 worker now; leaving: 2\n")
        call("stop")
        result = result_of(run)
        left = [worker["left_s"] is None for worker in result["workers"]]
        assert left == [False, False, True, False]
        assert sum(worker["samples"] for worker in result["workers"]) == result["samples"]


def test_of_a_run_that_is_named_those_leave_that_are_named() -> None:
    with going_on() as first, going_on() as second:
        done = call("scale", str(first.pid), "--drain", "1")
        told = f"run {first.pid}: the run has 1 worker now; leaving: 1\n"
        assert (done.returncode, done.stdout, done.stderr) == (0, told, "")
        assert second.poll() is None


def test_a_word_that_is_a_run_and_a_size_is_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str | None, dict[str, object]]] = []

    def note(run: str | None, operation: str, **arguments: object) -> int:
        told.append((run, arguments))
        return 0

    monkeypatch.setattr("rnd_actors.control.runs", lambda: (RunAddress("7", Path("7.sock")),))
    monkeypatch.setattr("rnd_actors.cli._control._tell", note)
    assert call("scale", "7", "--drain", "1").returncode == 0
    assert told == [("7", {"workers": "-1", "drain": [1]})]


@pytest.mark.parametrize("command", ["goal", "deadline", "restart", "scale"])
def test_a_run_without_what_is_to_change_is_refused(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr("rnd_actors.control.runs", lambda: (RunAddress("47", Path("47.sock")),))
    done = call(command, "47")
    assert done.returncode == 2
    assert f"{command} takes RUN" in done.stderr
    assert "where there is a run 47, such as 47 47; got 47" in done.stderr.replace("'", "")


def test_goal_and_deadline_are_changed_and_what_cannot_be_says_why() -> None:
    with going_on() as run:
        assert call("deadline", "3600").stdout == f"run {run.pid}: the deadline is 3600 s now\n"
        assert seen(run)["deadline_s"] == 3600.0
        lifted = call("deadline", str(run.pid), "none").stdout
        assert lifted == f"run {run.pid}: the run has no deadline any more\n"
        refused = call("deadline", "0.001")
        assert refused.returncode == 1
        assert "more than the" in refused.stderr
        until(lambda: seen(run)["samples"] > 1)
        assert call("goal", "1").returncode == 1
        goal, told = 0, ""
        while not told:  # more than so many have come meanwhile, on a machine that is busy
            goal = seen(run)["samples"] + 1000  # in five seconds
            told = call("goal", str(goal)).stdout
        assert told == f"run {run.pid}: the goal is {goal} samples now\n"
        result = result_of(run)
        assert (result["outcome"], result["samples"], result["goal"]) == ("complete", goal, goal)
        assert run.returncode == 0


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["scale"], "scale takes [RUN] N|+N|-N; got ''"),
        (["scale", "1", "2", "3"], "scale takes [RUN] N|+N|-N; got '1 2 3'"),
        (["scale", "many"], "N|+N|-N takes a whole number from 1 to 10000, or a difference"),
        (["scale", "--drian", "3"], "No such option: --drian"),
        (["scale", "-x", "3"], "No such option: -x"),
        (["scale", "\u0663"], "N|+N|-N takes a whole number from 1 to 10000, or a difference"),
        (["scale", "3", "--drain", "x"], "--drain takes a whole number"),
        (["goal", "0"], "N takes a whole number from 1 to 1000000000; got 0"),
        (["deadline", "soon"], "SECONDS|none takes seconds > 0, or none; got 'soon'"),
        (["restart", "-1"], "No such option: -1"),
    ],
)
def test_wrong_words_are_exit_code_2_and_one_line(command: list[str], told: str) -> None:
    done = call(*command)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
