"""Stores that somebody else has made or changed: nothing is run, broken or written unasked."""

import os
import pty
import shlex
import sqlite3
import subprocess
from contextlib import closing
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Final

import pytest

from rnd_actors import RunSettings, cli, run
from rnd_actors.store import list_runs
from tests.cli.commands import FAST, MODULE, PATIENCE_S, call, read_terminal

SHOW: Final = ("show", "runs.db")
COMMANDS: Final = (
    ("runs", "runs.db"),
    ("report", "runs.db", "-o", "report.md"),
    ("export", "runs.db", "1", "samples.jsonl"),
    ("resume", "runs.db", "--yes", "--deadline=0.01", "--quiet"),
)
VALUES: Final = (
    None,
    -1,
    0,
    2**62,
    1.5,
    9e999,
    "",
    "\x1b[2J[/nothing]\u202e",
    b"\x00\xff",
    "[]",
    "{}",
    '{"workers": 2}',
    '{"workers": "x", "base_port": []}',
    "9" * 5000,
    "[" * 900 + "]" * 900,
    '{"surplus": 1e308, "workers": {"1": {"port": "x"}}}',
    '{"workers": {"1": {"port": 1, "times": {"_paced": 9e14, "_paced_s": 5e-324}}}}',
    '{"[/x]\\u001b[2J": "[/x]\\u001b[2J", "n": 1e999}',
    '{"target": 5, "options": []}',
    '{"target": "os:system", "options": {}}',
)
TABLES: Final = ("runs", "sessions", "samples", "incarnations", "events")


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Make a store with a run of which some samples are missing."""
    path = tmp_path_factory.mktemp("unfinished") / "runs.db"
    settings = RunSettings(
        samples=16, workers=2, base_port=0, worker_args=("-interval", "0.3"), deadline=0.4,
        outputs=path,
    )  # fmt: skip
    run(settings)
    return path.read_bytes()


@pytest.fixture
def store(unfinished: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put that store into a folder of its own, and go there."""
    monkeypatch.chdir(tmp_path)
    path = Path("runs.db")
    path.write_bytes(unfinished)
    return path


def change(store: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute(sql, values)


def columns_of(store: Path, table: str) -> list[str]:
    with closing(sqlite3.connect(store)) as connection:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


@pytest.mark.parametrize("table", TABLES)
def test_whatever_a_store_holds_every_command_says_in_one_line_what_is_wrong(
    table: str, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = store.read_bytes()
    turns, chance = cycle(COMMANDS), Random()  # others each time; the message tells them
    for column in columns_of(store, table):
        for value in chance.sample(VALUES, 3):
            store.write_bytes(sound)
            try:
                change(store, f'UPDATE OR REPLACE {table} SET "{column}" = ?', value)
            except sqlite3.Error:  # NOT NULL
                continue
            for command in (SHOW, next(turns)):
                for made in ("report.md", "samples.jsonl"):
                    Path(made).unlink(missing_ok=True)
                code = cli.main(command)
                said = capsys.readouterr()
                what = (column, value, command, said)
                assert code in (0, 2, 3), what
                if code == 2:
                    shown, complaint = said.err.splitlines()[:-1], said.err.splitlines()[-1]
                    assert complaint.startswith("rnd-actors: "), what
                    assert len(shown) == (4 if shown and command[0] == "resume" else 0), what
                assert "\x1b" not in said.out + said.err, what
                assert "\u202e" not in said.out + said.err, what
                if command[0] == "report" and code == 0:
                    assert "\x1b" not in Path("report.md").read_text(), what


@pytest.fixture
def hostile(store: Path) -> Path:
    """Have the store name a program that leaves a trace."""
    program = '["/bin/sh", "-c", "touch run-by-a-store # \\u001b[8m"]'
    change(store, "UPDATE runs SET settings = json_set(settings, '$.worker', json(?))", program)
    return store


def test_a_program_that_a_foreign_store_names_is_told_and_not_run(hostile: Path) -> None:
    done = call("resume", str(hostile))
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(
        "rnd-actors: run 1 in runs.db was not begun by you on this computer, or was changed since; "
        "it would run: /bin/sh -c 'touch run-by-a-store # \\x1b[8m' -interval 0.3"
    )
    assert line.endswith("if you want that, add --yes")
    assert not Path("run-by-a-store").exists()


def test_nor_is_a_module_imported(store: Path) -> None:
    Path("hostile.py").write_text("open('imported-by-a-store', 'w')")
    change(store, "UPDATE runs SET recipe = json_set(recipe, '$.target', 'hostile:Class')")
    assert call("resume", str(store)).returncode == 2
    assert not Path("imported-by-a-store").exists()


def test_with_yes_it_is_shown_and_run(hostile: Path) -> None:
    done = call("resume", str(hostile), "--yes", "--deadline=3", "--quiet")
    assert "it runs      /bin/sh -c 'touch run-by-a-store # \\x1b[8m'" in done.stderr
    assert Path("run-by-a-store").exists()


@pytest.mark.parametrize(
    ("answer", "is_run"),
    [("y", True), *(pytest.param(each, False, marks=pytest.mark.slow) for each in ("n", ""))],
)
def test_on_a_terminal_it_is_asked(answer: str, is_run: bool, hostile: Path) -> None:  # noqa: FBT001
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        [*MODULE, "resume", str(hostile), "--deadline=3"],
        stdin=terminal,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    )
    os.close(terminal)
    shown, asked = "", False
    for text in read_terminal(master):
        shown += text
        if not asked and "[y/N]" in shown:
            asked = True
            os.write(master, f"{answer}\n".encode())
    code = process.wait(PATIENCE_S)
    assert "touch run-by-a-store # \\x1b[8m" in shown
    assert "SampleCount" in shown
    assert shlex.quote(str(hostile)) in shown
    assert Path("run-by-a-store").exists() is is_run
    assert is_run or code == 2


def test_a_run_of_ones_own_is_resumed_without_a_word(store: Path) -> None:
    done = call("resume", str(store), "--quiet", "--deadline=100")
    assert (done.returncode, done.stderr) == (0, "")
    assert list_runs(store)[0].state == "complete"


def test_a_name_with_escapes_is_shown_without_them(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = store.rename("a\x1b[2J.db")
    for command in (("show", str(named), "7"), ("resume", str(named), "7")):
        assert cli.main(command) == 2
        assert "\x1b" not in capsys.readouterr().err
    assert cli.main([*FAST, "--samples=1", "--workers=1", f"--output={named}"]) == 0
