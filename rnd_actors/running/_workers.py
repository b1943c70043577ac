"""The workers of a run: the system's limits that they need, their settings, their supervisor."""

import os
import resource
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from sys import float_info
from typing import Final

from rnd_actors._descriptors import open_descriptors
from rnd_actors.actors import ActorRef
from rnd_actors.collectors import CollectorMessage
from rnd_actors.errors import SettingsError
from rnd_actors.running._settings import RunSettings
from rnd_actors.supervision import (
    INFINITY,
    ChildSpec,
    Restart,
    RestartIntensity,
    ShutdownOrder,
    Supervisor,
)
from rnd_actors.workers import Spawn, WorkerActor, WorkerProcess, WorkerSettings, choose_ports

_RESTARTS: Final = 5
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


def worker_settings(
    settings: RunSettings, spawn: Spawn, earlier: Mapping[int, int]
) -> list[WorkerSettings]:
    """Raise the limits of this process to what the workers need, and return their settings.

    Simulated workers listen nowhere: they need no room, and any port numbers do.
    """
    base_port = settings.base_port
    if spawn == WorkerProcess.spawn:
        make_room(settings.workers, with_logs=settings.worker_log is not None)
    else:
        base_port = base_port or 1
    return [
        WorkerSettings(
            id=worker,
            port=port,
            program=settings.worker,
            arguments=settings.worker_args,
            start_timeout=settings.start_timeout,
            stall_timeout=settings.stall_timeout,
            log=settings.worker_log,
            earlier_incarnations=earlier.get(worker, 0),
        )
        for worker, port in enumerate(choose_ports(base_port, settings.workers), 1)
    ]


def workers_spec(
    workers: Sequence[WorkerSettings], collecting: ActorRef[CollectorMessage], spawn: Spawn
) -> ChildSpec:
    """Return the spec of the workers' supervisor, with a child for each worker.

    A worker without samples exceeds its intensity, however long each attempt takes: every sample
    starts the count again.
    """
    attempt_s = max(worker.start_timeout + worker.stall_timeout for worker in workers)
    within = min(60.0 + (_RESTARTS + 1) * attempt_s, float_info.max)
    intensity = RestartIntensity(_RESTARTS, within=within)
    children = [worker_spec(worker, collecting, spawn) for worker in workers]
    return ChildSpec(
        "workers",
        lambda: Supervisor(children, intensity=intensity, shutdown_order=ShutdownOrder.PARALLEL),
        restart=Restart.TEMPORARY,
        shutdown=INFINITY,
    )


def worker_spec(
    worker: WorkerSettings, collecting: ActorRef[CollectorMessage], spawn: Spawn
) -> ChildSpec:
    """Return the spec of a worker, whose restarts its collector decides."""
    return ChildSpec(
        str(worker.id),
        partial(WorkerActor, worker, collecting, spawn),
        restart=Restart.DELEGATED,
        decider=collecting,
    )


def make_room(workers: int, *, with_logs: bool = False) -> None:
    """Raise the soft limits of this process to what so many workers need.

    These are the limit of open files and that of the user's processes. The latter does not apply to
    root, and counts every thread: the number of threads of a worker is unknown, and one is assumed.
    Workers inherit the limits.

    Raises:
        SettingsError: a hard limit is too low.
    """
    fixed = len(open_descriptors()) + _SPARE_DESCRIPTORS
    per_worker = _DESCRIPTORS_PER_WORKER + with_logs
    raise_limit(resource.RLIMIT_NOFILE, workers, fixed=fixed, per_worker=per_worker)
    if os.getuid() != 0:
        tasks = _tasks_of_the_user() + _GUARDIAN
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
