"""Terminals that have no bars and ticks: charts are drawn in ASCII, and nothing raises."""

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import Final

import pytest

from rnd_actors import RunSettings, run
from rnd_actors.store import read_events
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


LOGGED: Final = ("-v", "--log-format=json")
ODD: Final = """
from rnd_actors import Collector


class Odd(Collector):
    is_tired = False

    def is_reached(self, sample):
        if not self.is_tired:
            self.is_tired = True
            raise ValueError("caf\\udce9")
        return sample.index >= 5

    def findings(self):
        return {"in caf\\udce9": "bl\\udcff"}
"""


def test_what_no_encoding_has_is_shown_as_escapes_and_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    Path("odd.py").write_text(ODD)
    done = call(*FAST, *LOGGED, "--collector=odd:Odd", "--json", "--output=\udcff.db")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["findings"] == {r"in caf\udce9": r"bl\udcff"}
    records = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    traces = [record["traceback"] for record in records if "traceback" in record]
    assert [trace.splitlines()[-1] for trace in traces] == [r"ValueError: caf\udce9"]
    told = [event.text for event in read_events(Path("\udcff.db"))]
    assert any(r"caf\udce9" in text for text in told)
    shown = call("show", "\udcff.db")
    assert r"in caf\udce9" in shown.stdout
    Path("\udcff.db").unlink()
    assert r"there is no store at \udcff.db" in call("show", "\udcff.db").stderr


def test_charts_keep_their_form_in_ascii(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    rich, poor = (call("show", "runs.db", encoding=name).stdout for name in ("utf-8", "ascii"))
    assert "█" in rich
    assert poor == rich.replace("█", "#").replace("░", ":").replace("·", ".")


@pytest.mark.slow
def test_the_live_view_is_drawn_in_ascii_too(folder: Path) -> None:
    master, terminal = pty.openpty()
    environ = {**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "ascii"}
    command = [*MODULE, *FAST, "--samples=600", "--workers=2"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=terminal, env=environ
    ) as process:
        os.close(terminal)
        shown = "".join(read_terminal(master))
        assert process.wait(PATIENCE_S) == 0
    assert "streaming" in shown
    assert shown.isascii()
