"""Who works on a run: at most one program at a time, and the system knows when it has died."""

import fcntl
import os
from pathlib import Path

from rnd_actors.errors import StoreError

__all__ = ["RunLock"]


class RunLock:
    """A lock on one run of a store, held until `release` or the end of the process.

    It is a lock of the operating system on a file beside the store, which is gone when it is
    released; a file that a killed program left behind holds nobody up.

    Raises:
        StoreError: somebody holds it.
    """

    def __init__(self, store: Path, run: int) -> None:
        self._path = _beside(store, run)
        self._file = self._acquire()
        if self._file is None:
            raise StoreError(f"run {run} in {store} is being worked on; wait until that has ended")

    def release(self) -> None:
        """Let others work on the run."""
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = None

    @staticmethod
    def is_held(store: Path, run: int) -> bool:
        """Say whether somebody works on the run."""
        try:
            file = os.open(_beside(store, run), os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            return not _locked(file, fcntl.LOCK_SH)
        finally:
            os.close(file)

    def _acquire(self) -> int | None:
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            if not _locked(file, fcntl.LOCK_EX):
                os.close(file)
                return None
            if self._path.exists() and os.path.samestat(os.fstat(file), self._path.stat()):
                return file
            os.close(file)  # its holder has removed it meanwhile


def _beside(store: Path, run: int) -> Path:
    return store.with_name(f"{store.name}-run{run}.lock")


def _locked(file: int, mode: int) -> bool:
    try:
        fcntl.flock(file, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
