"""The live view in a real terminal: its size may change, and stdout stays clean."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from tests.cli.commands import FAST, MODULE, PATIENCE_S, read_terminal


def resize(terminal: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))


def test_it_fits_a_terminal_that_becomes_narrow_and_stdout_holds_the_result_alone(
    tmp_path: Path,
) -> None:
    master, terminal = pty.openpty()
    resize(terminal, 100)
    command = [*MODULE, *FAST, "--samples=400", "--workers=4", "--json", "--worker-arg=-flaky"]
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("COLUMNS", None)  # it would win over the size of the terminal
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=terminal, env=environment, text=True
    ) as process:
        os.close(terminal)
        shown = ""
        for piece in read_terminal(master):
            shown += piece
            if "restarts" in shown and "\N{BOX DRAWINGS HEAVY HORIZONTAL}" in shown:
                resize(master, 30)
        assert process.stdout is not None
        result = json.loads(process.stdout.read())
        assert process.wait(PATIENCE_S) == 0
    assert (result["outcome"], result["samples"]) == ("complete", 400)
    headers = [line for line in shown.splitlines() if "worker" in line and "state" in line]
    assert "port" in headers[0]
    assert "port" not in headers[-1]


@pytest.mark.parametrize("no_color", ["", "1"])
def test_no_color_is_honoured(no_color: str) -> None:
    master, terminal = pty.openpty()
    environment = {**os.environ, "NO_COLOR": no_color, "TERM": "xterm-256color"}
    command = [*MODULE, *FAST, "--samples=60", "--workers=4"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=terminal, env=environment
    ) as process:
        os.close(terminal)
        shown = "".join(read_terminal(master))
        assert process.wait(PATIENCE_S) == 0
    assert "streaming" in shown
    assert ("\x1b[32m" in shown) is not bool(no_color)
