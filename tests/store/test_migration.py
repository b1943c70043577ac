"""A store of an older version becomes one of today, or is read from a copy that does."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from rnd_actors import StoreError
from rnd_actors.store import _tables as sql
from rnd_actors.store import copy_run, list_runs, read_checkpoint, read_events, read_run
from rnd_actors.store._file import StoreFile
from tests.store.recordings import begin, samples

SCHEMA_1: Final = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    settings TEXT NOT NULL,
    recipe TEXT,
    collector TEXT NOT NULL,
    goal INTEGER,
    outcome TEXT,
    reason TEXT,
    findings TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE sessions (
    run INTEGER NOT NULL REFERENCES runs,
    number INTEGER NOT NULL,
    started_at REAL NOT NULL,
    elapsed_s REAL NOT NULL DEFAULT 0,
    tally TEXT,
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
CREATE TABLE samples (
    run INTEGER NOT NULL REFERENCES runs,
    "index" INTEGER NOT NULL,
    value INTEGER NOT NULL,
    worker INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    received_at REAL NOT NULL,
    PRIMARY KEY (run, "index"),
    UNIQUE (run, worker, incarnation, seq)
) WITHOUT ROWID;
CREATE TABLE incarnations (
    run INTEGER NOT NULL REFERENCES runs,
    worker INTEGER NOT NULL,
    number INTEGER NOT NULL,
    port INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    spawned_at REAL NOT NULL,
    streaming_at REAL,
    ended_at REAL,
    failure TEXT,
    PRIMARY KEY (run, worker, number)
) WITHOUT ROWID;
CREATE TABLE restarts (
    run INTEGER NOT NULL REFERENCES runs,
    at REAL NOT NULL,
    worker INTEGER NOT NULL,
    delay_s REAL NOT NULL
);
CREATE INDEX restarts_of_run ON restarts (run, at);
CREATE TABLE events (
    run INTEGER NOT NULL REFERENCES runs,
    at REAL NOT NULL,
    level INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX events_of_run ON events (run, at);
PRAGMA application_id = 1919837281;
PRAGMA journal_mode = WAL;
"""
A_RUN: Final = """
INSERT INTO runs (settings, collector, goal) VALUES ('{"workers": 2}', 'SampleCount(goal=3)', 3);
INSERT INTO sessions VALUES (1, 1, 1e9, 2.5, NULL);
INSERT INTO samples VALUES (1, 0, 40, 1, 1, 0, 1e9), (1, 1, 41, 1, 1, 1, 1e9 + 1);
INSERT INTO incarnations VALUES (1, 1, 1, 3001, 99, 1e9, 1e9, 1e9 + 2, 'exited with code 2');
INSERT INTO restarts VALUES (1, 1e9 + 2, 1, 0.25);
INSERT INTO events VALUES (1, 1e9 + 2, 20, 'ChildRestarting', 'workers/1 restarts in 0.25 s');
"""
OLDER: Final = {
    1: "PRAGMA user_version = 1",
    2: "ALTER TABLE runs ADD COLUMN seal TEXT; PRAGMA user_version = 2",
    3: "ALTER TABLE runs ADD COLUMN seal TEXT; ALTER TABLE sessions ADD COLUMN host TEXT;"
    "PRAGMA user_version = 3",
    4: "ALTER TABLE runs ADD COLUMN seal TEXT; ALTER TABLE sessions ADD COLUMN host TEXT;"
    "DROP TABLE restarts; PRAGMA user_version = 4",
}


def older_store(path: Path, version: int = 1) -> Path:
    """Make a store as an older version did, with a run that died after two samples of three."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA_1 + A_RUN + OLDER[version])
    return path


def tables(path: Path) -> dict[str, list[Any]]:
    """Return the columns of all tables and indexes of a store."""
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
        return {
            name: [row[1:] for row in connection.execute(f"PRAGMA table_xinfo({name})")]
            for name in sorted(names)
        }


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


@pytest.mark.parametrize("older", OLDER)
def test_an_older_store_becomes_as_a_new_one_and_keeps_its_runs(older: int, path: Path) -> None:
    older_store(path, older)
    history = read_run(path)
    assert history.samples == tuple(samples(2))
    assert (history.run.state, history.run.elapsed_s) == ("died", 2.5)
    assert history.sessions[0].host is None
    [life] = history.incarnations
    assert (life.failure, life.host) == ("exited with code 2", None)
    assert [event.kind for event in read_events(path)] == ["ChildRestarting"]
    assert not read_checkpoint(path).is_own
    begin(path.with_name("new.db")).abandon()
    assert tables(path) == tables(path.with_name("new.db"))
    assert version(path) == version(path.with_name("new.db")) == 5


def test_a_run_is_recorded_to_an_older_store(path: Path) -> None:
    recording = begin(older_store(path))
    recording.write(samples(3))
    recording.abandon()
    assert [run.samples for run in list_runs(path)] == [2, 3]


def test_a_migration_that_fails_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older_store(path)
    before = tables(path)
    monkeypatch.setattr(sql, "MIGRATIONS", (*sql.MIGRATIONS[:2], "SELECT nonsense"))
    for use in (begin, list_runs):
        with pytest.raises(StoreError, match=r"its schema is 1, but .*no such column: nonsense"):
            use(path)
    assert tables(path) == before
    assert version(path) == 1


@pytest.mark.parametrize("says", [2, 4, 5])
def test_a_store_that_says_that_it_is_newer_than_it_is_stays_as_it_is(
    says: int, path: Path
) -> None:
    older_store(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {says}")
    before = tables(path)
    for use in (begin, list_runs):
        with pytest.raises(StoreError, match=f"its schema is {says}, but its tables are others"):
            use(path)
    assert tables(path) == before


def test_a_newer_version_that_stands_in_the_journal_alone_is_seen(path: Path) -> None:
    begin(path).abandon()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
        with pytest.raises(StoreError, match="its schema is 99, and this one knows 5"):
            list_runs(path)


@pytest.fixture
def read_only(path: Path) -> Iterator[Path]:
    """Make an older store that this user cannot write."""
    list_runs(older_store(path))  # loads all modules, which another user may not be able to do
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        store = older_store(Path(folder, "runs.db"))
        store.chmod(0o444)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            yield store
        finally:
            os.seteuid(user)


def test_an_older_store_that_cannot_be_written_is_read_as_it_is(
    read_only: Path, path: Path
) -> None:
    before = read_only.read_bytes()
    assert [(run.state, run.samples) for run in list_runs(read_only)] == [("died", 2)]
    assert read_run(read_only).samples == tuple(samples(2))
    assert [event.kind for event in read_events(read_only)] == ["ChildRestarting"]
    assert read_checkpoint(read_only).samples == tuple(samples(2))
    copied = read_only.with_name("copy.db")
    assert copy_run(read_only, 1, copied) == 1
    assert read_run(copied).samples == tuple(samples(2))
    with pytest.raises(StoreError, match=r"cannot open the store .*: attempt to write a readonly"):
        begin(read_only)
    assert read_only.read_bytes() == before


def test_a_store_that_an_older_version_works_on_keeps_what_that_needs(path: Path) -> None:
    older = StoreFile.enter(older_store(path), create=False)
    assert older.lock(1)
    assert [(run.state, run.samples) for run in list_runs(path)] == [("running", 2)]
    with pytest.raises(StoreError, match=r"an older rnd-actors works on a run in .*; wait until"):
        begin(path)
    assert "restarts" in tables(path)
    older.unlock(1)
    older.leave()
    assert [run.state for run in list_runs(path)] == ["died"]
    assert "restarts" not in tables(path)
