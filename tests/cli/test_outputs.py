"""The files that the real command writes: all of the same samples, and readable at any time."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq
import pytest

from tests.cli.commands import FAST, execute, started, whole_lines
from tests.processes import PATIENCE_S

Row = dict[str, float]


def rows_of_lines(lines: list[str]) -> list[Row]:
    return [json.loads(line) for line in lines]


def rows_of_csv(lines: list[str]) -> list[Row]:
    return [{name: float(text) for name, text in row.items()} for row in csv.DictReader(lines)]


def rows_of_parquet(path: Path) -> list[Row]:
    rows: list[Row] = pq.read_table(path).to_pylist()
    return rows


READERS: Final[dict[str, Callable[[Path], list[Row]]]] = {
    "samples.jsonl": lambda path: rows_of_lines(whole_lines(path)),
    "samples.csv": lambda path: rows_of_csv(whole_lines(path)),
    "samples.parquet": rows_of_parquet,
}


LINE_BYTES: Final = 150
"""More than any line or header has."""


def outputs_in(folder: Path) -> list[str]:
    return [f"--output={folder / name}" for name in READERS]


@pytest.mark.slow
def test_all_outputs_hold_the_samples_and_stdout_holds_nothing_else(tmp_path: Path) -> None:
    done = execute(*FAST, "--samples=40", "--workers=4", "--output=-", *outputs_in(tmp_path))
    samples = rows_of_lines(done.stdout.splitlines())
    assert [sample["index"] for sample in samples] == list(range(40))
    assert {name: read(tmp_path / name) for name, read in READERS.items()} == dict.fromkeys(
        READERS, samples
    )
    assert all(
        (tmp_path / name).read_text().endswith("\n") for name in ("samples.jsonl", "samples.csv")
    )
    assert done.returncode == 0
    assert "40 of 40" in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == set(READERS)


@pytest.mark.slow
def test_a_reader_of_stdout_that_goes_away_ends_the_run() -> None:
    flags = ("--samples=1000000", "--workers=4", "--output=-", "--quiet")
    with started(*FAST, *flags, "--worker-arg=-interval=0.0005") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith('{"index": 0, ')
        process.stdout.close()
        assert process.wait(PATIENCE_S) == 1
        assert process.stderr is not None
        assert process.stderr.read() == "rnd-actors: output: cannot write stdout: Broken pipe\n"


@pytest.mark.slow
def test_files_of_a_run_that_is_killed_can_be_read(tmp_path: Path) -> None:
    flags = ("--samples=1000000", "--workers=4", "-vv", "--worker-arg=-interval=0.001")
    with started(*FAST, *flags, *outputs_in(tmp_path)) as process:
        wait_for_rows(process.stderr, tmp_path)
        process.kill()
    for name, read in READERS.items():
        rows = read(tmp_path / name)
        assert len(rows) > 0
        assert [row["index"] for row in rows] == list(range(len(rows)))


def wait_for_rows(lines: Any, folder: Path) -> None:
    """Look into all files again whenever the run tells something."""
    table, files = folder / "samples.parquet", [folder / name for name in READERS]
    for _ in lines:
        has_rows = table.exists() and pq.read_metadata(table).num_rows
        if has_rows and all(file.stat().st_size > LINE_BYTES for file in files):
            return
    pytest.fail("the run has ended")
