"""The real command on a terminal of its own, which is its controlling one, as in a shell."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from select import select
from types import TracebackType
from typing import Final, Self

import gevent
import pyte
from gevent.os import make_nonblocking, nb_read

from tests.cli.commands import MODULE, PATIENCE_S
from tests.processes import until

__all__ = ["Terminal"]

_TAKES_THE_TERMINAL: Final = (
    "import fcntl, os, sys, termios; fcntl.ioctl(2, termios.TIOCSCTTY, 0); "
    "os.execvp(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """What is on its screen, as a person would see it, and all that was ever written to it."""

    def __init__(
        self, *arguments: str, columns: int = 80, rows: int = 24, command: tuple[str, ...] = MODULE
    ) -> None:
        self.master, slave = pty.openpty()
        self.screen = pyte.Screen(columns, rows)
        self.written = ""
        self.resize(columns, rows)
        environment = {**os.environ, "TERM": "xterm-256color"}
        environment.pop("COLUMNS", None)  # it would win over the size of the terminal
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKES_THE_TERMINAL, *command, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        make_nonblocking(self.master)
        self._reader = gevent.spawn(self._read)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        self.close()

    def close(self) -> None:
        """Close the window: the command loses its terminal."""
        self._reader.kill()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    @property
    def lines(self) -> list[str]:
        """What is on the screen, without blank ends."""
        return [line.rstrip() for line in self.screen.display]

    def hides_cursor(self) -> bool:
        """Whether no cursor is seen."""
        return bool(self.screen.cursor.hidden)

    def wait_for(self, *words: str) -> None:
        """Wait until the screen shows all these words."""
        until(lambda: all(any(word in line for line in self.lines) for word in words))

    def wait_for_pictures(self, count: int) -> None:
        """Wait until the view has been painted so many times from now on."""
        until(lambda: not select([self.master], [], [], 0)[0])  # all of before has been read
        seen = len(self.written)
        until(lambda: self.written.count("\x1b[H", seen) >= count)

    def end(self) -> int:
        """Wait for the end of the command and all that it writes; return its exit code."""
        exit_code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return exit_code

    def press(self, key: str) -> None:
        """Send what a key sends."""
        os.write(self.master, key.encode())

    def _read(self) -> None:
        stream = pyte.ByteStream(self.screen)
        with suppress(OSError):  # this is how a terminal ends on Linux
            while piece := nb_read(self.master, 65536):
                self.written += piece.decode(errors="replace")
                stream.feed(piece)
