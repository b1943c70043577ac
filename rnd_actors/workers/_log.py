"""What workers write, kept in files: one for each worker, bounded in size and in number.

A `WorkerLog` belongs to one incarnation and to the loop. Its file is opened, written, renamed and
closed in a thread of gevent's pool, so that a disk that is slow or hangs holds up nothing else.
"""

import errno
import os
import stat
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import FileIO
from itertools import pairwise
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

import gevent
from gevent.hub import Hub
from gevent.lock import Semaphore

_LARGEST: Final = 10 * 2**20
"""Bytes of one file."""
_OLDER: Final = 4
"""Files beside the newest one."""
_MOST_UNWRITTEN: Final = 2**20
"""Bytes that may wait for the disk before the worker has to wait as well."""
_DISK_PATIENCE_S: Final = 1.0
"""How long a worker waits for the disk before its log is given up."""
_LAST_PATIENCE_S: Final = 0.5
"""The same at its end, when a restart or the end of the run waits, too."""

_turns: Final = WeakKeyDictionary[Hub, Semaphore]()
"""Logs take one thread of a pool in all, one after the other: others need its threads, too."""


class WorkerLog:
    """All that one worker writes, over all its incarnations, which are marked in it.

    The newest is in `worker-3.log`, which is continued if it is there already. Before that becomes
    longer than 10 MiB, it is renamed to `worker-3.log.1`, that to `.2`, and so on up to `.4`; older
    ones are deleted. A log that cannot be written, as on a full disk, or that has to wait for its
    disk for more than a second, is given up, and `lost` called with the error; the worker goes on.
    """

    def __init__(self, folder: Path, worker: int, lost: Callable[[OSError], object]) -> None:
        self._file = _File(folder / f"worker-{worker}.log")
        self._lost = lost
        self._unwritten = 0
        self._is_open = True
        self._steps: list[Callable[[], None]] = [self._file.open]
        self._writing = gevent.spawn(self._write_all)

    def write(self, piece: bytes) -> None:
        """Add what the worker has written; wait for the disk if that is slow."""
        self._add(lambda: self._file.write(piece), len(piece))
        if self._unwritten > _MOST_UNWRITTEN:
            self._wait(_DISK_PATIENCE_S)

    def mark(self, text: str) -> None:
        """Add a line with the time and what happened to the worker."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = f"--- {now} {text} ---\n".encode()
        self._add(lambda: self._file.write_line(line), len(line))

    def close(self) -> None:
        """Close the file; the disk has half a second to take the rest."""
        self._add(self._file.close)
        self._wait(_LAST_PATIENCE_S)
        self._is_open = False

    def _add(self, step: Callable[[], None], size: int = 0) -> None:
        if not self._is_open:
            return
        self._steps.append(step)
        self._unwritten += size
        if self._writing.ready():
            self._writing = gevent.spawn(self._write_all)

    def _wait(self, patience: float) -> None:
        self._writing.join(patience)
        if not self._writing.ready():
            why = f"its disk has taken nothing for {patience:g} s"
            self._give_up(OSError(errno.ETIMEDOUT, why))

    def _write_all(self) -> None:
        hub = gevent.get_hub()
        while self._steps:
            with _turns.setdefault(hub, Semaphore()):
                steps, self._steps, self._unwritten = self._steps, [], 0
                error = hub.threadpool.apply(_take, (steps,))
            if error:
                self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """Drop what waits; the file is closed once the step that the disk works on is over."""
        self._steps = [self._file.close]
        if self._is_open:
            self._is_open = False
            self._lost(error)


def _take(steps: Sequence[Callable[[], None]]) -> OSError | None:
    """Return an error rather than raise it: the pool would print it."""
    try:
        for step in steps:
            step()
    except OSError as error:
        return error
    return None


class _File:
    """The newest file of a worker, and the older ones beside it; for one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._raw: FileIO | None = None
        self._size = 0
        self._is_within_line = False

    def open(self) -> None:
        self._raw = raw = FileIO(self._path, "ab+", opener=_open)
        status = os.fstat(raw.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(self._path))
        self._size = status.st_size
        last = os.pread(raw.fileno(), 1, self._size - 1) if self._size else b"\n"
        self._is_within_line = last != b"\n"

    def write(self, piece: bytes) -> None:
        if self._size and self._size + len(piece) > _LARGEST:
            self._begin_another()
        if self._raw is None or not piece:
            return
        rest = piece
        while rest:
            rest = rest[self._raw.write(rest) :]
        self._size += len(piece)
        self._is_within_line = not piece.endswith(b"\n")

    def write_line(self, line: bytes) -> None:
        self.write(b"\n" + line if self._is_within_line else line)

    def close(self) -> None:
        if self._raw is not None:
            self._raw.close()

    def _begin_another(self) -> None:
        self.close()
        names = [self._path, *(Path(f"{self._path}.{n}") for n in range(1, _OLDER + 1))]
        for newer, older in reversed(list(pairwise(names))):
            if newer.exists():
                newer.replace(older)
        self.open()


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
