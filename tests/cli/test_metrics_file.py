"""`--metrics-file`: the metrics of a run at its end, however it ends."""

import json
import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.commands import FAST, PATIENCE_S, call, started
from tests.metrics.figures import Series, series_of
from tests.processes import until

ACCEPTED = 'rnd_actors_run_samples_total{outcome="accepted"}'


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("run.prom")


def read(file: Path) -> Series:
    return series_of(file.read_text())


def complaint(*arguments: str) -> str:
    """Call it wrongly, and return the one line that it says."""
    done = call("run", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    return line


def test_the_file_has_the_figures_of_the_result_and_replaces_the_one_that_is_there(
    file: Path,
) -> None:
    file.write_text("of yesterday")
    umask = os.umask(0o027)
    try:
        flags = ("--samples=60", "--workers=3", "--worker-arg=-crash-at=9", "--json", "--quiet")
        done = call(*FAST, *flags, f"--metrics-file={file}")
    finally:
        os.umask(umask)
    result, series = json.loads(done.stdout), read(file)
    assert (done.returncode, done.stderr) == (0, "")
    for outcome in ("accepted", "surplus", "malformed"):
        label = f'rnd_actors_run_samples_total{{outcome="{outcome}"}}'
        assert series[label] == result["lines"][outcome]
    for worker in result["workers"]:
        starts = series[f'rnd_actors_worker_starts_total{{worker="{worker["id"]}"}}']
        assert starts == worker["starts"]
    assert series['rnd_actors_run_ended{outcome="complete"}'] == 1
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in Path().iterdir()] == [file.name]


def test_a_run_that_misses_its_deadline_writes_it_and_one_that_is_resumed_counts_on(
    file: Path,
) -> None:
    flags = ("--samples=160", "--workers=2", "--output=runs.db", "--worker-arg=-crash-at=5")
    slow = "--worker-arg=-interval=0.05"  # four seconds at least
    to_file = ("--json", "--quiet", f"--metrics-file={file}")
    assert call(*FAST, *flags, slow, *to_file, "--deadline=3.5").returncode == 3
    first = read(file)
    assert first['rnd_actors_run_ended{outcome="deadline"}'] == 1
    assert 0 < first[ACCEPTED] < 160
    done = call("resume", "runs.db", "--deadline=60", *to_file)
    result, second = json.loads(done.stdout), read(file)
    assert second['rnd_actors_run_ended{outcome="complete"}'] == 1
    assert second[ACCEPTED] == result["lines"]["accepted"] == 160
    for name in ("starts", "crashes"):
        values = [value for each, value in second.items() if f"worker_{name}_total" in each]
        assert sum(values) == sum(worker[name] for worker in result["workers"])
    earlier = second['rnd_actors_worker_crashes_total{reason="earlier session"}']
    assert earlier == first['rnd_actors_worker_crashes_total{reason="WorkerExitedError"}'] > 0


@pytest.mark.slow
def test_an_interrupted_run_writes_it(file: Path) -> None:
    flags = ("--samples=1000000", "--workers=2", "--json", "--quiet", "--output=samples.csv")
    with started(*FAST, *flags, f"--metrics-file={file}") as process:
        until(lambda: Path("samples.csv").exists() and Path("samples.csv").stat().st_size > 1000)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 143
    series = read(file)
    assert series['rnd_actors_run_ended{outcome="interrupted"}'] == 1
    assert series[ACCEPTED] == json.loads(out)["lines"]["accepted"] > 0


def test_a_path_that_cannot_be_written_is_refused_before_workers_start(file: Path) -> None:
    worker = "--worker=false"
    assert complaint(worker, "--metrics-file=run.txt") == (
        "rnd-actors: --metrics-file takes a file whose name ends in .prom; got 'run.txt'"
    )
    assert "there is no folder" in complaint(worker, "--metrics-file=nowhere/run.prom")
    Path("folder.prom").mkdir()
    assert "this is a folder" in complaint(worker, "--metrics-file=folder.prom")


@pytest.mark.slow
def test_a_file_that_cannot_be_written_at_the_end_is_told_beside_the_result(file: Path) -> None:
    folder = Path("folder")
    folder.mkdir()
    flags = ("--samples=1000", "--workers=2", "--json", "--quiet", "--output=samples.csv")
    with started(*FAST, *flags, "--metrics-file=folder/run.prom") as process:
        until(lambda: Path("samples.csv").exists())
        folder.rmdir()
        out, err = process.communicate(timeout=PATIENCE_S)
    assert json.loads(out)["samples"] == 1000
    assert err == "rnd-actors: cannot write folder/run.prom: No such file or directory\n"
    assert process.returncode == 1


def test_without_the_extra_it_is_said_how_to_get_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [each for each in sys.modules if each.startswith("rnd_actors.metrics")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    said = complaint("--worker=false", f"--metrics-file={file}")
    assert said.startswith(
        "rnd-actors: --metrics-file takes a file if rnd-actors[web] is installed"
    )
    assert "pip install 'rnd-actors[web]'; got 'run.prom'" in said


def test_a_run_that_died_with_its_goal_reached_says_that_there_are_no_metrics(file: Path) -> None:
    assert call(*FAST, "--samples=20", "--workers=2", "--output=runs.db", "--quiet").returncode == 0
    with closing(sqlite3.connect("runs.db")) as connection, connection:
        connection.execute("UPDATE runs SET outcome = NULL, reason = NULL")
    done = call("resume", "runs.db", "--quiet", f"--metrics-file={file}")
    assert done.returncode == 0
    assert done.stderr == (
        "rnd-actors: run.prom is not written: the run ended before its workers began\n"
    )
    assert not file.exists()
