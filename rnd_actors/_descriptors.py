"""The file descriptors of this process: those that are open, and its standard streams.

The standard streams may be closed, full, or read by nobody any more.
"""

import os
import resource
import sys
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import Any, Final, TextIO

from rnd_actors.errors import SinkError

_MOST_TRIED: Final = 65536


def open_descriptors() -> list[int]:
    """Return those that are open; where the system has no list of them, each is tried."""
    try:
        return [int(name) for name in os.listdir("/dev/fd")]  # noqa: PTH208  # one more for a path
    except FileNotFoundError:
        allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = allowed if 0 <= allowed < _MOST_TRIED else _MOST_TRIED
        return list(filter(_is_open, range(most)))


def secure_standard_streams() -> None:
    """Have the descriptors 0, 1 and 2 open, whatever happens to who is behind them.

    The next files that are opened would get the numbers of closed ones, and what is meant for
    people would be written into them. Call this before anything is opened.

    What stderr cannot tell is not told, and neither is what a closed stdout cannot. An open stdout
    that fails raises `SinkError`, once: nothing more is written to it, at exit either.
    """
    closed = [number for number in (0, 1, 2) if not _is_open(number)]
    for number in closed:
        os.open(os.devnull, os.O_RDONLY)  # gets the lowest number that is free, this one
        os.set_inheritable(number, True)  # noqa: FBT003
    if 0 in closed:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115  # it stays open
    sys.stdout = _text(_Output(1, needed=1 not in closed), sys.stdout)
    sys.stderr = _text(_Output(2, needed=False), sys.stderr)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


class _Output(FileIO):
    def __init__(self, number: int, *, needed: bool) -> None:
        super().__init__(number, "w", closefd=False)
        self._needed = needed

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if self._needed:
                self._needed = False
                raise SinkError(f"cannot write the result: {error.strerror}") from error
            return len(data)


def _text(output: _Output, before: TextIO | None) -> TextIOWrapper:
    return TextIOWrapper(
        BufferedWriter(output),
        encoding=None if before is None else before.encoding,
        errors="backslashreplace" if before is None else before.errors,
        line_buffering=output.fileno() == 2 or output.isatty(),  # noqa: PLR2004  # stderr
    )
