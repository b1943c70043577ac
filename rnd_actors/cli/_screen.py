"""A screen of its own for a view, which a terminal shows in place of what was there before."""

import io
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from types import FrameType
from typing import Final

from rich.console import Console, RenderableType

from rnd_actors.cli._words import say

__all__ = ["Screen"]

_ENTER: Final = b"\x1b[?1049h\x1b[?25l"
_LEAVE: Final = b"\x1b[H\x1b[2J\x1b[?25h\x1b[?1049l"
"""The cursor is shown again, and the screen is empty even for terminals that have one alone."""
_STEP_ASIDE: Final = (
    signal.SIGTSTP,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGALRM,
    signal.SIGXCPU,
)
"""Signals that stop or end a program that does not expect them."""
_KEPT_LINES: Final = 1000


class Screen:
    """A screen that is painted again and again: no size that it ever had leaves traces.

    It is used only as long as the program is in the foreground of its terminal. A signal that stops
    or ends the program finds the terminal as it was before.

    Args:
        console: renders what is painted, as wide and high as the terminal is at the time.
        descriptor: of the terminal.
    """

    def __init__(self, console: Console, descriptor: int) -> None:
        self._console = console
        self._descriptor = descriptor
        self._entered = False
        self._closed = False
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)
        """What was told meanwhile, to be written to stderr in the end."""
        self._told = 0

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Let the screen be painted while the block runs, and write what was told after it.

        What others print to the terminal is told like any line.
        """
        before = [
            (number, signal.signal(number, self._step_aside))
            for number in _STEP_ASIDE
            if signal.getsignal(number) == signal.SIG_DFL
        ]
        printed = _Lines(self.tell)
        stdout = printed if sys.stdout.isatty() else sys.stdout
        try:
            with redirect_stdout(stdout), redirect_stderr(printed):
                yield
        finally:
            self._closed = True
            self.leave()
            for number, handler in before:
                signal.signal(number, handler)
            if self._told > len(self.lines):
                say(f"({self._told - len(self.lines)} earlier lines are left out)")
            for line in self.lines:
                say(line)

    def tell(self, line: str) -> None:
        """Keep a line; only the last thousand are written in the end."""
        self.lines.append(line)
        self._told += 1

    def paint(self, renderable: RenderableType) -> None:
        """Show this and nothing else."""
        if self._closed or not self._in_foreground():
            return
        with self._console.capture() as captured:
            self._console.print(renderable)
        rows = captured.get().splitlines()[: self._console.height]
        painted = "\x1b[K\n".join(rows)
        if not self._entered:
            self._entered = True
            self._write(_ENTER)
        self._write(f"\x1b[H{painted}\x1b[K\x1b[J".encode(errors="replace"))

    def leave(self) -> None:
        """Show what was there before, and the cursor; signal handlers may call this."""
        if self._entered:
            self._entered = False
            self._write(_LEAVE)

    def _step_aside(self, number: int, _: FrameType | None) -> None:
        """Let a signal do what it does to any program, with the terminal as it was before."""
        self.leave()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        signal.signal(number, self._step_aside)  # it goes on

    def _in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:  # it is not the controlling terminal
            return True

    def _write(self, data: bytes) -> None:
        """Write at once: a signal handler must not find half of it in a buffer."""
        with suppress(OSError):  # the terminal has gone
            while data:
                data = data[os.write(self._descriptor, data) :]


class _Lines(io.TextIOBase):
    """What is printed, line by line."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self._rest = ""

    def write(self, text: str, /) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._tell(line)
        return len(text)

    def writable(self) -> bool:
        return True
