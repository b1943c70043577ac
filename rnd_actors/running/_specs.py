"""The children of a run: its sinks, its collector, and its workers below a supervisor."""

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
    JsonLinesSink,
)
from rnd_actors.running._settings import RunSettings
from rnd_actors.workers import Spawn, WorkerActor, WorkerSettings

__all__ = ["OUTPUT", "collector_spec", "sink_specs", "workers_spec"]

OUTPUT: Final = "output"
"""The name of the sink."""
_WORKER_BUDGET: Final = Budget(max_restarts=5, within=60.0)
_CAPACITY: Final = 1000
"""Messages that wait for the collector or a sink before those who send them have to wait."""


def sink_specs(settings: RunSettings) -> list[ChildSpec]:
    """Return the specs of the sinks that the settings ask for."""
    path = settings.output
    if path is None:
        return []
    return [
        ChildSpec(
            OUTPUT,
            lambda: JsonLinesSink(path),
            restart=Restart.TEMPORARY,
            capacity=_CAPACITY,
            drain=True,
        )
    ]


def collector_spec(
    settings: RunSettings,
    collector: Collector,
    collection: Collection,
    sinks: list[ActorRef[Accepted]],
) -> ChildSpec:
    """Return the spec of the collector actor, which hands samples on to the sinks."""
    return ChildSpec(
        "collector",
        lambda: CollectorActor(collector, collection, settings.deadline, sinks),
        capacity=_CAPACITY,
        drain=True,
    )


def workers_spec(
    settings: RunSettings,
    ports: list[int],
    collecting: ActorRef[CollectorMessage],
    spawn: Spawn,
) -> ChildSpec:
    """Return the spec of the workers' supervisor, with a child for each port."""
    children = [
        _worker_spec(settings, worker, port, collecting, spawn)
        for worker, port in enumerate(ports, 1)
    ]
    return ChildSpec(
        "workers",
        lambda: Supervisor(children, budget=_WORKER_BUDGET, shutdown_order=ShutdownOrder.PARALLEL),
        restart=Restart.TEMPORARY,
        shutdown=INFINITY,
    )


def _worker_spec(
    settings: RunSettings,
    worker: int,
    port: int,
    collecting: ActorRef[CollectorMessage],
    spawn: Spawn,
) -> ChildSpec:
    worker_settings = WorkerSettings(
        id=worker,
        port=port,
        program=settings.worker,
        arguments=settings.worker_args,
        start_timeout=settings.start_timeout,
        stall_timeout=settings.stall_timeout,
    )
    return ChildSpec(
        str(worker),
        lambda: WorkerActor(worker_settings, collecting, spawn),
        restart=Restart.DELEGATED,
        decider=collecting,
    )
