"""A real disk that is small: clear ends, whole files, and stores that go on when there is room."""

import subprocess
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from shutil import copyfile
from typing import Final

import pytest

from rnd_actors import RunSettings, run
from rnd_actors.store import list_runs, read_run
from tests.cli.commands import FAST, call

ENDLESS: Final = (*FAST, "--samples=1000000", "--workers=4", "--worker-arg=-interval=0.0002")
FULL: Final = "No space left on device"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 256 kB, and go there."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("it needs to be allowed to mount")
    with chdir(folder):
        yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(
    "name",
    [*(pytest.param(each, marks=pytest.mark.slow) for each in ("s.csv", "s.parquet")), "s.jsonl"],
)
def test_a_run_whose_disk_becomes_full_ends_with_one_line_and_a_whole_file(
    name: str, disk: Path
) -> None:
    done = call(*ENDLESS, "--quiet", f"--output={name}")
    assert (done.returncode, done.stderr) == (
        1,
        f"rnd-actors: output: cannot write {name}: {FULL}\n",
    )
    assert [path.name for path in disk.iterdir()] == [name]
    if name != "s.parquet":
        assert (disk / name).read_text().endswith("\n")


@pytest.mark.slow
def test_a_store_whose_disk_is_full_goes_on_when_there_is_room(disk: Path) -> None:
    done = call(*ENDLESS, "--quiet", "--output=runs.db")
    line = "rnd-actors: output: cannot write runs.db: database or disk is full\n"
    assert (done.returncode, done.stderr) == (1, line)
    stored = read_run(disk / "runs.db")
    assert stored.run.state in ("died", "failed")  # its end needs less room than samples
    assert stored.run.samples == len(stored.samples)
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    call("resume", "runs.db", "--quiet", "--deadline=10")
    [resumed] = list_runs(disk / "runs.db")
    assert (resumed.state, resumed.sessions) == ("deadline", 2)
    assert resumed.samples > stored.run.samples
    assert [path.name for path in disk.iterdir()] == ["runs.db"]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store with one run of 500 samples."""
    path = tmp_path_factory.mktemp("large") / "runs.db"
    fast = ("-interval", "0")
    run(RunSettings(samples=500, workers=2, base_port=0, worker_args=fast, outputs=path))
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "../runs.db", "s.csv"),
        ("export", "../runs.db", "s.parquet"),
        ("export", "../runs.db", "copy.db"),
        pytest.param(("report", "../runs.db", "-o", "r.html"), marks=pytest.mark.slow),
        ("run", "--output=new.db"),
    ],
)
def test_nothing_is_left_of_what_does_not_fit(
    arguments: tuple[str, ...], disk: Path, large: Path
) -> None:
    copyfile(large, disk.parent / "runs.db")
    with pytest.raises(OSError, match=FULL):
        (disk / "filling").write_bytes(bytes(10**6))
    done = call(*arguments)
    [line] = done.stderr.splitlines()
    assert line.endswith((FULL, "database or disk is full"))
    assert done.returncode in (1, 2)
    assert [path.name for path in disk.iterdir()] == ["filling"]
