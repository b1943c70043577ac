"""The programs of `docs/examples`, as processes."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.processes import PATIENCE_S

__all__ = ["EXAMPLES", "PATIENCE_S", "output_of", "running"]

EXAMPLES: Final = Path(__file__).parents[2] / "docs" / "examples"


@contextmanager
def running(*command: str) -> Iterator["subprocess.Popen[str]"]:
    """Run Python with these arguments, and kill it if it has not ended by itself."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=EXAMPLES,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def output_of(*command: str) -> tuple[str, str]:
    """What a program that ends by itself writes to stdout and stderr."""
    with running("-W", "error", *command) as process:
        stdout, stderr = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, stderr
    return stdout, stderr
