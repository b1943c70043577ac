"""The command, in the process of the test, or in one of its own if the process matters."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Final

from gevent.os import make_nonblocking, nb_read

from rnd_actors import cli
from tests.processes import PATIENCE_S

__all__ = [
    "FAST",
    "MODULE",
    "PATIENCE_S",
    "PATIENT",
    "SCRIPT",
    "call",
    "execute",
    "read_terminal",
    "started",
    "whole_lines",
]

MODULE: Final = (sys.executable, "-m", "rnd_actors")
SCRIPT: Final = (str(Path(sys.executable).with_name("rnd-actors")),)
_WITH_LONG_GRACE: Final = (
    "from gevent import monkey; monkey.patch_all(); import sys; "
    "from rnd_actors.__main__ import main; from rnd_actors.workers import WorkerProcess; "
    "WorkerProcess.end = lambda self, _, end=WorkerProcess.end: end(self, 600.0); "
    "sys.exit(main())"
)
PATIENT: Final = (sys.executable, "-c", _WITH_LONG_GRACE)
"""The same, but that workers which are told to stop have ten minutes for it."""
FAST: Final = ("run", "--base-port=0", "--worker-arg=-interval=0.01")


def call(*arguments: str, encoding: str = "utf-8") -> "CompletedProcess[str]":
    """Run it to its end in this process, with stdout and stderr of this encoding."""
    stdout, stderr = (TextIOWrapper(BytesIO(), encoding) for _ in range(2))
    with redirect_stdout(stdout), redirect_stderr(stderr):
        code = cli.main(arguments)
    return CompletedProcess(arguments, code, _written_to(stdout), _written_to(stderr))


def execute(
    *arguments: str, command: tuple[str, ...] = MODULE, **options: Any
) -> "CompletedProcess[str]":
    """Run it to its end in a process of its own."""
    options = {"capture_output": True, "text": True, "timeout": PATIENCE_S, **options}
    return subprocess.run([*command, *arguments], check=False, **options)


@contextmanager
def started(
    *arguments: str, command: tuple[str, ...] = MODULE
) -> Iterator["subprocess.Popen[str]"]:
    """Have it run while the block runs."""
    with subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_terminal(master: int) -> Iterator[str]:
    """Give what is written to a terminal as it comes, until nobody has it open any more."""
    make_nonblocking(master)
    try:
        while shown := nb_read(master, 65536):
            yield shown.decode(errors="replace")
    except OSError:  # this is how a terminal ends on Linux
        os.close(master)


def whole_lines(path: Path) -> list[str]:
    """The lines of a file whose writer was killed, which may have left a part of one at its end."""
    return path.read_text().split("\n")[:-1]


def _written_to(stream: TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
