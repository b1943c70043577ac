"""The real command, in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

__all__ = ["FAST", "MODULE", "PATIENCE_S", "SCRIPT", "call", "started"]

MODULE: Final = (sys.executable, "-m", "rnd_actors")
SCRIPT: Final = (str(Path(sys.executable).with_name("rnd-actors")),)
FAST: Final = ("run", "--base-port=0", "--worker-arg=-interval=0.01")
PATIENCE_S: Final = 20


def call(
    *arguments: str, command: tuple[str, ...] = MODULE, **options: Any
) -> "subprocess.CompletedProcess[str]":
    """Run it to its end."""
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
