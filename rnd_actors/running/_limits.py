"""What the operating system lets one program have, seen to before a run needs it."""

import os
import resource
from pathlib import Path
from typing import Final

from attrs import frozen

from rnd_actors._descriptors import open_descriptors
from rnd_actors.errors import SettingsError

__all__ = ["Demand", "make_room"]

_DESCRIPTORS_PER_WORKER: Final = 5
"""Its output, its stream, the claim of its port, its process in a thread that is not the main one,
and one that is being closed while it restarts."""
_SPARE_DESCRIPTORS: Final = 16
"""For the guardian, the output file, the loop, and whatever is open for a moment."""
_GUARDIAN: Final = 1


@frozen
class Demand:
    """What a run needs of something that is limited.

    Args:
        what: in words.
        ulimit: the option of `ulimit` that shows the limit and sets it.
        fixed: what is in use already, and what a run needs besides its workers.
        per_worker: what each worker needs at most.
    """

    what: str
    ulimit: str
    fixed: int
    per_worker: int

    def soft_limit(self, workers: int, soft: int, hard: int) -> int:
        """Return the soft limit that a run with so many workers needs, `soft` if that is enough.

        Raises:
            SettingsError: it needs more than the hard limit.
        """
        needed = self.fixed + workers * self.per_worker
        if soft == resource.RLIM_INFINITY or needed <= soft:
            return soft
        if hard == resource.RLIM_INFINITY or needed <= hard:
            return needed
        most = max(0, (hard - self.fixed) // self.per_worker)
        raise SettingsError(
            "workers",
            f"as many as {hard} {self.what} allow, which is {most}: "
            f"{workers} need {needed} (see ulimit {self.ulimit})",
            workers,
        )


def make_room(workers: int, *, with_logs: bool = False) -> None:
    """Raise the soft limits of this process to what so many workers need.

    These are the limit of open files and that of the user's processes. The latter does not apply to
    root, and counts every thread: since nobody knows how many threads a worker will have, one is
    taken for granted. Workers inherit the limits.

    Raises:
        SettingsError: a hard limit is too low.
    """
    per_worker = _DESCRIPTORS_PER_WORKER + with_logs
    fixed = len(open_descriptors()) + _SPARE_DESCRIPTORS
    descriptors = Demand("file descriptors", "-n", fixed, per_worker)
    _apply(descriptors, resource.RLIMIT_NOFILE, workers)
    if os.getuid() != 0:
        processes = Demand("processes and threads", "-u", _tasks_of_the_user() + _GUARDIAN, 1)
        _apply(processes, resource.RLIMIT_NPROC, workers)


def _apply(demand: Demand, limit: int, workers: int) -> None:
    soft, hard = resource.getrlimit(limit)
    needed = demand.soft_limit(workers, soft, hard)
    if needed != soft:
        resource.setrlimit(limit, (needed, hard))


def _tasks_of_the_user() -> int:
    """Count the processes of this user with their threads; 0 where there is no `/proc`."""
    user, count = os.getuid(), 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == user:
                count += sum(1 for _ in (process / "task").iterdir())
        except OSError:  # it has just ended
            continue
    return count
