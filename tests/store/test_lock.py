"""A run is worked on by one program, under whatever name that reaches the store."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from rnd_actors.errors import StoreError
from rnd_actors.store import Recording, list_runs, read_checkpoint, read_run
from rnd_actors.store._database import connect
from tests.store.recordings import begin, samples

WORKS: Final = (
    "from gevent import monkey; monkey.patch_all(); import sys; from pathlib import Path;"
    "from tests.store.recordings import begin; recording = begin(Path(sys.argv[1]));"
    "print('begun', flush=True); sys.stdin.read()"
)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs.db"


@contextmanager
def another_program_works_on(store: Path) -> Iterator[None]:
    """Have a run begun by another process, which goes on with it while the block runs."""
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", WORKS, str(store)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=root,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"begun\n"
            yield
        finally:
            process.kill()


def symbolic(store: Path) -> Path:
    link = store.with_name("link.db")
    link.symlink_to(store)
    return link


def hard(store: Path) -> Path:
    link = store.with_name("hard.db")
    link.hardlink_to(store)
    return link


def in_another_folder(store: Path) -> Path:
    folder = store.with_name("folder")
    folder.mkdir()
    return store.rename(folder / "runs.db")


def relative(store: Path) -> Path:
    return Path(os.path.relpath(store))


@pytest.mark.parametrize(
    "name",
    [
        symbolic,
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in (hard, in_another_folder, relative)
        ),
    ],
)
def test_a_run_that_another_program_works_on_is_refused_under_any_name(
    name: Callable[[Path], Path], path: Path
) -> None:
    with another_program_works_on(path):
        with closing(connect(path)) as connection:  # as after an hour: the run is in the file
            connection.execute("PRAGMA wal_checkpoint")
        known = list_runs(path)[0]
        other = name(path)
        with pytest.raises(StoreError):
            read_checkpoint(other)
        with pytest.raises(StoreError):
            Recording.resume(other, known)


def test_a_store_is_known_by_its_descriptor(path: Path) -> None:
    with another_program_works_on(path):
        descriptor = os.open(path, os.O_RDONLY)
        with pytest.raises(StoreError, match=r"run 1 in /proc/self/fd/\d+ is still running"):
            read_checkpoint(Path(f"/proc/self/fd/{descriptor}"))
        os.close(descriptor)


def test_a_store_with_two_names_is_refused_since_sqlite_would_lose_what_is_written(
    path: Path,
) -> None:
    begin(path).abandon()
    other = hard(path)
    for use in (list_runs, read_run, begin):
        with pytest.raises(StoreError, match=r"hard\.db has 2 names \(hard links\)"):
            use(other)
    path.unlink()
    assert len(list_runs(other)) == 1


def test_who_reads_a_store_takes_no_lock_from_a_run_of_the_same_program(path: Path) -> None:
    recording = begin(path)
    list_runs(path)
    assert counted_by_another_program(path) == 0  # which ends as the only one, if it sees no lock
    recording.write(samples(2))
    assert counted_by_another_program(path) == 2
    recording.abandon()


def counted_by_another_program(path: Path) -> int:
    """Count samples with nothing but SQLite."""
    program = (
        "import sqlite3, sys; store = sqlite3.connect(sys.argv[1]);"
        "print(store.execute('SELECT count(*) FROM samples').fetchone()[0]); store.close()"
    )
    command = [sys.executable, "-c", program, str(path)]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)


def test_no_file_is_left_beside_a_store(path: Path) -> None:
    begin(path).abandon()
    assert [file.name for file in path.parent.iterdir()] == ["runs.db"]
    with another_program_works_on(path):
        pass
    list_runs(path)
    assert [file.name for file in path.parent.iterdir()] == ["runs.db"]
