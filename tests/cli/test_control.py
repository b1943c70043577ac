"""The commands that look at runs and steer them, beside runs in processes of their own."""

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from rnd_actors.cli import _control
from tests.cli.commands import FAST, PATIENCE_S, call, execute, started
from tests.cli.test_signals import new_tag
from tests.processes import alive, until

ENDLESS = ("--samples=1000000", "--workers=2", "--json", "--quiet")


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with TemporaryDirectory(prefix="rt-") as runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        yield Path(runtime) / "rnd-actors"


def seen(run: "Popen[str]") -> dict[str, Any]:
    """The status of a run; empty as long as there is none."""
    done = call("status", str(run.pid), "--json")
    status: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
    return status


@contextmanager
def going_on(*options: str) -> Iterator["Popen[str]"]:
    """Have a run go on while the block runs; it has samples when the block begins."""
    with started(*FAST, *ENDLESS, *options) as process:
        until(lambda: seen(process).get("samples"))
        yield process


def result_of(run: "Popen[str]") -> dict[str, Any]:
    out, _ = run.communicate(timeout=PATIENCE_S)
    result: dict[str, Any] = json.loads(out)
    return result


def test_ps_lists_the_runs_that_go_on() -> None:
    assert call("ps").stdout.split()[:3] == ["id", "pid", "goal"]
    with going_on() as first, going_on("--samples=2000000") as second:
        rows = [line.split() for line in call("ps").stdout.splitlines() if line[:1].strip()]
        told = {row[0]: row[2] for row in rows}
        assert told.items() >= {str(first.pid): "1000000", str(second.pid): "2000000"}.items()
        lines = [json.loads(line) for line in call("ps", "--json").stdout.splitlines()]
        assert [line["pid"] for line in lines] == sorted([first.pid, second.pid])


def test_of_several_runs_one_has_to_be_named() -> None:
    with going_on() as first, going_on() as second:
        done = call("stop")
        assert (done.returncode, done.stdout) == (1, "")
        names = ", ".join(map(str, sorted([first.pid, second.pid])))
        assert done.stderr == f"rnd-actors: several runs go on; say which one you mean: {names}\n"
        assert call("stop", str(second.pid)).returncode == 0
        assert result_of(second)["outcome"] == "interrupted"
        assert call("restart", "1", f"--run={first.pid}").returncode == 0
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
    assert _control._age(seconds) == told


def test_status_shows_the_run_and_its_workers() -> None:
    with going_on("--deadline=3600") as run:
        text = call("status").stdout
    assert f"pid {run.pid}" in text
    assert re.search(r"^samples +\d+ of 1000000 \(0%\)", text, re.MULTILINE)
    assert re.search(r"^deadline +3600 s", text, re.MULTILINE)
    assert re.search(r"^ +2  (streaming|starting) +\d+", text, re.MULTILINE)


def test_who_watches_sees_the_run_until_its_end() -> None:
    with going_on() as run, started("status", "--watch", "--json") as watcher:
        assert watcher.stdout is not None
        first = json.loads(watcher.stdout.readline())
        assert json.loads(watcher.stdout.readline())["samples"] > first["samples"]
        assert call("stop").returncode == 0
        watcher.communicate(timeout=PATIENCE_S)
        assert watcher.returncode == 0
        assert run.wait(PATIENCE_S) == 143


def test_restarts_are_no_crashes_in_the_result() -> None:
    with going_on() as run:
        done = call("restart", "all")
        assert (done.returncode, done.stdout) == (0, f"run {run.pid} restarts workers 1, 2\n")
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
    with going_on("--worker-arg=-ignore-term") as run:
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
    with going_on("--worker-arg=-flaky") as run:
        until(lambda: call("events", "--level=warning").stdout)
        lines = call("events", "--level", "WARNING", "-n", "2").stdout.splitlines()
        assert 1 <= len(lines) <= 2
        for line in lines:
            assert re.match(r"\d\d:\d\d:\d\d WARNING workers/\d failed", line)
        record = json.loads(call("events", "--json", "-n1").stdout)
        assert set(record) == {"time", "level", "event", "text", "fields"}
        assert run.poll() is None


def test_who_follows_the_events_reads_them_until_the_run_ends() -> None:
    with going_on(), started("events", "--follow", "--level=debug") as follower:
        assert follower.stdout is not None
        assert "samples from worker" in follower.stdout.readline()
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
    done = execute(*FAST, "--samples=20", "--workers=2")
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
