"""Runs that are killed with SIGKILL again and again, and go on to their goal."""

import csv
import json
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from rnd_actors.errors import StoreError
from rnd_actors.store import list_runs, read_run
from tests.cli.commands import MODULE, execute, whole_lines
from tests.processes import until

pytestmark = pytest.mark.slow

SAMPLES = 20_000
"""More than come in the three seconds before the last kill, whatever the machine."""
BEGIN = (
    "run",
    f"--samples={SAMPLES}",
    "--workers=4",
    "--base-port=0",
    "--worker-arg=-interval=0.0005",
    "--output=samples.jsonl",
    "--output=runs.db",
    "--output=samples.csv",
    "--quiet",
)


def killed(arguments: Sequence[str], folder: Path, after_s: float) -> bool:
    """Run it, kill it after so many seconds, and say whether that came before its end."""
    with subprocess.Popen([*MODULE, *arguments], cwd=folder, stdout=subprocess.DEVNULL) as process:
        try:
            process.wait(after_s)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.returncode != 0


def has_begun(store: Path) -> bool:
    """Whether a store has a run; one that was being made is none yet, and is made again."""
    try:
        return bool(list_runs(store))
    except StoreError:
        return False


def lines_of(path: Path) -> list[str]:
    """The whole lines of a file; none if it is not there yet: a run is in its store before that."""
    return whole_lines(path) if path.exists() else []


def assert_readable(folder: Path) -> None:
    """Whatever moment it was, each file holds whole samples in their order."""
    lines = [json.loads(line) for line in lines_of(folder / "samples.jsonl")]
    assert [line["index"] for line in lines] == list(range(len(lines)))
    rows = list(csv.DictReader(lines_of(folder / "samples.csv")))
    assert [int(row["index"]) for row in rows] == list(range(len(rows)))
    stored = read_run(folder / "runs.db").samples
    assert [sample.index for sample in stored] == list(range(len(stored)))
    assert len({(s.worker, s.incarnation, s.seq) for s in stored}) == len(stored)


def test_a_run_that_is_killed_again_and_again_ends_with_exactly_its_samples(
    tmp_path: Path,
) -> None:
    moments = random.Random()  # others each time; the message tells them
    told = []
    store = tmp_path / "runs.db"
    arguments: Sequence[str] = BEGIN
    for _ in range(3):
        told.append(moments.uniform(0.6, 1.0))
        if not killed(arguments, tmp_path, told[-1]):
            break
        if has_begun(store):
            assert_readable(tmp_path)
            until(lambda: list_runs(store)[-1].state == "died")  # a fork may hold it
            arguments = ("resume", "runs.db", "--quiet")
    else:
        last = execute(*arguments, cwd=tmp_path)
        assert last.returncode == 0, last.stderr
    [run] = list_runs(store)
    assert (run.state, run.samples) == ("complete", SAMPLES), told
    assert_readable(tmp_path)
    assert len((tmp_path / "samples.jsonl").read_text().splitlines()) == SAMPLES
    assert len((tmp_path / "samples.csv").read_text().splitlines()) == SAMPLES + 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "runs.db",
        "samples.csv",
        "samples.jsonl",
    ]
