"""Processes that a test has started, told from all others by words of their command lines."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import gevent
import psutil

__all__ = ["PATIENCE_S", "alive", "lives", "until"]

PATIENCE_S: Final = 60.0
"""Seconds before a test that waits in vain fails."""


def alive(*words: str) -> list[psutil.Process]:
    """The processes whose command line contains all these words; zombies have none."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            command = process.cmdline()
            if all(any(word in part for part in command) for word in words):
                found.append(process)
    return found


def lives(pid: int) -> bool:
    """Whether this process runs; a zombie does not, though its reaper may take seconds."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until(condition: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Wait until a condition holds."""
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, f"in vain for {seconds} s"
        gevent.sleep(0.005)
