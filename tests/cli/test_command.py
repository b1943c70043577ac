"""The command with real workers, and what a shell sees of it."""

import json
import os
import re
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from rnd_actors import cli
from tests.cli.commands import FAST, MODULE, SCRIPT, call, execute
from tests.cli.terminals import Terminal


@pytest.mark.parametrize("command", [MODULE, SCRIPT])
def test_it_tells_its_version(command: tuple[str, ...]) -> None:
    told = execute("--version", command=command)
    assert (told.returncode, told.stdout) == (0, f"rnd-actors {version('rnd-actors')}\n")


def test_without_a_command_it_says_where_the_commands_are() -> None:
    done = call()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "rnd-actors: Missing command: `rnd-actors --help` lists them.\n"


def test_help_names_every_option_with_its_default_and_range(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["run", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for words in (
        "--samples N",
        "default: 150; 1<=x<=1000000000",
        "--worker COMMAND",
        "--log-format text|json",
    ):
        assert words in text


def test_help_imports_neither_runs_nor_views() -> None:
    program = (
        "from gevent import monkey; monkey.patch_all(); import sys; from rnd_actors import cli;"
        "cli.main(['--version']); cli.main(['--help']); cli.main(['run', '--help']);"
        "print({'attrs', 'rich', 'urllib3'} & {*sys.modules})"
    )
    done = execute("-c", program, command=(sys.executable,))
    assert (done.stdout.splitlines()[-1], done.stderr) == ("set()", "")


def test_a_run_gives_exactly_the_samples_asked_for(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    done = execute(*FAST, "--samples=30", "--workers=4", "--json", f"--output={output}")
    result = json.loads(done.stdout)
    assert done.returncode == 0
    reports = done.stderr.splitlines()  # one a second
    assert all(re.search(r" of 30 samples( in |, no worker yet)", line) for line in reports)
    assert result["outcome"] == "complete"
    assert result["samples"] == result["lines"]["accepted"] == len(result["values"]) == 30
    samples = [json.loads(line) for line in output.read_text().splitlines()]
    assert [sample["value"] for sample in samples] == result["values"]


def test_a_summary_is_for_people() -> None:
    done = call(*FAST, "--samples=30", "--workers=4")
    assert done.returncode == 0
    assert re.search(r"^samples +30 of 30 *$", done.stdout, re.MULTILINE)


def test_a_missed_deadline_is_exit_code_3_with_what_there_is_and_told_even_when_quiet() -> None:
    limits = ("--samples=100000", "--workers=2", "--deadline=5")
    done = execute(*FAST, *limits, "--json", "--quiet")
    result = json.loads(done.stdout)
    assert (done.returncode, result["outcome"], result["deadline_s"]) == (3, "deadline", 5)
    assert 0 < result["samples"] == len(result["values"])
    assert done.stderr == "rnd-actors: the deadline of 5 s has passed\n"


def test_workers_that_cannot_work_are_exit_code_1_with_their_last_words() -> None:
    worker = "--worker=sh -c 'echo out of luck; exit 7'"
    done = execute("run", "--base-port=0", "--workers=1", worker, "--json", "--deadline=3600")
    result = json.loads(done.stdout)
    assert (done.returncode, result["outcome"]) == (1, "failed")
    assert "out of luck" in result["reason"]
    assert done.stderr.splitlines()[-1].endswith("out of luck")


@pytest.mark.slow
def test_a_disk_that_becomes_full_is_exit_code_1_with_a_valid_file_and_the_result(
    tmp_path: Path,
) -> None:
    output = tmp_path / "out.jsonl"
    limited = ("sh", "-c", 'ulimit -f 8; exec "$@"', "sh", *MODULE)
    done = execute(*FAST, "--samples=1000000", "--json", f"--output={output}", command=limited)
    result = json.loads(done.stdout)
    assert (done.returncode, result["outcome"]) == (1, "failed")
    assert result["reason"] == f"output: cannot write {output}: File too large"
    values = [json.loads(line)["value"] for line in output.read_text().splitlines()]
    assert output.read_text().endswith("}\n")
    assert 10 < len(values) <= len(result["values"])
    assert values == result["values"][: len(values)]


@pytest.mark.slow
def test_a_limit_of_open_files_that_is_too_low_is_told_before_with_the_figure_needed() -> None:
    def limited(limit: str) -> "subprocess.CompletedProcess[str]":
        command = ("sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", *MODULE)
        flags = ("--samples=150", "--workers=16", "--worker-arg=-crash-at=9")
        return execute(*FAST, *flags, "-v", command=command)

    refused = limited("48")
    told = r"rnd-actors: --workers takes as many as 48 file descriptors allow, which is \d+: "
    figure = re.fullmatch(told + r"16 need (\d+) \(see ulimit -n\); got 16", last_line(refused))
    assert figure is not None
    assert (refused.returncode, "restarted" in refused.stderr) == (2, False)
    enough = limited(figure[1])
    assert (enough.returncode, "restarted" in enough.stderr) == (0, True)


def last_line(done: "subprocess.CompletedProcess[str]") -> str:
    return str(done.stderr.splitlines()[-1])


@pytest.mark.slow
def test_a_limit_of_open_files_that_may_be_raised_is_raised() -> None:
    limited = ("sh", "-c", 'ulimit -Sn 32; exec "$@"', "sh", *MODULE)
    flags = ("--samples=150", "--workers=12", "--worker-arg=-hang-at=14", "--json")  # 11 have 143
    done = execute(*FAST, *flags, command=limited)
    result = json.loads(done.stdout)
    assert (done.returncode, result["samples"]) == (0, 150)
    assert all(worker["samples"] for worker in result["workers"])


@pytest.mark.parametrize("form", [[], pytest.param(["--json"], marks=pytest.mark.slow)])
def test_a_result_that_cannot_be_written_is_exit_code_1(form: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        flags = ("--samples=1", "--workers=1", "--quiet", *form)
        done = execute(*FAST, *flags, capture_output=False, stdout=full, stderr=-1)
    told = "rnd-actors: cannot write the result: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, told)


def test_without_a_terminal_there_is_at_most_one_line_a_second() -> None:
    settings = ("--base-port=0", "--samples=100000", "--deadline=4.5", "--workers=2", "--json")
    began = time.monotonic()
    done = call("run", *settings, "--worker-arg=-interval=0.1", "--worker-arg=-crash-at=8")
    *reports, end = done.stderr.splitlines()
    reports = [line for line in reports if "the deadline is lost" not in line]
    assert 1 <= len(reports) <= time.monotonic() - began + 1
    told = r" \d+ of 100000 samples( in \d+\.\d s|, no worker yet)"
    assert all(re.search(told, line) for line in reports)
    assert any("warnings: " in line for line in reports)
    assert end == "rnd-actors: the deadline of 4.5 s has passed"


def test_on_a_terminal_there_is_a_live_view_and_log_lines_that_stay() -> None:
    flags = ("--samples=600", "--workers=2", "--worker-arg=-crash-at=30", "-v")
    with Terminal(*FAST, *flags, rows=60) as terminal:
        assert terminal.end() == 0
        shown = terminal.written
        assert "Complete: the goal is reached" in terminal.lines
        assert any(
            re.fullmatch(r"\d\d:\d\d:\d\d INFO    workers/\d is restarted now", line)
            for line in terminal.lines
        )
    assert "of 600" in shown
    hide_cursor, show_cursor = "\x1b[?25l", "\x1b[?25h"
    assert shown.index(hide_cursor) < shown.index("streaming") < shown.index(show_cursor)


@pytest.mark.parametrize("loop", ["libuv", "nonsense"])
def test_an_event_loop_that_gevent_cannot_have_is_one_line(loop: str) -> None:
    done = execute(*FAST, "--samples=3", env={**os.environ, "GEVENT_LOOP": loop})
    if done.returncode == 0:
        pytest.skip("this gevent has it")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"rnd-actors: gevent cannot have the event loop {loop!r}: ")


@pytest.mark.slow
def test_without_proc_a_run_is_done_and_says_what_is_missing() -> None:
    namespace = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"]
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("it needs to be allowed to mount")
    done = execute(*FAST, "--samples=3", "--workers=2", "--quiet", command=(*namespace, *MODULE))
    assert done.returncode == 0
    assert " 3 accepted" in done.stdout
    [line] = done.stderr.splitlines()
    assert line.startswith("rnd-actors: without /proc nobody finds processes that leave")
