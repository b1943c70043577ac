"""The children of a run: its sinks, its collector, and its workers below a supervisor."""

from collections.abc import Mapping, Sequence
from typing import Final

from rnd_actors.actors import (
    INFINITY,
    ActorRef,
    Budget,
    ChildSpec,
    Restart,
    ShutdownOrder,
    Supervisor,
)
from rnd_actors.collecting import (
    Accepted,
    Collection,
    Collector,
    CollectorActor,
    CollectorMessage,
)
from rnd_actors.running._limits import make_room
from rnd_actors.running._settings import RunSettings
from rnd_actors.sinks import SampleWriter, Sink
from rnd_actors.workers import (
    Spawn,
    WorkerActor,
    WorkerProcess,
    WorkerSettings,
    choose_ports,
)

__all__ = ["collector_spec", "ports_for", "sink_spec", "worker_settings", "workers_spec"]

_RESTARTS: Final = 5
_CAPACITY: Final = 1000
"""Messages that wait for the collector or a sink before those who send them have to wait."""


def sink_spec(name: str, writer: SampleWriter) -> ChildSpec:
    """Return the spec of a sink that writes with this writer."""
    return ChildSpec(
        name, lambda: Sink(writer), restart=Restart.TEMPORARY, capacity=_CAPACITY, drain=True
    )


def collector_spec(
    settings: RunSettings,
    collector: Collector,
    collection: Collection,
    sinks: Sequence[ActorRef[Accepted]],
) -> ChildSpec:
    """Return the spec of the collector actor, which hands samples on to the sinks."""
    return ChildSpec(
        "collector",
        lambda: CollectorActor(collector, collection, settings.deadline, sinks),
        capacity=_CAPACITY,
        drain=True,
    )


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


def ports_for(settings: RunSettings, spawn: Spawn) -> list[int]:
    """Make room for the workers of a run, and return their ports, in the order of their ids.

    Those that are simulated listen nowhere: they need no room, and any numbers do.

    Raises:
        SettingsError: there is no room for so many.
    """
    if spawn == WorkerProcess.spawn:
        make_room(settings.workers, with_logs=settings.worker_log is not None)
        return choose_ports(settings.base_port, settings.workers)
    return choose_ports(settings.base_port or 1, settings.workers)


def worker_settings(
    settings: RunSettings, ports: Sequence[int], earlier: Mapping[int, int]
) -> list[WorkerSettings]:
    """Return the settings of the workers of a run.

    Args:
        settings: of the run.
        ports: of the workers, in the order of their ids.
        earlier: how many incarnations each worker had in earlier sessions.
    """
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
        for worker, port in enumerate(ports, 1)
    ]


def _worker_budget(workers: Sequence[WorkerSettings]) -> Budget:
    """Return a budget that workers spend which never send a sample, however long each attempt is.

    Every sample starts the count anew.
    """
    attempt_s = max(worker.start_timeout + worker.stall_timeout for worker in workers)
    return Budget(_RESTARTS, within=60.0 + (_RESTARTS + 1) * attempt_s)


def _worker_spec(
    settings: WorkerSettings, collecting: ActorRef[CollectorMessage], spawn: Spawn
) -> ChildSpec:
    return ChildSpec(
        str(settings.id),
        lambda: WorkerActor(settings, collecting, spawn),
        restart=Restart.DELEGATED,
        decider=collecting,
    )
