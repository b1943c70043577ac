"""The workers of a run: the system's limits that they need, their settings, their supervisor."""

import os
import resource
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from rnd_actors._descriptors import open_descriptors
from rnd_actors.actors import (
    INFINITY,
    ActorRef,
    Budget,
    ChildSpec,
    Restart,
    ShutdownOrder,
    Supervisor,
)
from rnd_actors.collecting import CollectorMessage
from rnd_actors.errors import SettingsError
from rnd_actors.running._settings import RunSettings
from rnd_actors.workers import Spawn, WorkerActor, WorkerProcess, WorkerSettings, choose_ports

_RESTARTS: Final = 5
_DESCRIPTORS_PER_WORKER: Final = 5
"""Its output, its stream, the claim of its port, its process if the run is not in the main thread,
and one that is being closed during a restart."""
_SPARE_DESCRIPTORS: Final = 16
"""For the guardian, the output file, the loop, and files that are open for a moment."""
_GUARDIAN: Final = 1


def worker_settings(
    settings: RunSettings, spawn: Spawn, earlier: Mapping[int, int]
) -> list[WorkerSettings]:
    """Raise the limits of this process to what the workers need, and return their settings.

    Simulated workers listen nowhere: they need no room, and any port numbers do.

    Args:
        settings: of the run.
        spawn: how each worker is started.
        earlier: how many incarnations each worker had in earlier sessions, by its id.

    Raises:
        SettingsError: a hard limit is too low for so many workers.
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
    """Return the spec of the workers' supervisor, with a child for each worker."""
    children = [_worker_spec(worker, collecting, spawn) for worker in workers]
    budget = _worker_budget(workers)
    return ChildSpec(
        "workers",
        lambda: Supervisor(children, budget=budget, shutdown_order=ShutdownOrder.PARALLEL),
        restart=Restart.TEMPORARY,
        shutdown=INFINITY,
    )


def _worker_spec(
    settings: WorkerSettings, collecting: ActorRef[CollectorMessage], spawn: Spawn
) -> ChildSpec:
    return ChildSpec(
        str(settings.id),
        lambda: WorkerActor(settings, collecting, spawn),
        restart=Restart.DELEGATED,
        decider=collecting,
    )


def _worker_budget(workers: Sequence[WorkerSettings]) -> Budget:
    """Return a budget that is spent by a worker without samples, however long each attempt takes.

    Every sample resets it.
    """
    attempt_s = max(worker.start_timeout + worker.stall_timeout for worker in workers)
    return Budget(_RESTARTS, within=60.0 + (_RESTARTS + 1) * attempt_s)


def make_room(workers: int, *, with_logs: bool = False) -> None:
    """Raise the soft limits of this process to what so many workers need.

    These are the limit of open files and that of the user's processes. The latter does not apply to
    root, and counts every thread: the number of threads of a worker is unknown, and one is assumed.
    Workers inherit the limits.

    Raises:
        SettingsError: a hard limit is too low.
    """
    per_worker = _DESCRIPTORS_PER_WORKER + with_logs
    fixed = len(open_descriptors()) + _SPARE_DESCRIPTORS
    descriptors = Demand("file descriptors", "-n", fixed, per_worker)
    _raise_limit(resource.RLIMIT_NOFILE, descriptors, workers)
    if os.getuid() != 0:
        processes = Demand("processes and threads", "-u", _tasks_of_the_user() + _GUARDIAN, 1)
        _raise_limit(resource.RLIMIT_NPROC, processes, workers)


@frozen
class Demand:
    """The need of a run for a limited resource.

    Args:
        what: the name of the resource.
        ulimit: the option of `ulimit` that shows the limit and sets it.
        fixed: what is in use already, and what a run needs apart from its workers.
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


def _raise_limit(limit: int, demand: Demand, workers: int) -> None:
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
