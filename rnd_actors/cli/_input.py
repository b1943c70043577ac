"""What is read from files that users name, which may be anything: pipes, devices, floods."""

import errno
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from select import select
from typing import Final

__all__ = ["read_text"]

_MOST_BYTES: Final = 1 << 24
_PATIENCE_S: Final = 5.0
_PIECE: Final = 1 << 16


def read_text(path: Path) -> str:
    """Return the text of a file, or of a pipe that is written within five seconds.

    Raises:
        OSError: it cannot be read; its `strerror` says why.
        ValueError: it is no UTF-8, or its name is none.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return b"".join(_pieces(descriptor)).decode()
    finally:
        os.close(descriptor)


def _pieces(descriptor: int) -> Iterator[bytes]:
    is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    ends_at = time.monotonic() + _PATIENCE_S
    size, is_open = 0, not is_pipe  # a pipe that nobody has opened yet reads as one that is over
    while True:
        try:
            piece = os.read(descriptor, _PIECE)
        except BlockingIOError:
            piece = b""
            is_open = False
        if not piece and is_open:
            return
        if not piece:
            _wait(descriptor, ends_at)
        is_open = True
        size += len(piece)
        if size > _MOST_BYTES:
            raise OSError(errno.EFBIG, f"it is larger than {_MOST_BYTES >> 20} MB")
        yield piece


def _wait(descriptor: int, ends_at: float) -> None:
    if not select([descriptor], [], [], max(0.0, ends_at - time.monotonic()))[0]:
        raise OSError(errno.ETIMEDOUT, f"nobody has written to this pipe for {_PATIENCE_S:g} s")
