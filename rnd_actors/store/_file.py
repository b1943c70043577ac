"""A store as a file: told from other files, opened once by this program, its runs locked.

Closing any descriptor of a file takes from a process all locks that SQLite has on that file
(https://sqlite.org/howtocorrupt.html, 2.2), and another program would then throw away what is being
written. So this program has one descriptor of a store, which is closed after the last connection.
"""

import errno
import fcntl
import os
import stat
import struct
import sys
from pathlib import Path
from typing import Final

from attrs import define, field

from rnd_actors.errors import StoreError
from rnd_actors.store import _tables as sql

APPLICATION_ID: Final = 0x726E6461
"""What marks a database file as a store: the letters `rnda`, in the field SQLite has for it."""
_HEADER: Final = struct.Struct(">16s44xi4xi28x")
"""See https://www.sqlite.org/fileformat.html: magic, user version, application id."""
_MAGIC: Final = b"SQLite format 3\0"
_RUNS_AT: Final = 1 << 62
"""Where the lock of run 0 is: far behind the bytes that a database can have and SQLite locks."""

_open: Final[dict[tuple[int, int], "StoreFile"]] = {}


@define(eq=False)
class StoreFile:
    """A store that this program has open: one object, whatever names it is opened by.

    Run i is locked by the lock of an open file description on one byte, which belongs to the file
    and not to a name, and ends with the process.
    """

    descriptor: int
    is_new: bool
    """Whether opening has made it."""
    _key: tuple[int, int]
    users: int = 0
    _locked: set[int] = field(factory=set)

    @classmethod
    def enter(cls, path: Path, *, create: bool) -> "StoreFile":
        """Open the file, until `leave` is called as often as this.

        It is made if it may be and is not there. What is no store that this program knows is
        refused and not touched.
        """
        try:
            file = _known(path) or cls._opened(path, create=create)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not create:
                raise StoreError(f"there is no store at {path}") from error
            raise StoreError(f"cannot open the store {path}: {error.strerror}") from error
        file.users += 1
        try:
            _check_kind(os.fstat(file.descriptor), path)
            _check_header(os.pread(file.descriptor, _HEADER.size, 0), path, may_be_empty=create)
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
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
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
        """Lock a run for this program; return whether nobody else works on it."""
        if run in self._locked:
            return False
        try:
            fcntl.fcntl(self.descriptor, fcntl.F_OFD_SETLK, _flock(fcntl.F_WRLCK, run, 1))
        except (BlockingIOError, PermissionError):
            return False
        self._locked.add(run)
        return True

    def unlock(self, run: int) -> None:
        """Let others work on a run."""
        fcntl.fcntl(self.descriptor, fcntl.F_OFD_SETLK, _flock(fcntl.F_UNLCK, run, 1))
        self._locked.discard(run)

    def is_locked(self, run: int) -> bool:
        """Return whether anybody works on a run."""
        return run in self._locked or self._is_locked_elsewhere(run, 1)

    @property
    def is_in_use(self) -> bool:
        """Whether anybody works on any run."""
        return bool(self._locked) or self._is_locked_elsewhere(0, 0)

    def _is_locked_elsewhere(self, run: int, count: int) -> bool:
        asked, free = _flock(fcntl.F_WRLCK, run, count), _flock(fcntl.F_UNLCK, run, count)
        return fcntl.fcntl(self.descriptor, fcntl.F_OFD_GETLK, asked) != free


def _known(path: Path) -> StoreFile | None:
    try:
        return _open.get(_key(path.stat()))
    except FileNotFoundError:
        return None


def _key(known: os.stat_result) -> tuple[int, int]:
    return known.st_dev, known.st_ino


def _check_kind(known: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(known.st_mode):
        kind = "a folder" if stat.S_ISDIR(known.st_mode) else "a pipe or a device"
        raise StoreError(f"{path} is not a store of rnd-actors: it is {kind}")
    if known.st_nlink > 1:
        raise StoreError(
            f"{path} has {known.st_nlink} names (hard links), and SQLite would keep the newest "
            "samples beside one of them only: remove the other names, or copy the store with cp"
        )


def _check_header(header: bytes, path: Path, *, may_be_empty: bool) -> None:
    if not header and may_be_empty:
        return
    if not header:
        raise StoreError(f"there is no store at {path}: the file is empty")
    if len(header) < _HEADER.size or header[:16] != _MAGIC:
        raise StoreError(f"{path} is not a store of rnd-actors: it is no SQLite database")
    _, version, application = _HEADER.unpack(header)
    if application != APPLICATION_ID:
        raise StoreError(f"{path} is not a store of rnd-actors: it belongs to another program")
    check_version(version, path)


def check_version(version: int, path: Path) -> None:
    """Refuse a store whose schema this program does not know."""
    if version > sql.VERSION:
        raise StoreError(
            f"{path} was written by a newer rnd-actors: its schema is {version}, "
            f"and this one knows {sql.VERSION}; please upgrade"
        )
    if version < 1:
        raise wrong_schema(path, version, "there is no such schema")


def wrong_schema(path: Path, version: int, trouble: str) -> StoreError:
    """Return the error for a store whose schema is another than it says."""
    return StoreError(
        f"{path} is damaged, or was changed by another program: it says that its schema is "
        f"{version}, but {trouble}; this rnd-actors knows the schemas 1 to {sql.VERSION}"
    )


def _flock(kind: int, run: int, count: int) -> bytes:
    """Return a `struct flock` of fcntl.h for the bytes of runs; 0: of all from this one on."""
    start, pid = _RUNS_AT + run, 0
    if sys.platform == "darwin":
        return struct.pack("qqihh", start, count, pid, kind, os.SEEK_SET)
    return struct.pack("hhqqi0q", kind, os.SEEK_SET, start, count, pid)
