"""Where the sockets of runs are: a private folder, with a socket for each run."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from attrs import frozen

from rnd_actors.errors import ControlError

_NAME: Final = "rnd-actors"
_SUFFIX: Final = ".sock"
_OTHERS: Final = 0o077
_LONGEST_PATH: Final = 107
"""Bytes; the path of a Unix socket has 108 with the one that ends it (`man 7 unix`)."""
_LONGEST_NAME: Final = len(f".{1 << 22}-1000{_SUFFIX}")
_taken: Final = set[str]()
"""The ids of the runs of this process."""


@frozen
class RunAddress:
    """A run that can be asked: its id, and the path of its socket.

    The id is the pid of its process; of several runs in a process, those after the first have a
    number besides, as in `4711-2`.
    """

    id: str
    socket: Path

    @property
    def pid(self) -> int:
        """The process of the run."""
        return int(self.id.partition("-")[0])


def take_address() -> RunAddress:
    """Return the address of a new run of this process, until `give_back`.

    Raises:
        ControlError: the folder is not private, or cannot be made.
    """
    folder = next(_folders())
    _make_private(folder)
    number, pid = 1, os.getpid()
    while (run := f"{pid}" if number == 1 else f"{pid}-{number}") in _taken:
        number += 1
    _taken.add(run)
    return RunAddress(run, folder / f"{run}{_SUFFIX}")


def give_back(address: RunAddress) -> None:
    """Remove the socket of a run of this process."""
    _taken.discard(address.id)
    with suppress(OSError):  # somebody has removed it, or its folder
        address.socket.unlink()


def addresses() -> list[RunAddress]:
    """Return where runs of this user may answer, in the order of their ids.

    Raises:
        ControlError: a folder that is there is not private, or cannot be read.
    """
    found: list[RunAddress] = []
    try:
        for folder in filter(os.path.lexists, _folders()):
            _require_private(folder)
            sockets = (path for path in folder.iterdir() if _is_socket_of_run(path))
            found += (RunAddress(path.stem, path) for path in sockets)
    except OSError as error:
        raise ControlError(f"the sockets of runs cannot be looked for: {error}") from None
    return sorted(found, key=lambda address: [int(part) for part in address.id.split("-")])


def _folders() -> Iterator[Path]:
    """Give the folders in which a run may have its socket, the preferred one first."""
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    folder = runtime / _NAME
    is_short = len(os.fsencode(folder)) + 1 + _LONGEST_NAME <= _LONGEST_PATH
    if is_short and runtime.is_absolute() and _is_own(runtime):
        yield folder
    yield Path(tempfile.gettempdir()) / f"{_NAME}-{os.getuid()}"


def _is_own(folder: Path) -> bool:
    """Return whether it is a folder of this user: `sudo` may keep the variable of another one."""
    try:
        found = folder.stat()
    except OSError:  # also one that lies in a folder of somebody else
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        if not os.path.lexists(folder):
            raise ControlError(f"the folder {folder} cannot be made: {error.strerror}") from None
    _require_private(folder)


def _require_private(folder: Path) -> None:
    """Raise `ControlError` if anybody else could have put a socket there."""
    found = folder.lstat()
    trouble = None
    if not stat.S_ISDIR(found.st_mode):
        trouble = "a link" if stat.S_ISLNK(found.st_mode) else "no folder"
    elif found.st_uid != os.getuid():
        trouble = "somebody else's"
    elif found.st_mode & _OTHERS:
        trouble = f"open to others (mode {stat.S_IMODE(found.st_mode):o}; chmod 700 closes it)"
    if trouble is not None:
        raise ControlError(
            f"the sockets of runs need a folder that is yours alone, and {folder} is {trouble}; "
            "remove it, or set XDG_RUNTIME_DIR to another folder"
        )


def _is_socket_of_run(path: Path) -> bool:
    is_named = path.suffix == _SUFFIX and all(part.isdecimal() for part in path.stem.split("-"))
    return is_named and path.is_socket()
