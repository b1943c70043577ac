"""What workers write, kept in files: one for each worker, bounded in size and in number."""

import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

__all__ = ["WorkerLog"]

_LARGEST: Final = 10 * 2**20
"""Bytes of one file."""
_OLDER: Final = 4
"""Files beside the newest one."""


class WorkerLog:
    """All that one worker writes, over all its incarnations, which are marked in it.

    The newest is in `worker-3.log`. Before that becomes longer than 10 MiB, it is renamed to
    `worker-3.log.1`, that to `.2`, and so on up to `.4`; what is older is deleted. A log that
    cannot be written, as on a full disk, is given up; the worker goes on.

    Args:
        folder: where the file is, which is continued if it is there already.
        worker: the id of the worker.
        lost: called once, with the error, if the log has to be given up.
    """

    def __init__(self, folder: Path, worker: int, lost: Callable[[OSError], object]) -> None:
        self._path = folder / f"worker-{worker}.log"
        self._lost = lost
        self._descriptor: int | None = None
        self._size = 0
        self._is_within_line = False
        self._attempt(self._open)

    def write(self, piece: bytes) -> None:
        """Add what the worker has written."""
        self._attempt(self._add, piece)

    def mark(self, text: str) -> None:
        """Add a line that says what happened to the worker, and when."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = f"--- {now} {text} ---\n".encode()
        self.write(b"\n" + line if self._is_within_line else line)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _attempt(self, step: Callable[..., None], *args: bytes) -> None:
        try:
            step(*args)
        except OSError as error:
            self.close()
            self._lost(error)

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
        self._descriptor = os.open(self._path, flags, 0o666)
        status = os.fstat(self._descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(None, "it is no regular file", str(self._path))
        self._size = status.st_size

    def _add(self, piece: bytes) -> None:
        if self._descriptor is None or not piece:
            return
        if self._size and self._size + len(piece) > _LARGEST:
            self._begin_another()
        rest = piece
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self._size += len(piece)
        self._is_within_line = not piece.endswith(b"\n")

    def _begin_another(self) -> None:
        self.close()
        names = [self._path, *(Path(f"{self._path}.{n}") for n in range(1, _OLDER + 1))]
        for newer, older in reversed(list(pairwise(names))):
            if newer.exists():
                newer.replace(older)
        self._open()
