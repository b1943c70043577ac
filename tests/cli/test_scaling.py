"""Runs of the command whose number of workers follows their deadline."""

import json
from pathlib import Path

from tests.cli.commands import FAST, call

SPARE = ("--samples=150", "--deadline=20", "--scale=deadline", "--json")


def test_as_few_workers_start_as_keep_the_deadline(tmp_path: Path) -> None:
    """A hundred numbers a second from each are far more than the contract promises."""
    done = call(*FAST, *SPARE, "--workers=2..16")
    result = json.loads(done.stdout)
    assert (done.returncode, result["outcome"], result["samples"]) == (0, "complete", 150)
    first = [worker for worker in result["workers"] if worker["joined_s"] == 0.0]
    assert len(first) == 8  # by the contract each sends 20 numbers in 20 s
    known = tmp_path / "result.json"
    known.write_text(done.stdout)
    again = json.loads(call(*FAST, *SPARE, "--workers=2..16", f"--figures={known}").stdout)
    assert (again["outcome"], len(again["workers"])) == ("complete", 2)


def test_a_lost_deadline_is_a_line_on_stderr_and_can_end_the_run() -> None:
    done = call(
        "run", "--base-port=0", "--samples=1000", "--workers=2", "--deadline=20", "--give-up-early"
    )
    assert done.returncode == 3
    assert "the deadline is lost: " in done.stderr
    assert "Deadline missed: the deadline is lost: " in done.stdout
    quiet = call(*FAST, "--samples=100000", "--workers=2", "--deadline=1", "--quiet")
    assert (quiet.returncode, "the deadline is lost" in quiet.stderr) == (3, False)
