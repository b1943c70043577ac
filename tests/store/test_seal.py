"""Whose run it is: a seal that nobody else can set."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from rnd_actors.store import copy_run, read_checkpoint
from rnd_actors.store._trust import is_sealed, seal
from tests.store.recordings import begin


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "rnd-actors"


@pytest.fixture
def store(tmp_path: Path, data: Path) -> Path:
    path = tmp_path / "runs.db"
    begin(path).abandon()
    return path


def test_a_run_is_that_of_who_has_begun_it(store: Path) -> None:
    assert read_checkpoint(store).is_own
    copied = store.with_name("copied.db")
    copy_run(store, 1, copied)
    assert read_checkpoint(copied).is_own


def test_it_is_that_of_nobody_else(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(store.with_name("of somebody else")))
    assert not read_checkpoint(store).is_own


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE runs SET settings = json_set(settings, '$.worker', json('[\"/bin/sh\"]'))",
        "UPDATE runs SET settings = json_set(settings, '$.outputs', json('[\"/tmp/x.csv\"]'))",
        "UPDATE runs SET recipe = json_set(recipe, '$.target', 'os:system')",
        "UPDATE runs SET recipe = NULL",
        "UPDATE runs SET seal = NULL",
        "UPDATE runs SET seal = x'00'",
        "UPDATE runs SET seal = 'ü'",
    ],
)
def test_it_is_so_no_longer_when_what_it_runs_was_changed(change: str, store: Path) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute(change)
    assert not read_checkpoint(store).is_own


def test_the_secret_is_made_once_and_for_its_user_alone(data: Path) -> None:
    first = seal("{}", None)
    secret = data / "secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert [path.name for path in data.iterdir()] == ["secret"]
    assert seal("{}", None) == first != seal("{}", "{}")
    assert is_sealed(first, "{}", None)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_secret_that_others_can_read_is_none(mode: int, data: Path) -> None:
    seal("{}", None)
    (data / "secret").chmod(mode)
    assert seal("{}", None) is None


def test_a_secret_is_not_looked_for_behind_a_link_or_in_a_pipe(data: Path) -> None:
    data.mkdir(parents=True)
    (data / "secret").symlink_to("/dev/zero")
    assert seal("{}", None) is None
    (data / "secret").unlink()
    os.mkfifo(data / "secret", 0o600)
    assert seal("{}", None) is None


def test_without_a_place_for_a_secret_runs_are_kept_without_a_seal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/proc/no/such/place")
    begin(tmp_path / "runs.db").abandon()
    assert not read_checkpoint(tmp_path / "runs.db").is_own
