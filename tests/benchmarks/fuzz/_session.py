"""One session of a run: the command in a process of its own, and the signals that strike it."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from signal import Signals
from typing import Final

import psutil
from attrs import frozen

from tests.benchmarks.fuzz._case import Strike, Target

__all__ = ["Session", "play"]

_ROUND_S: Final = 0.02
_STOPPED_S: Final = 0.3
_LONGEST_S: Final = 300.0
_GONE_WITHIN_S: Final = 30.0
_WORKER: Final = "-workerId"


@frozen
class Session:
    """How a session ended.

    Args:
        code: its exit code; -9 means that signal 9 ended it, None that it did not end in time.
        stdout: what it printed.
        stderr: what it complained of.
        struck: the signals that have reached the program.
        seconds: how long it took.
        descriptors: the most that it had open.
        left: command lines of processes that outlived it.
        orphans: how many processes it had not waited for.
    """

    code: int | None
    stdout: str
    stderr: str
    struck: frozenset[Signals]
    seconds: float
    descriptors: int
    left: tuple[str, ...]
    orphans: int


def play(arguments: Sequence[str], strikes: Sequence[Strike], folder: Path, seed: int) -> Session:
    """Run the command to its end, and strike.

    This process has to be a child subreaper, so that it inherits what the command leaves behind.
    """
    out, err = folder / "stdout", folder / "stderr"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        command = [sys.executable, "-m", "rnd_actors", *arguments]
        process = psutil.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True
        )
    striker = _Striker(process, strikes, random.Random(seed))
    began = time.monotonic()
    code: int | None = None
    while time.monotonic() < began + _LONGEST_S:
        with suppress(psutil.TimeoutExpired, subprocess.TimeoutExpired):
            code = process.wait(_ROUND_S)
            break
        striker.look(time.monotonic() - began)
    else:
        process.kill()
        process.wait()
    seconds = time.monotonic() - began
    left, orphans = _wait_for_the_rest()
    return Session(
        code=code,
        stdout=out.read_text(errors="replace"),
        stderr=err.read_text(errors="replace"),
        struck=frozenset(striker.struck),
        seconds=seconds,
        descriptors=striker.descriptors,
        left=left,
        orphans=orphans,
    )


class _Striker:
    """Sends the signals of a session when their time has come, and looks at the program."""

    def __init__(
        self, process: psutil.Popen, strikes: Sequence[Strike], draw: random.Random
    ) -> None:
        self.struck: set[Signals] = set()
        self.descriptors = 0
        self._process = process
        self._strikes = list(strikes)
        self._draw = draw
        self._begun = False
        self._stopped: list[tuple[float, psutil.Process]] = []

    def look(self, now: float) -> None:
        """Do what is to be done `now` seconds after the start, or once the program has begun."""
        with suppress(psutil.Error):
            self.descriptors = max(self.descriptors, self._process.num_fds())
        while self._strikes and self._strikes[0].after_s <= now and self._has_begun():
            self._strike(self._strikes.pop(0), now)
        for since, stopped in self._stopped:
            if now > since + _STOPPED_S:
                with suppress(psutil.Error):
                    stopped.resume()
        self._stopped = [each for each in self._stopped if now <= each[0] + _STOPPED_S]

    def _has_begun(self) -> bool:
        """Whether signals reach its own handlers; before, SIGINT is Python's, with a traceback."""
        with suppress(OSError, StopIteration):
            status = Path(f"/proc/{self._process.pid}/status").read_text()
            caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
            self._begun |= bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)
        return self._begun

    def _strike(self, strike: Strike, now: float) -> None:
        with suppress(psutil.Error):
            target = self._find(strike.target)
            if target is None:
                return
            target.send_signal(strike.signal)
            if strike.signal is signal.SIGSTOP:
                self._stopped.append((now, target))
            elif strike.target is Target.PROGRAM:
                self.struck.add(strike.signal)

    def _find(self, target: Target) -> psutil.Process | None:
        if target is Target.PROGRAM:
            return self._process
        children = self._process.children()
        workers = [child for child in children if _WORKER in child.cmdline()]
        found = workers if target is Target.WORKER else set(children) - set(workers)
        return self._draw.choice(sorted(found, key=attrgetter("pid"))) if found else None


def _wait_for_the_rest() -> tuple[tuple[str, ...], int]:
    """Wait until nothing of the session is left; return what is for too long, and kill it."""
    give_up_at = time.monotonic() + _GONE_WITHIN_S
    orphans = 0
    while True:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                orphans += 1
        left = psutil.Process().children(recursive=True)
        if not left or time.monotonic() > give_up_at:
            break
        time.sleep(_ROUND_S)
    commands = []
    for process in left:
        with suppress(psutil.Error):
            commands.append(" ".join(process.cmdline()) or process.name())
            process.kill()
            process.wait()
    return tuple(commands), orphans
