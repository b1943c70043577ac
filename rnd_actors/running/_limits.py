"""The limits of the operating system that a run needs for its workers."""

import os
import resource
from pathlib import Path
from typing import Final

from rnd_actors._descriptors import open_descriptors
from rnd_actors.errors import SettingsError

_DESCRIPTORS_PER_WORKER: Final = 5
"""Its output, its stream, the claim of its port, its process if the run is not in the main thread,
and one that is being closed during a restart."""
_SPARE_DESCRIPTORS: Final = 50
"""For the guardian, the output file, the loop, the control socket and its clients, and files that
are open for a moment."""
_GUARDIAN: Final = 1
_LIMITED: Final = {
    resource.RLIMIT_NOFILE: ("file descriptors", "-n"),
    resource.RLIMIT_NPROC: ("processes and threads", "-u"),
}
"""The resource of each limit, and the option of `ulimit` that shows and sets it."""


def make_room(workers: int, *, streaming: int = 0, with_logs: bool = False) -> None:
    """Raise the soft limits of this process to what so many workers need.

    Of them, `streaming` have what they need already, and are counted among what is in use.

    These are the limit of open files and that of the user's processes. The latter does not apply to
    root, and counts every thread: the number of threads of a worker is unknown, and one is assumed.
    Workers inherit the limits.

    Raises:
        SettingsError: a hard limit is too low.
    """
    per_worker = _DESCRIPTORS_PER_WORKER + with_logs
    fixed = len(open_descriptors()) + _SPARE_DESCRIPTORS - streaming * per_worker
    raise_limit(resource.RLIMIT_NOFILE, workers, fixed=fixed, per_worker=per_worker)
    if os.getuid() != 0:
        tasks = _tasks_of_the_user() + _GUARDIAN - streaming
        raise_limit(resource.RLIMIT_NPROC, workers, fixed=tasks, per_worker=1)


def raise_limit(limit: int, workers: int, *, fixed: int, per_worker: int) -> None:
    """Raise a soft limit to what a run with so many workers needs, unless it is high enough.

    It needs `per_worker` for each, and `fixed` for what is in use already and for the rest of it.

    Raises:
        SettingsError: the hard limit is too low.
    """
    soft, hard = resource.getrlimit(limit)
    needed = fixed + workers * per_worker
    if soft == resource.RLIM_INFINITY or needed <= soft:
        return
    if hard != resource.RLIM_INFINITY and needed > hard:
        what, option = _LIMITED[limit]
        most = max(0, (hard - fixed) // per_worker)
        accepted = f"as many as {hard} {what} allow, which is {most}"
        raise SettingsError(
            "workers", f"{accepted}: {workers} need {needed} (see ulimit {option})", workers
        )
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
