"""Only a store is taken for a store, and a copy of a run is whole."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rnd_actors import StoreError
from rnd_actors.store import copy_run, list_runs, read_events, read_run
from rnd_actors.store._database import connect
from rnd_actors.workers import MalformedLine
from tests.store.recordings import begin, samples


def _foreign(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")
    return path


def _of_schema(version: int) -> Callable[[Path], Path]:
    """Make a store of today that says that its schema is this one."""

    def make(path: Path) -> Path:
        begin(path).abandon()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA user_version = {version}")
        return path

    return make


def _without_a_table(path: Path) -> Path:
    begin(path).abandon()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE samples")
    return path


def _text(path: Path) -> Path:
    path.write_text("index,value\n0,42\n" * 20)
    return path


@pytest.mark.parametrize(
    ("make", "trouble"),
    [
        (_foreign, "is not a store of rnd-actors: it belongs to another program"),
        (_text, "is not a store of rnd-actors: it is no SQLite database"),
        (_of_schema(99), "its schema is 99, and this one knows 5; please upgrade"),
        (_of_schema(0), "schema is 0, but there is no such schema; this rnd-actors knows the sch"),
        (_of_schema(-7), "schema is -7, but there is no such schema; this rnd-actors knows the sc"),
        (_of_schema(3), r"schema is 3, but its tables are others \(.*\); .* the schemas 1 to 5$"),
        (_without_a_table, r"schema is 5, but its tables are others \(no such table: samples\); "),
        (lambda path: path.parent, "cannot open the store .*: Is a directory"),
    ],
)
def test_what_is_no_store_is_refused_and_not_touched(
    make: "Callable[[Path], Path]", trouble: str, tmp_path: Path
) -> None:
    path = make(tmp_path / "runs.db")
    before = path.read_bytes() if path.is_file() else b""
    for use in (list_runs, begin):
        with pytest.raises(StoreError, match=trouble):
            use(path)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_store_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store at"):
        list_runs(tmp_path / "runs.db")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    path.touch()
    begin(path).abandon()
    assert len(list_runs(path)) == 1


def test_a_store_without_runs_says_so(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    connect(path, create=True).close()
    with pytest.raises(StoreError, match="holds no run yet"):
        read_run(path)


def test_a_store_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot open the store"):
        begin(tmp_path / "nowhere" / "runs.db")


def test_a_copy_holds_all_that_belongs_to_the_run_and_nothing_else(tmp_path: Path) -> None:
    one, other = tmp_path / "one.db", tmp_path / "other.db"
    for count in (1, 3):
        recording = begin(one)
        recording.note(MalformedLine(1, 1, b"oops"))
        recording.write(samples(count))
        recording.abandon()
    begin(other).abandon()
    assert copy_run(one, 2, other) == 2
    assert read_run(other, 2).samples == read_run(one, 2).samples
    assert list(read_events(other, 2)) == list(read_events(one, 2))
    assert len(list(read_events(other, 2))) == 1
    assert [run.samples for run in list_runs(other)] == [0, 3]


def test_a_store_in_a_folder_that_cannot_be_written_is_read() -> None:
    with TemporaryDirectory() as folder:
        store = Path(folder, "runs?immutable=0.db")
        recording = begin(store)
        recording.write(samples(2))
        recording.abandon()
        list_runs(store)  # loads all modules, which another user may not be able to do
        Path(folder).chmod(0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            assert [run.samples for run in list_runs(store)] == [2]
            assert read_run(store).samples == tuple(samples(2))
            with pytest.raises(StoreError, match="cannot open the store"):
                begin(store)
        finally:
            os.seteuid(user)
            Path(folder).chmod(0o755)
