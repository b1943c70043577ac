"""The memory that commands need for a stored run does not grow with its samples, or hardly."""

from pathlib import Path
from typing import Final

import pytest

from tests.benchmarks.big_store import make_store, measured

pytestmark = pytest.mark.slow

FEW: Final = 20_000
"""More than are read or written at once, for which some memory is needed in any case."""
SAMPLES: Final = 200_000


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One with a small store, and one with a large one."""
    folders = []
    for count in (FEW, SAMPLES):
        folders.append(tmp_path_factory.mktemp(str(count)))
        make_store(folders[-1] / "runs.db", count)
    return folders


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
    command: tuple[str, ...], bytes_per_sample: int, folders: list[Path]
) -> None:
    needed = [measured(command, folder)[1] for folder in folders]
    assert (needed[1] - needed[0]) * 2**20 < (SAMPLES - FEW) * bytes_per_sample, needed
