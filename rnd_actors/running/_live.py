"""A run while it goes on, for those who look at it and steer it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import TypeAlias

import gevent.event
from attrs import define, evolve, field

from rnd_actors.actors import ActorRef, ActorSystem, Crashed
from rnd_actors.collectors import Collection, CollectorMessage
from rnd_actors.errors import ActorDeadError, ChildRunningError, UnknownChildError
from rnd_actors.running._settings import RunSettings
from rnd_actors.running._workers import worker_spec
from rnd_actors.supervision import (
    ChildGivenUp,
    ChildState,
    RestartChild,
    StartChild,
    SupervisorMessage,
    WhichChildren,
)
from rnd_actors.workers import Spawn, WorkerSettings, WorkerSpawned


@define(kw_only=True, eq=False)
class LiveRun:
    """A run from just before its workers start until they have ended.

    `run(..., control=function)` calls the function with it, and enters the context manager that the
    function returns. It is used in the thread of the run.

    Args:
        settings: of the run.
        goal: wanted samples; None: the goal is no number of samples.
        system: in which its actors live.
        collection: its samples, its ledger and the counts of its workers.
        interrupted: setting this flag ends the run soon, with the samples so far.
        workers: the supervisor of the workers; None: it has not started yet.
    """

    settings: RunSettings
    goal: int | None
    system: ActorSystem
    collection: Collection
    interrupted: gevent.event.Event
    workers: ActorRef[SupervisorMessage] | None = None
    _collecting: ActorRef[CollectorMessage] = field(alias="collecting")
    _spawn: Spawn = field(alias="spawn")
    _worker_settings: dict[int, WorkerSettings] = field(alias="worker_settings")
    _incarnations: dict[int, int] = field(init=False, factory=dict)
    """The number of the last incarnation of each worker that was spawned."""

    def __attrs_post_init__(self) -> None:
        self.system.events.subscribe(self._note_incarnation, to=WorkerSpawned)

    def restart(self, worker: int) -> None:
        """Stop a worker that runs, in order, and start it again; start one that is down.

        That is no crash. Of a worker that is given up the count of restarts begins again; the
        samples that it has read before its end count as any others.

        Raises:
            ActorDeadError: the workers have not started yet, or end already.
            UnknownChildError: there is no such worker.
            Exception: why a worker that was given up did not start; it stays given up.
        """
        settings = self._worker_settings.get(worker)
        if settings is None:
            raise UnknownChildError(
                f"there is no worker {worker}; the workers are 1 to {len(self._worker_settings)}"
            )
        if self.workers is None or self.collection.conclusion is not None:
            raise ActorDeadError("the run has no workers: it has not begun, or it ends")
        children = {info.id: info for info in self.workers.ask(WhichChildren())}
        child = children.get(str(worker))
        if child is None:
            self._start(self.workers, settings)
        elif child.state is ChildState.DOWN:
            with suppress(ChildRunningError):  # its collector has just decided the same
                self.workers.ask(RestartChild(child.id))
        elif child.state in (ChildState.STARTING, ChildState.RUNNING):
            child.ref.stop()

    def _start(self, workers: ActorRef[SupervisorMessage], settings: WorkerSettings) -> None:
        """Start a worker that was given up; its incarnations are counted on."""
        earlier = self._incarnations.get(settings.id, settings.earlier_incarnations)
        continued = evolve(settings, earlier_incarnations=earlier)
        spec = worker_spec(continued, self._collecting, self._spawn)
        try:
            workers.ask(StartChild(spec, or_get=True))
        except Exception as error:
            if self.collection.conclusion is None:
                self._collecting.tell(ChildGivenUp(workers, spec.id, Crashed(error)))
            raise

    def _note_incarnation(self, spawned: WorkerSpawned) -> None:
        self._incarnations[spawned.worker] = spawned.incarnation


Control: TypeAlias = Callable[[LiveRun], AbstractContextManager[object]]
"""What looks at a run and steers it, while its context manager is entered."""
