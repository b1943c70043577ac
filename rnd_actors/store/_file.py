"""The file of a store: one descriptor of it for all of this program, and the locks on its runs."""

import fcntl
import os
import stat
import struct
import sys
from pathlib import Path
from typing import Final

from attrs import define, field

from rnd_actors.errors import StoreError

__all__ = ["StoreFile"]

_RUNS_AT: Final = 1 << 62
"""Where the lock of run 0 is: far behind the bytes that a database can have and SQLite locks."""

_open: Final[dict[tuple[int, int], "StoreFile"]] = {}


@define(eq=False)
class StoreFile:
    """A store that this program has open, the same object under whatever name it is opened.

    Closing any descriptor of a file takes from a process all locks that SQLite has on that file
    (https://sqlite.org/howtocorrupt.html, 2.2), and another program would then throw away what is
    being written. So there is one descriptor, which is closed after the last connection.

    Run i is locked by the lock of an open file description on one byte, which belongs to the file
    and not to a name, and ends with the process.
    """

    descriptor: int
    is_new: bool
    """Whether it was made by opening it."""
    _key: tuple[int, int]
    users: int = 0
    _locked: set[int] = field(factory=set)

    @classmethod
    def enter(cls, path: Path, *, create: bool) -> "StoreFile":
        """Have the file open until `leave` is called as often as this.

        Raises:
            StoreError: it is not there and not to be made, it is no plain file, or has two names.
        """
        try:
            file = _known(path) or cls._opened(path, create=create)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not create:
                raise StoreError(f"there is no store at {path}") from error
            raise StoreError(f"cannot open the store {path}: {error.strerror}") from error
        file.users += 1
        try:
            _check(os.fstat(file.descriptor), path)
        except StoreError:
            file.leave()
            raise
        return file

    @classmethod
    def _opened(cls, path: Path, *, create: bool) -> "StoreFile":
        flags = os.O_CLOEXEC | os.O_NONBLOCK  # a pipe would not be opened until somebody writes
        is_new = create and not os.path.lexists(path)
        made = (os.O_CREAT | os.O_EXCL * is_new) if create else 0
        try:
            descriptor = os.open(path, os.O_RDWR | made | flags, 0o644)
        except PermissionError:
            descriptor = os.open(path, os.O_RDONLY | flags)
        file = cls(descriptor, is_new, _key(os.fstat(descriptor)))
        _open[file._key] = file
        return file

    def leave(self) -> None:
        """Close the file if nobody else in this program has it open."""
        self.users -= 1
        if not self.users:
            del _open[self._key]
            os.close(self.descriptor)

    def lock(self, run: int) -> bool:
        """Say that this program works on a run; return whether nobody else does."""
        if run in self._locked:
            return False
        try:
            fcntl.fcntl(self.descriptor, fcntl.F_OFD_SETLK, _flock(fcntl.F_WRLCK, run))
        except (BlockingIOError, PermissionError):
            return False
        self._locked.add(run)
        return True

    def unlock(self, run: int) -> None:
        """Let others work on a run."""
        fcntl.fcntl(self.descriptor, fcntl.F_OFD_SETLK, _flock(fcntl.F_UNLCK, run))
        self._locked.discard(run)

    def is_locked(self, run: int) -> bool:
        """Say whether anybody works on a run."""
        if run in self._locked:
            return True
        asked = _flock(fcntl.F_WRLCK, run)
        return fcntl.fcntl(self.descriptor, fcntl.F_OFD_GETLK, asked) != _flock(fcntl.F_UNLCK, run)


def _known(path: Path) -> StoreFile | None:
    try:
        return _open.get(_key(path.stat()))
    except FileNotFoundError:
        return None


def _key(known: os.stat_result) -> tuple[int, int]:
    return known.st_dev, known.st_ino


def _check(known: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(known.st_mode):
        kind = "a folder" if stat.S_ISDIR(known.st_mode) else "a pipe or a device"
        raise StoreError(f"{path} is not a store of rnd-actors: it is {kind}")
    if known.st_nlink > 1:
        raise StoreError(
            f"{path} has {known.st_nlink} names (hard links), and SQLite would keep the newest "
            "samples beside one of them only: remove the other names, or copy the store with cp"
        )


def _flock(kind: int, run: int) -> bytes:
    """Return a `struct flock` of fcntl.h that tells of the byte of a run."""
    start, length, pid = _RUNS_AT + run, 1, 0
    if sys.platform == "darwin":
        return struct.pack("qqihh", start, length, pid, kind, os.SEEK_SET)
    return struct.pack("hhqqi0q", kind, os.SEEK_SET, start, length, pid)
