"""Which program is a worker, and how it is called."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

__all__ = ["STANDIN", "worker_command"]

STANDIN: Final = (sys.executable, "-I", "-S", str(Path(__file__).with_name("_standin.py")))
"""The stand-in that ships with the package, in an interpreter that loads nothing it can do without:
a plain `python` would cost sixteen workers on two cores a second of start-up."""


def worker_command(program: Sequence[str], worker_id: int, port: int) -> tuple[str, ...]:
    """Return the command line of one worker, as its contract has it.

    Example:
        >>> from rnd_actors import worker_command
        >>> worker_command(("/opt/worker", "-flaky"), 2, 3002)
        ('/opt/worker', '-flaky', '-workerId', '2', '-port', '3002')
    """
    return (*program, "-workerId", str(worker_id), "-port", str(port))
