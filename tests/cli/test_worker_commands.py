"""The commands for those who write a worker: `check-worker`, `worker`, and `run --worker-log`."""

import sys
from pathlib import Path

import pytest

from rnd_actors import cli
from rnd_actors.workers import check
from tests.cli.commands import FAST, PATIENCE_S, call, execute, started

WORKER = str(Path(__file__).parents[2] / "bin" / "worker")


def test_a_worker_that_a_run_can_use_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_FIRST_AT_MOST_S", PATIENCE_S)  # a machine may be busy
    monkeypatch.setattr(check, "_PATIENCE_S", PATIENCE_S)
    monkeypatch.setattr(check, "_FASTEST_S", PATIENCE_S)  # or it is fast if its first line is late
    command = f"{WORKER} -interval 1.5"  # slower than it should be, so that it is asked in time
    done = call("check-worker", command)
    assert done.returncode == 0
    assert done.stderr == f"trying {command}, which takes some seconds ...\n"
    first, *points, last = done.stdout.splitlines()
    assert first.split() == ["the", "contract", "what", "came"]
    assert any(point.split() == ["ok", "X-Worker-Id:", "7", "7"] for point in points)
    assert last == "16 ok, 1 different, 0 failed: a run can live with that"
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_one_that_no_run_can_use_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check-worker", WORKER, "--worker-arg=-answer", "--worker-arg=id"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split() == ["fails", "X-Worker-Id:", "7", "8"] for line in lines)
    assert lines[-1].endswith("1 failed: a run cannot use this worker")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("/no/such",), "COMMAND takes the path of an executable, or a command line that starts "),
        (("'",), "COMMAND takes a command line that a shell could split; got "),
        ((WORKER, "--start-timeout", "soon"), "--start-timeout takes seconds > 0; got 'soon'"),
        ((), "Missing argument 'COMMAND'."),
    ],
)
def test_wrong_usage_is_one_line(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check-worker", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    [line] = said.err.splitlines()
    assert line.startswith("rnd-actors: ")
    assert message in line


def test_the_stand_in_explains_its_own_flags() -> None:
    by_command, by_script = execute("worker", "-help"), execute("-help", command=(WORKER,))
    assert "-crash-every" in by_command.stdout + by_command.stderr
    assert by_command.returncode == by_script.returncode
    assert (by_command.stdout, by_command.stderr) == (by_script.stdout, by_script.stderr)


def test_the_stand_in_runs_as_a_worker() -> None:
    with started("worker", "-workerId", "3", "-port", "0") as process:
        assert process.stderr is not None
        assert " started" in process.stderr.readline()
        process.terminate()
        process.wait(PATIENCE_S)


@pytest.mark.slow
def test_it_serves_runs_as_any_worker_does(capsys: pytest.CaptureFixture[str]) -> None:
    command = f"{sys.executable} -m rnd_actors worker"
    flags = ("--workers=2", "--samples=4", "--quiet", f"--worker={command}")
    assert cli.main([*FAST, *flags]) == 0
    assert "4 received: 4 accepted" in capsys.readouterr().out


def test_all_that_workers_write_is_kept_on_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "logs"
    each = ("--collector=quota", "--collector-option=quota=2", "--collector-option=workers=2")
    flags = ("--workers=2", *each, "--quiet", f"--worker-log={folder}")
    assert cli.main([*FAST, *flags]) == 0
    assert capsys.readouterr().err == ""
    assert sorted(path.name for path in folder.iterdir()) == ["worker-1.log", "worker-2.log"]
    assert " started" in (folder / "worker-1.log").read_text()


def test_a_folder_for_logs_that_cannot_be_made_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert cli.main([*FAST, "--samples=4", f"--worker-log={tmp_path}/file/logs"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    [line] = said.err.splitlines()
    assert line.startswith("rnd-actors: --worker-log takes a folder that is there, or can be made")
