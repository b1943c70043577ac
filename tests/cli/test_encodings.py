"""Terminals that have no bars and ticks: charts are drawn in ASCII, and nothing raises."""

import os
import pty
import subprocess
from pathlib import Path
from typing import Final

import pytest

from rnd_actors import RunSettings, run
from tests.cli.commands import FAST, MODULE, PATIENCE_S, call, execute, read_terminal

COMMANDS: Final = (
    ("show", "runs.db"),
    ("runs", "runs.db"),
    ("collectors",),
    ("plan", "--samples=20", "--deadline=3", "--runs=20"),
    (*FAST, "--samples=20", "--workers=2", "-vv", "--worker-arg=-malformed-every=3"),
    ("show", "no such \u2588\udcff.db"),
)
POOR: Final = (
    pytest.param({"PYTHONIOENCODING": "ascii"}, id="ascii", marks=pytest.mark.slow),
    pytest.param({"PYTHONIOENCODING": "latin-1"}, id="latin-1", marks=pytest.mark.slow),
    pytest.param({"PYTHONIOENCODING": "cp1252"}, id="cp1252", marks=pytest.mark.slow),
    pytest.param({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, id="C"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with a store, with one run in it."""
    folder = tmp_path_factory.mktemp("encodings")
    fast = ("-interval", "0")
    run(
        RunSettings(
            samples=20, workers=2, base_port=0, worker_args=fast, outputs=folder / "runs.db"
        )
    )
    return folder


@pytest.mark.parametrize("environ", POOR)
def test_a_run_is_shown_on_any_terminal(environ: dict[str, str], folder: Path) -> None:
    done = execute("show", "runs.db", env={**os.environ, **environ}, cwd=folder, errors="replace")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_prints_to_a_terminal_that_has_ascii_only(
    command: tuple[str, ...], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    done = call(*command, encoding="ascii")
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr
    assert done.returncode == (2 if "no such" in command[-1] else 0)


def test_charts_keep_their_form_in_ascii(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    rich, poor = (call("show", "runs.db", encoding=name).stdout for name in ("utf-8", "ascii"))
    assert "█" in rich
    assert poor == rich.replace("█", "#").replace("░", ":").replace("·", ".")


@pytest.mark.slow
def test_the_live_view_is_drawn_in_ascii_too(folder: Path) -> None:
    master, terminal = pty.openpty()
    environ = {**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "ascii"}
    command = [*MODULE, *FAST, "--samples=40", "--workers=2"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=terminal, env=environ
    ) as process:
        os.close(terminal)
        shown = "".join(read_terminal(master))
        assert process.wait(PATIENCE_S) == 0
    assert "streaming" in shown
    assert shown.isascii()
