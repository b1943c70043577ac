"""The live view in a real terminal: keys, sizes and ends, and a screen that is as it was before."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.cli.commands import FAST, MODULE, PATIENCE_S, read_terminal
from tests.cli.terminals import Terminal

pytestmark = pytest.mark.slow

ENDLESS = (*FAST, "--samples=1000000", "--workers=4")
CTRL_C, CTRL_Z, CTRL_BACKSLASH = "\x03", "\x1a", "\x1c"
SHELL = ("env", "PS1=$ ", "sh", "-im")


def shell_line(*arguments: str) -> str:
    return " ".join((*MODULE, *arguments)) + "; echo rc=$?\r"


@pytest.mark.parametrize("signals", [CTRL_C, CTRL_C + CTRL_C])
def test_every_interruption_shows_the_cursor_again(signals: str) -> None:
    with Terminal(*ENDLESS, "--worker-arg=-ignore-term") as terminal:
        terminal.wait_for("streaming")
        assert terminal.hides_cursor()
        for key in signals:
            terminal.press(key)
        assert terminal.end() == 130
        assert not terminal.hides_cursor()
        assert not any("streaming" in line for line in terminal.lines)


def test_ctrl_z_shows_the_cursor_and_fg_paints_the_view_again() -> None:
    with Terminal(command=SHELL) as terminal:
        terminal.press(shell_line(*ENDLESS))
        terminal.wait_for("streaming")
        terminal.press(CTRL_Z)
        terminal.wait_for("Stopped")
        assert not terminal.hides_cursor()
        assert not any("streaming" in line for line in terminal.lines)
        terminal.press("fg; echo rc=$?\r")
        terminal.wait_for("streaming")
        assert terminal.hides_cursor()
        terminal.press(CTRL_C)
        terminal.wait_for("Interrupted", "rc=130")
        assert not terminal.hides_cursor()


def test_a_plan_shows_how_far_it_is_in_one_line_and_never_hides_the_cursor() -> None:
    plan = ("plan", "--samples=150", "--deadline=10", "--mtbf=5")
    with Terminal(*plan, "--runs=1000000") as terminal:
        terminal.wait_for("simulating 1000000 runs with up to 16 workers")
        assert sum("simulating" in line for line in terminal.lines) == 1
        terminal.press(CTRL_C)
        assert terminal.end() == 130
        assert "\x1b[?25l" not in terminal.written
    with Terminal(*plan, "--runs=10", rows=60) as terminal:
        assert terminal.end() == 0
        assert "of 10 simulated runs keep the deadline" in terminal.lines[0]


def test_one_in_the_background_leaves_the_terminal_to_the_shell() -> None:
    with Terminal(command=SHELL) as terminal:
        terminal.press(" ".join((*MODULE, *FAST, "--samples=300", "--workers=2", "&")) + "\r")
        terminal.wait_for("Complete")
        assert "streaming" not in terminal.written
        assert "\x1b[?25l" not in terminal.written


def test_sigquit_does_what_it_does_to_any_program_but_shows_the_cursor() -> None:
    with Terminal(command=SHELL) as terminal:
        terminal.press(f"ulimit -c 0; {shell_line(*ENDLESS)}")
        terminal.wait_for("streaming")
        terminal.press(CTRL_BACKSLASH)
        terminal.wait_for("rc=131")
        assert not terminal.hides_cursor()


def test_no_size_that_it_ever_had_leaves_traces_above_the_result() -> None:
    with Terminal(*ENDLESS, columns=100, rows=40) as terminal:
        terminal.wait_for("streaming", "port")
        for columns, rows in ((40, 24), (120, 10), (60, 50), (80, 30)):
            terminal.resize(columns, rows)
            terminal.wait_for_pictures(3)  # the second one is whole then
            assert [line[:4] for line in terminal.lines].count("now ") == 1
            assert max(map(len, terminal.lines)) <= columns
        terminal.press(CTRL_C)
        assert terminal.end() == 130
        assert terminal.lines[0].split()[0].isdigit()
        assert not any("streaming" in line or "now" in line for line in terminal.lines)


def test_lines_that_were_told_stay_and_so_does_what_others_print(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from rnd_actors import SampleCount\n"
        "class Mine(SampleCount):\n"
        "    def is_reached(self, sample):\n"
        "        if self.progress() == 0.5: print('half of it')\n"
        "        return super().is_reached(sample)\n"
    )
    mine = ("--collector=mine:Mine", "--collector-option=goal=40", "--worker-arg=-crash-at=5")
    command = ("env", f"PYTHONPATH={tmp_path}:{os.environ.get('PYTHONPATH', '')}", *MODULE)
    with Terminal(*FAST, "--workers=2", "-v", *mine, rows=80, command=command) as terminal:
        assert terminal.end() == 0
        told = [line for line in terminal.lines if " is restarted " in line]
        assert len(told) >= 3
        assert "half of it" in terminal.lines


def test_samples_on_the_terminal_leave_no_room_for_a_view() -> None:
    with Terminal(*FAST, "--samples=40", "--workers=2", "--output=-", rows=120) as terminal:
        assert terminal.end() == 0
        assert sum('"value": ' in line for line in terminal.lines) == 40
        assert "\x1b[?25l" not in terminal.written


def test_stdout_holds_the_result_alone() -> None:
    master, terminal = pty.openpty()
    command = [
        *MODULE,
        *FAST,
        "--samples=1000",
        "--workers=4",
        "--json",
        "--worker-arg=-crash-at=20",
    ]
    environment = {**os.environ, "TERM": "xterm-256color"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=terminal, env=environment, text=True
    ) as process:
        os.close(terminal)
        shown = "".join(read_terminal(master))
        assert process.stdout is not None
        result = json.loads(process.stdout.read())
        assert process.wait(PATIENCE_S) == 0
    assert (result["outcome"], result["samples"]) == ("complete", 1000)
    assert "streaming" in shown


@pytest.mark.parametrize("no_color", ["", "1"])
def test_no_color_is_honoured(no_color: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    with Terminal(*FAST, "--samples=800", "--workers=4") as terminal:
        assert terminal.end() == 0
        assert "streaming" in terminal.written
        assert ("\x1b[32m" in terminal.written) is not bool(no_color)
