"""The memory that commands need for a stored run does not grow with its samples, or hardly."""

from pathlib import Path
from typing import Final

import pytest

from benchmarks.big_store import make_store, measured

SAMPLES: Final = 200_000


@pytest.mark.parametrize(
    ("command", "bytes_per_sample"),
    [
        (("export", "runs.db", "1", "samples.csv"), 40),
        (("export", "runs.db", "1", "samples.jsonl"), 40),
        (("export", "runs.db", "1", "copy.db"), 40),
        (("show", "runs.db"), 150),
        (("report", "runs.db", "-o", "report.json"), 250),
    ],
)
def test_a_sample_takes_few_bytes(
    command: tuple[str, ...], bytes_per_sample: int, tmp_path: Path
) -> None:
    needed = []
    for count in (100, SAMPLES):
        folder = tmp_path / str(count)
        folder.mkdir()
        make_store(folder / "runs.db", count)
        needed.append(measured(command, folder)[1])
    assert (needed[1] - needed[0]) * 2**20 < SAMPLES * bytes_per_sample, needed
