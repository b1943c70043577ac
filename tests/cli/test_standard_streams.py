"""Standard streams that are closed, full, or read by nobody any more: the run is done."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import IO

import pytest

from rnd_actors.workers import STANDIN
from tests.cli.commands import FAST, MODULE, PATIENCE_S, SCRIPT, execute

SLOW = pytest.mark.slow


def shell(redirections: str, command: tuple[str, ...] = MODULE) -> tuple[str, ...]:
    return ("sh", "-c", f'exec "$@" {redirections}', "sh", *command)


def values(csv: Path) -> list[str]:
    header, *rows = csv.read_text().splitlines()
    assert all(row.count(",") == header.count(",") for row in rows)
    return rows


@pytest.mark.parametrize(
    ("closed", "command"),
    [
        *(pytest.param(closed, MODULE, marks=SLOW) for closed in product([False, True], repeat=3)),
        ((True, True, True), SCRIPT),
    ],
)
def test_a_run_whose_streams_are_closed_is_done(
    closed: tuple[bool, bool, bool], command: tuple[str, ...], tmp_path: Path
) -> None:
    redirections = " ".join(f"{number}>&-" for number in range(3) if closed[number])
    output, seen = tmp_path / "out.csv", tmp_path / "seen"
    worker = tmp_path / "worker"
    worker.write_text(
        "#!/bin/sh\nlinks=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)\n"
        f'echo "$links" >"{seen}.$$"\nexec "$STANDIN" "$@"\n'
    )
    worker.chmod(0o755)
    standin = Path("bin/worker").absolute()
    done = execute(
        *FAST,
        "--samples=30",
        "--workers=2",
        f"--worker={worker}",
        f"--output={output}",
        "-vv",
        command=shell(redirections, command),
        env={**os.environ, "STANDIN": str(standin)},
    )
    assert done.returncode == 0
    assert len(values(output)) == 30
    assert ("30 of 30" in done.stdout) is not closed[1]
    assert ("spawned" in done.stderr) is not closed[2]
    for links in tmp_path.glob("seen.*"):
        stdin, stdout, stderr = links.read_text().split()
        assert stdin == "/dev/null"
        assert stdout == stderr
        assert stdout.startswith("pipe:")


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("--version",), 0),
        pytest.param(("collectors",), 0, marks=SLOW),
        pytest.param(("plan", "--samples=1", "--deadline=9", "--runs=10"), 0, marks=SLOW),
        (("run", "--nonsense"), 2),
        pytest.param(("show", "nowhere.db"), 2, marks=SLOW),
    ],
)
@pytest.mark.parametrize(
    "redirections", ["<&- >&- 2>&-", pytest.param(">&- 2>/dev/full", marks=SLOW)]
)
def test_other_commands_have_the_exit_code_that_they_always_have(
    arguments: tuple[str, ...], exit_code: int, redirections: str
) -> None:
    done = execute(*arguments, command=shell(redirections))
    assert done.returncode == exit_code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        *(pytest.param(each, marks=SLOW) for each in [("--version",), ("run", "--help")]),
    ],
)
def test_help_that_cannot_be_written_is_one_line_and_exit_code_1(
    arguments: tuple[str, ...],
) -> None:
    done = execute(*arguments, command=shell(">/dev/full"))
    told = "rnd-actors: cannot write the result: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, told)


def test_a_full_stderr_changes_nothing() -> None:
    done = execute(
        *FAST, "--samples=30", "--workers=2", "--json", "-vv", command=shell("2>/dev/full")
    )
    assert (done.returncode, json.loads(done.stdout)["samples"]) == (0, 30)


@contextmanager
def running(*arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(
        [*MODULE, *FAST, "--workers=2", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def opened(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def waiting_for(sign: Path) -> tuple[str, ...]:
    """Have workers that send nothing before a file is there, so that the run cannot be over."""
    worker = sign.with_name("worker")
    standin = " ".join(STANDIN)
    worker.write_text(
        f'#!/bin/sh\nuntil [ -e "{sign}" ]; do sleep 0.01; done\nexec {standin} "$@"\n'
    )
    worker.chmod(0o755)
    return (f"--worker={worker}", "--start-timeout=600", "-vv")


def wait_for(word: bytes, process: "subprocess.Popen[bytes]") -> None:
    for line in opened(process.stderr):
        if word in line:
            return
    pytest.fail(f"it never said {word!r}")


@pytest.fixture
def sign(tmp_path: Path) -> Path:
    return tmp_path / "gone"


@pytest.mark.slow
def test_a_reader_of_stderr_that_goes_away_changes_nothing(sign: Path) -> None:
    with running("--samples=60", "--json", *waiting_for(sign)) as process:
        wait_for(b"spawned", process)
        opened(process.stderr).close()
        sign.touch()
        result = json.loads(opened(process.stdout).read())
        assert process.wait(PATIENCE_S) == 0
    assert (result["outcome"], result["samples"]) == ("complete", 60)


@pytest.mark.parametrize("form", [[], pytest.param(["--json"], marks=SLOW)])
def test_a_reader_of_the_result_that_goes_away_is_told_after_the_run(
    form: list[str], sign: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.csv"
    with running("--samples=60", *waiting_for(sign), f"--output={output}", *form) as process:
        wait_for(b"spawned", process)
        opened(process.stdout).close()
        sign.touch()
        told = opened(process.stderr).read().decode().splitlines()
        assert process.wait(PATIENCE_S) == 1
    assert told[-1] == "rnd-actors: cannot write the result: Broken pipe"
    assert len(values(output)) == 60


@pytest.mark.slow
def test_both_readers_may_go_away(sign: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    with running("--samples=60", *waiting_for(sign), f"--output={output}") as process:
        wait_for(b"spawned", process)
        opened(process.stdout).close()
        opened(process.stderr).close()
        sign.touch()
        assert process.wait(PATIENCE_S) == 1
    assert len(values(output)) == 60


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=SLOW), signal.SIGTERM])
def test_one_that_is_interrupted_with_nobody_to_tell_has_the_exit_code_of_the_signal(
    number: signal.Signals,
) -> None:
    with running("--samples=1000000", "-vv") as process:
        wait_for(b"in all", process)
        opened(process.stdout).close()
        opened(process.stderr).close()
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 128 + number


@pytest.mark.slow
def test_samples_for_a_closed_stdout_fail_the_run() -> None:
    done = execute(*FAST, "--samples=30", "--workers=2", "--output=-", command=shell(">&-"))
    assert done.returncode == 1
    assert "output: cannot write stdout: Bad file descriptor" in done.stderr
