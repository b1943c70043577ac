"""From bytes to numbers: lines `rnd=NN`, however the network has cut them."""

import re
from collections.abc import Callable
from typing import Final

__all__ = ["LineParser"]

_LINE: Final = re.compile(rb"rnd=(-?[0-9]{1,18})\r?")
_SAMPLES: Final = re.compile(rb"(?:rnd=-?[0-9]{1,18}\r?\n)*+")
"""What nearly always comes: then all lines are read at once, which is faster."""
_EMPTY: Final = (b"", b"\r")
_LONGEST: Final = 256
"""Bytes of a line that are kept: a sample is far shorter, and a message needs no more to show."""


class LineParser:
    r"""Cuts a stream of bytes into lines and reads the number of each.

    A chunk is not a line: a line may come in pieces and a chunk may hold many. Lines end in LF or
    CRLF; empty ones do not count. Whatever comes, at most the first 256 bytes of an unfinished line
    are kept.

    Args:
        malformed: called with the beginning of each line that is no sample.

    Example:
        >>> parser = LineParser(malformed=print)
        >>> parser.feed(b"rnd=4"), parser.feed(b"2\r\nrnd=7\noops\nrn")
        b'oops'
        ([], [42, 7])
        >>> parser.received
        3
    """

    def __init__(self, malformed: Callable[[bytes], object]) -> None:
        self._malformed = malformed
        self._tail = b""
        self.received = 0
        """How many lines were complete so far, malformed ones included."""

    def feed(self, chunk: bytes) -> list[int]:
        """Take the next bytes; return the numbers of the lines that are complete with them."""
        data = self._tail + chunk
        end = data.rfind(b"\n") + 1
        self._tail = data[end : end + _LONGEST]
        lines = data[:end]
        if _SAMPLES.fullmatch(lines):
            numbers = [int(number) for number in lines.replace(b"rnd=", b"").split()]
            self.received += len(numbers)
            return numbers
        each = (self._read(line) for line in lines.split(b"\n"))
        return [number for number in each if number is not None]

    def finish(self) -> None:
        """Say that nothing follows: a piece of a line that is left is malformed, never a sample."""
        if self._tail not in _EMPTY:
            self._refuse(self._tail)
        self._tail = b""

    def _read(self, line: bytes) -> int | None:
        if match := _LINE.fullmatch(line):
            self.received += 1
            return int(match[1])
        if line not in _EMPTY:
            self._refuse(line)
        return None

    def _refuse(self, line: bytes) -> None:
        self.received += 1
        self._malformed(line[:_LONGEST])
